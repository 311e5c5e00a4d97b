"""Executors, one a file or folder."""
