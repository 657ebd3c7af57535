from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from newsletter.web import page_cache
from newsletter.web.page_cache import Page, PageCache
from tests.builders import NOON
from tests.web.public_site import Client


@pytest.fixture(autouse=True)
def no_second_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version is asked every time."""
    monkeypatch.setattr(page_cache, "_FRESH_SECONDS", -1.0)


def request(path: str = "/a") -> Request:
    return Request({"type": "http", "method": "GET", "path": path, "headers": []})


class Made:
    """A cache whose version and clock the test sets; it counts what is made."""

    def __init__(self) -> None:
        self.version, self.now, self.body = 1, NOON, b"one"
        self.count = 0
        self.cache = PageCache(lambda: self.version, lambda: self.now)

    def page(self) -> Page:
        self.count += 1
        return Page(self.body)

    def modified(self) -> str:
        return self.cache.answer(request(), "a", self.page).headers["last-modified"]


def test_a_page_is_made_once_for_each_version() -> None:
    made = Made()
    assert made.modified() == made.modified()
    assert made.count == 1
    made.version = 2
    made.modified()
    assert made.count == 2


def test_a_page_is_modified_when_it_changes_and_not_when_it_is_made_again() -> None:
    made = Made()
    first = made.modified()
    made.version, made.now = 2, NOON + timedelta(hours=1)
    assert made.modified() == first
    made.version, made.body = 3, b"two"
    assert made.modified() != first


def test_what_no_version_tells_shows_after_a_while() -> None:
    made = Made()
    first = made.modified()
    made.now, made.body = NOON + timedelta(hours=1), b"two"
    assert made.modified() != first


def test_nothing_is_not_kept() -> None:
    made = Made()
    with pytest.raises(HTTPException) as raised:
        made.cache.answer(request(), "a", lambda: None)
    assert raised.value.status_code == 404
    made.modified()
    assert made.count == 1


def test_another_address_is_sent_to_the_right_one() -> None:
    made = Made()
    right = Page(b"", path="/a/%C3%A9t%C3%A9")
    answer = made.cache.answer(request("/a/x"), "a", lambda: right)
    assert (answer.status_code, answer.headers["location"]) == (301, "/a/%C3%A9t%C3%A9")
    assert made.cache.answer(request("/a/été"), "a", lambda: right).status_code == 200


def test_its_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_cache, "_MOST_BYTES", 10_000)
    made = Made()
    made.body = b"x" * 1_000
    for key in "abcdefgh":
        made.cache.answer(request(), key, made.page)
        made.cache.answer(request(), "a", made.page)  # asked for again and again: it stays
    assert made.count == 8
    made.cache.answer(request(), "b", made.page)
    assert made.count == 9


def test_what_is_known_needs_no_thread_and_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_cache, "_FRESH_SECONDS", 3600.0)
    made = Made()
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(request.scope["path"])
        return made.cache.answer(request, "a", lambda: Page(b"x", path="/a/%C3%A9"))

    client = Client(Starlette(routes=[made.cache.route("/a/{slug}", answer)]))
    for _ in range(3):
        assert client.get("/a/%C3%A9").text == "x"
        assert client.get("/a/x").status_code == 301
    assert asked == ["/a/é", "/a/x", "/a/x", "/a/x"]
    monkeypatch.setattr(page_cache, "_FRESH_SECONDS", -1.0)
    made.version = 2
    assert client.get("/a/%C3%A9").text == "x"
    assert asked[-1] == "/a/é"
