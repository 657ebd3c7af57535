"""What came back, for the operator: by kind, the storms, and what was done about each return."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.header import decode_header, make_header
from email.parser import HeaderParser
from typing import Any

from newsletter.delivery.returned import described
from newsletter.domain.errors import NotFound
from newsletter.domain.numbers import GREATEST_ID
from newsletter.domain.returns import ReturnKind
from newsletter.services.returns import FOR_THE_OPERATOR
from newsletter.storage import Store, returns, returns_seen, storms

_MOST_BODY = 20_000
_STORMS_OF = timedelta(days=30)

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Counts:
    """``by`` has how many there are of a kind that something was done about, ``storms`` sentences
    about those of the last 30 days."""

    by: Mapping[tuple[str, str], int]
    storms: Sequence[str]
    now: datetime

    def of_kind(self, kind: str) -> int:
        return sum(count for (counted_kind, _), count in self.by.items() if counted_kind == kind)

    @property
    def open(self) -> int:
        """Those that may need a look."""
        return sum(count for (_, done), count in self.by.items() if done in FOR_THE_OPERATOR)


@dataclass(frozen=True)
class Asked:
    """What a page of returns is asked for. ``before`` are the instant and the id of the last one
    that was shown."""

    since: datetime
    kind: ReturnKind | None = None
    only_open: bool = False
    before: tuple[datetime, int] | None = None


def counts(store: Store, since: datetime, now: datetime) -> Counts:
    by: Counter[tuple[str, str]] = Counter()
    with store.reading() as db:
        for kind, done, count in returns.counts(db, since, now + timedelta(seconds=1)):
            by[kind, done] += count
        blown = [described(storm) for storm in storms.since(db, now - _STORMS_OF)]
    return Counts(by, blown, now)


def page(store: Store, asked: Asked, most: int) -> Sequence[Row]:
    done = FOR_THE_OPERATOR if asked.only_open else None
    with store.reading() as db:
        return returns_seen.page(db, asked.since, asked.kind, done, asked.before, most)


def find(store: Store, number: int) -> Row:
    """Raises NotFound."""
    with store.reading() as db:
        row = returns.find(db, number) if number <= GREATEST_ID else None
    if row is None:
        raise NotFound(f"there is no return {number}")
    return row


def body_text(row: Row) -> str:
    """The beginning of what is kept of a message, whatever its octets are; empty where nothing
    is."""
    return (row["body"] or b"")[:_MOST_BODY].decode("utf-8", "replace")


def subject(headers: str) -> str:
    """Of a message's headers, decoded; empty where there is none, or it cannot be."""
    try:
        subject = HeaderParser().parsestr(headers, headersonly=True)["Subject"]
        return str(make_header(decode_header(subject))) if subject else ""
    except Exception:  # whatever a stranger's message makes the standard library raise
        return ""
