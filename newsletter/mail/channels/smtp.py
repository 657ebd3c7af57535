"""SMTP (RFC 5321) over one kept connection.

Until the final dot is sent the server cannot have the message, and it may be sent again; from then
on only the server's reply says whether it has.
"""

import ipaddress
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
    SenderRefused,
)
from newsletter.failpoints import reach
from newsletter.mail.channels import Attempt, Envelope
from newsletter.mail.channels.client import Client, TlsClient
from newsletter.mail.channels.replies import Reply, Step, connection_error, one_line, read_reply
from newsletter.mail.channels.wire import WireMail
from newsletter.turns import waiting

Security = Literal["none", "starttls", "tls"]

_TIMEOUT = 30.0
"""Seconds for a whole reply, and for the message itself to be taken by the network."""
_DOT_TIMES = 10
"""The reply to the dot may take longest (RFC 5321 4.5.3.2.6): to give up early is to lose it."""
SLOWEST = _TIMEOUT * _DOT_TIMES
"""Seconds that the reply to the dot is waited for."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """A server's answer to EHLO; ``size`` is its largest message in bytes, if it says."""

    greeting: str
    tls: str
    login: str
    size: int | None


class Smtp:
    """A channel to one SMTP server. The first ``send`` opens the connection.

    A connection lost before the final dot is tried once more on a new one, then Deferred; lost
    after it is AnswerLost. Raises ConfigError for a login that would cross a network in clear.
    ``per_connection``: after so many messages, sent or not, a new connection is opened.
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
        self._client: Client | None = None
        self._per_connection, self._sent = per_connection, 0

    def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:
        """Send one message; returns the reply in one line ("250 2.0.0 Ok: queued as 4F1")."""
        mail, attempt = WireMail.of(envelope), attempt or Attempt()
        with suppress(OSError):
            return self._transact(mail, attempt)
        try:
            return self._transact(mail, attempt)
        except OSError as error:
            lost = "lost the connection twice before the message was complete"
            raise Deferred(f"{self._where} {lost}: {one_line(error)}") from error

    def greet(self) -> Greeting:
        """Connect, secure and log in as ``send`` does, and return the server's greeting."""
        client = self._client = self._client or self._open()
        greeting, limit = client.ehlo_resp or b"", client.esmtp_features.get("size", "")
        return Greeting(
            greeting=one_line(ValueError(greeting.decode("utf-8", "replace").split("\n")[0])),
            tls=(client.sock.version() or "") if isinstance(client.sock, ssl.SSLSocket) else "",
            login=f"logged in as {self._login[0]}" if self._login[0] else "",
            size=int(limit) if limit.isdecimal() and int(limit) else None,
        )

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            _quit(client)

    @property
    def _where(self) -> str:
        return f"{self._host}:{self._port}"

    def _transact(self, mail: WireMail, attempt: Attempt) -> str:
        """One message on the kept connection, or on a new one. OSError: the server does not have
        it.

        The connection is kept only while both sides agree which command comes next.
        """
        kept = self._kept()
        client = kept or self._open()
        self._sent += 1
        try:
            self._send_message(client, mail, attempt, kept=kept is not None)
            answer = self._read_final_reply(client, attempt)
        except DeliveryError:
            self._client = _reset(client)
            raise
        except BaseException:
            client.close()
            raise
        self._client = client
        return answer

    def _kept(self) -> Client | None:
        """The connection of the last message; None after ``per_connection`` messages."""
        client, self._client = self._client, None
        if client is None or not 0 < self._per_connection <= self._sent:
            return client
        _quit(client)
        return None

    def _send_message(
        self, client: Client, mail: WireMail, attempt: Attempt, *, kept: bool
    ) -> None:
        """Everything up to and with the final dot."""
        for commands, steps in mail.groups(client, self._where):
            client.send(commands)
            self._read_group(client, steps, attempt, kept=kept)
        try:
            attempt.look()
        except BaseException:
            client.close()  # the server waits: anything more would be the message
            raise
        # An OSError: the system did not take all of it, and a server discards what has no dot.
        client.send(mail.body + b".\r\n")
        reach("offered")

    def _read_group(
        self, client: Client, steps: Sequence[Step], attempt: Attempt, *, kept: bool
    ) -> None:
        """The replies to a group of commands. The first refusal counts, whatever follows it."""
        for number, step in enumerate(steps, start=1):
            reply = read_reply(client, self._timeout)
            if step != "MAIL":
                attempt.answers[step] = reply.line
            elif kept and reply.code == 421:
                raise smtplib.SMTPServerDisconnected(reply.line)
            try:
                reply.check(step)
            except DeliveryError:
                _read_rest(client, len(steps) - number, self._timeout)
                raise

    def _read_final_reply(self, client: Client, attempt: Attempt) -> str:
        """After the dot the server may have the message: silence is no reason to send it again."""
        try:
            reply = read_reply(client, self._timeout * _DOT_TIMES)
            attempt.answers["DATA"] = reply.line
            reach("answered")
            reply.check("DOT")
        except OSError as error:
            client.close()
            lost = "no answer after the final dot; the server may have the message"
            raise AnswerLost(f"{self._where}: {lost}: {one_line(error)}") from error
        return reply.line

    def _open(self) -> Client:
        self._sent = 0
        try:
            with waiting():
                client = self._connect()
        except (OSError, ValueError) as error:
            raise connection_error(self._where, error) from error
        try:
            with waiting():
                self._greet(client)
        except (OSError, ValueError) as error:
            client.close()
            raise connection_error(self._where, error) from error
        except BaseException:
            client.close()
            raise
        return client

    def _connect(self) -> Client:
        if self._security == "tls":
            context = ssl.create_default_context()
            return TlsClient(self._host, self._port, timeout=self._timeout, context=context)
        return Client(self._host, self._port, timeout=self._timeout)

    def _greet(self, client: Client) -> None:
        """EHLO, STARTTLS, login, as configured: never less than asked for."""
        if client.sock is not None:
            # Without this a message's last piece may wait until the pieces before it are
            # acknowledged.
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.ehlo_or_helo_if_needed()
        if self._security == "starttls":
            _check_starttls(client, self._where)
            client.starttls(context=ssl.create_default_context())
            client.ehlo_or_helo_if_needed()
        if self._login[0]:
            client.login(*self._login)


def _check_login(host: str, security: Security, username: str, password: str) -> None:
    if username and security == "none" and not _is_loopback(host):
        raise ConfigError(
            'delivery.smtp.security: "none" would send the password in clear to '
            f'{host}: set it to "starttls" or "tls", or remove delivery.smtp.username'
        )
    if not (username + password).isascii():
        raise ConfigError("delivery.smtp.username and password: only ASCII can be sent: change it")


def _check_starttls(client: Client, where: str) -> None:
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


def _read_rest(client: Client, count: int, seconds: float) -> None:
    """The replies still to come to a group in which one command was refused.

    A server may accept DATA all the same (RFC 2920 3.1): then the connection is closed, since a dot
    would send an empty message.
    """
    code = 500
    with suppress(OSError):
        for _ in range(count):
            code = read_reply(client, seconds).code
    if code < 400:
        client.close()


def _quit(client: Client) -> None:
    try:
        with suppress(OSError):
            client.send(b"QUIT\r\n")
            read_reply(client, client.timeout)
    finally:
        client.close()


def _reset(client: Client) -> Client | None:
    """The connection, ready for the next message; None where it cannot be used any more."""
    done = False
    try:
        with suppress(OSError):
            client.send(b"RSET\r\n")
            done = _reset_reply(client)
    finally:
        if not done:
            client.close()
    return client if done else None


def _reset_reply(client: Client) -> bool:
    reply: Reply = read_reply(client, client.timeout)
    return reply.code == 250
