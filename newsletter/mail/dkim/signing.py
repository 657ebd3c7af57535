"""DKIM (RFC 6376): a message signed, and a signature checked, relaxed/relaxed with SHA-256."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

PrivateKey = RSAPrivateKey | Ed25519PrivateKey
PublicKey = RSAPublicKey | Ed25519PublicKey

# Signed once more than they stand there: nobody can add one that a mail program would show, or act
# upon, and keep the signature (RFC 6376, 8.15). RFC 8058 wants the two of List-Unsubscribe signed.
_OVERSIGNED = (
    b"from reply-to to cc subject date message-id"
    b" list-unsubscribe list-unsubscribe-post mime-version content-type"
).split()
_FOLDED = 72
_B_TAG = re.compile(rb"(;[ \t\r\n]*b[ \t\r\n]*=)[^;]*")


@dataclass(frozen=True, eq=False)
class Signer:
    """``domain`` in ASCII; its DNS has the public half at ``place`` as ``record(key)``."""

    domain: str
    selector: str
    key: PrivateKey

    def sign(self, message: bytes) -> bytes:
        """The message behind a DKIM-Signature. The same message gets the same signature.

        It bears no time (t=, x=): the due instant, the only one a message knows, may lie ahead,
        and a signature of tomorrow is none today.
        """
        head, _, body = message.partition(b"\r\n\r\n")
        headers = _headers(head)
        covered = _covered(tuple(name for name, _ in headers))
        field = b"".join(
            (self._beginning, _folded_names(covered), b";\r\n bh=", _hash(body), b";\r\n b=")
        )
        signature = b64encode(_signature(self.key, _signed(headers, covered, field)))
        lines = (signature[at : at + _FOLDED] for at in range(0, len(signature), _FOLDED))
        return b"".join((field, b"\r\n ".join(lines), b"\r\n", message))

    @property
    def place(self) -> str:
        """Where in the DNS the record stands."""
        return f"{self.selector}._domainkey.{self.domain}"

    @cached_property
    def _beginning(self) -> bytes:
        kind = "rsa" if isinstance(self.key, RSAPrivateKey) else "ed25519"
        return (
            f"DKIM-Signature: v=1; a={kind}-sha256; c=relaxed/relaxed;\r\n"
            f" d={self.domain};\r\n s={self.selector};\r\n h="
        ).encode()


def record(key: PublicKey) -> str:
    """The TXT record of a public key: RFC 6376, 3.6.1, and for Ed25519 RFC 8463, 4."""
    if isinstance(key, Ed25519PublicKey):
        return f"v=DKIM1; k=ed25519; p={b64encode(key.public_bytes_raw()).decode()}"
    plain = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={b64encode(plain).decode()}"


def public_key(text: str) -> PublicKey:
    """The key of a TXT record. Raises ValueError, which says what is wrong with it."""
    tags = _tags(text.encode())
    if tags.get(b"v", b"DKIM1") != b"DKIM1":
        raise ValueError("it is no DKIM record: it must begin with v=DKIM1")
    if not tags.get(b"p"):
        raise ValueError("its p= is empty: the key was revoked")
    try:
        plain = b64decode(tags[b"p"], validate=True)
        if tags.get(b"k", b"rsa") == b"ed25519":
            return Ed25519PublicKey.from_public_bytes(plain)
        key = load_der_public_key(plain)
    except (NotBase64, ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("its p= is no public key: it was cut short, or mistyped") from error
    if isinstance(key, RSAPublicKey):
        return key
    raise ValueError("its key is neither RSA nor Ed25519")


def verify(message: bytes, key: PublicKey) -> None:
    """Check the first signature of a message; ValueError says why it does not hold."""
    head, _, body = message.partition(b"\r\n\r\n")
    headers = _headers(head)
    field = next((one for one in headers if one[0] == b"dkim-signature"), None)
    if field is None:
        raise ValueError("the message is not signed")
    tags = _tags(field[1].partition(b":")[2])
    if tags.get(b"bh") != _hash(body):
        raise ValueError("its body is not the one that was signed")
    covered = tags.get(b"h", b"").lower().split(b":")
    signed = _signed(headers, covered, _B_TAG.sub(rb"\1", field[1]))
    try:
        _check(key, b64decode(tags.get(b"b", b"")), signed)
    except (InvalidSignature, NotBase64) as error:
        raise ValueError("its signature was made with another key, or of another head") from error


def _headers(head: bytes) -> list[tuple[bytes, bytes]]:
    """Name, in small letters, and the canonical line, without its CRLF (RFC 6376, 3.4.2)."""
    unfolded = head.replace(b"\t", b" ").replace(b"\r\n ", b" ")
    found = []
    for line in _relaxed(unfolded + b"\r\n").splitlines():
        name, _, value = line.partition(b":")
        small = name.rstrip(b" ").lower()
        found.append((small, small + b":" + value.strip(b" ")))
    return found


def _relaxed(text: bytes) -> bytes:
    """White space single, and none at the end of a line (RFC 6376, 3.4.4); it ends in CRLF.

    Not by a regular expression, which takes as long as the signature itself.
    """
    first, *rest = text.replace(b"\t", b" ").split(b"  ")
    pieces = (piece.lstrip(b" ") for piece in rest)
    return b" ".join((first, *filter(None, pieces))).replace(b" \r\n", b"\r\n")


def _hash(body: bytes) -> bytes:
    """In base64; without the empty lines at its end, and none at all is as good as empty."""
    plain = _relaxed(body + b"\r\n")
    while plain.endswith(b"\r\n\r\n"):
        plain = plain[:-2]
    return b64encode(sha256(b"" if plain == b"\r\n" else plain).digest())


@lru_cache(maxsize=64)
def _covered(names: tuple[bytes, ...]) -> list[bytes]:
    """What h= lists: every header that stands there, and the oversigned once more."""
    return [*names, *_OVERSIGNED]


def _folded_names(covered: list[bytes]) -> bytes:
    return b":\r\n  ".join(b":".join(covered[at : at + 4]) for at in range(0, len(covered), 4))


def _signed(headers: list[tuple[bytes, bytes]], covered: list[bytes], field: bytes) -> bytes:
    """What the signature is of: each header named, the last of its name first (RFC 6376, 5.4.2)."""
    left: dict[bytes, list[bytes]] = {}
    for name, line in headers:
        left.setdefault(name, []).append(line)
    lines = [left[name].pop() for name in covered if left.get(name)]
    return b"\r\n".join((*lines, _headers(field)[0][1]))


def _signature(key: PrivateKey, signed: bytes) -> bytes:
    """RFC 8463, 3: Ed25519 signs the digest."""
    if isinstance(key, RSAPrivateKey):
        return key.sign(signed, PKCS1v15(), SHA256())
    return key.sign(sha256(signed).digest())


def _check(key: PublicKey, signature: bytes, signed: bytes) -> None:
    if isinstance(key, RSAPublicKey):
        key.verify(signature, signed, PKCS1v15(), SHA256())
    else:
        key.verify(signature, sha256(signed).digest())


def _tags(text: bytes) -> dict[bytes, bytes]:
    """``v=1; a=b`` as a table, white space left out (RFC 6376, 3.2)."""
    parts = (part.partition(b"=") for part in b"".join(text.split()).split(b";"))
    return {name: value for name, _, value in parts if name}
