"""Today: what it says to whom, and how it stays live."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from newsletter.services.desk_users import User
from newsletter.web.desk import events
from newsletter.web.desk.frame import Visit
from tests.builders import NOON
from tests.web.desk.conftest import Browser
from tests.web.desk.day import Day, standing
from tests.web.desk.morning import ADDRESS
from tests.web.test_unsubscribe import wait_for

PATIENCE = 60


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with standing(tmp_path_factory.mktemp("today")) as made:
        yield made


@pytest.fixture
def olga(day: Day) -> Browser:
    day.clock.now = NOON
    return day.browser("olga")


def test_a_stranger_sees_nothing(day: Day) -> None:
    for path in ("/desk", "/desk/events", "/desk/checks"):
        answer = day.browser().get(path)
        assert (answer.status, answer.text) == (303, "")


def test_the_day_at_a_glance(olga: Browser) -> None:
    page = olga.get("/desk").text
    for said in (
        "Going out: 18 of 30 sent, 8 wait.",
        "its server asked to wait",
        "2 failed: refused",
        "1 reader asked “still there?”",
        "Settle 2 unknown",
        "A conversation about tides",
        "Mon 23 Mar is cancelled",
        f"<b>{ADDRESS}</b>",
    ):
        assert said in page
    assert '<script>alert("1")' not in page
    assert "{{ 7 * 7 }}" in page
    assert " style=" not in page, "the browser is told to refuse it"


def test_an_editor_sees_no_address_and_nothing_to_stop(day: Day) -> None:
    page = day.browser("eddy").get("/desk").text
    assert "Going out: 18 of 30 sent, 8 wait." in page
    assert "@slow.example" in page
    assert not re.findall(r"[\w.]+@\w+\.example", page)
    for path in ("/desk/pause", "/desk/cancel", "/desk/unknown", "/desk/returns"):
        assert f'href="{path}"' not in page
        assert day.browser("eddy").get(path).status == 403


def test_every_check_is_on_a_page_of_its_own(olga: Browser) -> None:
    page = olga.get("/desk/checks").text
    assert all(check in page for check in ("configuration", "server", "database", "late"))


@contextmanager
def watching(browser: Browser) -> Iterator[HTTPResponse]:
    with closing(HTTPConnection("127.0.0.1", browser.port, timeout=PATIENCE)) as connection:
        cookies = {"Cookie": f"desk={browser.cookies['desk']}"}
        connection.request("GET", "/desk/events", headers=cookies)
        yield connection.getresponse()


def next_event(stream: HTTPResponse) -> tuple[str, Mapping[str, str]]:
    """The name and what it carries; comments are passed over."""
    while line := stream.readline().decode():
        if line.startswith("event: "):
            data = stream.readline().decode().removeprefix("data: ")
            return line.removeprefix("event: ").strip(), json.loads(data)
    return "closed", {}


def standing_with(stream: HTTPResponse, words: str) -> Mapping[str, str]:
    """The event that has them: the figures may be counted yet, or the clock alone have moved."""
    name, parts = next_event(stream)
    while words not in parts.get("standing", ""):
        assert name == "parts"
        name, parts = next_event(stream)
    return parts


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "EVERY", 0.02)
    monkeypatch.setattr(events, "_STEP", 0.01)


@pytest.mark.usefixtures("quickly")
def test_only_what_changed_is_sent(olga: Browser, day: Day) -> None:
    with watching(olga) as stream:
        assert stream.getheader("Content-Type", "").startswith("text/event-stream")
        standing_with(stream, "8 wait")
        day.clock.now = NOON + timedelta(minutes=1)
        olga.send("/desk/pause")
        parts = standing_with(stream, "Paused since")
        assert "briefs" not in parts
    olga.send("/desk/resume")


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize("how", ["logged out", "expired"])
def test_a_stream_ends_with_its_session(day: Day, how: str) -> None:
    olga = day.browser("olga")
    with watching(olga) as stream:
        assert next_event(stream)[0] == "parts"
        if how == "logged out":
            olga.send("/desk/logout")
        else:
            day.clock.now = NOON + timedelta(days=1)
        while (event := next_event(stream))[0] == "parts":
            pass
        assert event[0] == "end"
        assert stream.read().strip() == b""
    day.clock.now = NOON


def test_too_many_streams_are_refused(olga: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST", 1)
    with watching(olga) as first:
        assert next_event(first)[0] == "parts"
        with watching(olga) as second:
            assert second.status == 503
            assert second.getheader("Retry-After")


def test_one_user_does_not_take_all_streams(
    day: Day, olga: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_OF_ONE", 1)
    again = day.browser("olga")
    with watching(olga) as first, watching(again) as second, watching(day.browser("eddy")) as other:
        assert (first.status, second.status, other.status) == (200, 503, 200)


def test_streams_that_are_opened_at_once_are_counted_at_once(
    olga: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any of them has begun."""
    monkeypatch.setattr(events, "MOST", 2)
    streams, visit = events.Streams(), cast("Visit", SimpleNamespace(user=User(1, "o", "operator")))
    statuses = [streams.open(visit, dict).status_code for _ in range(4)]
    assert statuses == [200, 200, 503, 503]


@pytest.mark.usefixtures("quickly")
def test_a_stream_that_is_left_makes_room(olga: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST", 1)

    def opened() -> bool:
        with watching(olga) as stream:
            return stream.status == 200 and next_event(stream)[0] == "parts"

    wait_for(opened)
    wait_for(opened)


def test_the_server_ends_while_somebody_watches(tmp_path: Path) -> None:
    """Well before the ten seconds that the server gives to requests that have begun."""
    with standing(tmp_path) as short, watching(short.browser("olga")) as stream:
        assert next_event(stream)[0] == "parts"
        began = time.monotonic()
    assert time.monotonic() - began < 7
