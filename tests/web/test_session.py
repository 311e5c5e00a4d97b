"""Signing in: sessions begin with a token, end when they should, and guessing is slowed down."""

from __future__ import annotations

from datetime import timedelta

import aiohttp
from aiohttp import web

from bot.core.config import Person
from bot.web.session import Sessions, Throttle, person_of_token
from tests.support.web_backend import PEOPLE, World, sign_in, token_of, utc_now
from tests.web.conftest import Clock


def test_only_a_persons_token_names_the_person() -> None:
    """A token is found by its hash; an empty one, and people without one, are never found."""
    assert person_of_token(token_of("ken"), PEOPLE) == "ken"
    assert person_of_token("guess", PEOPLE) is None
    assert person_of_token("", PEOPLE | {"x": Person(name="X")}) is None
    assert person_of_token("\udcff", PEOPLE) is None


async def test_a_session_is_a_strict_cookie(serving: World, client: aiohttp.ClientSession) -> None:
    """The right token brings a cookie that scripts and other sites never see."""
    form = {"token": f" {token_of('rin')}\n"}
    async with client.post(f"{serving.base}/login", data=form, allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] == "/"
        cookie = answer.headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"):
        assert part in cookie
    async with client.get(f"{serving.base}/api/me") as answer:
        assert (await answer.json())["person"] == "rin"
    async with client.get(f"{serving.base}/") as answer:
        assert answer.status == 200


def test_a_cookie_of_https_stays_on_https() -> None:
    """Where people come by https the cookie is secure and bound to the host."""
    response = web.Response()
    Sessions(secure=True).begin(response, "rin", "0" * 64, utc_now())

    cookie = response.cookies["__Host-release_session"]
    assert cookie["secure"]


async def test_a_wrong_token_gets_a_page_and_no_cookie(
    serving: World, client: aiohttp.ClientSession
) -> None:
    """A wrong token is answered with the form and a sentence."""
    async with client.post(f"{serving.base}/login", data={"token": "guess"}) as answer:
        assert answer.status == 401
        assert "Set-Cookie" not in answer.headers
        assert "Nobody has this token." in await answer.text()


async def test_a_session_ends_after_twelve_hours(
    serving: World, client: aiohttp.ClientSession, clock: Clock
) -> None:
    """The session works until its time is over, then the token is asked for again."""
    await sign_in(client, serving.base, "rin")
    clock.forward(hours=11.9)
    async with client.get(f"{serving.base}/api/me") as answer:
        assert answer.status == 200
    clock.forward(hours=0.2)
    async with client.get(f"{serving.base}/api/me") as answer:
        assert answer.status == 401


async def test_a_session_ends_with_the_persons_token(
    serving: World, client: aiohttp.ClientSession
) -> None:
    """A changed token or a removed person shuts the door at once."""
    await sign_in(client, serving.base, "rin")
    changed = PEOPLE["rin"].model_copy(update={"token_sha256": "0" * 64})
    serving.facts.everybody["rin"] = changed
    async with client.get(f"{serving.base}/api/me") as answer:
        assert answer.status == 401
    await sign_in(client, serving.base, "ken")
    del serving.facts.everybody["ken"]
    async with client.get(f"{serving.base}/api/me") as answer:
        assert answer.status == 401


async def test_signing_out_ends_the_session_on_the_server(
    serving: World, client: aiohttp.ClientSession
) -> None:
    """A cookie that was kept is worth nothing after signing out."""
    await sign_in(client, serving.base, "rin")
    kept = {cookie.key: cookie.value for cookie in client.cookie_jar}
    async with client.post(f"{serving.base}/logout") as answer:
        assert answer.status == 204
    async with aiohttp.ClientSession(cookies=kept) as thief:
        jar = {"Cookie": "; ".join(f"{name}={value}" for name, value in kept.items())}
        async with thief.get(f"{serving.base}/api/me", headers=jar) as answer:
            assert answer.status == 401


async def test_guessing_has_to_wait(
    serving: World, client: aiohttp.ClientSession, clock: Clock
) -> None:
    """After ten wrong tokens even the right one waits for a minute."""
    for _ in range(10):
        async with client.post(f"{serving.base}/login", data={"token": "guess"}) as answer:
            assert answer.status == 401
    assert await sign_in(client, serving.base, "rin") == 429
    clock.forward(minutes=1)
    assert await sign_in(client, serving.base, "rin") == 303


def test_many_addresses_are_slowed_down_together() -> None:
    """Guessing from many addresses ends when ten times the limit is reached, for a window."""
    throttle, now = Throttle(limit=2), utc_now()
    for number in range(20):
        assert not throttle.blocked(f"10.0.0.{number}", now)
        throttle.failed(f"10.0.0.{number}", now)

    assert throttle.blocked("10.9.9.9", now)
    assert not throttle.blocked("10.9.9.9", now + timedelta(minutes=1))


async def test_only_a_small_form_is_read(serving: World, client: aiohttp.ClientSession) -> None:
    """JSON, long, broken and overfull forms are refused with their own answers."""
    url = f"{serving.base}/login"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with client.post(url, json={"token": token_of("rin")}) as answer:
        assert answer.status == 415
    async with client.post(url, data="token=" + "x" * 5000, headers=form) as answer:
        assert answer.status == 413
    async with client.post(url, data=b"token=\xff", headers=form) as answer:
        assert answer.status == 400
    async with client.post(url, data="a=1&" * 9, headers=form) as answer:
        assert answer.status == 400


async def test_the_try_out_has_no_door(trying: World, client: aiohttp.ClientSession) -> None:
    """The login page of the try-out leads into the room."""
    async with client.get(f"{trying.base}/login", allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] == "/"


def test_old_sessions_make_room() -> None:
    """The number of sessions is bounded: the oldest one goes."""
    sessions = Sessions(secure=False)
    for _ in range(10_001):
        sessions.begin(web.Response(), "rin", "0" * 64, utc_now())

    assert len(sessions._open) == 10_000
