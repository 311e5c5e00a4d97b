"""Error types from messages: masks what varies, mines what stays, names it for ever."""
