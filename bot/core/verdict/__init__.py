"""From counts to a verdict; every statistical rule lives here."""
