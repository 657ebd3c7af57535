"""A real HTTP server on loopback: it speaks the chat-completions protocol, or misbehaves to order.

``with ModelServer() as server: server.url; server.requests``. Each request takes the next of
``script``; when that is used up, ``otherwise`` answers.
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

HANG = "hang"
"""Silence after the request, until the client hangs up."""
DRIP = "drip"
"""The answer, a space now and then before it, without end."""
DRIP_HEADERS = "drip headers"
DROP = "drop"
"""The connection is closed without an answer."""
CUT = "cut"
"""Half of the announced body, then the connection is closed."""


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]
    body: Any

    @property
    def transcript(self) -> list[tuple[int, str, str]]:
        """The segments that it was asked about."""
        text = self.body["messages"][1]["content"]
        lines = text.partition("<transcript>\n")[2].rpartition("\n</transcript>")[0].split("\n")
        return [tuple(json.loads(line)) for line in lines]


Answer = Reply | str
Responder = Callable[[Request], Answer]


def completion(
    content: str | None,
    *,
    finish: str = "stop",
    usage: Any = (100, 20),
    refusal: str | None = None,
) -> Reply:
    """``usage`` is (tokens in, tokens out), or what stands in its place; None leaves it out."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    page: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    if isinstance(usage, tuple):
        usage = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    if usage is not None:
        page["usage"] = usage
    return Reply(body=json.dumps(page).encode())


def insights(*claims: tuple[str, Sequence[Any]], **options: Any) -> Reply:
    """An answer of the right form: (text, segment ids) each."""
    items = [{"text": text, "segment_ids": list(ids)} for text, ids in claims]
    return completion(json.dumps({"insights": items}), **options)


class ModelServer:
    def __init__(
        self, *script: Answer | Responder, otherwise: Answer | Responder | None = None
    ) -> None:
        self.script = list(script)
        self.otherwise = otherwise or insights()
        self.models = ["a-model"]
        self.requests: list[Request] = []
        self.gone = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gone.set()
        self._server.shutdown()
        self._thread.join(60)
        self._server.server_close()

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        chosen = self.script.pop(0) if self.script else self.otherwise
        return chosen(request) if callable(chosen) else chosen


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, model: ModelServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model = model


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        page = {"object": "list", "data": [{"id": name} for name in self.server.model.models]}
        self._send(Reply(body=json.dumps(page).encode()))

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        request = Request(self.path, dict(self.headers), json.loads(data))
        answer = self.server.model.answer(request)
        with suppress(OSError):
            if isinstance(answer, Reply):
                self._send(answer)
            else:
                self._misbehave(answer)

    def _send(self, reply: Reply) -> None:
        headers = {"Content-Type": "application/json", **reply.headers}
        headers.setdefault("Content-Length", str(len(reply.body)))
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def _misbehave(self, how: str) -> None:
        self.close_connection = True
        if how == HANG:
            self.server.model.gone.wait(60)
        elif how == CUT:
            self._send(Reply(body=b'{"choices": [', headers={"Content-Length": "500"}))
        elif how == DRIP:
            self._send(Reply(headers={"Content-Length": "1000000"}))
            self._drip(b" ")
        elif how == DRIP_HEADERS:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            self._drip(b"x")

    def _drip(self, piece: bytes) -> None:
        while not self.server.model.gone.wait(0.02):
            self.wfile.write(piece)
