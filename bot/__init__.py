"""The release bot of the chatroom."""

__version__ = "0.1.0"
