import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import NamedTuple

import jinja2
import pytest

from newsletter.rendering.colour import legible
from newsletter.web.app import State, app, server

TEMPLATES = Path(__file__).parents[2] / "templates"
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


def page(state: State) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["legible"] = legible
    template = environment.get_template("unsubscribe.html")
    return template.render(
        state=state,
        name="Five & <b>Counting</b>",
        language="en",
        direction="ltr",
        accent="#0a7d4f",
    )


class Readers:
    """Two readers behind their tokens; a leave that takes its time, in whatever thread."""

    def __init__(self) -> None:
        self.pause = threading.Event()
        self.forget()

    def forget(self) -> None:
        self.active = {"17.ada": True, "18.bob": True}
        self.pause.set()
        self.broken = False

    def known(self, token: str) -> bool:
        return token in self.active

    def leave(self, token: str) -> bool:
        assert self.pause.wait(PATIENCE)
        if self.broken:
            raise OSError("the database is locked")
        if token not in self.active:
            return False
        self.active[token] = False
        return True


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[int, Readers]]:
    readers = Readers()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = server(app(readers.known, readers.leave, page))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        yield listening.getsockname()[1], readers
        running.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture
def port(site: tuple[int, Readers]) -> int:
    return site[0]


@pytest.fixture
def readers(site: tuple[int, Readers]) -> Readers:
    site[1].forget()
    return site[1]


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
def test_looking_changes_nothing(port: int, readers: Readers, method: str) -> None:
    answer = ask(port, method, "/u/17.ada")
    assert answer.status == 200
    assert all(readers.active.values())
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
    port: int, readers: Readers, body: bytes | None, headers: dict[str, str]
) -> None:
    first = ask(port, "POST", "/u/17.ada", body, headers)
    assert first.status == 200
    assert readers.active == {"17.ada": False, "18.bob": True}
    again = ask(port, "POST", "/u/17.ada", body, headers)
    assert (again.status, again.text) == (first.status, first.text)


def test_a_raw_one_click_post_byte_for_byte(port: int, readers: Readers) -> None:
    """RFC 8058 section 8.2, as a mail provider's machine writes it."""
    request = (
        b"POST /u/17.ada HTTP/1.1\r\nHost: example.org\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 26\r\n\r\n" + ONE_CLICK
    )
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        head = connection.recv(65536).partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 200 ")
    assert b"set-cookie" not in head
    assert b"location" not in head
    assert not readers.active["17.ada"]


def test_every_wrong_token_learns_the_same_nothing(port: int, readers: Readers) -> None:
    wrong = ["17.eve", "99.x", "x", "%00", "%F0%9F%92%A9", "..", "17.ada%20", "x" * 5000, "17.ADA"]
    answers = [ask(port, method, f"/u/{each}") for each in wrong for method in ("GET", "POST")]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert "This link does not work" in answers[0].text
    assert all(readers.active.values())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/u/17.ada", 405),
        ("DELETE", "/u/17.ada", 405),
        ("OPTIONS", "/u/17.ada", 405),
        ("GET", "/", 404),
        ("GET", "/u", 404),
        ("GET", "/u/", 404),
        ("POST", "/u/17.ada/", 404),
        ("POST", "/u/17.ada/more", 404),
        ("GET", "/docs", 404),
    ],
)
def test_there_is_nothing_else(
    port: int, readers: Readers, method: str, path: str, status: int
) -> None:
    answer = ask(port, method, path)
    assert answer.status == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert all(readers.active.values())


@pytest.mark.parametrize("path", ["/u/17.ada", "/u/wrong", "/elsewhere"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
def test_every_answer_keeps_the_token_to_itself(port: int, method: str, path: str) -> None:
    headers = ask(port, method, path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert {"Set-Cookie", "Server", "Location"} & set(headers) == set()


def test_a_huge_body_is_neither_waited_for_nor_kept(port: int, readers: Readers) -> None:
    """The answer comes while the body, ten gigabytes by its own account, is still on its way."""
    head = b"POST /u/17.ada HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        for _ in range(100):
            connection.sendall(b"x" * 65536)
    assert not readers.active["17.ada"]
    assert ask(port, "GET", "/u/18.bob").status == 200


def test_a_slow_leave_keeps_nobody_waiting(port: int, readers: Readers) -> None:
    readers.pause.clear()
    slow = threading.Thread(target=ask, args=(port, "POST", "/u/17.ada"))
    slow.start()
    assert ask(port, "GET", "/u/18.bob").status == 200
    assert readers.active["17.ada"]
    readers.pause.set()
    slow.join(PATIENCE)
    assert not readers.active["17.ada"]


def test_trouble_is_told_as_trouble_and_is_not_ours_to_log(
    port: int, readers: Readers, caplog: pytest.LogCaptureFixture
) -> None:
    readers.broken = True
    answer = ask(port, "POST", "/u/17.ada")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
    assert "try again" in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "locked" not in caplog.text + answer.text


def test_the_page_escapes_and_asks_nobody_else() -> None:
    for state in ("ask", "done", "unknown"):
        text = page(state)
        assert "Five &amp; &lt;b&gt;Counting&lt;/b&gt;" in text
        assert not [word for word in ("http", "<script", "src=", "url(", "@import") if word in text]


def test_the_form_works_under_any_prefix() -> None:
    assert page("ask").count("<form") == 1
    assert '<form method="post">' in page("ask")
    assert "<form" not in page("done") + page("unknown")


SERVED = """
import sys
from newsletter.web.app import app, listening, serve

def leave(token):
    print("leaving", flush=True)
    return sys.stdin.readline() == "go on\\n"

pages = app(lambda token: True, leave, lambda state: state)
bound = listening("127.0.0.1", 0)
print(bound.getsockname()[1], flush=True)
serve(pages, bound)
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
        assert process.stdout.readline() == "leaving\n"
        process.send_signal(15 if stop == "terminate" else 2)
        wait_for(lambda: not listens(port))
        out, errors = process.communicate("go on\n", timeout=PATIENCE)
        client.join(PATIENCE)
    assert [answer.text for answer in got] == ["done"]
    assert (out, errors, process.returncode) == ("stopped\n", "", 0)
