"""The executor for deployment APIs: call, get a task, poll the task until it has ended."""

from adapters.deploy.http.deployer import HttpDeployer

__all__ = ["HttpDeployer"]
