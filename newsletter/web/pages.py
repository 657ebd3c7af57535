"""Pages from templates: personal ones, which no cache keeps, and public ones."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from types import MappingProxyType
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.domain.text import headline
from newsletter.rendering.branding import Branding

MESSAGE_HEADERS = {
    # A message's style stands in the page; its other pictures are none.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
}
_PUBLIC = "public, max-age=300"
_DESCRIPTION = 155


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

    def spoken_to(self, wanted: str) -> "Pages":
        """The same in the language that a reader wants; "" is the newsletter's."""
        branding = self.branding.speaking(wanted)
        if branding is self.branding:
            return self
        return Pages(branding, open_to_all=bool(self.site), indexed=self.indexed)

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
            "indexed": self.indexed,
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
        body = self.render(template, **values)
        return public(request, body, "text/html", modified, indexed=self.indexed)


def public(
    request: Request,
    body: str | bytes,
    media_type: str,
    modified: datetime | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
    *,
    indexed: bool = True,
    tag: str = "",
) -> Response:
    """An answer that caches may keep: 304 where the browser has it (RFC 9110, 13.1). ``tag`` is the
    body's where it is known already."""
    content = body.encode() if isinstance(body, str) else body
    own = {
        "Cache-Control": _PUBLIC,
        "ETag": tag or tag_of(content),
        "X-Robots-Tag": "all" if indexed else "noindex",
        **headers,
    }
    if modified:
        own["Last-Modified"] = format_datetime(modified.astimezone(UTC), usegmt=True)
    if _is_fresh(request, own["ETag"], modified):
        return Response(status_code=304, headers=own)
    return Response(content, headers=own, media_type=media_type)


def shared(title: str, description: str, path: str, picture: str = "") -> dict[str, object]:
    """What share.html says of a page; ``path`` and ``picture`` begin with "/"."""
    return {
        "title": title,
        "description": headline(description, _DESCRIPTION),
        "path": path,
        "picture": picture,
    }


def as_page(html: str, pages: Pages) -> str:
    """A message as a browser shows it: its logo has an address that leads somewhere."""
    logo = pages.branding.logo
    return html.replace(f'src="{logo.url}"', f'src="{pages.root}/logo.png"', 1) if logo else html


def date_in_path(request: Request) -> date:
    """The ``day`` of a path. Raises HTTPException 404 for what is no date as we write it."""
    text = request.path_params["day"]
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise HTTPException(404) from error
    if day.isoformat() != text:
        raise HTTPException(404)
    return day


def tag_of(content: bytes) -> str:
    """A strong entity tag."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


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
