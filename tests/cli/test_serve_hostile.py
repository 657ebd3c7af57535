"""Whatever is asked of the whole site: no 500, GET and HEAD change nothing, nothing is reflected.

HOSTILE_REQUESTS says how many requests the heavy test makes; 100,000 take five minutes.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import quote, urlencode

import pytest

from newsletter.bootstrap import App
from newsletter.bootstrap.rendering import secret
from newsletter.bootstrap.signup import background
from newsletter.bootstrap.web import site
from newsletter.domain.tokens import link_token, token
from tests.cli.conftest import House
from tests.web.test_unsubscribe import serving

MARK = "<zq9x'\">"
_PLACES = (
    *("/", "/archive", "/archive/{}", "/insight/{}", "/insight/{}/{}", "/shows", "/shows/{}"),
    *("/topics/{}", "/search?q={}", "/feed.atom", "/feed.json", "/sitemap.xml", "/robots.txt"),
    *("/picture/insight-{}.png", "/picture/issue-{}.png", "/view/{}", "/healthz", "/{}"),
    *("/archive?page={}", "/shows/{}?page={}", "/sitemap-{}.xml", "/logo.png", "/altcha/{}"),
    *("/u/{}", "/u/{}?undo", "/u/{}?why", "/p/{}", "/p/{}/matches?interests={}", "/p/{}/data"),
    *("/p/{}?save", "/p/{}?match", "/erase/{}", "/link", "/v/{}/{}/more", "/v/{}/{}/knew"),
    *("/confirm/{}", "/subscribe", "/subscribed", "/zone.js", "/site.css", "/hooks/{}", "/{}/{}"),
)
_ODD = (
    *(MARK, "", ".", "..", "%00", "\0", "{{ 7*7 }}", "{% raw %}", "1", "0", "-1", "2026-03-14"),
    *("9" * 30, "x" * 3_000, "é", "日本", "\u202e", "\ud800", "a\r\nX-Evil: 1", "//evil.example"),
    *("0001-01-01", "9999-12-31", "' OR 1=1 --", "../../etc/passwd", "http://evil.example/"),
)
_FIELDS = (
    *("address", "interests", "timezone", "hour", "name", "weekdays", "paused_until", "website"),
    *("frequency", "language", "weekday", "why", "words", "altcha", "List-Unsubscribe"),
)
_READING = ("GET", "HEAD", "OPTIONS")
_METHODS = (*_READING, "POST", "POST", "POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW")
_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/\xff", "")


class Asker:
    """Makes requests up, by chance that is always the same; ``tokens`` are good ones."""

    def __init__(self, seed: int, tokens: list[str]) -> None:
        self.chance, self.tokens = random.Random(seed), tokens

    def path(self) -> str:
        place = self.chance.choice(_PLACES)
        return place.format(*(quote(self._word(), safe="", errors="replace") for _ in range(3)))

    def body(self) -> bytes:
        way = self.chance.random()
        if way < 0.1:
            return self.chance.randbytes(self.chance.choice((1, 100, 5_000, 70_000)))
        names = self.chance.choices(_FIELDS, k=self.chance.randrange(8))
        return urlencode([(name, self._word()) for name in names], errors="replace").encode()

    def _word(self) -> str:
        chance = self.chance
        if chance.random() < 0.4:
            good = chance.choice(self.tokens)
            return good if chance.random() < 0.8 else good[: chance.randrange(len(good))]
        return chance.choice(_ODD)


def attack(port: int, asker: Asker, count: int, methods: tuple[str, ...]) -> Counter[int]:
    """How often each status came. Fails where an answer is a 500 or repeats a mark unescaped."""
    statuses: Counter[int] = Counter()
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for _ in range(count):
            method, path = asker.chance.choice(methods), asker.path()
            headers = {"Content-Type": asker.chance.choice(_TYPES), "Host": "evil.example"}
            body = None if method in _READING else asker.body()
            try:
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                text = response.read()
            except ConnectionError:  # refused before it was sent whole: too large
                connection.close()
                continue
            if response.will_close:
                connection.close()
            assert response.status not in (500, 502), (method, path, body)
            assert MARK.encode() not in text, (method, path, body)
            assert b"evil.example" not in b"".join(v.encode() for v in response.headers.values())
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "Set-Cookie" not in response.headers
            statuses[response.status] += 1
    return statuses


@pytest.fixture
def attacked(stocked: House) -> Iterator[tuple[House, int, list[str]]]:
    stocked.environment["NEWSLETTER_NEWSLETTER__BASE_URL"] = "https://news.example.org"
    stocked.environment["NEWSLETTER_WEB__SIGNUPS_AN_HOUR"] = "100000"
    stocked.subscribe("ann@example.org", "bea@example.org")
    assert stocked("send").code == 0
    app = App(str(stocked.config), stocked.environment, lambda: stocked.now)
    key, day = secret(app), stocked.now.date().toordinal()
    tokens = [
        *(token(key, number) for number in (1, 2)),
        *(link_token(key, purpose, 1) for purpose in ("preferences", "vote", "confirm", "erase")),
        link_token(key, "view", 1, day),
    ]
    behind = background(app)
    assert behind
    behind.start()
    with serving(site(app, behind)) as port:
        yield stocked, port, tokens
    behind.stop()
    app.close()


def test_looking_at_anything_changes_nothing(attacked: tuple[House, int, list[str]]) -> None:
    house, port, tokens = attacked
    before = house.dump()
    statuses = attack(port, Asker(1, tokens), 60, _READING)
    assert statuses[200] > 5
    assert house.dump() == before


@pytest.mark.heavy
def test_whatever_is_asked_gets_an_answer(attacked: tuple[House, int, list[str]]) -> None:
    house, port, tokens = attacked
    count = int(os.environ.get("HOSTILE_REQUESTS", "4000"))
    before = house.dump()
    attack(port, Asker(2, tokens), count // 2, _READING)
    assert house.dump() == before
    statuses = attack(port, Asker(3, tokens), count // 2, _METHODS)
    assert {200, 404, 405, 413} <= set(statuses)
