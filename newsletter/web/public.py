"""The public pages: ``/archive``, ``/insight``, ``/shows``, ``/topics`` and ``/search``."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.domain.model import Issue
from newsletter.domain.text import first_sentence, headline
from newsletter.rendering.rendered_email import RenderedEmail
from newsletter.services.public_archive import Listing, PublicArchive, PublicInsight
from newsletter.web.page_cache import Page, PageCache
from newsletter.web.pages import MESSAGE_HEADERS, Pages, as_page, date_in_path, shared

_PAGE = re.compile(r"[1-9][0-9]{0,6}")
"""One way to write each: a page has one address."""
_TITLE = 90
_LONGEST_QUERY = 200

Fetch = Callable[[int], tuple[str, Listing[Any]] | None]


def routes(
    pages: Pages,
    archive: PublicArchive,
    cache: PageCache,
    render: Callable[[Issue], RenderedEmail],
) -> list[Route]:
    """``render`` makes a house issue as ``newsletter preview`` does."""
    site = _PublicPages(pages, archive, cache, render)
    paths = {
        "/archive": site.archive,
        "/archive/{day}": site.issue,
        "/insight/{id:int}": site.insight,
        "/insight/{id:int}/{slug}": site.insight,
        "/shows": site.shows,
        "/shows/{slug}": site.show,
        "/topics": site.topics,
        "/topics/{slug}": site.topic,
    }
    kept = [cache.route(path, answer) for path, answer in paths.items()]
    return [*kept, cache.unkept("/search", site.search)]


class _PublicPages:
    """Not async: Starlette calls them in threads, for they wait for the database."""

    def __init__(
        self,
        pages: Pages,
        archive: PublicArchive,
        cache: PageCache,
        render: Callable[[Issue], RenderedEmail],
    ) -> None:
        self.pages, self.read, self.cache, self.render = pages, archive, cache, render
        self.gettext = pages.gettext

    def archive(self, request: Request) -> Response:
        return self._list(
            request, "archive.html", _titled(self.gettext("Archive"), self.read.issues)
        )

    def shows(self, request: Request) -> Response:
        return self._list(request, "subjects.html", _titled(self.gettext("Shows"), self.read.shows))

    def topics(self, request: Request) -> Response:
        return self._list(
            request, "subjects.html", _titled(self.gettext("Topics"), self.read.topics)
        )

    def show(self, request: Request) -> Response:
        key = request.path_params["slug"]
        return self._list(request, "insights.html", lambda page: self.read.show(key, page))

    def topic(self, request: Request) -> Response:
        key = request.path_params["slug"]
        return self._list(request, "insights.html", lambda page: self.read.topic(key, page))

    def issue(self, request: Request) -> Response:
        day = date_in_path(request)

        def make() -> Page | None:
            issue = self.read.issue(day)
            return self._message(issue) if issue else None

        return self.cache.answer(request, f"/archive/{day}", make)

    def insight(self, request: Request) -> Response:
        number = request.path_params["id"]

        def make() -> Page | None:
            insight = self.read.insight(number)
            return self._insight(insight) if insight else None

        return self.cache.answer(request, f"/insight/{number}", make)

    def search(self, request: Request) -> Response:
        """No cache keeps it: what somebody looks for is theirs."""
        query = request.query_params.get("q", "")[:_LONGEST_QUERY]
        results = self.read.search(query)
        return self.pages.personal("search.html", here="/search", query=query, found=results)

    def _list(self, request: Request, template: str, fetch: Fetch) -> Response:
        path, page = request.scope["path"], _page(request)
        here = "/" + path.split("/")[1]
        address = quote(path) + (f"?page={page}" if page > 1 else "")

        def make() -> Page | None:
            if (listing := fetch(page)) is None:
                return None
            title, listed = listing
            values = shared(title, title, address)
            body = self.pages.render(template, **values, here=here, listed=listed)
            return Page(body.encode())

        return self.cache.answer(request, address, make)

    def _insight(self, insight: PublicInsight) -> Page:
        title = headline(first_sentence(insight.text), _TITLE)
        picture = f"/picture/insight-{insight.id}.png"
        body = self.pages.render(
            "insight.html",
            **shared(title, insight.text, insight.path, picture),
            insight=insight,
            related=self.read.related(insight),
        )
        return Page(body.encode(), path=insight.path)

    def _message(self, issue: Issue) -> Page:
        """All but its end is the message's, to the byte, but for the address of a logo, which only
        a mail program can follow; its head says more, to programs that share and index pages."""
        email, day = self.render(issue), issue.date
        about = shared(email.subject, email.subject, f"/archive/{day}", f"/picture/issue-{day}.png")
        head = self.pages.render("share.html", **about)
        html = as_page(email.html.replace("</head>", f"{head}</head>", 1), self.pages)
        return Page(html.encode(), headers=MESSAGE_HEADERS)


def _titled(title: str, fetch: Callable[[int], Listing[Any] | None]) -> Fetch:
    def titled(page: int) -> tuple[str, Listing[Any]] | None:
        listed = fetch(page)
        return (title, listed) if listed else None

    return titled


def _page(request: Request) -> int:
    """Raises HTTPException 404 for what is no number of a page."""
    text = request.query_params.get("page", "1")
    if not _PAGE.fullmatch(text):
        raise HTTPException(404)
    return int(text)
