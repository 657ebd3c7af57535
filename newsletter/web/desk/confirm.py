"""The page before a change: it says what will happen, and only its form does it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from starlette.responses import Response

from newsletter.web.desk.frame import HOME, Visit


def ask(
    visit: Visit,
    title: str,
    lines: Sequence[str],
    action: str,
    button: str,
    *,
    fields: Mapping[str, str] = MappingProxyType({}),
    danger: bool = False,
    leave: str = HOME,
) -> Response:
    """``action`` is the path that ``button`` posts ``fields`` to, ``leave`` the way back."""
    return visit.page(
        "desk/confirm.html",
        title=title,
        lines=lines,
        action=action,
        button=button,
        fields=fields,
        danger=danger,
        leave=leave,
    )
