"""What proves that a message is about one of ours: tokens, and our Message-IDs."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from newsletter.domain.tokens import delivery_id, noticed, subscriber_id
from newsletter.returns.parts import Part, returned

_RECIPIENTS = (
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-rcpt-to",
    "x-delivered-to",
    "x-forwarded-to",
    "apparently-to",
    "to",
    "cc",
    "resent-to",
    "return-path",
)
_IN_ADDRESS = r"[^\s<>\"';,:()\[\]@\u3000-\u303f\uff00-\uff65]"
# It begins where nothing of an address stands before it: else a long text takes quadratic time.
ADDRESS = re.compile(rf"(?<!{_IN_ADDRESS}){_IN_ADDRESS}{{1,256}}@{_IN_ADDRESS}{{1,255}}")
_SUBSCRIBER = re.compile(r"(?<![A-Za-z0-9.])[0-9]{1,19}\.[A-Za-z0-9_-]{22}(?![\w-])")
_MESSAGE_ID = re.compile(r"(?i)message-?\s?id\s*:?\s{0,3}<?([^\s<>@]{1,200})@([^\s<>@]{1,255})")
_REFERENCE = re.compile(r"<([^\s<>@]{1,200})@([^\s<>@]{1,255})>")


@dataclass(frozen=True, slots=True)
class Ours:
    """What our own messages are known by.

    ``return_path`` is the address that a delivery's token is added to, ``addresses`` are those that
    readers write to (From, Reply-To), ``domain`` is what follows the @ of our Message-IDs.
    """

    secret: bytes = field(repr=False)
    return_path: str
    addresses: frozenset[str]
    domain: str

    def is_token(self, address: str) -> bool:
        """Whether it claims to be a return path of ours, truly or not."""
        local, _, domain = self.return_path.casefold().rpartition("@")
        claimed = address.casefold()
        return claimed.startswith(f"{local}+") and claimed.endswith(f"@{domain}")

    def is_own(self, address: str) -> bool:
        """Whether it is one of the addresses that we send from, or that readers write to."""
        own = {
            self.return_path.casefold(),
            *(own_address.casefold() for own_address in self.addresses),
        }
        return self.is_token(address) or address.casefold() in own

    def written_to(self, addresses: Iterable[str]) -> bool:
        """Whether one of them is where readers write to, with or without a +detail."""
        return any(_without_detail(address) in self._plain for address in addresses)

    @property
    def _plain(self) -> frozenset[str]:
        return frozenset(_without_detail(address) for address in self.addresses)


@dataclass(frozen=True, slots=True)
class Claim:
    """``forged``: a token was there, and it was wrong."""

    delivery: int | None = None
    notice: tuple[int, int] | None = None
    forged: bool = False

    @property
    def is_made(self) -> bool:
        return self != _NO_CLAIM


_NO_CLAIM = Claim()


def recipients(message: Part, envelope: Iterable[str] = ()) -> list[str]:
    """Whom it was sent to, as far as its headers say; the envelope's own recipients first."""
    headers = (value for name in _RECIPIENTS for value in message.all(name))
    return [address for value in (*envelope, *headers) for address in ADDRESS.findall(value)]


def claim(message: Part, addresses: Iterable[str], ours: Ours) -> Claim:
    """The token of the address it was sent to; where none is there, one within the message."""
    first = _claim(addresses, ours)
    return first if first.is_made else _claim(_inside(message), ours)


def message_id(message: Part, ours: Ours) -> str:
    """One of ours within the message, without angle brackets; empty where there is none."""
    for text, pattern in _identifiers(message, ours.domain.casefold().encode()):
        for local, host in pattern.findall(text):
            if _is_ours(host, ours):
                return f"{local}@{ours.domain.casefold()}"
    return ""


def is_our_message(headers: Part, ours: Ours) -> bool:
    """Whether its own Message-ID is one of ours."""
    return any(_is_ours(host, ours) for _, host in _REFERENCE.findall(headers.header("message-id")))


def reader_named(message: Part, ours: Ours) -> int | None:
    """Whose List-Unsubscribe a returned message of ours has."""
    for headers in returned(message):
        for value in headers.all("list-unsubscribe"):
            if (reader := subscriber(value, ours)) is not None:
                return reader
    return None


def subscriber(text: str, ours: Ours) -> int | None:
    """Of the first token in it that is right."""
    readers = (subscriber_id(ours.secret, token) for token in tokens(text))
    return next((reader for reader in readers if reader is not None), None)


def tokens(text: str) -> list[str]:
    """What has the form of a subscriber's token, percent-encoded or not."""
    return [token for form in (unquote(text), text) for token in _SUBSCRIBER.findall(form)]


def _claim(addresses: Iterable[str], ours: Ours) -> Claim:
    forged = False
    for address in addresses:
        if "+" in address:
            delivery, notice = delivery_id(ours.secret, address), noticed(ours.secret, address)
            if delivery is not None or notice is not None:
                return Claim(delivery, notice)
            forged = forged or ours.is_token(address)
    return Claim(forged=forged)


def _inside(message: Part) -> Iterator[str]:
    """Addresses with a +detail anywhere in it."""
    for part in message.walk():
        for values in part.raw_headers.values():
            for value in values:
                if "+" in value:
                    yield from ADDRESS.findall(value)
        if b"+" in part.octets:
            yield from ADDRESS.findall(part.text)


def _identifiers(message: Part, domain: bytes) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Texts in which one may stand, and how."""
    for number, part in enumerate(message.walk()):
        for name in ("in-reply-to", "references", *(("message-id",) if number else ())):
            yield from ((value, _REFERENCE) for value in part.all(name))
        if domain in part.octets.lower():
            yield part.text, _MESSAGE_ID


def _is_ours(host: str, ours: Ours) -> bool:
    return host.casefold().rstrip(".,;)") == ours.domain.casefold()


def _without_detail(address: str) -> str:
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
