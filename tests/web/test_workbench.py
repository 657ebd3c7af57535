"""Who may ask the workbench, and what its answers allow."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from threading import Thread

import pytest

from newsletter.web import app as web
from newsletter.web import workbench


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with web.listening(workbench.HOST, 0) as socket:
        number: int = socket.getsockname()[1]
        made = workbench.app(
            lambda query: f"page {query.get('to')}", lambda _: "<p>framed", lambda: "v1", number
        )
        server = web.server(made)
        thread = Thread(target=server.run, kwargs={"sockets": [socket]})
        thread.start()
        yield number
        server.should_exit = True
        thread.join()


def ask(port: int, path: str, method: str = "GET", host: str = "") -> tuple[HTTPResponse, str]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as client:
        client.request(method, path, headers={"Host": host or f"127.0.0.1:{port}"})
        answer = client.getresponse()
        return answer, answer.read().decode()


def test_it_listens_on_this_machine_alone() -> None:
    with web.listening(workbench.HOST, 0) as socket:
        assert socket.getsockname()[0] == "127.0.0.1"


def test_it_answers(port: int) -> None:
    assert ask(port, "/?to=ada")[1] == "page ada"
    assert ask(port, "/message")[1] == "<p>framed"
    assert ask(port, "/version", host=f"localhost:{port}")[1] == "v1"
    assert "fetch" in ask(port, "/workbench.js")[1]


@pytest.mark.parametrize("path", ["/", "/message", "/version", "/workbench.js", "/nowhere"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:1", "127.0.0.1.evil:80"])
def test_by_another_name_it_answers_nobody(port: int, path: str, host: str) -> None:
    answer, body = ask(port, path, host=host)
    assert (answer.status, body) == (421, "this is not the host you asked for\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_only_looks(port: int, method: str) -> None:
    assert ask(port, "/", method)[0].status == 405


def test_scripts_run_in_the_page_alone_and_never_in_a_message(port: int) -> None:
    page, message = ask(port, "/")[0], ask(port, "/message")[0]
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    policy = message.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy
    for answer in (page, message):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
