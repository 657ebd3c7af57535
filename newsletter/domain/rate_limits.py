"""How fast messages may go: slots in time, by the generic cell rate algorithm without a burst.

GCRA: ITU-T I.371, in its virtual scheduling form, the tolerance 0. Of each name the last slot is
kept, not the next: a rate that is changed holds from the next message on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

ALL = ""
"""The name under which all messages together are counted; no domain is called so."""

HORIZON = timedelta(seconds=1)
"""No slot is given that begins later: what a sender that dies can hold back."""

AHEAD = 2 * HORIZON
"""A last slot later than this was given by a clock that ran ahead: those of several machines may
differ by a second."""

SOON = timedelta(milliseconds=20)
"""A domain's slot may begin so long after everybody's: whoever waits for it holds up the others."""

_NONE = timedelta()


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Messages a second: of all senders together, to any one domain, and to those named (in ASCII,
    small letters). 0 is no limit."""

    per_second: float = 0.0
    per_domain: float = 0.0
    domains: Mapping[str, float] = field(default_factory=dict)

    @property
    def limits(self) -> bool:
        return any(self._rates)

    @property
    def longest(self) -> timedelta:
        """The longest gap: a slot that is older says nothing any more."""
        return max(map(_gap, self._rates))

    @property
    def _rates(self) -> tuple[float, ...]:
        return self.per_second, self.per_domain, *self.domains.values()

    def rate(self, name: str) -> float:
        return self.per_second if name == ALL else self.domains.get(name, self.per_domain)

    def gap(self, name: str) -> timedelta:
        """The time from one slot of ``name`` to the next; none where it has no limit."""
        return _gap(self.rate(name))

    def least(self, name: str, count: int) -> timedelta:
        """No sooner after the first of ``count`` messages can the last of them go."""
        return self.gap(name) * max(count - 1, 0)


FREE = RateLimits()


def _gap(rate: float) -> timedelta:
    # Rounded up: a microsecond too few, again and again, would be more than the rate.
    return timedelta(microseconds=ceil(1e6 / rate)) if rate else _NONE


class RateLimiter:
    """The slots that were given, as ``last`` has them by name, and more of them.

    What a clock that ran ahead gave counts as given now.
    """

    def __init__(self, pace: RateLimits, now: datetime, last: Mapping[str, datetime]) -> None:
        self.pace = pace
        self.now = now
        self.last = {name: at if at <= now + AHEAD else now for name, at in last.items()}

    def next(self, name: str) -> datetime:
        """The earliest slot that ``name`` may have."""
        gap, last = self.pace.gap(name), self.last.get(name)
        return max(self.now, last + gap) if gap and last is not None else self.now

    def take(self, domain: str) -> datetime | None:
        """A slot for a message to ``domain``; None where it would hold up the others."""
        slot = max(self.next(ALL), self.next(domain))
        if slot > self._latest:
            return None
        self.last |= {name: slot for name in (ALL, domain) if self.pace.gap(name)}
        return slot

    def full(self) -> list[str]:
        """The domains that ``take`` has no slot for."""
        latest = self._latest
        return [name for name in self.last if name != ALL and self.next(name) > latest]

    @property
    def _latest(self) -> datetime:
        return min(self.next(ALL) + SOON, self.now + HORIZON)

    def soonest(self) -> datetime:
        """Before this nothing can be taken that cannot be taken now."""
        domains = min(map(self.next, self.full()), default=self.now + SOON) - SOON
        return max(domains, self.next(ALL) - HORIZON)
