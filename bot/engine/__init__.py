"""Takes due effects, performs them through the ports, and feeds the outcomes back as events."""
