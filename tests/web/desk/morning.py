"""A morning on which everything happens, with texts of people who mean no good."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from newsletter.domain.model import Brief, Dropped
from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.storage import (
    Connection,
    Store,
    archive,
    deferred_domains,
    feeds,
    operator_actions,
    returns,
)
from newsletter.storage.feeds import EpisodeRow, FollowedFeed, Unread
from newsletter.storage.returns import Incoming
from newsletter.storage.schema import delivery, issue, notice, subscriber
from tests.builders import NOON, TODAY, brief, read

HOSTILE = '<script>alert("1")</script> {{ 7 * 7 }} {% raw %}'
"""What stands in titles, file names, answers and headers."""
ADDRESS = "ann@slow.example"
_DOMAINS = ("mail.example", "slow.example", "big.example", "web.example")
_STATES = (
    *[("sent", None, "250 ok")] * 18,
    *[("pending", None, "")] * 8,
    *[("failed", "refused", "550 5.7.1 refused by policy")] * 2,
    *[("unknown", None, "the connection was lost after the final dot")] * 2,
    *[("skipped", "too_few", "")] * 3,
)


def morning(store: Store) -> None:
    with store.writing() as db:
        _archive(db)
        _feeds(db)
        _readers(db)
        db.execute(notice.insert().values(_notice()))
        deferred_domains.defer(db, "slow.example", NOON)
        operator_actions.cancel(db, TODAY + timedelta(days=9), NOON)
        for one in _returned():
            returns.keep(db, one, None, "listed", NOON - timedelta(hours=1))


def _archive(db: Connection) -> None:
    good = replace(_brief("a conversation about tides"), dropped=(Dropped(3, "Subscribe today!"),))
    reads = [
        read("/inbox/tides.md", good),
        read(f"/inbox/{HOSTILE}.md", replace(_brief("hostile"), episode=HOSTILE, podcast=HOSTILE)),
        replace(read("/inbox/broken.md", reason=f"no insight: {HOSTILE}"), line=17),
    ]
    archive.record(db, [replace(one, source="here") for one in reads], NOON, TODAY)


def _brief(name: str) -> Brief:
    made = brief(*(f"Insight {number} of {name} {HOSTILE}." for number in range(4)))
    return replace(made, podcast="The Long Wave", episode=name.capitalize())


def _feeds(db: Connection) -> None:
    urls = (
        "https://one.example/feed",
        "https://user:secret@two.example/feed",
        "https://gone.example/",
    )
    feeds.add(db, urls, NOON)
    well, failing, gone = feeds.followed(db)
    there = {"checked_at": NOON - timedelta(minutes=9), "next_try": NOON + timedelta(minutes=51)}
    feeds.save(db, _changed(well, title=f"Waves {HOSTILE}", **there))
    since = {"failures": 3, "failing_since": NOON - timedelta(hours=5), "reason": "HTTP 503"}
    feeds.save(db, _changed(failing, title="Harbour Talk", **there, **since))
    feeds.save(db, _changed(gone, ended=True, reason="HTTP 410: gone for good", **there))
    states = (("read", "", 5), ("empty", HOSTILE, 0), ("waiting", "no transcript yet", 0))
    rows = [
        EpisodeRow(f"{at}", f"Episode {at}", "", TODAY, "", state, reason, insights, 1, NOON)  # type: ignore[arg-type]
        for at, (state, reason, insights) in enumerate(states)
    ]
    feeds.save_episodes(db, well.id, rows)
    feeds.keep_unread(db, failing.id, [Unread("https://two.example/t.vtt", HOSTILE, b"x")], NOON)


def _changed(feed: FollowedFeed, **values: Any) -> FollowedFeed:
    return replace(feed, **values)


def _readers(db: Connection) -> None:
    """The first one of the slow domain is ``ADDRESS``."""
    made = db.execute(issue.insert().values(date=TODAY, house=True, first=False))
    assert made.inserted_primary_key
    number = made.inserted_primary_key[0]
    for at, (state, reason, answer) in enumerate(_STATES):
        where = _DOMAINS[at % len(_DOMAINS)]
        address = ADDRESS if at == 21 else f"reader{at}@{where}"
        db.execute(subscriber.insert().values(_reader(at + 1, address, 7)))
        row = _delivery(at + 1, where, state, reason, f"{answer} {HOSTILE} {address}".strip())
        db.execute(delivery.insert().values(issue_id=number, **row))
    for at, hour in enumerate((13, 13, 14, 18, 18, 18, 22)):
        values = _reader(100 + at, f"later{at}@mail.example", hour)
        db.execute(subscriber.insert().values(values))


def _reader(number: int, address: str, hour: int) -> dict[str, Any]:
    return {
        "id": number, "key": address, "address": address, "name": HOSTILE, "timezone": "UTC",
        "hour": hour, "interests": "", "state": "active",
        "activated_at": NOON - timedelta(days=30),
    }  # fmt: skip


def _delivery(
    reader: int, where: str, state: str, reason: str | None, answer: str
) -> dict[str, Any]:
    plain = state in ("sent", "skipped") or (state == "pending" and where != "slow.example")
    due = NOON.replace(hour=7)
    return {
        "subscriber_id": reader, "date": TODAY, "state": state, "reason": reason,
        "message_id": f"<20260314.{reader}@news.example>", "domain": where, "due_at": due,
        "expires_at": due + timedelta(days=1), "next_attempt_at": due, "attempts": 1,
        "answer": "" if plain else answer, "changed_at": due + timedelta(minutes=reader),
    }  # fmt: skip


def _notice() -> dict[str, Any]:
    """The first reader was asked whether they are still there, and did not answer yet."""
    asked = NOON - timedelta(days=1)
    return {
        "subscriber_id": 1, "purpose": "still there", "day": asked.date(), "state": "sent",
        "domain": "mail.example", "asked_at": asked, "expires_at": asked + timedelta(days=60),
        "next_attempt_at": asked, "attempts": 1, "answer": "", "wishes": {}, "changed_at": asked,
    }  # fmt: skip


def _returned() -> Iterator[Incoming]:
    kinds = (
        (ReturnKind.BOUNCE, Severity.SOFT, "4.2.2", f"mailbox full {HOSTILE}"),
        (ReturnKind.COMPLAINT, None, "", "abuse"),
        (ReturnKind.REPLY, None, "", ""),
        (ReturnKind.UNKNOWN, None, "", ""),
    )
    for at, (kind, severity, status, words) in enumerate(kinds):
        one = Return(kind, severity, address="who@mail.example", status=status, words=words)
        headers = f"From: {HOSTILE}\nSubject: =?utf-8?q?=3Cb=3Ehello=3C/b=3E?=\nX-Odd: {HOSTILE}"
        yield Incoming(f"{at}", "mail", one, headers=headers, body=HOSTILE.encode() + b"\xff\x00")
