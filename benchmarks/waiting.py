"""A day that is composed and waits, and delivering it as the commands do."""

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from benchmarks import compose
from benchmarks.house import SENDER, branding
from benchmarks.measure import Figures, watch
from benchmarks.past import NOW, TODAY, Size
from newsletter.delivery.worker_pool import deliver
from newsletter.mail.channels import Channel
from newsletter.mail.dkim.signing import Signer
from newsletter.services.publish import DeliveryContext, Readers
from newsletter.storage import Store
from newsletter.storage.leases import Steady


@dataclass(frozen=True)
class How:
    """``claim``: rows at a time."""

    connections: int = 4
    claim: int = 400
    key: Literal["", "rsa", "ed25519"] = ""


def a_day(path: Path, readers: int) -> None:
    """Everybody has an issue of their own, put together from a few hundred insights.

    Insights of one or two sentences: messages come near 20 KB.
    """
    size = Size(readers, issues=10, archive=1_000, words=(15, 30))
    compose.make(path, size)
    compose.a_day(path, size)


def crowd(path: Path, readers: int) -> None:
    """The same day for ``readers``: fewer, or more, who share the issues that are there."""
    with closing(sqlite3.connect(path)) as db, db:
        (composed,) = db.execute("SELECT count(*) FROM subscriber").fetchone()
        values = {"composed": composed, "readers": readers, "today": TODAY.isoformat()}
        for statement in (_READERS, _DELIVERIES):
            db.execute(statement, values)
        db.execute("DELETE FROM delivery WHERE date = :today AND subscriber_id > :readers", values)


_READERS = """
    WITH RECURSIVE new(n) AS (
        SELECT :composed + 1 WHERE :composed < :readers
        UNION ALL SELECT n + 1 FROM new WHERE n < :readers
    )
    INSERT INTO subscriber
        (id, key, address, name, timezone, hour, interests, state, activated_at)
    SELECT n, 'reader' || n || '@example.org', 'reader' || n || '@example.org', 'Reader ' || n,
        timezone, hour, interests, state, activated_at
    FROM new JOIN subscriber ON id = 1
"""

_DELIVERIES = """
    INSERT INTO delivery
        (subscriber_id, date, issue_id, state, message_id, due_at, expires_at, next_attempt_at,
         attempts, answer, changed_at)
    SELECT subscriber.id, date, issue_id, 'pending', '<' || subscriber.id || '@news.example.org>',
        due_at, expires_at, next_attempt_at, 0, '', changed_at
    FROM subscriber JOIN delivery
        ON subscriber_id = 1 + (subscriber.id - 1) % :composed AND date = :today
    WHERE subscriber.id > :composed
"""


def delivered(path: Path, channel: Callable[[], Channel], how: How, count: int) -> Figures:
    """From the first claim to the last settled row, in a copy of the database."""
    copy = _copied(path)
    store = Store(f"sqlite:///{copy}")
    desk = context(store, channel, how)
    with watch() as whole:
        report = deliver(desk, lambda: NOW, TODAY, Readers())
    store.close()
    copy.unlink()
    copy.with_name(f"{copy.name}.journal").unlink()
    assert report.outcomes == Counter(sent=count), report
    return {"wall": whole.wall, "rate": count / whole.wall, "cpu": whole.cpu / count}


def context(store: Store, channel: Callable[[], Channel], how: How) -> DeliveryContext:
    head = replace(branding(), sign=_sign(how))
    return DeliveryContext(
        store=store,
        channel=channel,
        branding=lambda: head,
        sender=lambda _: SENDER,
        owner="bench",
        steady=lambda: Steady("this boot", 0.0),
        stop=lambda: False,
        watch=lambda *_: None,
        claim=how.claim,
        connections=how.connections,
    )


def _sign(how: How) -> Callable[[bytes], bytes] | None:
    if not how.key:
        return None
    rsa = how.key == "rsa"
    key = generate_private_key(65537, 2048) if rsa else Ed25519PrivateKey.generate()
    return Signer(SENDER.rpartition("@")[2], "s1", key).sign


def _copied(path: Path) -> Path:
    """On the disk, so that no fsync of what is measured waits for it."""
    copy = Path(shutil.copyfile(path, path.with_name("copy.db")))
    with copy.open("rb+") as file:
        os.fsync(file.fileno())
    return copy
