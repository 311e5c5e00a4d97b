"""One aiohttp application: the web room, hooks, health, metrics."""
