"""A server that cannot be confused: threads, a socket each, and a record of what it accepted.

It writes a message down before it says 250, as a server does that means it. ``trouble`` is asked
at every step and may name an order: what a real one does on a bad day. ``hold`` lets it take so
many messages, and then no more before ``go``.
"""

import itertools
import math
import random
import socket
import socketserver
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Trouble = Callable[[str, str, random.Random], str | None]
"""(step, recipient, chance) to "drop", "reset", "lost before" (the dot), or "451 an answer"."""


def none(step: str, recipient: str, chance: random.Random) -> str | None:
    """A good day."""


@dataclass
class Record:
    """What was accepted, in order; ``sure``: those of whom the client was sent the 250."""

    messages: list[tuple[str, bytes]] = field(default_factory=list)
    orders: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def per_recipient(self) -> Counter[str]:
        with self.lock:
            return Counter(recipient for recipient, _ in self.messages)


class Sink(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        trouble: Trouble = none,
        *,
        seed: int = 0,
        closes_after: int = 0,
        in_fragments: bool = False,
        pipelining: bool = True,
        starttls: ssl.SSLContext | None = None,
        pace: float = 0.0,
        hold: float = math.inf,
        host: str = "127.0.0.1",
    ) -> None:
        super().__init__((host, 0), _Session)
        self.record = Record()
        self.trouble = trouble
        self.chance = random.Random(seed)
        self.closes_after = closes_after
        self.in_fragments = in_fragments
        self.pipelining = pipelining
        self.starttls = starttls
        self.pace = pace
        self.accepted, self.go = threading.Event(), threading.Event()
        self.taken = itertools.count(1)
        self.hold = hold
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def port(self) -> int:
        port: int = self.server_address[1]
        return port

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed in the middle is what this server is for."""

    def __enter__(self) -> "Sink":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join(60)
        self.server_close()


class _Gone(Exception):
    pass


class _Session(socketserver.BaseRequestHandler):
    server: Sink

    def handle(self) -> None:
        self.rest = b""
        self.recipient = ""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request.settimeout(60)
        taken = 0
        try:
            self.say("220 sink.example at your service", "CONNECT")
            while self.command():
                taken += 1
                if taken == self.server.closes_after:
                    return
        except (_Gone, OSError):
            pass

    def command(self) -> bool:
        """Commands up to a message taken; False at QUIT."""
        while True:
            line = self.line()
            verb = line[:4].upper()
            if verb == b"QUIT":
                self.say("221 2.0.0 Bye")
                return False
            if verb == b"DATA" and self.data():
                return True
            if verb != b"DATA":
                self.simple(verb, line)

    def simple(self, verb: bytes, line: bytes) -> None:
        if verb == b"EHLO":
            offers = ["SIZE 33554432", "8BITMIME", "ENHANCEDSTATUSCODES"]
            offers += ["PIPELINING"] * self.server.pipelining
            offers += ["STARTTLS"] * (self.server.starttls is not None)
            self.say("".join(f"250-{one}\r\n" for one in offers) + "250 SMTPUTF8", "EHLO")
        elif verb == b"STAR" and self.server.starttls is not None:
            self.say("220 2.0.0 Go on")
            self.request = self.server.starttls.wrap_socket(self.request, server_side=True)
        elif verb == b"MAIL":
            self.say("250 2.1.0 Ok", "MAIL")
        elif verb == b"RCPT":
            self.recipient = line.partition(b"<")[2].partition(b">")[0].decode()
            self.say("250 2.1.5 Ok", "RCPT")
        elif verb in (b"RSET", b"NOOP"):
            self.say("250 2.0.0 Ok")
        else:
            self.say("502 5.5.2 What?")

    def data(self) -> bool:
        order = self.order("DATA")
        if order and order[0] in "45":
            self.say(order)
            return False
        self.say("354 Go on")
        if self.order("BODY"):
            raise _Gone
        message = self.until(b"\r\n.\r\n")
        self.server.pace and threading.Event().wait(self.server.pace)
        if next(self.server.taken) > self.server.hold:
            self.server.go.wait(120)
        return self.dot(message)

    def dot(self, message: bytes) -> bool:
        order = self.order("DOT")
        if order and order[0] in "45":
            self.say(order)
            return False
        if order == "lost before":
            raise _Gone
        plain = message.replace(b"\r\n..", b"\r\n.")
        with self.server.record.lock:
            self.server.record.messages.append((self.recipient, plain + b"\r\n"))
        self.server.accepted.set()
        if order:
            raise _Gone
        self.say("250 2.0.0 Taken")
        return True

    def order(self, step: str) -> str | None:
        """The trouble of this step, if any. "drop" and "reset" end it here."""
        with self.server.record.lock:
            order = self.server.trouble(step, self.recipient, self.server.chance)
            if order:
                self.server.record.orders[f"{order.partition(' ')[0]} at {step}"] += 1
        if order == "reset":
            linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        if order in ("drop", "reset") and step != "DOT":
            raise _Gone
        return order

    def say(self, text: str, step: str = "") -> None:
        order = self.order(step) if step else None
        out = f"{order or text}\r\n".encode()
        pieces = [out[i : i + 3] for i in range(0, len(out), 3)]
        for piece in pieces if self.server.in_fragments else [out]:
            self.request.sendall(piece)
        if order and order.startswith("421"):
            raise _Gone

    def line(self) -> bytes:
        return self.until(b"\r\n")

    def until(self, end: bytes) -> bytes:
        while end not in self.rest:
            more = self.request.recv(65536)
            if not more:
                raise _Gone
            self.rest += more
        found, _, self.rest = self.rest.partition(end)
        return found
