"""Measurements of the bot, each a program: `python -m bench.<name>`."""
