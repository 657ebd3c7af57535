"""The secret that unsubscribe links are signed with: a file that only its owner reads."""

import os
import secrets
from pathlib import Path
from shlex import quote

from newsletter.domain.errors import ConfigError

_SHORTEST = 16


def make_secret(path: Path) -> bool:
    """Returns whether a secret was made; an existing one stays: links already sent need it."""
    try:
        write_private(path, secrets.token_urlsafe(32) + "\n")
    except FileExistsError:
        return False
    return True


def write_private(path: Path, text: str) -> None:
    """A new file that only its owner reads; FileExistsError where there is one."""
    write_private_bytes(path, text.encode())


def write_private_bytes(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def read_secret(path: Path, folder: Path) -> bytes:
    """Raises ConfigError where it is missing, readable by others, or too short to be one.

    ``folder`` holds the configuration; ``init`` there writes a secret that is missing.
    """
    try:
        mode, secret = path.stat().st_mode, path.read_bytes().strip()
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is missing", _restore(folder)) from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})", _OURS) from error
    if mode & 0o077:
        raise ConfigError(f"{path} can be read by others", f"chmod 600 {quote(str(path))}")
    if len(secret) < _SHORTEST:
        raise ConfigError(f"{path} is too short", f"remove it, and {_restore(folder)}")
    return secret


_OURS = "it must be a file of the user who runs this: see `ls -l`, and `chown` it"


def _restore(folder: Path) -> str:
    return (
        "restore it from the backup, for links already sent are signed with it; without one,"
        f" `newsletter init {quote(str(folder))}` makes another"
    )
