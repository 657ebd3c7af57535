"""Rate limits as slots in time: the generic cell rate algorithm without a burst.

GCRA: ITU-T I.371, virtual scheduling, tolerance 0. The last slot of each name is stored, not the
next one, so that a changed rate applies from the next message on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from newsletter.domain.warm_up import WarmUp

ALL = ""
"""The name that counts all messages together; no domain has an empty name."""

HORIZON = timedelta(seconds=1)
"""No slot lies further ahead: it bounds how long a sender that died can hold the others back."""

AHEAD = 2 * HORIZON
"""A last slot further ahead than this came from a wrong clock: the clocks of several machines may
differ by a second."""

SOON = timedelta(milliseconds=20)
"""How much later than the next slot of all messages a domain's slot may be: waiting for it delays
the others, and what all together may send meanwhile is lost."""

SOON_ALONE = timedelta(milliseconds=100)
"""The same where all together have no limit: only the sender who claimed waits. Claims of a domain
that is always full are larger, and fewer."""

_NONE = timedelta()


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Messages a second: of all senders together, to each domain, and to the named domains
    (ASCII, lower case). 0 is no limit."""

    per_second: float = 0.0
    per_domain: float = 0.0
    domains: Mapping[str, float] = field(default_factory=dict)
    warm_ups: tuple[WarmUp, ...] = ()

    @property
    def limits(self) -> bool:
        return any(self._rates) or bool(self.warm_ups)

    @property
    def longest(self) -> timedelta:
        """The longest gap: an older slot has no effect any more."""
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
        """The shortest time between the first and the last of ``count`` messages."""
        return self.gap(name) * max(count - 1, 0)


FREE = RateLimits()


def _gap(rate: float) -> timedelta:
    # Rounded up: a gap that is a microsecond too short would exceed the rate over time.
    return timedelta(microseconds=ceil(1e6 / rate)) if rate else _NONE


class RateLimiter:
    """Gives out slots. ``last`` holds the last slot of each name.

    A slot that a wrong clock put too far ahead counts as given now.
    """

    def __init__(self, limits: RateLimits, now: datetime, last: Mapping[str, datetime]) -> None:
        self.limits = limits
        self.now = now
        self.last = {name: at if at <= now + AHEAD else now for name, at in last.items()}

    def next(self, name: str) -> datetime:
        """The earliest slot for ``name``."""
        gap, last = self.limits.gap(name), self.last.get(name)
        return max(self.now, last + gap) if gap and last is not None else self.now

    def take(self, domain: str) -> datetime | None:
        """A slot for a message to ``domain``; None if waiting for it would delay other domains."""
        slot = max(self.next(ALL), self.next(domain))
        if slot > self._latest:
            return None
        self.last |= {name: slot for name in (ALL, domain) if self.limits.gap(name)}
        return slot

    def full(self) -> list[str]:
        """The domains for which ``take`` returns None now."""
        latest = self._latest
        return [name for name in self.last if name != ALL and self.next(name) > latest]

    @property
    def _soon(self) -> timedelta:
        return SOON if self.limits.per_second else SOON_ALONE

    @property
    def _latest(self) -> datetime:
        return min(self.next(ALL) + self._soon, self.now + HORIZON)

    def soonest(self) -> datetime:
        """When it is worth asking again after ``take`` returned None."""
        domains = min(map(self.next, self.full()), default=self.now + self._soon) - self._soon
        return max(domains, self.next(ALL) - HORIZON)
