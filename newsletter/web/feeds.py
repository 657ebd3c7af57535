"""What other programs read: feeds of the issues, the map of the site, and what robots may do."""

from collections.abc import Callable
from datetime import date
from itertools import chain
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.domain.model import Issue
from newsletter.rendering.feeds import Feed, FeedEntry, atom, json_feed, sitemap, sitemap_index
from newsletter.services.public_archive import PublicArchive
from newsletter.web.page_cache import Page, PageCache
from newsletter.web.pages import Pages

_ENTRIES = 20
_BLOCK = 10_000
_MOST_SUBJECTS = 15_000


def routes(
    pages: Pages, archive: PublicArchive, cache: PageCache, subject: Callable[[Issue], str]
) -> list[Route]:
    """``subject`` is an issue's. Without an address of the site there are no feeds: what they say
    must be absolute."""
    robots = Route("/robots.txt", _robots(pages), methods=["GET"])
    if not pages.public_url:
        return [robots]
    feeds = _Feeds(pages, archive, cache, subject)
    paths = {
        "/feed.atom": feeds.atom,
        "/feed.json": feeds.json,
        "/sitemap.xml": feeds.sitemap,
        "/sitemap-{block:int}.xml": feeds.block,
    }
    return [robots, *(cache.route(path, answer) for path, answer in paths.items())]


def _robots(pages: Pages) -> Callable[[Request], Response]:
    """Everything may be fetched: what must not be indexed says so itself, and only who fetches it
    reads that."""
    lines = ["User-agent: *", "Disallow:"]
    if pages.indexed and pages.public_url:
        lines.append(f"Sitemap: {pages.public_url}/sitemap.xml")
    text = "".join(f"{line}\n" for line in lines)
    return lambda _: PlainTextResponse(text, headers={"Cache-Control": "public, max-age=3600"})


class _Feeds:
    def __init__(
        self,
        pages: Pages,
        archive: PublicArchive,
        cache: PageCache,
        subject: Callable[[Issue], str],
    ) -> None:
        self.pages, self.read, self.cache, self.subject = pages, archive, cache, subject
        self.site = pages.public_url

    def atom(self, request: Request) -> Response:
        kind = "application/atom+xml"
        return self.cache.answer(request, "/feed.atom", lambda: Page(atom(self._feed()), kind))

    def json(self, request: Request) -> Response:
        kind = "application/feed+json"
        return self.cache.answer(request, "/feed.json", lambda: Page(json_feed(self._feed()), kind))

    def _feed(self) -> Feed:
        branding = self.pages.branding
        entries = [self._entry(issue) for issue in self.read.newest(_ENTRIES)]
        return Feed(self.site, branding.name, branding.language, entries)

    def _entry(self, issue: Issue) -> FeedEntry:
        return FeedEntry(
            url=f"{self.site}/archive/{issue.date}",
            title=self.subject(issue),
            published=self.read.went_out(issue.date),
            html=self.pages.render("feed_entry.html", issue=issue),
        )

    def sitemap(self, request: Request) -> Response:
        """One map, or where the archive is large an index of maps."""

        def make() -> Page:
            newest = self.read.version()[0].insight
            if newest <= _BLOCK:
                entries = sitemap(chain(self._lists(), self._insights(1)))
            else:
                blocks = range(-(-newest // _BLOCK) + 1)
                entries = sitemap_index(f"{self.site}/sitemap-{block}.xml" for block in blocks)
            return Page(entries, "application/xml")

        return self.cache.answer(request, "/sitemap.xml", make)

    def block(self, request: Request) -> Response:
        """The first has the lists, the n-th after it the n-th ten thousand of insights."""
        block = request.path_params["block"]
        if block > -(-self.read.version()[0].insight // _BLOCK):
            raise HTTPException(404)

        def make() -> Page:
            return Page(
                sitemap(self._insights(block) if block else self._lists()), "application/xml"
            )

        return self.cache.answer(request, f"/sitemap-{block}.xml", make)

    def _insights(self, block: int) -> list[tuple[str, date | None]]:
        entries = self.read.numbered((block - 1) * _BLOCK, block * _BLOCK)
        return [(self.site + insight.path, insight.date) for insight in entries]

    def _lists(self) -> list[tuple[str, date | None]]:
        paths = ["/archive", "/shows", "/topics"]
        paths += [f"/shows/{quote(key)}" for key in self.read.slugs_of_shows()[:_MOST_SUBJECTS]]
        paths += [f"/topics/{quote(key)}" for key in self.read.slugs_of_topics()[:_MOST_SUBJECTS]]
        issues = ((f"{self.site}/archive/{day}", day) for day in self.read.days())
        return [*((self.site + path, None) for path in paths), *issues]
