"""The clock that leases are measured by: it runs forward, through sleep and changes of the time."""

import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from uuid import getnode

from newsletter.bootstrap import App
from newsletter.cli.output import warn
from newsletter.domain.errors import StoreError
from newsletter.storage import ledger
from newsletter.storage.ledger import Steady

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def steady() -> Steady:
    """Seconds since this machine started, its sleep included where the system counts it."""
    kind = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Steady(_boot(), time.clock_gettime(kind))


def lapse(app: App) -> int:
    """What dead senders left is unknown, for who looks as well; how many became so just now.

    On a full disk there is more to see than that.
    """
    now = app.clock(), steady()
    with app.store.reading() as db:
        if not (count := ledger.lapsed(db, *now)):
            return 0
    try:
        with app.store.writing(durable=True) as db:
            return ledger.lapse(db, *now)
    except StoreError as error:
        warn(f"{count:,} of those that are sending are unknown, which cannot be written: {error}")
        return 0


@cache
def _boot() -> str:
    """Tells this start of this machine from any other; at least the machine, where it can not."""
    with suppress(OSError):
        return _BOOT.read_text(encoding="ascii").strip()
    return f"{getnode():012x}"
