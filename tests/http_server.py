"""A real HTTP server on loopback: it serves what it is told to, and misbehaves to order."""

import gzip
import socket
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.smtp_server import Certificate


@dataclass(frozen=True, slots=True)
class Request:
    """``headers`` by their names in lower case; ``client`` is the port that it came from."""

    path: str
    headers: Mapping[str, str]
    client: int
    method: str = "GET"
    body: bytes = b""


@dataclass(frozen=True)
class Page:
    """What a path answers. With ``etag`` a request that names it is answered 304.

    ``drip`` seconds lie before each byte of the body; ``stall``: nothing is answered at all, until
    the client hangs up; ``cut``: the connection ends after so many bytes; ``endless``: the body is
    repeated until the client hangs up.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""
    last_modified: str = ""
    packed: bool = False
    drip: float = 0.0
    stall: bool = False
    cut: int | None = None
    endless: bool = False


Answer = Page | Callable[[Request], Page]


class HttpServer:
    """With a ``certificate`` it speaks HTTPS only.

    ``with HttpServer() as server: server.pages["/feed"] = Page(...); server.url("/feed")``.

    A page may be a function of the request. What no page was given for is a 404. ``requests``
    holds what was asked, ``at_once`` how many requests were ever answered at the same time.
    """

    host = "127.0.0.1"

    def __init__(self, certificate: Certificate | None = None) -> None:
        self.scheme = "https" if certificate else "http"
        self.pages: dict[str, Answer] = {}
        self.requests: list[Request] = []
        self.at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._server = _Server((self.host, 0), _Handler)
        self._server.owner = self
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.chain, certificate.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str, host: str = "") -> str:
        return f"{self.scheme}://{host or self.host}:{self.port}{path}"

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def counts(self) -> dict[str, int]:
        """How often each path was asked for."""
        counts: defaultdict[str, int] = defaultdict(int)
        for request in self.requests:
            counts[request.path] += 1
        return dict(counts)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)

    def answer(self, request: Request) -> Page:
        page = self.pages.get(request.path) or Page(b"nothing here", 404)
        return page(request) if callable(page) else page

    def begun(self, request: Request) -> None:
        with self._lock:
            self.requests.append(request)
            self._now += 1
            self.at_once = max(self.at_once, self._now)

    def ended(self) -> None:
        with self._lock:
            self._now -= 1

    def wait(self, seconds: float) -> bool:
        """True where the server is to end."""
        return self._end.wait(seconds)


class _Server(ThreadingHTTPServer):
    owner: HttpServer
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what many tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        owner = self._owner
        length = int(self.headers.get("content-length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(
            self.path, headers, self.client_address[1], self.command, self.rfile.read(length)
        )
        owner.begun(request)
        self._counted = True
        try:
            self._answer(owner.answer(request), request)
        finally:
            self._ended()

    def _ended(self) -> None:
        """Before the last byte: a client that has it may come again at once."""
        if self._counted:
            self._counted = False
            self._owner.ended()

    @property
    def _owner(self) -> HttpServer:
        assert isinstance(self.server, _Server)
        return self.server.owner

    def _answer(self, page: Page, request: Request) -> None:
        if page.stall:
            self._wait_for_the_end()
            return
        same = page.etag and request.headers.get("if-none-match") == page.etag
        since = page.last_modified and request.headers.get("if-modified-since")
        if same or (since and since == page.last_modified):
            self._head(page, 304, 0)
            return
        body = gzip.compress(page.body) if page.packed else page.body
        self._head(page, page.status, None if page.endless else len(body))
        self._send(page, body)

    def _head(self, page: Page, status: int, length: int | None) -> None:
        self.send_response(status)
        headers = {"ETag": page.etag, "Last-Modified": page.last_modified, **page.headers}
        if page.packed:
            headers["Content-Encoding"] = "gzip"
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        if length is None:
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _send(self, page: Page, body: bytes) -> None:
        if page.cut is not None:
            self.wfile.write(body[: page.cut])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif page.drip:
            for at in range(len(body)):
                if self._owner.wait(page.drip):
                    return
                self._ended() if at + 1 == len(body) else None
                self.wfile.write(body[at : at + 1])
        elif page.endless:
            while not self._owner.wait(0):
                self.wfile.write(body)
        else:
            self.wfile.write(body[:-1])
            self._ended()
            self.wfile.write(body[-1:])

    def _wait_for_the_end(self) -> None:
        self.connection.settimeout(0.05)
        end = time.monotonic() + 120
        while not self._owner.wait(0) and time.monotonic() < end:
            try:
                if not self.connection.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Not to the tests' output."""
