"""Signing: DKIM by us and by dkimpy, beside the RSA operation that neither can do without."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.house import branding
from benchmarks.measure import Figures, Table, apart, in_turns, times, watch
from benchmarks.render import scheduled_emails
from newsletter.mail.dkim.keys import PrivateKey
from newsletter.mail.dkim.signing import Signer
from newsletter.mail.message import message

_DOMAIN, _SELECTOR = "news.example.org", "s1"
_HEAD = 1_000  # octets that RSA signs: a head as we write it


@dataclass(frozen=True)
class Scale:
    """``slow``: how many messages dkimpy signs."""

    messages: int = 1_000
    slow: int = 100
    runs: int = 5


FULL = Scale()
QUICK = Scale(messages=100, slow=10, runs=3)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:  # noqa: ARG001
    ways = {
        name: partial(apart, work, scale.slow if work is dkimpy else scale.messages)
        for name, work in _WAYS.items()
    }
    measured = in_turns(ways, scale.runs)
    bare, size = measured[_BARE]["cpu"], measured["Signer.sign(), RSA-2048"]["size"]
    yield Table(
        f"sign: DKIM, {size / 1000:.0f} KB messages",
        ("way", "CPU each", "to the bare signature"),
        [
            (name, f"{figures['cpu'] * 1000:.2f} ms", times(figures["cpu"] / bare))
            for name, figures in measured.items()
        ],
    )


def rsa(messages: int) -> Figures:
    return _signed(generate_private_key(65537, 2048), messages)


def ed25519(messages: int) -> Figures:
    return _signed(Ed25519PrivateKey.generate(), messages)


def _signed(key: PrivateKey, messages: int) -> Figures:
    signer = Signer(_DOMAIN, _SELECTOR, key)
    return _each(signer.sign, _built(messages))


def bare(messages: int) -> Figures:
    """One RSA-2048 signature of a kilobyte by `cryptography`."""
    key = generate_private_key(65537, 2048)
    return _each(lambda raw: key.sign(raw[:_HEAD], PKCS1v15(), SHA256()), _built(messages))


def dkimpy(messages: int) -> Figures:
    import dkim

    key = pem(generate_private_key(65537, 2048))
    names = (_SELECTOR.encode(), _DOMAIN.encode(), key)
    relaxed = (b"relaxed", b"relaxed")
    return _each(lambda raw: dkim.sign(raw, *names, canonicalize=relaxed), _built(messages))


def pem(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _built(messages: int) -> list[bytes]:
    head = branding()
    return [message(scheduled, head) for scheduled in scheduled_emails(messages)]


def _each(sign: Callable[[bytes], object], messages: list[bytes]) -> Figures:
    sign(messages[0])
    with watch() as stopped:
        for raw in messages:
            sign(raw)
    return {"cpu": stopped.cpu / len(messages), "size": sum(map(len, messages)) / len(messages)}


_BARE = "RSA-2048 alone, by cryptography"
_WAYS: dict[str, Callable[[int], Figures]] = {
    "Signer.sign(), RSA-2048": rsa,
    "Signer.sign(), Ed25519": ed25519,
    _BARE: bare,
    "dkimpy, RSA-2048": dkimpy,
}
