"""Pages from templates: personal ones, which no cache keeps, and public ones."""

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.rendering.rendered_email import Branding

_PUBLIC = "public, max-age=300"


class Pages:
    """``public_url`` is the site's own, from the configuration, without a slash at its end.

    ``root`` is its path, which links within the site begin with. ``open_to_all``: it has public
    pages, which every page leads to; ``indexed``: search engines may keep those.
    """

    def __init__(
        self, branding: Branding, *, open_to_all: bool = True, indexed: bool = True
    ) -> None:
        self.branding = branding
        self.indexed = indexed
        self.gettext = branding.renderer.words.gettext
        self.site = self._site() if open_to_all else ()
        self.public_url = branding.base_url.rstrip("/")
        self.root = urlsplit(self.public_url).path

    def render(self, template: str, /, **values: object) -> str:
        """The values that every page has, and these."""
        branding = self.branding
        common = {
            "name": branding.name,
            "language": branding.language,
            "direction": branding.direction,
            "accent": branding.accent,
            "postal_address": branding.postal_address,
            "public_url": self.public_url,
            "root": self.root,
            "site": self.site,
            "here": "",
        }
        return branding.renderer.render(template, **{**common, **values})

    def _site(self) -> tuple[tuple[str, str], ...]:
        """The line of links under the name: path and label."""
        return (
            ("/archive", self.gettext("Archive")),
            ("/shows", self.gettext("Shows")),
            ("/topics", self.gettext("Topics")),
            ("/search", self.gettext("Search")),
        )

    def personal(self, template: str, /, status: int = 200, **values: object) -> Response:
        """A page of one reader: the application's headers keep it out of caches and indexes."""
        return HTMLResponse(self.render(template, **values), status)

    def public(
        self, request: Request, template: str, /, modified: datetime | None = None, **values: object
    ) -> Response:
        return public(request, self.render(template, **values), "text/html", modified)


def public(
    request: Request, body: str | bytes, media_type: str, modified: datetime | None = None
) -> Response:
    """An answer that caches may keep: 304 where the browser has it (RFC 9110, 13.1)."""
    content = body.encode() if isinstance(body, str) else body
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"Cache-Control": _PUBLIC, "ETag": tag, "X-Robots-Tag": "all"}
    if modified:
        headers["Last-Modified"] = format_datetime(modified.astimezone(UTC), usegmt=True)
    if _is_fresh(request, tag, modified):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


def _is_fresh(request: Request, tag: str, modified: datetime | None) -> bool:
    if tags := request.headers.get("if-none-match"):
        known = {known.strip().removeprefix("W/") for known in tags.split(",")}
        return tag in known or "*" in known
    if modified and (since := request.headers.get("if-modified-since")):
        try:
            return modified.replace(microsecond=0) <= parsedate_to_datetime(since)
        except (ValueError, TypeError):
            return False
    return False
