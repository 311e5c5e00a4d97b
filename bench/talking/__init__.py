"""What the bench of acknowledgements is made of: a crowd that sends, and a Slack that is told."""
