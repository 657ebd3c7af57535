"""Readers: found a page at a time, and the story of one."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from newsletter.domain.days import parse_day
from newsletter.domain.due import local_date
from newsletter.domain.errors import NotFound, UsageError
from newsletter.domain.model import STATES, VOTE_WORDS, Subscriber
from newsletter.domain.numbers import parse_id
from newsletter.domain.timezones import zones_by_region
from newsletter.domain.weekdays import NAMES, numbers, written
from newsletter.language import available
from newsletter.services import reader_search, reader_story
from newsletter.services.month_matches import MonthMatch
from newsletter.services.reader_search import Listed, Results
from newsletter.services.subscriptions import FIELDS, Defaults, as_text
from newsletter.services.wording import state_and_reason
from newsletter.storage import Store
from newsletter.web.desk.frame import Frame, Visit

PATH = "/desk/readers"
_A_PAGE = 50
_DELIVERIES = 30
_FILTERS = ("text", "by", "state", "timezone", "waits", "nothing")


@dataclass(frozen=True)
class Parts:
    """What the pages of readers work with. ``secret`` tells who had all about them erased."""

    store: Store
    defaults: Defaults
    timezone: str
    matches: Callable[[str], MonthMatch]
    secret: bytes = field(repr=False)


def routes(frame: Frame, parts: Parts) -> Sequence[BaseRoute]:
    pages = ReaderPages(parts)
    return [
        frame.get(PATH, pages.list, role="operator"),
        frame.get(f"{PATH}/{{id:int}}", pages.show, role="operator"),
        frame.get(f"{PATH}/{{id:int}}/matches", pages.show_matches, role="operator"),
    ]


class ReaderPages:
    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def list(self, visit: Visit) -> Response:
        query = visit.request.query_params
        wish = {name: query.get(name, "") for name in _FILTERS}
        today = local_date(visit.now, self.parts.timezone)
        status, fault, results = 200, None, Results([])
        try:
            wanted = reader_search.parse(wish, today)
            cursor = query.get("cursor", "")
            results = reader_search.search(self.parts.store, wanted, cursor, today, _A_PAGE)
        except UsageError as error:
            status, fault = 422, error
        return visit.page(
            "desk/readers.html",
            status,
            wish=wish,
            fault=fault,
            found=results,
            further=_further(wish, results, _count(query.get("seen", ""))),
            first="cursor" not in query,
            seen=_count(query.get("seen", "")) + results.looked_at,
            states=STATES,
            regions=zones_by_region(),
            lately=reader_search.LATELY,
            when=when,
            last=_last,
        )

    def show(self, visit: Visit) -> Response:
        return self.story(visit, find(self.parts.store, visit))

    def story(
        self,
        visit: Visit,
        reader: Subscriber,
        fault: UsageError | None = None,
        typed: Mapping[str, object] | None = None,
    ) -> Response:
        """With what is wrong with the fields that were ``typed``."""
        parts = self.parts
        before = _day(visit.request.query_params.get("before", ""))
        return visit.page(
            "desk/reader.html",
            422 if fault else 200,
            told=reader_story.story(parts.store, reader, before, _DELIVERIES),
            outlook=reader_story.outlook(parts.store, reader, visit.now, parts.timezone),
            reader=reader,
            typed=typed or fields_of(reader),
            fault=fault,
            before=before,
            outcome=state_and_reason,
            votes=VOTE_WORDS,
            when=when,
            **choices(),
        )

    def show_matches(self, visit: Visit) -> Response:
        """Apart from the page: the first to ask has the month read."""
        reader = find(self.parts.store, visit)
        match = self.parts.matches(reader.interests)
        return visit.page("desk/reader_matches.html", reader=reader, match=match)


def find(store: Store, visit: Visit) -> Subscriber:
    number: int = visit.request.path_params["id"]
    if number >= 2**63:
        raise NotFound("there is no such reader")
    return reader_story.numbered(store, number)


def fields_of(reader: Subscriber) -> dict[str, object]:
    """As the form of a reader has them."""
    texts: dict[str, object] = {name: as_text(reader, name) for name in FIELDS}
    return texts | {"weekdays": [NAMES[day] for day in numbers(reader.weekdays)]}


def choices() -> dict[str, object]:
    """What that form offers."""
    return {"regions": zones_by_region(), "days": NAMES, "languages": available()}


def when(reader: Subscriber) -> str:
    """Such as "07:00, mon thu, weekly"."""
    days = "" if reader.weekdays == 127 else f", {written(reader.weekdays)}"
    return f"{reader.hour:02}:00{days}{', weekly' * reader.weekly}"


def _last(listed: Listed) -> str:
    if listed.last is None:
        return ""
    return f"{listed.last['date']:%-d %b}: {state_and_reason(listed.last)}"


def _further(wish: Mapping[str, str], results: Results, seen: int) -> str:
    """The address of the next page; empty at the end."""
    if not results.cursor:
        return ""
    so_far = {"seen": str(seen + results.looked_at)} if results.looked_at else {}
    asked = {name: value for name, value in wish.items() if value}
    return f"{PATH}?{urlencode({**asked, **so_far, 'cursor': results.cursor})}"


def _count(text: str) -> int:
    return parse_id(text) or 0


def _day(text: str) -> date | None:
    with suppress(UsageError):
        return parse_day(text)
    return None
