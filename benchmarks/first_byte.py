"""How long a page's first byte takes, at a steady pace that leaves the server time."""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from statistics import quantiles
from threading import Thread
from time import perf_counter, sleep

_CLIENTS = 4
_A_SECOND = 100
_LENGTH = re.compile(rb"content-length: (\d+)", re.I)


@dataclass(frozen=True)
class FirstByte:
    """Milliseconds within which half, and 99 of 100, of the first bytes came."""

    usual: float
    late: float


def first_byte(port: int, paths: Sequence[str], seconds: float) -> FirstByte:
    """A hundred requests a second over four open connections, one after the other in each. Counted
    from when a request was due: who waits for the answer before does not hide it."""
    taken: list[float] = []
    clients = [
        Thread(target=_ask, args=(port, paths[number::_CLIENTS] or paths, number, seconds, taken))
        for number in range(_CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    parts = quantiles(taken, n=100)
    return FirstByte(parts[49] * 1000, parts[98] * 1000)


def _ask(port: int, paths: Sequence[str], number: int, seconds: float, taken: list[float]) -> None:
    pace = _CLIENTS / _A_SECOND
    begin = perf_counter() + pace * number / _CLIENTS
    with socket.create_connection(("127.0.0.1", port)) as open_:
        for turn, path in enumerate(islice(cycle(paths), int(seconds / pace))):
            due = begin + turn * pace
            sleep(max(0.0, due - perf_counter()))
            open_.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            answer = open_.recv(1)
            taken.append(perf_counter() - due)
            _read(open_, answer)


def _read(open_: socket.socket, answer: bytes) -> None:
    while b"\r\n\r\n" not in answer:
        answer += open_.recv(65_536)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    assert head.startswith(b"HTTP/1.1 200"), head
    assert length, head
    left = int(length[1]) - len(body)
    while left > 0:
        left -= len(open_.recv(65_536))
