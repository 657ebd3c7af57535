"""The private key that messages are signed with: a PEM file."""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from newsletter.domain.errors import ConfigError
from newsletter.mail.dkim.signing import PrivateKey

_SHORTEST, _LONGEST = 2048, 4096  # RFC 8301, 3.2: what signers should use, and verifiers must know


def read_key(path: Path) -> PrivateKey:
    """Raises ConfigError where it cannot be read, is encrypted, or is no key for DKIM."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        mend = "restore it from the backup, or make another with `newsletter dkim new`"
        raise _fault(path, f"cannot be read ({error.strerror})", mend) from error
    except TypeError as error:
        raise _fault(path, "is encrypted", "write it without a passphrase, mode 600") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _fault(path, "holds no private key in PEM", _NEW) from error
    if isinstance(key, RSAPrivateKey):
        if not _SHORTEST <= key.key_size <= _LONGEST:
            wanted = f"{_SHORTEST} to {_LONGEST} are good, {_NEW}"
            raise _fault(path, f"is an RSA key of {key.key_size} bits", wanted)
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise _fault(path, "is neither an RSA nor an Ed25519 key", _NEW)


def others_can_read(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)


_NEW = "`newsletter dkim new` makes one"


def _fault(path: Path, what: str, mend: str) -> ConfigError:
    return ConfigError(f"dkim.key_file: {path} {what}", mend)
