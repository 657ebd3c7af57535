"""Where the kill harness (tests/killing) may end this process; nobody else arms it."""

import os
import signal

_armed: dict[str, int] = {}

POINTS = (
    "composing",
    "composed",
    "claiming",
    "claimed",
    "built",
    "looked",
    "offered",
    "answered",
    "settling",
    "settled",
    "released",
)
"""Every point by name, in the order of a delivery."""


def arm(text: str) -> None:
    """``settling:3`` ends the process the third time it gets there; no text arms nothing."""
    point, _, nth = text.partition(":")
    if point in POINTS:
        _armed[point] = int(nth or 1)


def reach(point: str) -> None:
    """Called at each of ``POINTS``: SIGKILL to ourselves where it is armed."""
    if not _armed or point not in _armed:
        return
    _armed[point] -= 1
    if _armed[point] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
