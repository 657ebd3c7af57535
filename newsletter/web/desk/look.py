"""The templates of the desk, which operators do not replace, and its files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from newsletter.rendering.renderer import Renderer
from newsletter.resources import resource
from newsletter.services.wording import local_time
from newsletter.web.pages import public

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SCRIPTS = Path(__file__).parent
_KINDS = {".js": "text/javascript", ".css": "text/css"}


@dataclass(frozen=True)
class Look:
    """``name`` and ``accent`` are the newsletter's; times are shown in its zone."""

    name: str
    accent: str
    timezone: str
    renderer: Renderer

    def page(self, template: str, status: int = 200, /, **values: object) -> Response:
        return HTMLResponse(self.render(template, **values), status, headers=_HEADERS)

    def render(self, template: str, /, **values: object) -> str:
        common = {"name": self.name, "accent": self.accent, "local": self.local}
        return self.renderer.render(template, **{**common, **values})

    def local(self, instant: datetime) -> str:
        """As the operator's clock shows it."""
        return local_time(instant, self.timezone)

    def files(self) -> Sequence[Route]:
        """The stylesheet and the scripts, for everybody: the login page needs them."""
        sheet = self.render("desk/desk.css").encode()
        scripts = [path for path in sorted(_SCRIPTS.rglob("*.*")) if path.suffix in _KINDS]
        return [
            _file("/desk/style.css", lambda: sheet, "text/css"),
            *(
                _file(f"/desk/{path.name}", path.read_bytes, _KINDS[path.suffix])
                for path in scripts
            ),
        ]


def look(name: str, accent: str, timezone: str) -> Look:
    folder = resource("templates") / "desk"
    sources = {f"desk/{path.name}": path.read_text(encoding="utf-8") for path in folder.iterdir()}
    return Look(name, accent, timezone, Renderer(sources))


def _file(path: str, content: Callable[[], bytes], kind: str) -> Route:
    def show(request: Request) -> Response:
        return public(request, content(), kind, indexed=False)

    return Route(path, show, methods=["GET"])
