"""An SMTP server that only counts. It shares the cores with what is measured, so it does little.

``python -m benchmarks.sink`` prints the port it listens on, and for each line on its standard input
the recipients of all messages since the last one.
"""

import json
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_HOST = "127.0.0.1"
_END = b"\r\n.\r\n"
_ANSWERS = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 0\r\n",
    b"DATA": b"354 End with a dot\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}
_OK = b"250 2.0.0 Ok\r\n"


@dataclass
class Sink:
    """``port`` is on loopback, in another process."""

    port: int
    process: subprocess.Popen[str]

    def taken(self) -> list[str]:
        """The recipients of the messages since this was last asked, once for each message."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        recipients: list[str] = json.loads(self.process.stdout.readline())
        return recipients


@contextmanager
def sink() -> Iterator[Sink]:
    command = [sys.executable, "-m", "benchmarks.sink"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout
        try:
            yield Sink(int(process.stdout.readline()), process)
        finally:
            process.kill()


@dataclass
class _Client:
    """Whoever sends waits for the answer to the dot, so a message ends with what has arrived."""

    sock: socket.socket
    taken: list[str]
    in_data: bool = False
    recipient: str = ""
    unread: bytes = b""

    def read(self, buffer: bytearray) -> bool:
        """False at the end of the connection."""
        try:
            count = self.sock.recv_into(buffer)
        except OSError:  # some clients leave without a word
            return False
        if self.in_data:
            self._data(buffer, count)
        elif count:
            self._commands(self.unread + buffer[:count])
        return count > 0

    def _data(self, buffer: bytearray, count: int) -> None:
        self.unread = (self.unread + buffer[max(0, count - len(_END)) : count])[-len(_END) :]
        if self.unread == _END:
            self.in_data, self.unread = False, b""
            self.taken.append(self.recipient)
            self.sock.send(_OK)

    def _commands(self, received: bytes) -> None:
        *lines, self.unread = received.split(b"\r\n")
        self.sock.send(b"".join(map(self._answer, lines)))

    def _answer(self, line: bytes) -> bytes:
        verb = bytes(line[:4]).upper()
        self.in_data = verb == b"DATA"
        if verb == b"RCPT":
            self.recipient = line[line.index(b"<") + 1 : line.index(b">")].decode()
        return _ANSWERS.get(verb, _OK)


def _serve() -> None:
    listener = socket.create_server((_HOST, 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    clients: dict[int, _Client] = {}
    taken: list[str] = []
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    poll.register(sys.stdin, select.EPOLLIN)
    buffer = bytearray(2**18)
    while True:
        for number, _ in poll.poll():
            if client := clients.get(number):
                if not client.read(buffer):
                    poll.unregister(number)
                    clients.pop(number).sock.close()
            elif number == listener.fileno():
                sock, _ = listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.send(b"220 sink ESMTP\r\n")
                poll.register(sock, select.EPOLLIN)
                clients[sock.fileno()] = _Client(sock, taken)
            else:
                sys.stdin.readline()
                print(json.dumps(taken), flush=True)
                taken.clear()


if __name__ == "__main__":
    _serve()
