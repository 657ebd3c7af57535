"""What a check found: a line of ``newsletter doctor``."""

from typing import Literal, NamedTuple

Verdict = Literal["ok", "warn", "fail"]


class CheckResult(NamedTuple):
    """``fail`` keeps the newsletter from going out or arriving; ``advice`` is what to do."""

    check: str
    verdict: Verdict
    finding: str
    advice: str = ""
