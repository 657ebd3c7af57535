"""An IMAP mailbox, opened to be read only: what was read is known by its number (RFC 3501 2.3.1).

So a person may look at it, delete in it and mark as they like.
"""

import imaplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

from newsletter.domain.errors import NewsletterError
from newsletter.mail.mailboxes import MOST, Letter

if TYPE_CHECKING:
    from imap_tools import BaseMailBox

_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Imap:
    """``read`` gives the last number that was stored of a mailbox, by its name; ``store`` keeps
    one."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str
    folder: str
    read: Callable[[str], int]
    store: Callable[[str, int], None]
    password: str = field(repr=False)

    def letters(self) -> Iterator[Letter]:
        """What came since, oldest first. Raises NewsletterError where it cannot be read."""
        with self._opened() as box:
            validity = box.folder.status(self.folder, ("UIDVALIDITY",))["UIDVALIDITY"]
            name = f"{self.username}@{self.host}/{self.folder} {validity}"
            last = self.read(name)
            # "n:*" names the last message too where it is older than n.
            numbers = sorted(
                number for number in map(int, box.uids(f"UID {last + 1}:*")) if number > last
            )
            for number in numbers:
                if (raw := _fetch(box, number)) is not None:
                    yield Letter(raw, partial(self.store, name, number))

    @contextmanager
    def _opened(self) -> "Iterator[BaseMailBox]":
        from imap_tools import ImapToolsError

        try:
            with self._connected() as box:
                box.folder.set(self.folder, readonly=True)
                yield box
        except (OSError, ImapToolsError, imaplib.IMAP4.error) as error:
            answer = " ".join(str(error).split())[:500]
            raise NewsletterError(
                f"returns.imap: {self.folder} on {self.host} cannot be read: {answer}",
                "check [returns.imap]",
            ) from error

    def _connected(self) -> "BaseMailBox":
        from imap_tools import MailBox, MailBoxStartTls, MailBoxUnencrypted

        box: BaseMailBox
        if self.security == "none":
            box = MailBoxUnencrypted(self.host, self.port, timeout=_SECONDS)
        elif self.security == "tls":
            box = MailBox(self.host, self.port, timeout=_SECONDS, ssl_context=_trusting())
        else:
            box = MailBoxStartTls(self.host, self.port, timeout=_SECONDS, ssl_context=_trusting())
        try:
            return box.login(self.username, self.password, initial_folder=None)
        except BaseException:
            box.client.shutdown()
            raise


def _trusting() -> ssl.SSLContext:
    """Whom this machine trusts, SSL_CERT_FILE included."""
    return ssl.create_default_context()


def _fetch(box: "BaseMailBox", number: int) -> bytes | None:
    """None where it was deleted meanwhile."""
    _, parts = box.client.uid("FETCH", str(number), f"(BODY.PEEK[]<0.{MOST}>)")
    return next((bytes(part[1]) for part in parts if isinstance(part, tuple)), None)
