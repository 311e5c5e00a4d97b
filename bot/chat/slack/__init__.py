"""Slack: one workspace, over Socket Mode or HTTP; cards in blocks, clicks and lines in."""
