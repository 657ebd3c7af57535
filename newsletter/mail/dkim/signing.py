"""Signing a message (DKIM, RFC 6376): relaxed/relaxed, SHA-256, RSA or Ed25519."""

from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from newsletter.mail.dkim.keys import PrivateKey
from newsletter.turns import waiting

# Listed once more than they are there, so that nobody can add one that a mail program would show or
# act upon (RFC 6376, 8.15). RFC 8058 requires that both List-Unsubscribe headers are signed.
_OVERSIGNED = (
    b"from reply-to to cc subject date message-id"
    b" list-unsubscribe list-unsubscribe-post mime-version content-type"
).split()
_LINE = 72


@dataclass(frozen=True, eq=False)
class Signer:
    """``domain`` is in ASCII; its DNS has the public key at ``record_name``."""

    domain: str
    selector: str
    key: PrivateKey

    def sign(self, message: bytes) -> bytes:
        """The message with a DKIM-Signature before it; the same message gets the same signature.

        Without a time (t=, x=): the only time that a message knows, when it is due, may lie in the
        future, and verifiers may refuse a signature from the future.
        """
        head, _, body = message.partition(b"\r\n\r\n")
        headers = _canonical_headers(head)
        names = _signed_names(tuple(name for name, _ in headers))
        field = b"".join(
            (self._first_tags, _folded_names(names), b";\r\n bh=", _body_hash(body), b";\r\n b=")
        )
        signature = b64encode(_signature(self.key, _signed_text(headers, names, field)))
        lines = (signature[start : start + _LINE] for start in range(0, len(signature), _LINE))
        return b"".join((field, b"\r\n ".join(lines), b"\r\n", message))

    @property
    def record_name(self) -> str:
        """The name of the TXT record in the DNS."""
        return f"{self.selector}._domainkey.{self.domain}"

    @cached_property
    def _first_tags(self) -> bytes:
        algorithm = "rsa" if isinstance(self.key, RSAPrivateKey) else "ed25519"
        return (
            f"DKIM-Signature: v=1; a={algorithm}-sha256; c=relaxed/relaxed;\r\n"
            f" d={self.domain};\r\n s={self.selector};\r\n h="
        ).encode()


def _canonical_headers(head: bytes) -> list[tuple[bytes, bytes]]:
    """Name, in lower case, and canonical line without CRLF (RFC 6376, 3.4.2)."""
    unfolded = head.replace(b"\t", b" ").replace(b"\r\n ", b" ")
    headers = []
    for line in _collapse_spaces(unfolded + b"\r\n").splitlines():
        name, _, value = line.partition(b":")
        name = name.rstrip(b" ").lower()
        headers.append((name, name + b":" + value.strip(b" ")))
    return headers


def _collapse_spaces(text: bytes) -> bytes:
    """Single spaces, and none at the end of a line (RFC 6376, 3.4.4). The text must end in CRLF.

    A regular expression would take as long as the signature itself.
    """
    first, *rest = text.replace(b"\t", b" ").split(b"  ")
    pieces = (piece.lstrip(b" ") for piece in rest)
    return b" ".join((first, *filter(None, pieces))).replace(b" \r\n", b"\r\n")


def _body_hash(body: bytes) -> bytes:
    """In base64, without the empty lines at the end."""
    canonical = _collapse_spaces(body + b"\r\n")
    while canonical.endswith(b"\r\n\r\n"):
        canonical = canonical[:-2]
    return b64encode(sha256(b"" if canonical == b"\r\n" else canonical).digest())


@lru_cache(maxsize=64)
def _signed_names(names: tuple[bytes, ...]) -> list[bytes]:
    """The list in h=: every header, and the oversigned ones once more."""
    return [*names, *_OVERSIGNED]


def _folded_names(names: list[bytes]) -> bytes:
    return b":\r\n  ".join(b":".join(names[at : at + 4]) for at in range(0, len(names), 4))


def _signed_text(headers: list[tuple[bytes, bytes]], names: list[bytes], field: bytes) -> bytes:
    """The headers in the order of h=, the last of a name first (RFC 6376, 5.4.2), then our own."""
    remaining: dict[bytes, list[bytes]] = {}
    for name, line in headers:
        remaining.setdefault(name, []).append(line)
    lines = [remaining[name].pop() for name in names if remaining.get(name)]
    return b"\r\n".join((*lines, _canonical_headers(field)[0][1]))


def _signature(key: PrivateKey, text: bytes) -> bytes:
    """RFC 8463, 3: Ed25519 signs the digest."""
    if isinstance(key, RSAPrivateKey):
        with waiting():  # half a millisecond in which Python's lock is free
            return key.sign(text, PKCS1v15(), SHA256())
    return key.sign(sha256(text).digest())
