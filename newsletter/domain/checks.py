"""What a check found: a line of ``newsletter doctor``."""

from typing import Literal, NamedTuple


class Line(NamedTuple):
    """``verdict``: ok, a warning, or what keeps the newsletter from going out, or arriving."""

    what: str
    verdict: Literal["ok", "warn", "fail"]
    found: str
    mend: str = ""
