"""A real SMTP server on loopback: it records what it accepted, and misbehaves to order."""

import asyncio
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from newsletter.mail.channels.client import wait_for_bytes

DROP = "drop"
"""Instead of an answer: the connection is gone."""
STALL = "stall"
"""Instead of an answer: silence, until the client hangs up."""

ENDLESS = {
    "endless lines": b"250-wait\r\n",
    "endless line": b"2",
    "flood": b"250-wait\r\n" * 1000,
}
"""Instead of an answer: pieces of one that never ends, each soon after the last."""

Step = Literal["CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "BODY", "DOT"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files; a client trusts it when SSL_CERT_FILE names ``chain``."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Received:
    """What the server took over, dots unstuffed; ``login`` is who had logged in, ``options`` what
    MAIL announced but for the size, ``at`` when, in seconds."""

    sender: str
    recipient: str
    message: bytes
    login: str = ""
    options: frozenset[str] = frozenset()
    at: float = 0.0


@dataclass(slots=True)
class _Fault:
    step: Step
    answer: str
    recipient: str
    times: float


class SmtpServer:
    """``with SmtpServer() as server: server.port; server.messages``. ``pieces`` holds the first of
    what came in each time that something came: whether in one go, on a socket that is not slow.

    ``silent`` holds the clients' ports of connections on which nothing more will be said.

    ``fail`` orders trouble, also while it runs. At DOT the message has arrived: a 4xx or 5xx
    refuses it, DROP and STALL take it (it stands in ``messages``) and never say so. BODY drops or
    stalls between the 354 and the dot. A 354 ordered at DATA is given though nobody was named.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        security: Literal["none", "starttls", "tls"] = "none",
        certificate: Certificate | None = None,
        users: Mapping[str, str] | None = None,
        size_limit: int = 33_554_432,
        smtputf8: bool = True,
        pipelining: bool = False,
    ) -> None:
        self.messages: list[Received] = []
        self.pieces: list[bytes] = []
        self.silent: set[int] = set()
        self.connections = 0
        self.port = 0
        self.pipelining = pipelining
        self.users = users or {}
        self._faults: list[_Fault] = []
        self._open: set[_Session] = set()
        self._security = security
        self._tls = _tls_context(certificate) if certificate else None
        self._options = {"data_size_limit": size_limit, "enable_SMTPUTF8": smtputf8}
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="smtp-server")

    def fail(self, step: Step, answer: str, *, recipient: str = "", times: float = 1) -> None:
        """Answer ``step`` so the next ``times`` (``math.inf``: always), for one address or all."""
        self._faults.append(_Fault(step, answer, recipient, times))

    def hang_up(self) -> None:
        """Close every open connection now, as a server does with idle ones; waits until done."""
        asyncio.run_coroutine_threadsafe(self._abort(), self._loop).result(60)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        assert not self._thread.is_alive()

    def take(self, step: Step, recipient: str = "") -> str | None:
        """The trouble ordered for this step, if any; uses it up."""
        for fault in self._faults:
            if fault.step == step and fault.times > 0 and fault.recipient in ("", recipient):
                fault.times -= 1
                return fault.answer
        return None

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        implicit = self._tls if self._security == "tls" else None
        server = await self._loop.create_server(self._session, self.host, 0, ssl=implicit)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        await self._abort()

    def _session(self) -> "_Session":
        self.connections += 1
        starttls = self._security == "starttls"
        session = _Session(
            self,
            loop=self._loop,
            hostname="localhost",
            tls_context=self._tls if starttls else None,
            auth_require_tls=starttls,
            authenticator=self._authenticate,
            **self._options,
        )
        self._open.add(session)
        return session

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        user, password = data.login.decode(), data.password.decode()
        success = self.users.get(user) == password
        return AuthResult(success=success, handled=False, auth_data=user)

    async def _abort(self) -> None:
        sessions, self._open = self._open, set()
        tasks = [session.end() for session in sessions]
        await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)
        await asyncio.sleep(0)


class _Session(SMTP):
    """One connection; aiosmtpd finds a command's method by its name."""

    def __init__(self, server: SmtpServer, **options: Any) -> None:
        super().__init__(None, **options)
        self._server = server

    def data_received(self, data: bytes) -> None:
        self._server.pieces.append(data[:1000])
        super().data_received(data)

    def end(self) -> "asyncio.Task[None] | None":
        for transport in (self.transport, self._original_transport):
            if transport is not None:
                cast(asyncio.Transport, transport).abort()
        return self._handler_coroutine

    async def _handle_client(self) -> None:
        if await self._trouble("CONNECT"):
            self._writer.close()
        else:
            await super()._handle_client()

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        if not await self._trouble("EHLO"):
            if self._server.pipelining:
                self._handle_hooks["EHLO"], self._ehlo_hook_ver = _Session._extended, "new"
            await super().smtp_EHLO(hostname)

    async def _extended(
        self, session: Session, _: Envelope, hostname: str, lines: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [lines[0], "250-PIPELINING", *lines[1:]]

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        if not await self._trouble("AUTH"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str) -> None:  # noqa: N802
        if self._server.users and not _logged_in(self.session):
            await self.push("530 5.7.0 Log in first")
        elif not await self._trouble("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str) -> None:  # noqa: N802
        named = re.search(r"<(.*)>", arg or "")
        if not await self._trouble("RCPT", named[1] if named else ""):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        recipient = next(iter(self.envelope.rcpt_tos), "") if self.envelope else ""
        answer = self._server.take("DATA", recipient)
        if answer and answer.startswith("354"):
            cast(Envelope, self.envelope).rcpt_tos.append(recipient or "nobody")
        elif answer:
            await self._misbehave(answer)
            return
        body = self._server.take("BODY", recipient)
        if body:
            await self.push("354 Go on")
            await self._misbehave(body)
        else:
            self._handle_hooks["DATA"] = _Session._received
            await super().smtp_DATA(arg)

    async def _received(self, session: Session, envelope: Envelope) -> str:
        recipient = envelope.rcpt_tos[0]
        answer = self._server.take("DOT", recipient) or "250 2.0.0 Taken"
        if answer[0] in "45":
            return answer
        sender, message = envelope.mail_from or "", envelope.original_content or b""
        options = frozenset(
            option for option in envelope.mail_options if not option.startswith("SIZE=")
        )
        self._server.messages.append(
            Received(sender, recipient, message, _logged_in(session), options, time.monotonic())
        )
        if answer in (DROP, STALL, *ENDLESS):
            await self._misbehave(answer)
        return answer

    async def _trouble(self, step: Step, recipient: str = "") -> bool:
        answer = self._server.take(step, recipient)
        if answer:
            await self._misbehave(answer)
        return answer is not None

    async def _misbehave(self, answer: str) -> None:
        if answer == DROP:
            self._writer.transport.abort()
        if answer in (DROP, STALL):
            await self._say_nothing()
        if answer in ENDLESS:
            await self._talk_without_end(ENDLESS[answer])
        await self.push(answer)
        if answer.startswith("421"):
            self._writer.close()

    async def _talk_without_end(self, piece: bytes) -> None:
        while not self._writer.transport.is_closing():
            self._writer.write(piece)
            with suppress(ConnectionError):
                await self._writer.drain()
            await asyncio.sleep(0.001)

    async def _say_nothing(self) -> None:
        port = self._writer.transport.get_extra_info("peername")[1]
        self._server.silent.add(port)
        try:
            await asyncio.sleep(3600)  # cancelled when the connection is gone
        finally:
            self._server.silent.discard(port)


WaitForBytes = Callable[[socket.socket, BinaryIO, float], bytes]


def until_silent(
    server: SmtpServer, on_silence: Callable[[], object] = lambda: None
) -> WaitForBytes:
    """``client.wait_for_bytes``, whose time is over when the server has fallen silent and
    ``on_silence`` has returned: no test has to wait for it, and none takes a slow server for a
    silent one."""

    def wait(sock: socket.socket, file: BinaryIO, deadline: float) -> bytes:
        sock.settimeout(0)
        if received := file.peek(1):  # type: ignore[attr-defined]
            return bytes(received)
        port, silent, readable = sock.getsockname()[1], False, False
        poll = select.poll()  # select() takes no file of a number above 1023
        poll.register(sock, select.POLLIN)
        while not (silent or readable):
            silent = port in server.silent  # asked first: what it said before has arrived then
            readable = bool(poll.poll(10))
        if not readable:
            on_silence()
            raise TimeoutError("timed out")
        return wait_for_bytes(sock, file, deadline)

    return wait


def _logged_in(session: Session | None) -> str:
    return str(session.auth_data) if session and session.authenticated else ""


LOOPBACK = (x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1")))


def make_certificate(
    folder: Path,
    names: Iterable[x509.GeneralName] = LOOPBACK,
    ends: timedelta = timedelta(days=2),
) -> Certificate:
    """Self-signed; it began a year ago and ends that long from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    about = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a server of the tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(about, about, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=365))
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate = Certificate(folder / "certificate.pem", folder / "key.pem")
    certificate.chain.write_bytes(made.public_bytes(Encoding.PEM))
    certificate.key.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return certificate


def _tls_context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    return context
