"""Settings: every key, its value and where that comes from. They are changed in the file."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from newsletter.web.desk.frame import Frame, Visit


@dataclass(frozen=True, slots=True)
class Setting:
    """``origin`` is the file, a variable of the environment, or empty: the default."""

    section: str
    key: str
    value: str
    origin: str


def routes(frame: Frame, file: str, settings: Sequence[Setting]) -> Sequence[BaseRoute]:
    """``settings`` as this process has read them from ``file``, secrets left out."""
    sections: dict[str, list[Setting]] = {}
    for each in settings:
        sections.setdefault(each.section, []).append(each)

    def show(visit: Visit) -> Response:
        return visit.page("desk/settings.html", file=file, sections=sections)

    return [frame.get("/desk/settings", show, role="operator")]
