"""Policy `calibrated` applied to a release: what is asked, what is known before, what is said.

Its statistics are in `bot/core/verdict/calibrated`, which knows nothing of releases and log stores.
"""
