"""SMTP (RFC 5321) over one kept connection: the final dot parts safe from unknown."""

import io
import ipaddress
import re
import smtplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from newsletter.domain.errors import (
    AnswerLost,
    ConfigError,
    Deferred,
    DeliveryError,
    Refused,
    SenderRefused,
)
from newsletter.domain.hostnames import in_ascii
from newsletter.failpoints import reach
from newsletter.mail.channels import Attempt, Envelope
from newsletter.mail.channels.replies import Answer, Step, hear, reason, unusable
from newsletter.mail.channels.steps import Steps, Wait, run

Security = Literal["none", "starttls", "tls"]

_TIMEOUT = 30.0
_PATIENCE = 10
"""The answer to the dot may take longest (RFC 5321 4.5.3.2.6): to give up early is to lose it."""
SLOWEST = _TIMEOUT * _PATIENCE
"""Seconds that it is waited for."""

_GROUP: tuple[Step, ...] = ("MAIL", "RCPT", "DATA")
_DOT = re.compile(rb"\.(?<=\n\.)")
"""A dot that begins a line. It begins with the dot since that is rarer than a line's end, and found
three times as fast."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a server says of itself; ``size`` is the largest message in bytes, where it says so."""

    greeting: str
    tls: str
    login: str
    size: int | None


class Smtp:
    """A channel to one SMTP server; one thread at a time. Opens its connection at the first send.

    A connection lost before the final dot is tried once more on a fresh one, then Deferred; lost
    after it is AnswerLost. Raises ConfigError for a login that would cross a network in clear.
    ``per_connection``: so many messages, whatever became of them, and the connection is another.
    """

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        username: str = "",
        password: str = "",
        timeout: float = _TIMEOUT,
        per_connection: int = 0,
    ) -> None:
        _check_login(host, security, username, password)
        self._host, self._port, self._security = host, port, security
        self._login = (username, password)
        self._timeout = timeout
        self._client: smtplib.SMTP | None = None
        self._per_connection, self._offered = per_connection, 0

    def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
        """Hand over one message; returns the answer in one line ("250 2.0.0 Ok: queued as 4F1")."""
        return run(self.sending(envelope, attempt or Attempt()))

    def sending(self, envelope: Envelope, attempt: Attempt) -> Steps[str]:
        """The same in steps. To open a connection is one of them, and not parted any further."""
        mail = _Mail.of(envelope)
        with suppress(OSError):
            return (yield from self._transact(mail, attempt))
        try:
            return (yield from self._transact(mail, attempt))
        except OSError as error:
            lost = "lost the connection twice before the message was whole"
            raise Deferred(f"{self._where} {lost}: {reason(error)}") from error

    def greet(self) -> Greeting:
        """Connect, secure and log in as a send does, and tell what was met."""
        client = self._client = self._client or self._open()
        said, limit = client.ehlo_resp or b"", client.esmtp_features.get("size", "")
        return Greeting(
            greeting=reason(ValueError(said.decode("utf-8", "replace").split("\n")[0])),
            tls=(client.sock.version() or "") if isinstance(client.sock, ssl.SSLSocket) else "",
            login=f"logged in as {self._login[0]}" if self._login[0] else "",
            size=int(limit) if limit.isdecimal() and int(limit) else None,
        )

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            run(_leave(client, self._timeout))

    @property
    def _where(self) -> str:
        return f"{self._host}:{self._port}"

    def _transact(self, mail: "_Mail", attempt: Attempt) -> Steps[str]:
        """One message on the kept connection, or a fresh one. OSError: the server does not have it.

        The connection is kept only when both sides agree where they stand.
        """
        kept = yield from self._kept()
        client = kept or self._open()
        self._offered += 1
        try:
            yield from self._offer(client, mail, attempt, kept=kept is not None)
            answer = yield from self._finish(client, attempt)
        except DeliveryError:
            self._client = yield from _reset(client, self._timeout)
            raise
        except BaseException:
            client.close()
            raise
        self._client = client
        return answer

    def _kept(self) -> Steps[smtplib.SMTP | None]:
        """The connection of the last message; None where it has had as many as it may."""
        client, self._client = self._client, None
        if client is None or not 0 < self._per_connection <= self._offered:
            return client
        yield from _leave(client, self._timeout)
        return None

    def _offer(
        self, client: smtplib.SMTP, mail: "_Mail", attempt: Attempt, *, kept: bool
    ) -> Steps[None]:
        """Everything up to the final dot."""
        for commands, steps in mail.groups(client, self._where):
            client.send(commands)
            yield from self._hear_group(client, steps, attempt, kept=kept)
        try:
            attempt.look()
        except BaseException:
            client.close()  # the server waits: whatever else it heard would be the message
            raise
        # An OSError: not all of it was handed to the system, and what lacks its end is discarded.
        client.send(mail.body + b".\r\n")
        reach("offered")

    def _hear_group(
        self, client: smtplib.SMTP, steps: Sequence[Step], attempt: Attempt, *, kept: bool
    ) -> Steps[None]:
        """The answers to a group of commands. The first refusal stands, whatever follows it."""
        for number, step in enumerate(steps, start=1):
            answer = yield from _answer(client, self._timeout)
            if step != "MAIL":
                attempt.answers[step] = answer.line
            elif kept and answer.code == 421:
                raise smtplib.SMTPServerDisconnected(answer.line)
            try:
                answer.judge(step)
            except DeliveryError:
                yield from _hear_out(client, len(steps) - number, self._timeout)
                raise

    def _finish(self, client: smtplib.SMTP, attempt: Attempt) -> Steps[str]:
        """From the dot on the server may have the message: silence is no reason to repeat it."""
        try:
            answer = yield from _answer(client, self._timeout * _PATIENCE)
            attempt.answers["DATA"] = answer.line
            reach("answered")
            answer.judge("DOT")
        except OSError as error:
            client.close()
            lost = "no answer after the final dot; the server may have the message"
            raise AnswerLost(f"{self._where}: {lost}: {reason(error)}") from error
        return answer.line

    def _open(self) -> smtplib.SMTP:
        self._offered = 0
        try:
            client = self._connect()
        except (OSError, ValueError) as error:
            raise unusable(self._where, error) from error
        try:
            self._greet(client)
        except (OSError, ValueError) as error:
            client.close()
            raise unusable(self._where, error) from error
        except BaseException:
            client.close()
            raise
        return client

    def _connect(self) -> smtplib.SMTP:
        where, wait = (self._host, self._port), self._timeout
        if self._security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(*where, timeout=wait, context=context)
        return smtplib.SMTP(*where, timeout=wait)

    def _greet(self, client: smtplib.SMTP) -> None:
        """EHLO, STARTTLS, login, as configured: never less than asked for."""
        if client.sock is not None:
            # Without this a message's last piece may wait for what went before to be acknowledged.
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.ehlo_or_helo_if_needed()
        if self._security == "starttls":
            _check_starttls(client, self._where)
            client.starttls(context=ssl.create_default_context())
            client.ehlo_or_helo_if_needed()
        if self._login[0]:
            client.login(*self._login)


@dataclass(frozen=True, slots=True)
class _Mail:
    """An envelope as it goes over the wire: domains in ASCII, lines in CRLF, dots stuffed."""

    sender: str
    recipient: str
    body: bytes

    @classmethod
    def of(cls, envelope: Envelope) -> "_Mail":
        try:
            sender = _wire(envelope.sender)
        except ValueError as error:
            raise SenderRefused(
                f"newsletter.from_address, or delivery.return_path: {error}"
            ) from error
        try:
            recipient = _wire(envelope.recipient)
        except ValueError as error:
            raise Refused(str(error)) from error
        return cls(sender, recipient, _stuffed(envelope.message))

    def groups(self, client: smtplib.SMTP, where: str) -> Sequence[tuple[bytes, tuple[Step, ...]]]:
        """What to say before the message, and the steps that are answered then: all in one group
        where the server takes it (RFC 2920; DATA may only be its last), else one by one."""
        recipient = f"RCPT TO:<{self.recipient}>\r\n".encode()
        commands = (self._mail(client, where), recipient, b"DATA\r\n")
        if client.has_extn("pipelining"):
            return ((b"".join(commands), _GROUP),)
        return [(command, (step,)) for command, step in zip(commands, _GROUP, strict=True)]

    def _mail(self, client: smtplib.SMTP, where: str) -> bytes:
        """MAIL with the parameters this server knows: SIZE (RFC 1870), SMTPUTF8 (RFC 6531).

        The only 8-bit letters are those of addresses, in the envelope or a header.
        """
        line = f"MAIL FROM:<{self.sender}>"
        if client.has_extn("size"):
            line += f" SIZE={len(self.body)}"
        if not ((self.sender + self.recipient).isascii() and self.body.isascii()):
            self._check_utf8(client, where)
            line += " BODY=8BITMIME SMTPUTF8"
        return f"{line}\r\n".encode()

    def _check_utf8(self, client: smtplib.SMTP, where: str) -> None:
        for extension in ("SMTPUTF8", "8BITMIME"):
            if not client.has_extn(extension):
                theirs = self.sender.isascii() and not self.recipient.isascii()
                lacks = f"and {where} does not offer {extension}"
                raise (Refused if theirs else SenderRefused)(
                    f"the part of {'the' if theirs else 'our'} address before the @ is not ASCII,"
                    f" {lacks}"
                )


def _check_login(host: str, security: Security, username: str, password: str) -> None:
    if username and security == "none" and not _is_loopback(host):
        raise ConfigError(
            'delivery.smtp.security: "none" would send the password in clear to '
            f'{host}: set it to "starttls" or "tls", or remove delivery.smtp.username'
        )
    if not (username + password).isascii():
        raise ConfigError("delivery.smtp.username and password: only ASCII can be sent: change it")


def _check_starttls(client: smtplib.SMTP, where: str) -> None:
    if not client.has_extn("starttls"):
        raise SenderRefused(
            f"{where} does not offer STARTTLS, and nothing is sent in clear instead: set "
            'delivery.smtp.security to "tls" (usually port 465), or to "none" if you trust the way'
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _wire(address: str) -> str:
    """The address, its domain in ASCII (IDNA 2008). ValueError where it cannot be sent at all."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        raise ValueError("not an address: it needs something on both sides of an @")
    if not address.isprintable() or set(address) & set(" <>"):
        raise ValueError(
            "not an address: it holds a space, an angle bracket or a control character"
        )
    return f"{local}@{in_ascii(domain)}"


def _stuffed(message: bytes) -> bytes:
    """RFC 5321 4.5.2. A bare CR or LF becomes CRLF: no server sees an end we did not write."""
    if not message.endswith(b"\r\n") or _line_ends(message) != "\r\n":
        message = b"".join(line + b"\r\n" for line in message.splitlines())
    return b"." * message.startswith(b".") + _DOT.sub(b"..", message)


def _line_ends(message: bytes) -> str | tuple[str, ...] | None:
    """Each kind that stands in it. To count them takes five times as long."""
    seen = io.IncrementalNewlineDecoder(None, translate=False)
    seen.decode(message.decode("latin-1"), final=True)
    return seen.newlines


def _answer(client: smtplib.SMTP, seconds: float) -> Steps[Answer]:
    """The next one, waited for unless it is there already: of several, the first reading takes all.

    Where a part of it is there the rest is waited for standing still, a timeout at most for each
    line.
    """
    if client.sock is not None and not _is_there(client):
        yield Wait.of(client.sock.fileno(), seconds)
    return hear(client)


def _is_there(client: smtplib.SMTP) -> bool:
    """Whether a part of an answer is read. That the connection has ended is heard later."""
    assert client.sock is not None
    patience = client.sock.gettimeout()
    client.sock.settimeout(0)
    try:
        return client.file is not None and bool(client.file.peek(1))
    except OSError:
        return False
    finally:
        client.sock.settimeout(patience)


def _hear_out(client: smtplib.SMTP, owed: int, seconds: float) -> Steps[None]:
    """The answers still owed to a group in which one was refused. DATA may be taken all the same
    (RFC 2920 3.1): the connection ends then, since a dot would hand over an empty message."""
    code = 500
    with suppress(OSError):
        for _ in range(owed):
            code = (yield from _answer(client, seconds)).code
    if code < 400:
        client.close()


def _leave(client: smtplib.SMTP, seconds: float) -> Steps[None]:
    try:
        with suppress(OSError):
            client.send(b"QUIT\r\n")
            yield from _answer(client, seconds)
    finally:
        client.close()


def _reset(client: smtplib.SMTP, seconds: float) -> Steps[smtplib.SMTP | None]:
    """The connection, ready for the next message; None where it is of no more use."""
    done = False
    try:
        with suppress(OSError):
            client.send(b"RSET\r\n")
            done = (yield from _answer(client, seconds)).code == 250
    finally:
        if not done:
            client.close()
    return client if done else None
