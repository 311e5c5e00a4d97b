"""The executor for commands of this machine: they run apart from the bot and outlive it."""

from adapters.deploy.command.deployer import CommandDeployer

__all__ = ["CommandDeployer"]
