"""The TXT record in the DNS that tells the world our public key (RFC 6376, 3.6)."""

from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from newsletter.mail.dkim.keys import PublicKey
from newsletter.mail.dkim.signing import Signer

_MAX_OCTETS = 255  # a string of a TXT record: RFC 1035, 3.3.14


def record_text(key: PublicKey) -> str:
    """RFC 6376, 3.6.1, and for Ed25519 RFC 8463, 4."""
    if isinstance(key, Ed25519PublicKey):
        return f"v=DKIM1; k=ed25519; p={b64encode(key.public_bytes_raw()).decode()}"
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={b64encode(der).decode()}"


def zone_line(signer: Signer) -> str:
    """The record as a line of a zone file, in strings of at most 255 octets."""
    text = record_text(signer.key.public_key())
    strings = (text[start : start + _MAX_OCTETS] for start in range(0, len(text), _MAX_OCTETS))
    quoted = " ".join(f'"{string}"' for string in strings)
    return f"{signer.record_name}. IN TXT ( {quoted} )"
