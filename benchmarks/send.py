"""Delivering: rows in the ledger to a server on loopback, and what the server itself allows."""

import os
import shutil
import smtplib
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from email.policy import SMTP
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from msgspec import json

from benchmarks import naive
from benchmarks.far import far
from benchmarks.house import SENDER, branding
from benchmarks.measure import Figures, Table, Watch, apart, children, in_turns, times, watch
from benchmarks.past import NOW, TODAY
from benchmarks.sign import pem
from benchmarks.sink import sink
from benchmarks.waiting import How, a_day, crowd, delivered
from newsletter.domain.model import ScheduledEmail
from newsletter.mail.channels import Attempt, Envelope
from newsletter.mail.channels.smtp import Smtp
from newsletter.mail.message import message
from newsletter.storage import Store, issues, send_queue
from newsletter.storage.leases import Lease, Steady
from newsletter.storage.send_queue import Scope

_HOST = "127.0.0.1"
_READER = "reader@example.org"


@dataclass(frozen=True)
class Scale:
    """``slow``: how many messages the naive pipelines send. ``far``: connections, and how many
    messages go over them to a server that is 20 ms away."""

    messages: int = 3_000
    slow: int = 50
    runs: int = 3
    far: Sequence[tuple[int, int]] = ((1, 200), (10, 10_000), (20, 10_000))


FULL = Scale()
QUICK = Scale(messages=200, slow=10, runs=1, far=((1, 20), (10, 200), (20, 200)))
_ONE_WAY = 0.01


def tables(scale: Scale, folder: Path) -> Iterator[Table]:
    apart(make, folder, scale)
    with sink() as server:
        ways = {
            name: partial(apart, work, folder, server.port, *values)
            for name, (work, *values) in _ways(scale).items()
        }
        note = f"fsync takes {_fsync(folder) * 1000:.2f} ms here."
        yield _rates(in_turns(ways, scale.runs), note)
        yield _far(folder, server.port, scale)


def _rates(measured: dict[str, dict[str, float]], note: str) -> Table:
    loop = measured[_LOOP]
    return Table(
        f"send: {loop['size'] / 1000:.0f} KB messages, an issue of their own for each reader",
        ("way", "a second", "to the bare loop", "to the naive", "CPU each", "peak"),
        [
            (
                name,
                f"{figures['rate']:,.0f}",
                times(figures["rate"] / loop["rate"]),
                times(figures["rate"] / _naive(name, measured)["rate"]),
                f"{figures['cpu'] * 1000:.2f} ms",
                "–" if "smtp-source" in name else f"{figures['peak']:.0f} MB",
            )
            for name, figures in measured.items()
        ],
        note if postfix("smtp-source") else f"{note} postfix's smtp-source is not installed.",
    )


def _naive(name: str, measured: dict[str, dict[str, float]]) -> dict[str, float]:
    """Signed beside signed, where there is dkimpy to sign."""
    signed = any(word in name for word in ("RSA", "Ed25519"))
    return measured.get(_NAIVE_SIGNED if signed else _NAIVE, measured[_NAIVE])


def _far(folder: Path, port: int, scale: Scale) -> Table:
    rows = []
    for connections, count in scale.far:
        apart(make_crowd, folder, count)
        with far(port, _ONE_WAY) as away:
            measured_far = apart(end_to_end, folder / "far", away, count, How(connections))
        rows.append(
            (
                str(connections),
                f"{count:,}",
                f"{measured_far['wall']:.1f} s",
                f"{measured_far['rate']:,.0f}",
                f"{measured_far['cpu'] * 1000:.2f} ms",
                f"{measured_far['peak']:.0f} MB",
            )
        )
    return Table(
        "send: a server that is far away, 20 ms there and back",
        ("connections", "messages", "seconds", "a second", "CPU each", "peak"),
        rows,
        "Each once; the way lies in a process of its own, which delays every piece and throttles"
        " none.",
    )


def make(folder: Path, scale: Scale) -> Figures:
    """A day that waits, its messages as files, and what the naive pipelines start from."""
    path = folder / "newsletter.db"
    a_day(path, scale.messages)
    shutil.copyfile(path, folder / "claimed.db")
    waiting = postings(folder / "claimed.db")
    (folder / "postings.json").write_bytes(json.encode(waiting[: scale.slow]))
    head = branding()
    for number, scheduled in enumerate(waiting):
        (folder / f"{number:06}.eml").write_bytes(message(scheduled, head))
    return {}


def make_crowd(folder: Path, readers: int) -> Figures:
    """The same day for so many readers, fewer or more."""
    (folder / "far").mkdir(exist_ok=True)
    crowd(Path(shutil.copy(folder / "newsletter.db", folder / "far")), readers)
    return {}


def postings(path: Path) -> Sequence[ScheduledEmail]:
    store = Store(f"sqlite:///{path}")
    lease = Lease("bench", Steady("this boot", 60.0), NOW + timedelta(minutes=1))
    with store.writing() as db:
        rows = send_queue.claim(db, NOW, lease, 1_000_000, Scope(TODAY))
    with store.reading() as db:
        loaded = issues.load_all(db, [row.issue_id for row in rows])
    store.close()
    return [
        ScheduledEmail(loaded[row.issue_id], row.subscriber, row.message_id, row.dated_at)
        for row in rows
    ]


def end_to_end(folder: Path, port: int, count: int, how: How) -> Figures:
    """Claim, render, build, sign, send, settle."""
    return delivered(folder / "newsletter.db", lambda: Smtp(_HOST, port, "none"), how, count)


class _Taker:
    """A channel that costs nothing: what is left is ours."""

    def send(self, envelope: Envelope, attempt: Attempt | None = None) -> str:  # noqa: ARG002
        (attempt or Attempt()).look()
        return "250 2.0.0 Ok"

    def close(self) -> None:
        pass


def without_server(folder: Path, port: int, count: int, how: How) -> Figures:  # noqa: ARG001
    return delivered(folder / "newsletter.db", _Taker, how, count)


def channel_alone(folder: Path, port: int) -> Figures:
    """Our SMTP channel, resending what was built before."""
    envelopes = [Envelope(SENDER, _READER, raw) for raw in _built(folder)]
    channel = Smtp(_HOST, port, "none")
    with watch() as whole:
        for envelope in envelopes:
            channel.send(envelope)
    channel.close()
    return _each(whole, len(envelopes))


def bare_loop(folder: Path, port: int) -> Figures:
    """smtplib, resending what was built before over one connection."""
    built = _built(folder)
    with watch() as whole, smtplib.SMTP(_HOST, port) as client:
        for raw in built:
            client.sendmail(SENDER, _READER, raw)
    return {**_each(whole, len(built)), "size": sum(map(len, built)) / len(built)}


def _built(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.eml"))]


def postfix(name: str) -> str | None:
    """Where this program of postfix's lies, if it is installed; users' paths lack its folder."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def smtp_source(folder: Path, port: int, sessions: int) -> Figures:
    """postfix's own: as many messages of the same size, made of nothing, over kept connections."""
    sizes = [path.stat().st_size for path in folder.glob("*.eml")]
    program, size = postfix("smtp-source"), sum(sizes) // len(sizes)
    options = f"-d -s {sessions} -l {size} -m {len(sizes)} -f {SENDER} -t {_READER}".split()
    before = children()
    with watch() as whole:
        subprocess.run([str(program), *options, f"{_HOST}:{port}"], check=True)
    return {"rate": len(sizes) / whole.wall, "cpu": (children() - before) / len(sizes)}


def naively(folder: Path, port: int) -> Figures:
    """For each message premailer, EmailMessage, a connection and a commit."""
    return _naively(folder, port, lambda mail: mail)


def naively_signed(folder: Path, port: int) -> Figures:
    """The same, signed by dkimpy."""
    import dkim

    names = (b"s1", SENDER.rpartition("@")[2].encode(), pem(generate_private_key(65537, 2048)))
    return _naively(folder, port, lambda mail: dkim.sign(mail, *names) + mail)


def _naively(folder: Path, port: int, sign: Callable[[bytes], bytes]) -> Figures:
    plain = branding(inlined=False)
    postings = json.decode((folder / "postings.json").read_bytes(), type=list[ScheduledEmail])
    shutil.copyfile(folder / "newsletter.db", folder / "naive.db")
    naive.premailed(postings[0], plain)  # what the first one alone would pay for
    with watch() as whole, closing(sqlite3.connect(folder / "naive.db")) as db:
        for scheduled in postings:
            mail = naive.email_message(naive.premailed(scheduled, plain), scheduled, plain)
            text = sign(mail.as_bytes(policy=SMTP))
            with smtplib.SMTP(_HOST, port) as client:
                client.sendmail(SENDER, scheduled.subscriber.address, text)
            with db:
                db.execute(_SENT, (scheduled.subscriber.id, scheduled.issue.date.isoformat()))
    return _each(whole, len(postings))


def _each(whole: Watch, count: int) -> Figures:
    return {"rate": count / whole.wall, "cpu": whole.cpu / count}


_SENT = "UPDATE delivery SET state = 'sent' WHERE subscriber_id = ? AND date = ?"
_LOOP = "a bare smtplib loop"
_NAIVE = "the naive pipeline"
_NAIVE_SIGNED = "the naive pipeline, RSA-2048 by dkimpy"


def _ways(scale: Scale) -> dict[str, tuple[Any, ...]]:
    """By name what to call, and with what beside the folder and the port."""
    count = scale.messages
    hows = {
        "1 connection": How(connections=1),
        "2 connections": How(connections=2),
        "4 connections": How(),
        "4 connections, claims of 1": How(claim=1),
        "4 connections, claims of 20": How(claim=20),
        "4 connections, claims of 50": How(claim=50),
        "4 connections, RSA-2048": How(key="rsa"),
        "4 connections, Ed25519": How(key="ed25519"),
    }
    return {
        **{f"deliver(), {name}": (end_to_end, count, how) for name, how in hows.items()},
        "deliver(), a channel that takes all": (without_server, count, How()),
        "our SMTP channel alone": (channel_alone,),
        _LOOP: (bare_loop,),
        **_postfix(),
        _NAIVE: (naively,),
        _NAIVE_SIGNED: (naively_signed,),
    }


def _postfix() -> dict[str, tuple[Any, ...]]:
    if not postfix("smtp-source"):
        return {}
    return {
        "postfix's smtp-source, 1 session": (smtp_source, 1),
        "postfix's smtp-source, 4 sessions": (smtp_source, 4),
    }


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
