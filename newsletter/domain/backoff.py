"""How long to wait after a temporary refusal: exponential back-off with jitter."""

from datetime import timedelta

from newsletter.domain.model import digest

_FIRST = timedelta(minutes=5)
_CEILING = timedelta(hours=2)
LONGEST = _CEILING * 5 / 4
"""The longest wait, jitter included."""


def wait(refusals: int, key: str) -> timedelta:
    """5, 10, 20 ... 120 minutes, by the number of earlier refusals, plus up to a quarter.

    The quarter spreads deliveries that were refused together. It derives from ``key``: the same
    arguments give the same wait.
    """
    plain = min(_FIRST * (1 << min(refusals, 10)), _CEILING)
    return plain + plain / 4 * (int(digest(key, str(refusals))[:8], 16) / 0xFFFFFFFF)
