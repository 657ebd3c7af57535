"""Delivering: rows in the ledger to a server on loopback, and what the server itself allows."""

import os
import smtplib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import compose, naive
from benchmarks.house import SENDER, letterhead
from benchmarks.measure import Figures, Table, apart, in_turns, times, watch
from benchmarks.past import NOW, TODAY, Size
from benchmarks.sink import sink
from newsletter.daily import Desk, Readers
from newsletter.daily.deliver import deliver
from newsletter.edges.channels import Attempt, Channel, Envelope
from newsletter.edges.channels.smtp import Smtp
from newsletter.edges.store import Store, issues, ledger
from newsletter.edges.store.ledger import Lease, Scope, Steady
from newsletter.editorial.message import message
from newsletter.editorial.model import Posting

_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Scale:
    """``slow``: how many messages the naive pipeline sends."""

    messages: int = 3_000
    slow: int = 300
    runs: int = 5


FULL = Scale()
QUICK = Scale(messages=300, slow=30, runs=3)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:
    path = folder / "newsletter.db"
    apart(make, path, Size(scale.messages, issues=20, archive=2_000))
    with sink() as (server, port):
        counts = dict.fromkeys(_WAYS.values(), scale.messages) | {naively: scale.slow}
        ways = {
            name: partial(apart, work, path, port, counts[work]) for name, work in _WAYS.items()
        }
        measured = in_turns(ways, scale.runs)
    yield _table(measured, f"server: {server}; fsync here takes {_fsync(folder) * 1000:.2f} ms.")


def _table(measured: dict[str, dict[str, float]], note: str) -> Table:
    loop, pipeline = (measured[name]["rate"] for name in (_LOOP, _NAIVE))
    size = measured[_LOOP]["size"] / 1000
    return Table(
        f"send: one connection, {size:.0f} KB messages, an issue of their own for each reader",
        ("way", "a second", "to the bare loop", "to the naive", "CPU each", "peak"),
        [
            (
                name,
                f"{one['rate']:,.0f}",
                times(one["rate"] / loop),
                times(one["rate"] / pipeline),
                f"{one['cpu'] * 1000:.2f} ms",
                f"{one['peak']:.0f} MB",
            )
            for name, one in measured.items()
        ],
        note,
    )


def make(path: Path, size: Size) -> Figures:
    """A day that is composed and waits."""
    compose.make(path, size)
    return compose.a_day(path, size)


def end_to_end(path: Path, port: int, count: int) -> Figures:
    """Claim, render, build, send, settle."""
    return _delivered(path, Smtp(_HOST, port, "none"), count)


class _Taker:
    """A channel that costs nothing: what is left is ours."""

    def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:  # noqa: ARG002
        (attempt or Attempt()).look()
        return "250 2.0.0 Ok"

    def close(self) -> None:
        pass


def without_server(path: Path, port: int, count: int) -> Figures:  # noqa: ARG001
    return _delivered(path, _Taker(), count)


def _delivered(path: Path, channel: Channel, count: int) -> Figures:
    _wait_again(path)
    store = Store(f"sqlite:///{path}")
    desk = Desk(
        store,
        lambda: channel,
        letterhead(),
        lambda _: SENDER,
        "bench",
        _steady,
        lambda: False,
        lambda *_: None,
    )
    with watch() as whole:
        report = deliver(desk, lambda: NOW, TODAY, Readers())
    store.close()
    assert report.outcomes == Counter(sent=count), report
    return {"rate": count / whole.wall, "cpu": whole.cpu / count}


def _steady() -> Steady:
    return Steady("this boot", 0.0)


def _wait_again(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE delivery SET state = 'pending' WHERE date = ?", (TODAY.isoformat(),))


def channel_alone(path: Path, port: int, count: int) -> Figures:
    """Our SMTP channel, resending what was built before."""
    some = [Envelope(SENDER, "reader@example.org", one) for one in _built(path)]
    channel = Smtp(_HOST, port, "none")
    with watch() as whole:
        for one in some:
            channel.send(one)
    channel.close()
    return {"rate": count / whole.wall, "cpu": whole.cpu / count}


def bare_loop(path: Path, port: int, count: int) -> Figures:
    """smtplib, resending what was built before over one connection."""
    some = _built(path)
    with watch() as whole, smtplib.SMTP(_HOST, port) as client:
        for one in some:
            client.sendmail(SENDER, "reader@example.org", one)
    return {
        "rate": count / whole.wall,
        "cpu": whole.cpu / count,
        "size": sum(map(len, some)) / count,
    }


def naively(path: Path, port: int, count: int) -> Figures:
    """For each message premailer, EmailMessage, a connection and a commit."""
    plain = letterhead(inlined=False)
    some = _postings(path)[:count]
    with watch() as whole, closing(sqlite3.connect(path)) as db:
        for posting in some:
            mail = naive.email_message(naive.premailed(posting, plain), posting, plain)
            with smtplib.SMTP(_HOST, port) as client:
                client.send_message(mail)
            with db:
                db.execute(_SENT, (posting.message_id,))
    return {"rate": count / whole.wall, "cpu": whole.cpu / count}


_SENT = "UPDATE delivery SET state = 'sent' WHERE date = '2026-03-14' AND message_id = ?"
_NAIVE = "the naive pipeline"
_LOOP = "a bare smtplib loop"
_WAYS: dict[str, Callable[[Path, int, int], Figures]] = {
    "deliver(), end to end": end_to_end,
    "deliver(), a channel that takes all": without_server,
    "our SMTP channel alone": channel_alone,
    _LOOP: bare_loop,
    _NAIVE: naively,
}


def _built(path: Path) -> list[bytes]:
    head = letterhead()
    return [message(posting, head) for posting in _postings(path)]


def _postings(path: Path) -> Sequence[Posting]:
    _wait_again(path)
    store = Store(f"sqlite:///{path}")
    lease = Lease("bench", Steady("this boot", 60.0), NOW + timedelta(minutes=1))
    rows = ledger.claim(store, NOW, lease, 1_000_000, Scope(TODAY))
    with store.reading() as db:
        found = issues.load_all(db, [row.issue_id for row in rows])
    store.close()
    return [
        Posting(found[row.issue_id], row.subscriber, row.message_id, row.due_at) for row in rows
    ]


def _fsync(folder: Path) -> float:
    """Seconds until 4 KB are on this disk: the median of twenty."""
    taken = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(20):
            file.write(bytes(4096))
            file.flush()
            with watch() as stopped:
                os.fsync(file.fileno())
            taken.append(stopped.wall)
    return median(taken)
