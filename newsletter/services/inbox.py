"""The inbox: whether it can be read at all."""

import os
from pathlib import Path
from shlex import quote

from newsletter.domain.errors import ConfigError


def check_inbox(path: Path) -> None:
    """Raises ConfigError where ``path`` is missing or cannot be read."""
    try:
        if path.is_dir():
            os.scandir(path).close()
        else:
            path.open("rb").close()
    except FileNotFoundError as error:
        problem = f"the inbox {path} is missing"
        raise ConfigError(problem, "create it, or set inbox.path") from error
    except OSError as error:
        problem = f"the inbox {path} cannot be read ({error.strerror})"
        raise ConfigError(problem, f"see `ls -ld {quote(str(path))}`, or set inbox.path") from error
    if path.is_dir() and not os.access(path, os.X_OK):
        problem = f"the inbox {path} cannot be read (its files cannot be opened)"
        raise ConfigError(problem, f"chmod u+x {quote(str(path))}")
