"""The release bot of the chatroom."""
