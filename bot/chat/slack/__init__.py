"""Slack: one workspace, over Socket Mode or HTTP; cards in blocks, clicks and lines in."""

from bot.chat.slack.platform import make_slack

__all__ = ["make_slack"]
