"""Find readers, a page at a time, however many there are."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, get_args

import msgspec

from newsletter.domain.addresses import mailbox
from newsletter.domain.errors import UsageError
from newsletter.domain.hostnames import in_ascii
from newsletter.domain.model import STATES, Subscriber
from newsletter.domain.timezones import respelt, zone_fault
from newsletter.storage import Store, reader_search
from newsletter.storage.reader_search import By, Place, Search

LATELY = 8
"""Days: a weekly digest comes in them."""
_WAITS = timedelta(days=3)
_LONGEST = 320
_UNSEEN = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_CAPITALS = re.compile("[A-Z]+")


@dataclass(frozen=True, slots=True)
class Listed:
    """``last`` is their newest delivery of the last days: (date, state, reason,
    next_attempt_at)."""

    reader: Subscriber
    last: Mapping[Any, Any] | None


@dataclass(frozen=True, slots=True)
class Results:
    """``cursor`` is that of the next page; empty at the end. ``looked_at``: how many were looked at
    at most where a page is not full, and has a next one all the same."""

    listed: Sequence[Listed]
    cursor: str = ""
    looked_at: int = 0


def parse(wish: Mapping[str, str], today: date) -> Search:
    """From the fields of a form: text, by, state, timezone, waits, nothing. Raises UsageError."""
    text = _UNSEEN.sub("", wish.get("text", "")).strip()[:_LONGEST]
    by = wish.get("by", "") or "address"
    state, zone = wish.get("state", ""), respelt(wish.get("timezone", "").strip())
    if by not in get_args(By) or state not in ("", *STATES):
        raise UsageError("there is no such filter", "choose one of those on the page")
    if zone and (fault := zone_fault(zone)):
        raise UsageError(fault)
    return Search(
        *_normal(text, by),
        state=state,
        timezone=zone,
        waits_since=today - _WAITS if wish.get("waits") else None,
        nothing_since=today - timedelta(days=LATELY - 1) if wish.get("nothing") else None,
    )


def search(store: Store, wanted: Search, cursor: str, today: date, most: int) -> Results:
    """Raises UsageError for a cursor that is none of this search."""
    with store.reading() as db:
        page = reader_search.page(db, wanted, _place(wanted, cursor), most)
        ids = [reader.id for reader in page.readers]
        last = reader_search.latest(db, ids, today - timedelta(days=LATELY))
    listed = [Listed(reader, last.get(reader.id)) for reader in page.readers]
    if page.end is None:
        return Results(listed)
    is_full = len(listed) == most
    return Results(listed, _cursor(page.end), 0 if is_full else reader_search.WINDOW)


def _normal(text: str, by: str) -> tuple[str, By]:
    """What the index holds."""
    if by == "name":
        return _CAPITALS.sub(lambda letters: letters[0].lower(), text), "name"
    if by == "domain" or text.startswith("@"):
        return _domain(text.lstrip("@").casefold()), "domain"
    try:
        return mailbox(text).key, "address"
    except UsageError:
        return text.casefold(), "address"


def _domain(text: str) -> str:
    try:
        return in_ascii(text)
    except ValueError:
        return text


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _place(wanted: Search, cursor: str) -> Place | None:
    if not cursor:
        return None
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place: Place = msgspec.json.decode(content, type=reader_search.kind(wanted))
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _elsewhere() from error
    if any(value < 0 or value >= 2**63 for value in place if isinstance(value, int)):
        raise _elsewhere()
    if any("\0" in value for value in place if isinstance(value, str)):
        raise _elsewhere()
    return place


def _elsewhere() -> UsageError:
    return UsageError("this page is of another search", "begin at its first page")
