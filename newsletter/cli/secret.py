"""The secret that unsubscribe links are signed with: a file that only its owner reads."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from newsletter.errors import ConfigError

_SHORTEST = 16


def make_secret(path: Path) -> None:
    """Write a new one; a secret that is there stays, for the links already sent need it."""
    with suppress(FileExistsError):
        write_private(path, secrets.token_urlsafe(32) + "\n")


def write_private(path: Path, text: str) -> None:
    """A new file that only its owner reads; FileExistsError where there is one."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def read_secret(path: Path) -> bytes:
    """Raises ConfigError where it is missing, readable by others, or too short to be one."""
    try:
        mode, secret = path.stat().st_mode, path.read_bytes().strip()
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror}): `newsletter init` writes one; or copy the"
            " one that earlier messages were signed with"
        ) from error
    if mode & 0o077:
        raise ConfigError(f"{path} can be read by others: chmod 600 {path}")
    if len(secret) < _SHORTEST:
        raise ConfigError(f"{path} is too short: remove it and run `newsletter init` beside it")
    return secret
