"""Replay the journal into a database that is older than it: a backup was put back.

A replayed entry (a message accepted, a reader who left) is a fact and can only prevent messages. So
every command replays first, without asking. An entry whose transaction was not committed is a claim
alone, and changes nothing.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, func, select, update

from newsletter.domain.due import due_at, next_due
from newsletter.domain.errors import StoreError
from newsletter.domain.states import Transition
from newsletter.domain.text import counted
from newsletter.storage import places, transitions
from newsletter.storage.database import Store, chunks
from newsletter.storage.journal import Entries, Journal, Place
from newsletter.storage.journal_lines import ACCEPTED, OFFERED, Change, Claim
from newsletter.storage.personal_data import ERASED, empty
from newsletter.storage.schema import subscriber as subscribers
from newsletter.storage.transitions import MESSAGE_OF_A_DAY

log = logging.getLogger("newsletter")


@dataclass(frozen=True)
class Replayed:
    """The changes: deliveries and readers by their new state. ``strangers`` are addresses that the
    database did not have; ``unreadable`` counts lines; ``incomplete`` if the journal lacks older
    ones."""

    deliveries: Counter[str] = field(default_factory=Counter)
    readers: Counter[str] = field(default_factory=Counter)
    strangers: Sequence[str] = field(default_factory=list)
    unreadable: int = 0
    incomplete: bool = False

    @property
    def anything(self) -> bool:
        return bool(self.deliveries or self.readers or self.strangers or self.unreadable)


def catch_up(store: Store) -> Replayed:
    """Replay what the database does not know. Raises StoreError for another database's journal."""
    if store.path is None or store.journal is None or not _behind(store, store.journal):
        return Replayed()
    with store.writing(durable=True) as db:
        end = _end(db, store.journal)  # other writers have committed by now
        known = places.known(db)
        if end is None or (known and known.end >= end.end):
            return Replayed()
        done = _replay(db, store.journal.since(known.end if known else 0))
        places.set_known(db, end)
    return done


def summary(done: Replayed) -> str:
    """In a sentence."""
    parts = [f"{counted(count, 'delivery')} {state}" for state, count in done.deliveries.items()]
    parts += [f"{counted(count, 'reader')} {state}" for state, count in done.readers.items()]
    if done.strangers:
        parts.append(f"{counted(len(done.strangers), 'reader')} it did not know pending")
    if done.unreadable:
        parts.append(f"{counted(done.unreadable, 'line')} of the journal unreadable")
    if done.incomplete:
        parts.append("the journal begins later than the database ends")
    return ", ".join(parts) or "nothing to replay"


def _behind(store: Store, journal: Journal) -> bool:
    with store.reading() as db:
        end, known = _end(db, journal), places.known(db)
    return end is not None and (known is None or known.end < end.end)


def _end(db: Connection, journal: Journal) -> Place | None:
    """The journal's end; None if it is missing or cannot be read."""
    known = places.known(db)
    try:
        end = journal.place()
    except (OSError, ValueError) as error:
        log.warning("the journal cannot be used: %s", error)
        return None
    if known and (end is None or (end.id == known.id and end.end < known.end)):
        log.warning(
            "the journal %s is missing, or has lost its end: if the database is an older copy, the"
            " readers who were served or left since are not known",
            journal.path,
        )
    if end and known and end.id != known.id:
        raise StoreError(
            f"{journal.path} belongs to another database than the one beside it",
            "put back the two that belong together; where the database is the right one, move the"
            " journal away",
        )
    return end


def _replay(db: Connection, entries: Entries) -> Replayed:
    erased = _erase(db, entries)
    claims = [each for each in _settled(entries) if _is_named(each[1], erased)]
    changes = {
        record.key: record
        for _, record in entries.records
        if isinstance(record, Change) and "@" in record.key
    }
    strangers = _add_strangers(db, claims, changes)
    return Replayed(
        deliveries=_replay_claims(db, claims),
        readers=_replay_changes(db, changes, strangers) + Counter({ERASED: len(erased)}),
        strangers=strangers,
        unreadable=entries.unreadable,
        incomplete=entries.incomplete,
    )


def _erase(db: Connection, entries: Entries) -> set[int]:
    """Who was erased since stays so, however much of them the older database has."""
    gone = {
        record.reader: record
        for _, record in entries.records
        if isinstance(record, Change) and record.state == ERASED
    }
    there = _existing(db, subscribers.c.id, list(gone))
    for number, record in gone.items():
        if number not in there:  # joined since: only the hash is needed, against imports
            nobody = {**_stranger(record.key, record.at, {}), "id": number, "address": ""}
            db.execute(subscribers.insert().values({**nobody, "key": f"{record.key}.new"}))
        empty(db, number, record.key, record.at or places.LONG_AGO, record.reason)
    return set(gone)


def _is_named(claim: Claim, erased: set[int]) -> bool:
    return "@" in claim.key and claim.reader not in erased


def _settled(entries: Entries) -> list[tuple[str, Claim]]:
    """For each reader and date whether the message was accepted, or else offered."""
    settled: dict[tuple[str, object], tuple[str, Claim]] = {}
    for state, record in entries.records:
        if isinstance(record, Claim) and state in (OFFERED, ACCEPTED):
            key = record.key, record.day
            if settled.get(key, (OFFERED,))[0] != ACCEPTED:
                settled[key] = state, record
    return list(settled.values())


def _add_strangers(
    db: Connection, claims: Sequence[tuple[str, Claim]], changes: Iterable[str]
) -> list[str]:
    """Add the readers who joined since as pending: their wishes are not known, and once added again
    they must not be served twice."""
    since = {claim.key: claim.at for _, claim in reversed(claims)}
    wanted = sorted({*since, *changes})
    there = _existing(db, subscribers.c.key, wanted)
    new = [key for key in wanted if key not in there]
    ids = _free_ids(db, {claim.key: claim.reader for _, claim in claims if claim.reader})
    for with_id in (True, False):  # with their own ids first, so that no other row takes them
        rows = [_stranger(key, since.get(key), ids) for key in new if (key in ids) is with_id]
        if rows:
            db.execute(subscribers.insert(), rows)
    return new


def _free_ids(db: Connection, ids: dict[str, int]) -> dict[str, int]:
    """The ids that are free: links in messages already sent contain them."""
    in_use = _existing(db, subscribers.c.id, list(ids.values()))
    return {key: reader for key, reader in ids.items() if reader not in in_use}


def _existing(db: Connection, column: Column[Any], values: Sequence[Any]) -> set[Any]:
    """Those of ``values`` that a subscriber has in ``column``."""
    return {
        value
        for batch in chunks(values)
        for value in db.scalars(select(column).where(column.in_(batch)))
    }


def _stranger(key: str, at: datetime | None, ids: dict[str, int]) -> dict[str, Any]:
    return {
        **({"id": ids[key]} if key in ids else {}),
        "key": key,
        "address": key,
        "name": "",
        "timezone": "UTC",
        "hour": 7,
        "interests": "",
        "state": "pending",
        "activated_at": at or places.LONG_AGO,
    }


def _replay_changes(
    db: Connection, changes: dict[str, Change], strangers: Sequence[str]
) -> Counter[str]:
    """The last state of each counts. A stranger stays pending: their wishes are lost."""
    done: Counter[str] = Counter()
    for key, change in changes.items():
        if change.state == "active" and key in strangers:
            continue
        rows = update(subscribers).where(subscribers.c.key == key)
        values: dict[str, Any] = {"state": change.state}
        if change.at:
            values |= {"state_changed_at": change.at, "state_reason": change.reason}
        moved = db.execute(rows.where(subscribers.c.state != change.state).values(values))
        done[change.state] += moved.rowcount
        if change.state == "active" and change.at:
            db.execute(rows.where(_silent_since(change.at)).values(heard_at=change.at))
    return +done


def _silent_since(at: datetime) -> ColumnElement[bool]:
    return func.coalesce(subscribers.c.heard_at, subscribers.c.activated_at) < at


def _replay_claims(db: Connection, claims: Sequence[tuple[str, Claim]]) -> Counter[str]:
    done: Counter[str] = Counter()
    for batch in chunks(claims):
        readers = _readers(db, [claim.key for _, claim in batch])
        transitions.begin(db, [_row(claim, readers[claim.key]) for _, claim in batch])
        for state, claim in batch:
            transition = _TRANSITIONS[state]
            after = transitions.MOVES[transition].after
            values = _values(claim, readers[claim.key].id)
            done[after] += transitions.move(db, transition, MESSAGE_OF_A_DAY, **values)
    return +done


_TRANSITIONS = {
    ACCEPTED: Transition.REPLAYED_AS_SENT,
    OFFERED: Transition.REPLAYED_AS_UNKNOWN,
}


def _readers(db: Connection, keys: Sequence[str]) -> dict[str, Any]:
    columns = (subscribers.c[name] for name in ("key", "id", "hour", "timezone"))
    return {row.key: row for row in db.execute(select(*columns).where(subscribers.c.key.in_(keys)))}


def _values(claim: Claim, reader: int) -> dict[str, Any]:
    answer = "told by the journal, after an older database was put back"
    return {"reader": reader, "day": claim.day, "answer": answer, "changed_at": claim.at}


def _row(claim: Claim, reader: Any) -> dict[str, Any]:
    """The row as it was, without its issue, which was lost with the database."""
    due = due_at(claim.day, reader.hour, reader.timezone)
    return {
        "subscriber_id": reader.id,
        "date": claim.day,
        "issue_id": None,
        "state": "pending",
        "reason": None,
        "message_id": claim.message_id,
        "domain": claim.key.rpartition("@")[2],
        "due_at": due,
        "expires_at": next_due(due, reader.hour, reader.timezone),
        "next_attempt_at": claim.at,
        "changed_at": claim.at,
        "attempts": 1,
        "answer": "",
    }
