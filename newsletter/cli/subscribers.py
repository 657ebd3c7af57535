"""``newsletter subscribers``: the readers, with their time zone, hour and interests."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.bootstrap import App
from newsletter.bootstrap.rendering import secret
from newsletter.cli.output import say, say_json, table, warn
from newsletter.domain.model import VOTE_WORDS, Subscriber
from newsletter.domain.timezones import summer_warning
from newsletter.domain.weekdays import EVERY_DAY, NAMES, numbers, written
from newsletter.services.personal_data import erase_reader
from newsletter.services.reader_story import Story, story
from newsletter.services.readers import find_subscriber, next_issue
from newsletter.services.subscriptions import (
    FIELDS,
    Defaults,
    as_text,
    from_text,
    leave,
    subscribe,
)
from newsletter.services.wording import local_time, state_and_reason
from newsletter.storage import subscribers

_OPTIONS = [name for name in FIELDS if name not in ("address", "state")]


def add(app: App, args: Namespace) -> int:
    options = {name: getattr(args, name) for name in _OPTIONS}
    changes = {name: _value(name, value) for name, value in options.items() if value is not None}
    if args.like:
        changes["interests"] = _interests_like(app, args.like)
    subscriber, result = subscribe(
        app.store,
        args.address,
        changes,
        defaults(app),
        app.clock(),
        resubscribe=args.resubscribe,
        secret=secret(app),
    )
    if "timezone" in changes and (warning := summer_warning(subscriber.timezone)):
        warn(warning)
    if args.json:
        say_json({"result": result, **as_json(subscriber)})
    else:
        say(f"{subscriber.address} {result}: {_when_and_what(subscriber)}")
    return 0


def _interests_like(app: App, examples: Sequence[str]) -> str:
    from newsletter.bootstrap.composing import compose_rules
    from newsletter.services.examples import interests_like

    inbox = app.settings.inbox
    return interests_like(compose_rules(app), examples, inbox.max_bytes, inbox.boilerplate)


def list_(app: App, args: Namespace) -> int:
    with app.store.reading() as db:
        everyone = subscribers.everyone(db, args.state)
    if args.json:
        say_json([as_json(subscriber) for subscriber in everyone])
    elif everyone:
        table([(s.address, s.state, f"{s.hour:02}:00", s.timezone, s.interests) for s in everyone])
    else:
        nobody_yet = "nobody yet: newsletter subscribers add ADDRESS"
        say(f"nobody is {args.state}" if args.state else nobody_yet)
    return 0


def show(app: App, args: Namespace) -> int:
    subscriber = find_subscriber(app.store, args.address)
    reader_story = story(app.store, subscriber)
    if args.json:
        say_json(_story_as_json(reader_story))
        return 0
    zone = app.settings.newsletter.timezone
    known = {
        "since": local_time(reader_story.state_since, zone) if reader_story.state_since else "",
        "reason": reader_story.state_reason,
        "signed up": local_time(reader_story.joined, zone),
        "last sign": local_time(reader_story.heard, zone) if reader_story.heard else "",
        "sent": f"{reader_story.sent:,}",
        "next": _next(app, subscriber),
        "votes": _votes(reader_story.votes),
    }
    lines = {name: as_text(subscriber, name) for name in FIELDS}
    lines |= {name: value for name, value in known.items() if value}
    table(list(lines.items()))
    say() if reader_story.deliveries else None
    rows = reader_story.deliveries
    table([(f"{d['date']}", d["state"], d["reason"] or "", d["answer"]) for d in rows])
    for delivery in reader_story.deliveries:
        _show_attempts(app, delivery)
    _show_returns(reader_story.returns, zone)
    _show_notices(app, reader_story.notices)
    return 0


def _story_as_json(reader_story: Story) -> dict[str, Any]:
    names = "date", "state", "reason", "answer", "tried"
    return {
        **as_json(reader_story.reader),
        "state_changed_at": reader_story.state_since,
        "state_reason": reader_story.state_reason,
        "signed_up_at": reader_story.joined,
        "heard_at": reader_story.heard,
        "sent": reader_story.sent,
        "votes": {kind: reader_story.votes[kind] for kind in VOTE_WORDS},
        "returns": [dict(row) for row in reader_story.returns],
        "deliveries": [{name: row[name] for name in names} for row in reader_story.deliveries],
        "notices": reader_story.notices,
    }


def _show_returns(rows: Sequence[Mapping[Any, Any]], zone: str) -> None:
    if rows:
        say()
        say("came back:")
    cells = [(local_time(row["at"], zone), *_what_came_back(row)) for row in rows]
    table(cells, indent="  ")


def _what_came_back(row: Mapping[Any, Any]) -> tuple[str, ...]:
    kind = f"{row['severity'] or ''} {row['kind']}".strip()
    return row["source"], kind, row["done"], row["words"]


def _next(app: App, reader: Subscriber) -> str:
    """When their next issue is due, in their own zone; empty for who gets none."""
    if reader.state != "active":
        return ""
    with app.store.reading() as db:
        due = next_issue(db, reader, app.clock())
    return local_time(due, reader.timezone)


def _show_notices(app: App, asked: Sequence[Mapping[str, Any]]) -> None:
    if not asked:
        return
    say()
    say("notices:")
    zone = app.settings.newsletter.timezone
    table([_notice_cells(notice, zone) for notice in asked], indent="  ")


def _notice_cells(notice: Mapping[str, Any], zone: str) -> tuple[str, ...]:
    state = state_and_reason({**notice, "reason": None})
    if notice["followed_at"]:
        state += f", answered {local_time(notice['followed_at'], zone)}"
    return local_time(notice["asked_at"], zone), notice["purpose"], state, notice["answer"]


def _votes(votes: Mapping[str, int]) -> str:
    """Empty where nothing was said."""
    return ", ".join(f"{words} {votes[kind]}" for kind, words in VOTE_WORDS.items() if votes[kind])


def _show_attempts(app: App, delivery: Mapping[str, Any]) -> None:
    """Whether there is more to tell than that it was sent at the first attempt."""
    attempts = delivery["tried"]
    if delivery["state"] == "sent" and len(attempts) < 2:
        return
    if attempts:
        say()
        say(f"attempts of {delivery['date']}:")
    zone = app.settings.newsletter.timezone
    rows = [(local_time(a["at"], zone), a["state"], a["rcpt"], a["data"]) for a in attempts]
    table(rows, indent="  ")


def remove(app: App, args: Namespace) -> int:
    subscriber = find_subscriber(app.store, args.address)
    leave(app.store, subscriber, app.clock())
    if args.json:
        say_json({"address": subscriber.address, "result": "removed"})
    else:
        say(
            f"{subscriber.address} gets nothing any more;"
            " the row is kept so that no import revives it"
        )
    return 0


def erase(app: App, args: Namespace) -> int:
    subscriber = find_subscriber(app.store, args.address)
    erase_reader(app.store, subscriber, secret(app), app.clock())
    args.address = f"subscriber {subscriber.id}"  # what the audit says, which must not name them
    if args.json:
        say_json({"address": subscriber.address, "result": "erased"})
    else:
        say(
            f"everything about {subscriber.address} is erased; a salted hash stays, so that no"
            " import brings them back (backups made before still have them)"
        )
    return 0


def defaults(app: App) -> Defaults:
    return Defaults(app.settings.newsletter.timezone, app.settings.schedule.send_hour)


def as_json(subscriber: Subscriber) -> dict[str, Any]:
    values = {name: getattr(subscriber, name) for name in FIELDS}
    return {**values, "weekdays": [NAMES[day] for day in numbers(subscriber.weekdays)]}


def _value(name: str, value: Any) -> Any:
    return from_text(name, value.strip()) if isinstance(value, str) else value


def _when_and_what(subscriber: Subscriber) -> str:
    days = "" if subscriber.weekdays == EVERY_DAY else f", {written(subscriber.weekdays)}"
    weekly = ", a weekly digest" if subscriber.weekly else ""
    pause = f", paused until {subscriber.paused_until}" if subscriber.paused_until else ""
    about = f", about {subscriber.interests}" if subscriber.interests else ""
    return f"{subscriber.hour:02}:00 {subscriber.timezone}{days}{weekly}{pause}{about}"
