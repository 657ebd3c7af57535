"""``newsletter deliveries``, ``pause``, ``resume``, ``cancel``: what the operator decides."""

from argparse import Namespace
from collections.abc import Sequence

from newsletter.cli.app import App
from newsletter.cli.clocks import steady
from newsletter.cli.output import say, say_json
from newsletter.edges.store import ledger, orders
from newsletter.editorial.prose import counted
from newsletter.errors import UsageError


def list_(app: App, words: Namespace) -> int:
    with app.store.reading() as db:
        rows = [dict(row) for row in orders.listed(db, words.state, None, words.date)]
    if words.json:
        say_json(rows)
        return 0
    for row in rows:
        reason = f" ({row['reason'].replace('_', ' ')})" if row["reason"] else ""
        say(f"{row['date']}  {row['address']}  {row['state']}{reason}  {row['message_id']}")
        if row["answer"] and row["state"] != "sent":
            say(f"    {row['answer']}")
    if not rows:
        say("no such deliveries")
    return 0


def resolve(app: App, words: Namespace) -> int:
    """What a dead sender left counts as well, once its lease is over."""
    now = app.clock()
    ids = [app.subscriber(address).id for address in words.to] if words.to else None
    with app.store.writing(durable=True) as db:
        ledger.lapse(db, now, steady())
        count = orders.resolve(db, words.as_, now, ids, words.date)
        taken = sum(1 for _ in orders.listed(db, "sending", ids, words.date))
    if not count and words.to:
        raise UsageError(_nothing(words.to, taken))
    if words.json:
        say_json({"resolved": count, "as": words.as_, "sending": taken})
        return 0
    what = "deliveries" if count != 1 else "delivery"
    say(f"{count} unknown {what} resolved as {words.as_}")
    if taken:
        say(
            f"{taken} more are at a sender, or their sender's lease is not over yet: ask again then"
        )
    return 0


def _nothing(addresses: Sequence[str], taken: int) -> str:
    if taken:
        return (
            "still at a sender, or its lease is not over (delivery.lease_seconds): try again then"
        )
    return f"nothing unknown for {', '.join(addresses)}: see `newsletter deliveries`"


def pause(app: App, words: Namespace) -> int:  # noqa: ARG001
    with app.store.writing(durable=True) as db:
        orders.pause(db, app.clock())
    say("paused: no message more is handed over until `newsletter resume`")
    return 0


def resume(app: App, words: Namespace) -> int:  # noqa: ARG001
    with app.store.writing(durable=True) as db:
        was = orders.resume(db)
    say("it goes on with the next `run` or `send`" if was else "it was not paused")
    return 0


def cancel(app: App, words: Namespace) -> int:
    with app.store.writing(durable=True) as db:
        count = orders.cancel(db, words.date, app.clock())
    say(f"cancelled: nobody more gets the issue of {words.date}; {counted(count, 'reader')} waited")
    return 0
