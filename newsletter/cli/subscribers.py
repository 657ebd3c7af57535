"""``newsletter subscribers``: who reads, where, when and about what."""

import unicodedata
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from newsletter.bootstrap import App
from newsletter.cli.output import say, say_json, table
from newsletter.config import zones
from newsletter.domain.addresses import mailbox
from newsletter.domain.errors import UsageError
from newsletter.domain.model import STATES, Subscriber
from newsletter.services.readers import find_subscriber
from newsletter.services.wording import local_time
from newsletter.storage import reports, subscribers

COLUMNS = ("address", "name", "timezone", "hour", "interests", "state")
# A greeting and a To: header that can be read, and more phrases than anybody follows.
_LONGEST = {"name": 100, "interests": 1_000}
_CONTROLS = ("Cc", "Cs", "Zl", "Zp")
# They turn the text after them around, beyond the value they stand in.
_TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def add(app: App, args: Namespace) -> int:
    given = {key: getattr(args, key) for key in ("name", "timezone", "hour", "interests")}
    changes = {key: bare(value) for key, value in given.items() if value is not None}
    box = mailbox(args.address)
    with app.store.writing() as db:
        there = subscribers.find(db, box.key)
        one = check(replace(there or fresh(app, box.address), **changes), there)
        added = subscribers.add(db, box.key, one, app.clock(), resubscribe=args.resubscribe)
        if not added and changes:
            subscribers.change(db, box.key, **changes)
        one = replace(one, state="active")
    done = "added" if added else "changed" if changes else "was there already"
    if args.json:
        say_json({"result": done, **row(one)})
    else:
        say(f"{one.address} {done}: {one.hour:02}:00 {one.timezone}{_about(one)}")
    return 0


def list_(app: App, args: Namespace) -> int:
    with app.store.reading() as db:
        found = subscribers.everyone(db, args.state)
    if args.json:
        say_json([row(one) for one in found])
    elif found:
        rows = [(o.address, o.state, f"{o.hour:02}:00", o.timezone, o.interests) for o in found]
        table(rows)
    else:
        say("nobody yet: newsletter subscribers add ADDRESS")
    return 0


def show(app: App, args: Namespace) -> int:
    one = find_subscriber(app.store, args.address)
    with app.store.reading() as db:
        rows = reports.deliveries_of(db, one.id)
    if args.json:
        say_json({**row(one), "deliveries": rows})
        return 0
    table([(key, str(value)) for key, value in row(one).items()])
    say() if rows else None
    table([(f"{r['date']}", r["state"], r["reason"] or "", r["answer"]) for r in rows])
    for found in rows:
        _show_attempts(app, found)
    return 0


def _show_attempts(app: App, found: Mapping[str, Any]) -> None:
    """Where there is more to tell than that it was sent at once."""
    tried = found["tried"] if found["state"] != "sent" or len(found["tried"]) > 1 else []
    if tried:
        say()
        say(f"attempts of {found['date']}:")
    lines = [
        (local_time(o["at"], app.settings.newsletter.timezone), o["state"], o["rcpt"], o["data"])
        for o in tried
    ]
    table(lines, indent="  ")


def remove(app: App, args: Namespace) -> int:
    one = find_subscriber(app.store, args.address)
    with app.store.writing() as db:
        subscribers.leave(db, one.id)
    if args.json:
        say_json({"address": one.address, "result": "removed"})
    else:
        say(f"{one.address} gets nothing any more; the row is kept so that no import revives it")
    return 0


def fresh(app: App, address: str) -> Subscriber:
    settings = app.settings
    return Subscriber(0, address, settings.newsletter.timezone, settings.schedule.send_hour)


def check(one: Subscriber, before: Subscriber | None = None) -> Subscriber:
    """Raises UsageError where a value cannot be; what was so ``before`` may be too long."""
    if one.timezone not in zones():
        mend = "write one such as Europe/Paris"
        raise UsageError(f"{one.address}: no zone is called {one.timezone!r}: {mend}")
    if not 0 <= one.hour <= 23:
        raise UsageError(f"{one.address}: hour {one.hour} is not between 0 and 23")
    if one.state not in STATES:
        raise UsageError(f"{one.address}: state {one.state!r} is none of {', '.join(STATES)}")
    for key, most in _LONGEST.items():
        if fault := _fault(getattr(one, key), key, most, getattr(before, key, None)):
            raise UsageError(f"{one.address}: {fault}")
    return one


def _fault(text: str, key: str, most: int, before: str | None) -> str:
    if any(map(_is_control, text)):
        return f"a line break or a control character in the {key}"
    long = len(text) > most and text != before
    return f"{len(text):,} characters in the {key}: shorten to {most:,}" if long else ""


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in _CONTROLS or unicodedata.bidirectional(letter) in _TURNS


def bare(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _about(one: Subscriber) -> str:
    return f", about {one.interests}" if one.interests else ""


def row(one: Subscriber) -> dict[str, Any]:
    values = asdict(one)
    return {key: values[key] for key in COLUMNS}
