"""Log stores, one a file."""
