"""How long to wait after a refusal that may pass."""

from datetime import timedelta

from newsletter.domain.model import digest

_FIRST = timedelta(minutes=5)
_CEILING = timedelta(hours=2)
LONGEST = _CEILING * 5 / 4
"""No wait is longer."""


def wait(refusals: int, who: str) -> timedelta:
    """5, 10, 20 ... 120 minutes by the refusals before, and up to a quarter more.

    The quarter spreads those who were refused together; it is the same whenever it is asked.
    """
    plain = min(_FIRST * (1 << min(refusals, 10)), _CEILING)
    return plain + plain / 4 * (int(digest(who, str(refusals))[:8], 16) / 0xFFFFFFFF)
