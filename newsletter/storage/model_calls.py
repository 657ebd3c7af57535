"""What a language model was asked and answered: each call once, and what a day has cost.

A call is entered before it is made, at its highest price, and corrected when it is over: a crash
between the two leaves the day's account too high, never too low.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, delete, distinct, func, select

from newsletter.storage.schema import model_call as calls


@dataclass(frozen=True, slots=True)
class Answer:
    """``finish`` is empty where the model came to its own end, else why it did not."""

    content: str
    finish: str = ""
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    tokens: int = 0
    price: float = 0.0


def answer(db: Connection, key: str) -> Answer | None:
    """The last answer to what ``key`` stands for."""
    there = calls.c.key == key, calls.c.answer.is_not(None)
    row = db.execute(select(calls).where(*there).order_by(calls.c.id.desc()).limit(1)).first()
    return Answer(row.answer, row.finish, row.tokens_in, row.tokens_out) if row else None


def spent(db: Connection, day: date) -> Spent:
    """On a day in UTC, calls that are still out at their highest price."""
    sums = func.sum(calls.c.tokens_in + calls.c.tokens_out), func.sum(calls.c.price)
    tokens, price = db.execute(select(*sums).where(calls.c.day == day)).one()
    return Spent(int(tokens or 0), float(price or 0))


def days_without(db: Connection, key: str, today: date) -> int:
    """On how many earlier days it was asked and no answer came."""
    count = select(func.count(distinct(calls.c.day)))
    there = calls.c.key == key, calls.c.answer.is_(None), calls.c.day < today
    return db.scalar(count.where(*there)) or 0


def enter(db: Connection, key: str, now: datetime, tokens: tuple[int, int], price: float) -> int:
    """A call that is about to be made; the number it is settled by."""
    tokens_in, tokens_out = tokens
    row = calls.insert().values(
        key=key,
        day=now.astimezone(UTC).date(),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        price=price,
        finish="",
    )
    (number,) = db.execute(row).inserted_primary_key or (0,)
    return int(number)


def settle(db: Connection, number: int, got: Answer, price: float) -> None:
    values = {
        "tokens_in": got.tokens_in,
        "tokens_out": got.tokens_out,
        "price": price,
        # What no database keeps as text.
        "answer": got.content.replace("\0", ""),
        "finish": got.finish,
    }
    db.execute(calls.update().where(calls.c.id == number).values(values))


def free(db: Connection, number: int) -> None:
    """It was refused as it is: it cost nothing, and is remembered as one without an answer."""
    values = {"tokens_in": 0, "tokens_out": 0, "price": 0.0}
    db.execute(calls.update().where(calls.c.id == number).values(values))


def withdraw(db: Connection, number: int) -> None:
    """It was never worked on."""
    db.execute(delete(calls).where(calls.c.id == number))


def prune(db: Connection, before: date) -> None:
    """What was asked before that day; its insights stay where they stand."""
    db.execute(delete(calls).where(calls.c.day < before))
