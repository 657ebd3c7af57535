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
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    boot = _boot()
    return Steady(boot or f"{getnode():012x}", time.clock_gettime(clock), sure=bool(boot))


def lapse(app: App) -> int:
    """See to what dead senders left, for who looks as well; how many became unknown just now.

    On a full disk there is more to see than that.
    """
    now = app.clock(), steady()
    with app.store.reading() as db:
        if not (rows := ledger.lapsed(db, *now, app.store.journal)):
            return 0
    try:
        with app.store.writing(durable=True) as db:
            return ledger.lapse(db, *now, app.store.journal)
    except StoreError as error:
        count = sum(map(len, rows.values()))
        warn(
            f"{count:,} of those that are sending have no sender, which cannot be written: {error}"
        )
        return 0


@cache
def _boot() -> str:
    """Tells this start of this machine from any other; empty where the system does not say."""
    with suppress(OSError):
        return _BOOT.read_text(encoding="ascii").strip()
    return ""
