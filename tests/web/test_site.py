"""The settings of the web application keep their secrets to themselves."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from bot.web.site import Mode, Site
from tests.support.web_backend import say


def test_settings_can_be_logged() -> None:
    """The settings written out hold no token, and their present has a zone."""
    site = Site(
        mode=Mode.SERVE,
        hosts=frozenset({"localhost:1"}),
        words=lambda _room: say,
        registry=CollectorRegistry(),
        alerts_token="tok-a",
        metrics_token="tok-b",
    )

    assert "tok-" not in repr(site)
    assert site.now().tzinfo is not None
