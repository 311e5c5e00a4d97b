"""Policy `calibrated`: expected counts, scores, and cuts that come from the baseline itself.

Nothing else of the bot imports this package when it starts: numpy takes a third of a second.
"""
