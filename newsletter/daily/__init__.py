"""The whole day, and each of its steps: gather what came in, compose what is due, deliver it.

Every command is one of these with other arguments; running any of them again does no harm.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from newsletter.daily.compose import DUE, Readers, Rules, compose
from newsletter.daily.deliver import deliver
from newsletter.daily.desk import Desk, Report
from newsletter.daily.gather import Gathered, Intake, gather

__all__ = ["DUE", "Desk", "Gathered", "Intake", "Readers", "Report", "Rules", "publish"]


def publish(
    clock: Callable[[], datetime],
    *,
    intake: Intake,
    rules: Rules,
    desk: Desk,
    on: date | None = None,
    readers: Readers = DUE,
) -> tuple[Gathered, Report]:
    """Bring out what is due; running it again sends nothing again."""
    gathered = gather(intake, clock)
    skipped = compose(rules, clock(), on, readers)
    return gathered, replace(deliver(desk, clock, on, readers), skipped=skipped)
