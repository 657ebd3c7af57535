"""All that one reader's page tells: what they get, what they were sent, and what came of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from newsletter.domain.due import local_date
from newsletter.domain.errors import NotFound
from newsletter.domain.model import Subscriber
from newsletter.services.readers import next_issue
from newsletter.services.wording import local_time, next_attempt
from newsletter.storage import (
    Connection,
    Store,
    deferred_domains,
    notices,
    operator_actions,
    personal_data,
    reports,
    returns,
    send_queue,
    subscriber_states,
    subscribers,
    votes,
)

Row = Mapping[Any, Any]
_MOST_VOTES = 30


@dataclass(frozen=True, slots=True)
class Story:
    """``heard`` is when they last gave a sign. ``deliveries`` are the newest first, each with its
    ``tried`` and its ``picks``; ``earlier``: there are more. ``votes`` counts what they said,
    ``said`` is the newest of it."""

    reader: Subscriber
    state_since: datetime | None
    state_reason: str
    joined: datetime
    heard: datetime | None
    sent: int
    deliveries: Sequence[dict[str, Any]]
    earlier: bool
    returns: Sequence[Row]
    notices: Sequence[Row]
    votes: Mapping[str, int]
    said: Sequence[Row]


def numbered(store: Store, subscriber_id: int) -> Subscriber:
    """Raises NotFound, for who was erased as well."""
    with store.reading() as db:
        reader = subscribers.numbered(db, subscriber_id)
    if reader is None:
        raise NotFound("there is no such reader: it never existed, or was erased")
    return reader


def story(
    store: Store, reader: Subscriber, before: date | None = None, most: int | None = None
) -> Story:
    """With ``most`` deliveries of dates ``before``, or all."""
    with store.reading() as db:
        since, reason = subscribers.state_since(db, reader.id)
        rows = reports.deliveries_of(db, reader.id, before, most and most + 1)
        shown = rows[:most]
        picks = personal_data.picks_of(db, {row["issue_id"] for row in shown} - {None})
        return Story(
            reader=reader,
            state_since=since,
            state_reason=reason,
            joined=subscribers.joined(db, reader.id),
            heard=subscriber_states.last_sign(db, reader.id),
            sent=reports.sent_to(db, reader.id),
            deliveries=[{**row, "picks": picks.get(row["issue_id"], [])} for row in shown],
            earlier=len(rows) > len(shown),
            returns=returns.of_reader(db, reader.id),
            notices=notices.of_subscriber(db, reader.id),
            votes=votes.counts(db, reader.id),
            said=votes.newest(db, reader.id, _MOST_VOTES),
        )


@dataclass(frozen=True, slots=True)
class Outlook:
    """``due`` is when their next issue is due, None for who gets none; ``hindrances`` is what
    keeps something from them now."""

    due: datetime | None
    hindrances: Sequence[str]


def outlook(store: Store, reader: Subscriber, now: datetime, timezone: str) -> Outlook:
    """Instants are told in ``timezone``."""
    if reader.state != "active":
        return Outlook(None, [f"who is {reader.state} gets nothing"])
    with store.reading() as db:
        due = next_issue(db, reader, now)
        rows = list(_hindrances(db, reader, now, local_date(due, reader.timezone), timezone))
    return Outlook(due, rows)


def _hindrances(
    db: Connection, reader: Subscriber, now: datetime, day: date, timezone: str
) -> Iterator[str]:
    if since := send_queue.paused(db):
        yield f"the newsletter is paused since {local_time(since, timezone)}"
    if reader.paused_until and reader.paused_until > local_date(now, reader.timezone):
        yield f"they asked for nothing before {reader.paused_until}"
    if operator_actions.is_cancelled(db, day):
        yield f"the issue of {day} is cancelled"
    domain = subscribers.key_of(db, reader.id).rpartition("@")[2]
    until = deferred_domains.until(db).get(domain)
    if until and until > now:
        yield f"{domain} asked to wait until {local_time(until, timezone)}"
    for row in reports.waiting_of(db, reader.id):
        when = next_attempt(row.next_attempt_at, now, timezone)
        if row.held and row.next_attempt_at > now:
            anyway = local_time(row.next_attempt_at, timezone)
            when = f"nobody approved it yet, and it is sent anyway at {anyway}"
        if row.held or row.due_at <= now:  # else it is composed, and its hour is to come
            yield f"the issue of {row.date} waits: {when}"
