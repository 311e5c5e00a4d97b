"""Executors, one a file."""
