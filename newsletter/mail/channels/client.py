"""smtplib's clients, with a limit on the length and the whole time of each reply.

smtplib's own timeout is for one read from the socket: a server that sends a byte now and then, or
continuation lines without an end, would hold it for ever.
"""

import select
import smtplib
import socket
import ssl
import time
from contextlib import nullcontext, suppress
from typing import Any, BinaryIO, cast

from newsletter.turns import after_others, waiting

MAX_REPLY = 2**16
"""Bytes. RFC 5321 (4.5.3.1.5) allows 512 a line; the longest reply is to EHLO, some 50 lines."""


class Client(smtplib.SMTP):
    """In clear, or made secure by STARTTLS."""

    timeout: float
    file: BinaryIO | None
    _unread: bytes

    def getreply(self) -> tuple[int, bytes]:
        """Called by smtplib for the greeting, EHLO, STARTTLS and AUTH as well."""
        reply = self.read_reply(self.timeout)
        if self.sock is not None:
            self.sock.settimeout(self.timeout)  # a TLS handshake may follow
        return reply

    def send(self, data: Any) -> None:
        """After it others have their turn: no server answers as fast as they can use the time."""
        sent = 0
        if self.sock is not None:
            self.sock.settimeout(self.timeout)
            sent = _sent_at_once(self.sock, data)
        if sent < len(data):
            with waiting():
                super().send(data[sent:])
        after_others()

    def read_reply(self, seconds: float) -> tuple[int, bytes]:
        """The next reply, its code and its lines. Raises OSError, with the connection closed, where
        it is not complete after ``seconds`` or longer than ``MAX_REPLY``."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        deadline = time.monotonic() + seconds
        try:
            return self._read_lines(deadline)
        except OSError:
            self.close()
            raise

    def _read_lines(self, deadline: float) -> tuple[int, bytes]:
        """The code is -1 where there is none, as smtplib has it."""
        lines: list[bytes] = []
        size, more = 0, True
        code = -1
        while more:
            line = self._read_line(deadline, MAX_REPLY - size)
            size += len(line)
            lines.append(line[4:].strip(b" \t\r\n"))
            code = int(line[:3]) if line[:3].isdigit() else -1
            more = code >= 0 and line[3:4] == b"-"
        return code, b"\n".join(lines)

    def _read_line(self, deadline: float, limit: int) -> bytes:
        assert self.sock is not None
        if self.file is None:  # smtplib forgets it with the connection, and where TLS begins
            self.file, self._unread = cast(BinaryIO, self.sock.makefile("rb")), b""
        # Looked at first: to set a socket's timeout for each line takes longer than to read it.
        while b"\n" not in self._unread and len(self._unread) <= limit:
            with nullcontext() if _has_bytes(self.sock) else waiting():
                arrived = wait_for_bytes(self.sock, self.file, deadline)
            if not arrived:
                raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
            self._unread += self.file.read(len(arrived))
        line, end, self._unread = self._unread.partition(b"\n")
        if len(line + end) > limit:
            raise smtplib.SMTPServerDisconnected(f"a reply of more than {MAX_REPLY} bytes")
        return line + end


def wait_for_bytes(sock: socket.socket, file: BinaryIO, deadline: float) -> bytes:
    """The bytes received and not read yet, or else those of one read from the socket; empty at the
    end of the connection."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("timed out")
    sock.settimeout(seconds)
    arrived: bytes = file.peek(1)  # type: ignore[attr-defined]
    return arrived


def _sent_at_once(sock: socket.socket, data: Any) -> int:
    """How many bytes the network takes without waiting for the server. None with TLS: what is
    written there comes whole."""
    if isinstance(data, bytes) and not isinstance(sock, ssl.SSLSocket):
        with suppress(OSError):  # it comes again where the rest is sent
            return sock.send(data)
    return 0


def _has_bytes(sock: socket.socket) -> bool:
    """Whether a read ends at once; with TLS nobody knows, it may be there in part."""
    if isinstance(sock, ssl.SSLSocket):
        return False
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


class TlsClient(Client, smtplib.SMTP_SSL):
    """TLS from the first byte on."""
