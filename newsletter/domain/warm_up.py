"""Warm-up: a new sender's messages a day, growing, to each group of destinations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class WarmUp:
    """From ``start`` on, at most ``a_day[0]`` messages on the first day (in UTC), ``a_day[1]`` on
    the second, and so on; after the last there is no limit. Without ``domains`` it is for all."""

    domains: tuple[str, ...]
    start: date
    a_day: tuple[int, ...]

    @property
    def name(self) -> str:
        return ", ".join(self.domains) or "all"

    def covers(self, domain: str) -> bool:
        return not self.domains or domain in self.domains

    def limit(self, today: date) -> int | None:
        """None before it begins and when it is over."""
        day = (today - self.start).days
        return self.a_day[day] if 0 <= day < len(self.a_day) else None

    @property
    def last_day(self) -> date:
        return self.start + timedelta(days=len(self.a_day) - 1)


class Quotas:
    """What is left of a day. ``sent`` counts those of each group by its name."""

    def __init__(self, groups: Sequence[WarmUp], today: date, sent: dict[str, int]) -> None:
        limits = {group: group.limit(today) for group in groups}
        self.left = {
            group: max(limit - sent.get(group.name, 0), 0)
            for group, limit in limits.items()
            if limit is not None
        }
        self.taken: dict[str, int] = {}

    def allow(self, domain: str) -> bool:
        """Whether one more message may go there today."""
        return all(left for group, left in self.left.items() if group.covers(domain))

    def take(self, domain: str) -> None:
        """Count a message that goes there."""
        for group in self.left:
            if group.covers(domain):
                self.left[group] -= 1
                self.taken[group.name] = self.taken.get(group.name, 0) + 1

    @property
    def full(self) -> list[str]:
        """The domains that get nothing more today."""
        return [domain for group, left in self.left.items() if not left for domain in group.domains]

    @property
    def all_full(self) -> bool:
        """Nobody gets anything more today."""
        return any(not left and not group.domains for group, left in self.left.items())
