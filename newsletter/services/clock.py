"""The clock that leases are measured by: it runs forward, through sleep and changes of the time."""

import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from uuid import getnode

from newsletter.storage.leases import Steady

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def steady() -> Steady:
    """Seconds since this machine started, its sleep included where the system counts it."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    boot = boot_id()
    return Steady(boot or f"{getnode():012x}", time.clock_gettime(clock), sure=bool(boot))


@cache
def boot_id() -> str:
    """Differs at each start of this machine; empty where the system has none."""
    with suppress(OSError):
        return _BOOT_ID.read_text(encoding="ascii").strip()
    return ""
