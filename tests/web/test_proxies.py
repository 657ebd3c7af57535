"""Whom a site believes, and by which names the desk is asked."""

import http.client
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from newsletter.bootstrap import App
from newsletter.bootstrap.desk import desk
from newsletter.services import desk_users
from newsletter.web.proxies import is_own
from tests.builders import NOON
from tests.conftest import new_store
from tests.web.desk.conftest import Browser, Clock
from tests.web.desk.day import CONFIG
from tests.web.desk.test_login import enter
from tests.web.test_unsubscribe import serving

SETTINGS = (
    CONFIG
    + """
[desk]
enabled = true
host = "desk.news.example"
"""
)
NAMES = ("127.0.0.1:8027", "[::1]:80", "localhost", "newsletter:8027", "Desk.News.Example.", "")


@pytest.fixture(params=[(), ("127.0.0.1",)], ids=["direct", "proxied"])
def served(
    tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[Browser, tuple[str, ...]]]:
    """The desk of the program, and the proxies that it believes."""
    named = list(request.param)
    (tmp_path / "config.toml").write_text(f"{SETTINGS}trusted_proxies = {named}\n")
    (tmp_path / "here").mkdir()
    secret = tmp_path / "newsletter.secret"
    secret.write_text("0123456789abcdef" * 4)
    secret.chmod(0o600)
    new_store(tmp_path).close()
    app = App(str(tmp_path / "config.toml"), {}, lambda: NOON)
    with serving(desk(app)) as port:
        yield Browser(port, app.store, Clock()), request.param
    app.close()


def status(port: int, path: str, host: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.putrequest("GET", path, skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        return connection.getresponse().status


def test_a_name_of_somebody_else_gets_nothing(
    served: tuple[Browser, tuple[str, ...]],
) -> None:
    browser, proxies = served
    for path in ("/metrics", "/readyz", "/desk/login"):
        assert [status(browser.port, path, name) for name in NAMES] == [200] * len(NAMES)
        assert status(browser.port, path, "evil.example") == (200 if proxies else 421)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "[::1].evil.example", "a:b:c", "1.2.3.4.5"]
)
def test_what_is_no_own_name(host: str) -> None:
    assert not is_own(host, "127.0.0.1")


def test_who_only_says_where_they_are_from_is_limited_all_the_same(
    served: tuple[Browser, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_users, "verified", lambda *_: None)
    browser, proxies = served
    statuses = [
        enter(browser, "olga", "wrong", X_Forwarded_For=f"192.{number}.2.1").status
        for number in range(11)
    ]
    assert statuses[:10] == [422] * 10
    assert statuses[10] == (422 if proxies else 429)
