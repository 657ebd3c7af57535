import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import NamedTuple, get_args
from urllib.parse import urljoin

import pytest
from starlette.types import ASGIApp

from newsletter.domain.model import State
from newsletter.domain.tokens import token
from newsletter.rendering.branding import Branding
from newsletter.services.unsubscribe import Answer as LinkAnswer
from newsletter.services.unsubscribe import LinkState, UnsubscribeLinks
from newsletter.storage import Store, subscribers
from newsletter.web.app import app, listening, server
from newsletter.web.pages import Pages
from newsletter.web.unsubscribe import page, routes
from tests.builders import NOON, subscribe
from tests.conftest import new_store
from tests.golden import branding

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
PATIENCE = 60
"""Seconds for an answer: a machine that has other work is slow, not wrong."""
ONE_CLICK = b"List-Unsubscribe=One-Click"
PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
)


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    text: str


SECRET = b"a secret of the tests"
ANN, BEA, CAL = (token(SECRET, number) for number in (1, 2, 3))


class Links(UnsubscribeLinks):
    """The real ones; ``pause`` holds a POST up, in whatever thread it runs."""

    pause = threading.Event()

    def leave(self, token: str) -> LinkAnswer:
        assert self.pause.wait(PATIENCE)
        return super().leave(token)


class Site(NamedTuple):
    port: int
    store: Store

    @property
    def states(self) -> dict[str, str]:
        with self.store.reading() as db:
            return {
                reader.address.partition("@")[0]: reader.state
                for reader in subscribers.everyone(db)
            }

    def put(self, state: State) -> None:
        """Ann is in this state."""
        with self.store.writing() as db:
            subscribers.change(db, "ann@example.org", state=state)


def head() -> Branding:
    return replace(branding(), name="Five & <b>Counting</b>", accent="#0a7d4f")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    store = new_store(tmp_path_factory.mktemp("site"))
    with store.writing() as db:
        for name in ("ann", "bea", "cal"):
            subscribe(db, f"{name}@example.org")
    with serving(app(routes(Links(store, SECRET, lambda: NOON), Pages(head())))) as port:
        yield Site(port, store)
    store.close()


@contextmanager
def serving(application: ASGIApp) -> Iterator[int]:
    """The port of a real server."""
    with listening("127.0.0.1", 0) as bound:
        running = server(application)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
        thread.start()
        yield bound.getsockname()[1]
        running.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture
def site(running: Site) -> Site:
    """All three are active."""
    Links.pause.set()
    for name in ("ann", "bea", "cal"):
        with running.store.writing() as db:
            subscribers.change(db, f"{name}@example.org", state="active")
    return running


ACTIVE = {"ann": "active", "bea": "active", "cal": "active"}


@pytest.fixture
def port(site: Site) -> int:
    return site.port


def ask(
    port: int,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read().decode())


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(port: int, site: Site, method: str) -> None:
    answer = ask(port, method, f"/u/{ANN}")
    assert answer.status == 200
    assert site.states == ACTIVE
    assert ("<button" in answer.text) == (method == "GET")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (ONE_CLICK, FORM),
        (PARTS, MULTIPART),
        (b"", {}),
        (None, {}),
        (b"\xff\x00 neither", {"Content-Type": "multipart/form-data"}),
        (ONE_CLICK, FORM | {"Expect": "100-continue", "Cookie": "a=b"}),
    ],
)
def test_one_click_leaves_whatever_the_body(
    port: int, site: Site, body: bytes | None, headers: dict[str, str]
) -> None:
    first = ask(port, "POST", f"/u/{ANN}", body, headers)
    assert first.status == 200
    assert site.states == {**ACTIVE, "ann": "unsubscribed"}
    again = ask(port, "POST", f"/u/{ANN}", body, headers)
    assert (again.status, again.text) == (first.status, first.text)


def test_a_raw_one_click_post_byte_for_byte(port: int, site: Site) -> None:
    """RFC 8058 section 8.2, as a mail provider's machine writes it."""
    request = (
        f"POST /u/{ANN} HTTP/1.1\r\nHost: example.org\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 26\r\n\r\n"
    ).encode() + ONE_CLICK
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        head = connection.recv(65536).partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 200 ")
    assert b"set-cookie" not in head
    assert b"location" not in head
    assert site.states["ann"] == "unsubscribed"


def test_every_wrong_token_learns_the_same_nothing(port: int, site: Site) -> None:
    nobody = token(SECRET, 99)
    wrong = [
        nobody,
        f"2{ANN[1:]}",
        "x",
        "%00",
        "%F0%9F%92%A9",
        "..",
        f"{ANN}%20",
        "x" * 5000,
        f"{ANN}x",
    ]
    answers = [ask(port, method, f"/u/{each}") for each in wrong for method in ("GET", "POST")]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert "This link does not work" in answers[0].text
    assert site.states == ACTIVE


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", f"/u/{ANN}", 405),
        ("DELETE", f"/u/{ANN}", 405),
        ("OPTIONS", f"/u/{ANN}", 405),
        ("GET", "/", 404),
        ("GET", "/u", 404),
        ("GET", "/u/", 404),
        ("POST", f"/u/{ANN}/", 404),
        ("POST", f"/u/{ANN}/more", 404),
        ("GET", "/docs", 404),
    ],
)
def test_there_is_nothing_else(port: int, site: Site, method: str, path: str, status: int) -> None:
    answer = ask(port, method, path)
    assert answer.status == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert site.states == ACTIVE


@pytest.mark.parametrize("path", [f"/u/{ANN}", "/u/wrong", "/elsewhere"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
def test_every_answer_keeps_the_token_to_itself(port: int, method: str, path: str) -> None:
    headers = ask(port, method, path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert {"Set-Cookie", "Server", "Location"} & set(headers) == set()


def test_the_page_speaks_the_readers_own_language(port: int, site: Site) -> None:
    with site.store.writing() as db:
        subscribers.change(db, "bea@example.org", language="de")
        subscribers.change(db, "cal@example.org", language="xx")
    assert "Unsubscribe" in ask(port, "GET", f"/u/{ANN}").text
    assert "Abbestellen" in ask(port, "GET", f"/u/{BEA}").text
    left = ask(port, "POST", f"/u/{BEA}")
    assert '<html lang="de"' in left.text
    assert "You have left" not in left.text
    assert '<html lang="de"' in ask(port, "POST", f"/u/{BEA}?undo").text
    assert ask(port, "POST", f"/u/{CAL}").status == 200, "a language without a catalogue"
    with site.store.writing() as db:
        for name in ("bea", "cal"):
            subscribers.change(db, f"{name}@example.org", language="")


def test_a_huge_body_is_neither_waited_for_nor_kept(port: int, site: Site) -> None:
    """The answer comes while the body, ten gigabytes by its own account, is still on its way."""
    head = f"POST /u/{ANN} HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        for _ in range(100):
            connection.sendall(b"x" * 65536)
    assert site.states["ann"] == "unsubscribed"
    assert ask(port, "GET", f"/u/{BEA}").status == 200


def test_a_slow_leave_keeps_nobody_waiting(port: int, site: Site) -> None:
    Links.pause.clear()
    slow = threading.Thread(target=ask, args=(port, "POST", f"/u/{ANN}"))
    slow.start()
    assert ask(port, "GET", f"/u/{BEA}").status == 200
    assert site.states["ann"] == "active"
    Links.pause.set()
    slow.join(PATIENCE)
    assert site.states["ann"] == "unsubscribed"


def test_an_error_is_answered_as_one_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = new_store(tmp_path)
    with closing(sqlite3.connect(tmp_path / "newsletter.db")) as db:
        db.execute("ALTER TABLE subscriber RENAME TO lost")
    with serving(app(routes(UnsubscribeLinks(store, SECRET, lambda: NOON), Pages(head())))) as port:
        path = f"/u/{ANN}"
        requests = [("GET", path), ("POST", path), ("POST", f"{path}?undo")]
        answers = [ask(port, method, path) for method, path in requests]
    for answer in answers:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
        assert "try again" in answer.text
        assert "subscriber" not in answer.text
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 3
    assert "no such table: subscriber" in caplog.text
    assert ANN not in caplog.text
    store.close()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("state", get_args(State))
@pytest.mark.parametrize("query", ["", "?undo"])
def test_looking_changes_nothing_in_any_state(
    site: Site, method: str, state: State, query: str
) -> None:
    site.put(state)
    assert ask(site.port, method, f"/u/{ANN}{query}").status == 200
    assert site.states == {**ACTIVE, "ann": state}


def test_after_leaving_the_page_says_so_and_leaving_can_be_undone(site: Site) -> None:
    left = ask(site.port, "POST", f"/u/{ANN}", ONE_CLICK, FORM)
    later = ask(site.port, "GET", f"/u/{ANN}")
    assert later.text == left.text
    assert "You have left Five &amp;" in left.text
    action, why = re.findall(r'<form method="post" action="([^"]*)">', left.text)
    assert why == "?why"
    back = ask(site.port, "POST", urljoin(f"/u/{ANN}", action), b"", FORM)
    assert (back.status, site.states) == (200, ACTIVE)
    assert "You are subscribed again" in back.text
    again = ask(site.port, "POST", urljoin(f"/u/{ANN}", action))
    assert (again.text, site.states) == (back.text, ACTIVE)
    looked = ask(site.port, "GET", f"/u/{ANN}?undo").text
    assert "<h1>Leave Five" in looked
    [action] = re.findall(r'<form method="post" action="([^"]*)">', looked)
    assert ask(site.port, "POST", urljoin(f"/u/{ANN}?undo", action)).text == left.text
    assert site.states["ann"] == "unsubscribed"


@pytest.mark.parametrize("state", ["bounced", "complained"])
@pytest.mark.parametrize("path", [f"/u/{ANN}", f"/u/{ANN}?undo"])
def test_no_link_brings_back_who_bounced_or_complained(site: Site, state: State, path: str) -> None:
    site.put(state)
    for method in ("POST", "GET"):
        answer = ask(site.port, method, path)
        assert (answer.status, site.states["ann"]) == (200, state)
        assert "You have left" in answer.text
        assert "<form" not in answer.text


def test_undo_subscribes_nobody_who_did_not_leave(site: Site) -> None:
    site.put("pending")
    answer = ask(site.port, "POST", f"/u/{ANN}?undo")
    assert site.states["ann"] == "pending"
    assert "subscribed again" not in answer.text
    for wrong in (token(SECRET, 99), f"2{ANN[1:]}", "x"):
        assert ask(site.port, "POST", f"/u/{wrong}?undo").status == 404
    assert site.states == {**ACTIVE, "ann": "pending"}


def test_one_click_is_never_an_undo(site: Site) -> None:
    """Whatever the body: only the query asks for it, and no header of ours has one."""
    for body in (b"undo", b"undo=1", b"List-Unsubscribe=One-Click&undo=1"):
        assert ask(site.port, "POST", f"/u/{ANN}", body, FORM).status == 200
        assert site.states["ann"] == "unsubscribed"


def test_the_pages_escape_and_fetch_nothing() -> None:
    for state in LinkState:
        text = page(Pages(head()), state)
        assert "Five &amp; &lt;b&gt;Counting&lt;/b&gt;" in text
        assert not [word for word in ("http", "<script", "src=", "url(", "@import") if word in text]


def test_the_forms_work_under_any_prefix() -> None:
    forms = {state: re.findall("<form[^>]*>", page(Pages(head()), state)) for state in LinkState}
    assert forms == {
        LinkState.SUBSCRIBED: ['<form method="post" action="?leave">'],
        LinkState.LEFT: [
            '<form method="post" action="?undo">',
            '<form method="post" action="?why">',
        ],
        LinkState.TOLD: ['<form method="post" action="?undo">'],
        LinkState.BACK: [],
        LinkState.ENDED: [],
        LinkState.UNKNOWN: [],
    }


SERVED = """
import sys
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from newsletter.web.app import app, listening, serve

def slow(request):
    print("begun", flush=True)
    return PlainTextResponse("done" if sys.stdin.readline() == "go on\\n" else "what?")

bound = listening("127.0.0.1", 0)
print(bound.getsockname()[1], flush=True)
serve([(app([Route("/u/x", slow, methods=["POST"])]), bound)])
print("stopped", flush=True)
"""


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("stop", ["terminate", "interrupt"])
def test_a_signal_lets_the_answer_in_hand_finish(stop: str) -> None:
    command, pipe = [sys.executable, "-c", SERVED], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        got: list[Answer] = []
        client = threading.Thread(target=lambda: got.append(ask(port, "POST", "/u/x")))
        client.start()
        assert process.stdout.readline() == "begun\n"
        process.send_signal(15 if stop == "terminate" else 2)
        wait_for(lambda: not listens(port))
        out, errors = process.communicate("go on\n", timeout=PATIENCE)
        client.join(PATIENCE)
    assert [answer.text for answer in got] == ["done"]
    assert (out, errors, process.returncode) == ("stopped\n", "", 0)
