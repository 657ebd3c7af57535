"""Slow clients, and those that only sit there, keep nobody from unsubscribing."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter

import pytest

from newsletter.domain.tokens import token
from newsletter.services.unsubscribe import UnsubscribeLinks
from newsletter.web import forms, patience
from newsletter.web.app import app
from newsletter.web.pages import Pages
from newsletter.web.unsubscribe import routes
from tests.builders import NOON, subscribe
from tests.conftest import new_store
from tests.web.test_unsubscribe import PATIENCE, SECRET, ask, head, serving

HALF_HEADERS = b"GET /u/x HTTP/1.1\r\nHost: x\r\nX-Slow: "
HALF_BODY = (
    b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\na="
)


@contextmanager
def site(folder: Path) -> Iterator[int]:
    """The port of a real server with one reader, and a form that waits for its body."""
    store = new_store(folder)
    with store.writing() as db:
        subscribe(db)
    links = UnsubscribeLinks(store, SECRET, lambda: NOON)
    form = forms.post("/form", lambda *_: pytest.fail("it has no whole body"))
    with serving(app([*routes(links, Pages(head())), form])) as port:
        yield port
    store.close()


def test_an_answer_on_an_open_connection_does_not_wait_for_an_acknowledgement(
    tmp_path: Path,
) -> None:
    """Head and body are two writes: the second waited for 40 ms while the first had none."""
    with site(tmp_path) as port, closing(HTTPConnection("127.0.0.1", port)) as open_:
        taken = []
        for _ in range(20):
            begun = perf_counter()
            open_.request("GET", "/nothing")
            open_.getresponse().read()
            taken.append(perf_counter() - begun)
        assert min(taken[5:]) < 0.03


def client(port: int, begun: bytes) -> socket.socket:
    connected = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connected.sendall(begun)
    return connected


@pytest.mark.parametrize(
    "many", [30, pytest.param(1_000, marks=pytest.mark.heavy)], ids=["few", "a thousand"]
)
def test_open_connections_do_not_stop_the_unsubscribe_page(tmp_path: Path, many: int) -> None:
    with site(tmp_path) as port, ExitStack() as open_:
        for number in range(many):
            begun = (b"", HALF_HEADERS, HALF_BODY)[number % 3]
            open_.enter_context(client(port, begun))
        assert ask(port, "GET", f"/u/{token(SECRET, 1)}").status == 200
        answer = ask(port, "POST", f"/u/{token(SECRET, 1)}")
        assert "You have left" in answer.text


@pytest.mark.parametrize("begun", [b"", HALF_HEADERS])
def test_who_does_not_ask_for_anything_is_let_go(
    tmp_path: Path, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "REQUEST_SECONDS", 0.2)
    with site(tmp_path) as port, client(port, begun) as waiting, suppress(ConnectionResetError):
        assert waiting.recv(1) == b""


def test_a_second_request_that_is_never_finished_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "REQUEST_SECONDS", 0.5)
    whole = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
    with site(tmp_path) as port, client(port, whole) as waiting:
        assert waiting.recv(100_000).startswith(b"HTTP/1.1 404")
        waiting.sendall(HALF_HEADERS)
        with suppress(ConnectionResetError):
            while waiting.recv(1_000):
                pass


def test_a_body_that_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "_SECONDS", 0.2)
    with site(tmp_path) as port, client(port, HALF_BODY) as waiting:
        assert waiting.recv(1_000).startswith(b"HTTP/1.1 408")
