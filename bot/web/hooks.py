"""What other systems tell the bot: alerts of the system layer, from Alertmanager."""

from __future__ import annotations

from typing import Literal

import structlog
from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bot.web.body import problem, read_json
from bot.web.health import bearer, same
from bot.web.site import BACKEND, SITE

ALERT_BYTES_MAX = 1024 * 1024
SUMMARY_MAX = 500
_log = structlog.get_logger(__name__)


class _Lenient(BaseModel):
    # Alertmanager adds fields between versions.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Alert(_Lenient):
    """One alert of the webhook, version 4."""

    status: Literal["firing", "resolved"]
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    startsAt: AwareDatetime  # noqa: N815 - Alertmanager's spelling
    fingerprint: str = Field(min_length=1, max_length=200)

    @property
    def summary(self) -> str:
        """What the alert says about itself, cut."""
        notes = self.annotations
        return (notes.get("summary") or notes.get("description") or "")[:SUMMARY_MAX]


class Notice(_Lenient):
    """The body of Alertmanager's webhook."""

    version: Literal["4"]
    alerts: list[Alert] = Field(max_length=1000)


async def alerts(request: web.Request) -> web.Response:
    """POST /hooks/alerts: alerts with the component's label are recorded, others are counted.

    Closed without a configured token. An answer of 5xx makes Alertmanager send again.
    """
    site, backend = request.app[SITE], request.app[BACKEND]
    if not same(bearer(request), site.alerts_token):
        return problem(401, "send Authorization: Bearer with the token of the alert hook")
    notice = await read_json(request, Notice, ALERT_BYTES_MAX)
    accepted = 0
    for alert in notice.alerts:
        component = alert.labels.get(site.alerts_label, "")
        if not component:
            continue
        await backend.alerts.alert(
            component,
            alert.labels.get("alertname", "alert"),
            status=alert.status,
            summary=alert.summary,
            at=alert.startsAt,
            fingerprint=alert.fingerprint,
        )
        accepted += 1
    ignored = len(notice.alerts) - accepted
    _log.info("web.alerts", accepted=accepted, ignored=ignored)
    return web.json_response({"accepted": accepted, "ignored": ignored})
