"""Answers of the API by the key that a client gave its request, for a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, select, update

from newsletter.storage.schema import api_answer as answers
from newsletter.storage.sets import insert_new

_KEPT = timedelta(days=1)
_WORKED_ON = timedelta(minutes=5)
"""A process that died does not answer any more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``request`` is the hash of what was asked; ``status`` is None while it is worked on."""

    request: str
    status: int | None
    body: bytes | None


def begin(db: Connection, token_id: int, key: str, request: str, now: datetime) -> Answer | None:
    """Take the key for this request. If it is taken, what it was taken for."""
    mine = and_(answers.c.token_id == token_id, answers.c.key == key)
    died = and_(answers.c.status.is_(None), answers.c.at <= now - _WORKED_ON)
    db.execute(delete(answers).where((answers.c.at <= now - _KEPT) | and_(mine, died)))
    columns = answers.c.request, answers.c.status, answers.c.body
    row = db.execute(select(*columns).where(mine)).one_or_none()
    if row is not None:
        return Answer(*row)
    insert_new(db, answers, [{"token_id": token_id, "key": key, "request": request, "at": now}])
    return None


def finish(db: Connection, token_id: int, key: str, status: int, body: bytes) -> None:
    mine = and_(answers.c.token_id == token_id, answers.c.key == key)
    db.execute(update(answers).where(mine).values(status=status, body=body))


def forget(db: Connection, token_id: int, key: str) -> None:
    """Nothing came of the request: it may be asked again."""
    db.execute(delete(answers).where(answers.c.token_id == token_id, answers.c.key == key))


def forget_about(db: Connection, words: Sequence[str]) -> None:
    """Every answer that holds one of these words, such as an address."""
    needles = [word.encode() for word in words if word]
    columns = answers.c.token_id, answers.c.key, answers.c.body
    kept = db.execute(select(*columns).where(answers.c.body.is_not(None)))
    for token_id, key in [(t, k) for t, k, body in kept if any(n in body for n in needles)]:
        forget(db, token_id, key)
