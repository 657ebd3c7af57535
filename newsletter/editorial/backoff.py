"""How long to wait after a refusal that may pass."""

from datetime import timedelta

from newsletter.editorial.model import digest

_FIRST = timedelta(minutes=5)
_LONGEST = timedelta(hours=2)


def wait(refusals: int, who: str) -> timedelta:
    """5, 10, 20 ... 120 minutes by the refusals before, and up to a quarter more.

    The quarter spreads those who were refused together; it is the same whenever it is asked.
    """
    plain = min(_FIRST * (1 << min(refusals, 10)), _LONGEST)
    return plain + plain / 4 * (int(digest(who, str(refusals))[:8], 16) / 0xFFFFFFFF)
