"""The private key that messages are signed with: made, written as PEM, and read from its file."""

from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from newsletter.domain.errors import ConfigError

PrivateKey = RSAPrivateKey | Ed25519PrivateKey
PublicKey = RSAPublicKey | Ed25519PublicKey

_MIN_BITS, _MAX_BITS = 2048, 4096  # RFC 8301, 3.2: what signers should use, and verifiers must know
_CREATE = "`newsletter dkim new` makes one"


def new_key(*, ed25519: bool = False) -> PrivateKey:
    return Ed25519PrivateKey.generate() if ed25519 else generate_private_key(65537, _MIN_BITS)


def pem(key: PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def read_key(path: Path) -> PrivateKey:
    """Raises ConfigError if it cannot be read, is encrypted, or is not a key for DKIM."""
    try:
        key = _loaded(path.read_bytes())
    except OSError as error:
        advice = "restore it from the backup, or make another with `newsletter dkim new`"
        raise _error(path, f"cannot be read ({error.strerror})", advice) from error
    except TypeError as error:
        raise _error(path, "is encrypted", "write it without a passphrase, mode 600") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _error(path, "holds no private key in PEM", _CREATE) from error
    if isinstance(key, RSAPrivateKey):
        if not _MIN_BITS <= key.key_size <= _MAX_BITS:
            advice = f"{_MIN_BITS} to {_MAX_BITS} are good, {_CREATE}"
            raise _error(path, f"is an RSA key of {key.key_size} bits", advice)
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise _error(path, "is neither an RSA nor an Ed25519 key", _CREATE)


@lru_cache(maxsize=4)  # an RSA key is checked when it is loaded: that takes longer than to sign
def _loaded(data: bytes) -> object:
    return load_pem_private_key(data, password=None)


def others_can_read(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)


def _error(path: Path, problem: str, advice: str) -> ConfigError:
    return ConfigError(f"dkim.key_file: {path} {problem}", advice)
