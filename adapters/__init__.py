"""What the bot's ports reach."""
