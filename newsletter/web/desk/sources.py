"""Sources: the files and feeds that briefs come from, and what became of each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from newsletter.domain.errors import NewsletterError, UsageError
from newsletter.domain.text import counted
from newsletter.domain.urls import feed_address, without_password
from newsletter.services import came_in, sources
from newsletter.services.wording import feed_state
from newsletter.storage import Store
from newsletter.storage.feeds import FollowedFeed
from newsletter.web.desk.confirm import ask
from newsletter.web.desk.frame import Frame, Visit

if TYPE_CHECKING:
    from newsletter.ingest.explain import Explained

_MOST = 50
_HERE = "/desk/sources"
_FEED = f"{_HERE}/feed/{{number:int}}"


@dataclass(frozen=True)
class SourceParts:
    """``explain`` reads one file of the inbox; it raises NewsletterError for any other.

    ``changed`` is called after each change.
    """

    store: Store
    timezone: str
    inbox: str
    explain: Callable[[str, str], "Explained"]
    changed: Callable[[], None]


def routes(frame: Frame, parts: SourceParts) -> Sequence[BaseRoute]:
    pages = _Sources(parts)
    return [
        frame.get(_HERE, pages.show),
        frame.get(f"{_HERE}/file", pages.file),
        frame.get(_FEED, pages.feed),
        frame.post(f"{_HERE}/add", pages.add, audited="sources add"),
        frame.post(f"{_FEED}/again", pages.again, audited="sources add"),
        frame.get(f"{_FEED}/remove", pages.ask_remove, "operator"),
        frame.post(f"{_FEED}/remove", pages.remove, audited="sources remove"),
    ]


class _Sources:
    def __init__(self, parts: SourceParts) -> None:
        self.parts, self.store = parts, parts.store

    def show(self, visit: Visit) -> Response:
        query = visit.request.query_params
        words, rejected = query.get("q", "")[:200], query.get("only") == "rejected"
        number = _number(query.get("page", "1"))
        skipped = (number - 1) * _MOST
        files = came_in.files_read(self.store, _MOST, skipped, words, rejected=rejected)
        asked = {"q": words, "only": "rejected" if rejected else ""}
        return visit.page(
            "desk/sources.html",
            inbox=self.parts.inbox,
            files=files,
            q=words,
            rejected=rejected,
            earlier=_page(asked, number - 1) if number > 1 else "",
            later=_page(asked, number + 1) if skipped + _MOST < files.total else "",
            feeds=[self._feed(feed) for feed in came_in.followed(self.store)],
            unread=came_in.unreadable(self.store),
            address=_address_of_file,
            reason=_reason,
            operator=visit.user.may("operator"),
            n="{:,}".format,
            counted=counted,
            shown=without_password,
        )

    def file(self, visit: Visit) -> Response:
        query = visit.request.query_params
        source, path = query.get("source", ""), query.get("path", "")
        if not path:
            return visit.back(_HERE)
        story = came_in.file_story(self.store, source, path, query.get("part", ""))
        explained, why = None, ""
        if query.get("explain"):
            try:
                explained = self.parts.explain(source, path)
            except NewsletterError as error:
                why = str(error)
        return visit.page(
            "desk/source_file.html",
            story=story,
            row=story.row,
            explained=explained,
            why=why,
            address=_address_of_file,
            reason=_reason,
        )

    def feed(self, visit: Visit) -> Response:
        story = self._story(visit)
        return visit.page(
            "desk/source_feed.html",
            feed=self._feed(story.feed),
            story=story,
            operator=visit.user.may("operator"),
            n="{:,}".format,
        )

    def add(self, visit: Visit) -> Response:
        """An address alone: a name of a file would be one of this machine."""
        named = visit.form.get("url", "").strip()
        if not feed_address(named):
            problem = f"{named[:80]} is no address" if named else "the address is empty"
            raise UsageError(problem, "write https://example.org/feed.xml")
        visit.about(without_password(named))
        added = sources.add(self.store, named, visit.now)
        message = "Added" if added.new else "It is followed already, and due now"
        return self._done(visit, f"{message}: the next scan reads it.")

    def again(self, visit: Visit) -> Response:
        """A feed that fails or has ended is due at once, as if it were added."""
        feed = self._story(visit).feed
        visit.about(without_password(feed.url))
        sources.add(self.store, feed.url, visit.now)
        return self._done(visit, f"{without_password(feed.url)} is read at the next scan.")

    def ask_remove(self, visit: Visit) -> Response:
        story = self._story(visit)
        feed = self._feed(story.feed)
        read = counted(story.counts.get("read", 0), "episode")
        return ask(
            visit,
            f"Stop following {feed['name']}?",
            [
                f"{feed['shown']} is not read any more. What came of its {read} stays.",
                "Added again later, it is read as a new feed.",
            ],
            f"{_HERE}/feed/{story.feed.id}/remove",
            "Stop following",
            danger=True,
            leave=f"{_HERE}/feed/{story.feed.id}",
        )

    def remove(self, visit: Visit) -> Response:
        story = self._story(visit)
        shown = without_password(story.feed.url)
        visit.about(shown)
        sources.remove(self.store, story.feed.url)
        return self._done(visit, f"{shown} is not followed any more; its briefs stay.")

    def _story(self, visit: Visit) -> came_in.FeedStory:
        """Raises NotFound."""
        return came_in.feed_story(self.store, visit.request.path_params["number"])

    def _done(self, visit: Visit, message: str) -> Response:
        self.parts.changed()
        return visit.back(f"{_HERE}#feeds", message)

    def _feed(self, feed: FollowedFeed) -> Mapping[str, Any]:
        shown = without_password(feed.url)
        return {
            "id": feed.id,
            "name": feed.title or shown,
            "shown": shown,
            "location": without_password(feed.location),
            "configured": feed.configured,
            "kind": "ended" if feed.ended else "failing" if feed.failures else "well",
            "state": feed_state(feed, self.parts.timezone),
        }


def _address_of_file(row: Mapping[Any, Any], *, explain: bool = False) -> str:
    values = {name: row[name] for name in ("source", "path", "part") if row[name]}
    return f"{_HERE}/file?{urlencode({**values, **({'explain': 1} if explain else {})})}"


def _reason(row: Mapping[Any, Any]) -> str:
    """Why it was rejected, without the command that explains it: the page has a button."""
    return str(row["reason"]).partition("; `ingest --explain`")[0]


def _page(asked: Mapping[str, str], number: int) -> str:
    kept = {name: value for name, value in asked.items() if value}
    return f"{_HERE}?{urlencode({**kept, 'page': number})}#files"


def _number(text: str) -> int:
    """Raises UsageError."""
    if text.isascii() and text.isdigit() and len(text) <= 9 and int(text):
        return int(text)
    raise UsageError(f"{text[:40]!r} is no number")
