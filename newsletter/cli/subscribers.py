"""``newsletter subscribers``: who reads, where, when and about what."""

import csv
import sys
import unicodedata
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from newsletter.cli.addresses import mailbox
from newsletter.cli.app import App
from newsletter.cli.output import say, say_json, table
from newsletter.config import zones
from newsletter.edges.store import Connection, overview, subscribers
from newsletter.editorial.model import STATES, Subscriber
from newsletter.errors import NewsletterError, UsageError

_COLUMNS = ("address", "name", "timezone", "hour", "interests", "state")
_SURPLUS = "surplus"
_CONTROLS = ("Cc", "Cs", "Zl", "Zp")


def add(app: App, words: Namespace) -> int:
    given = {key: getattr(words, key) for key in ("name", "timezone", "hour", "interests")}
    changes = {key: _bare(value) for key, value in given.items() if value is not None}
    box = mailbox(words.address)
    with app.store.writing() as db:
        there = subscribers.find(db, box.key)
        one = check(replace(there or _fresh(app, box.address), **changes))
        added = subscribers.add(db, box.key, one, app.clock(), resubscribe=words.resubscribe)
        if not added and changes:
            subscribers.change(db, box.key, **changes)
        one = replace(one, state="active")
    done = "added" if added else "changed" if changes else "was there already"
    if words.json:
        say_json({"result": done, **_row(one)})
    else:
        say(f"{one.address} {done}: {one.hour:02}:00 {one.timezone}{_about(one)}")
    return 0


def list_(app: App, words: Namespace) -> int:
    with app.store.reading() as db:
        found = subscribers.everyone(db, words.state)
    if words.json:
        say_json([_row(one) for one in found])
    elif found:
        rows = [(o.address, o.state, f"{o.hour:02}:00", o.timezone, o.interests) for o in found]
        table(rows)
    else:
        say("nobody yet: newsletter subscribers add ADDRESS")
    return 0


def show(app: App, words: Namespace) -> int:
    one = app.subscriber(words.address)
    with app.store.reading() as db:
        rows = overview.deliveries_of(db, one.id)
    if words.json:
        say_json({**_row(one), "deliveries": [dict(row) for row in rows]})
        return 0
    table([(key, str(value)) for key, value in _row(one).items()])
    say() if rows else None
    table([(f"{row['date']}", row["state"], row["reason"] or "", row["answer"]) for row in rows])
    return 0


def remove(app: App, words: Namespace) -> int:
    one = app.subscriber(words.address)
    with app.store.writing() as db:
        subscribers.leave(db, one.id)
    if words.json:
        say_json({"address": one.address, "result": "removed"})
    else:
        say(f"{one.address} gets nothing any more; the row is kept so that no import revives it")
    return 0


def export(app: App, words: Namespace) -> int:  # noqa: ARG001
    writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    with app.store.reading() as db:
        writer.writerows(map(_row, subscribers.everyone(db)))
    sys.stdout.flush()
    return 0


def import_(app: App, words: Namespace) -> int:
    """Every good line is taken, every other one named with the reason."""
    with _opened(words.csv) as file:
        rows = list(_lines(file))
    added, there, refused = 0, 0, []
    seen: dict[str, int] = {}
    with app.store.writing() as db:
        for line, row in rows:
            try:
                new = _import_row(app, db, row, seen, line)
            except UsageError as error:
                refused.append({"line": line, "reason": str(error)})
            else:
                added, there = added + new, there + (not new)
    if words.json:
        say_json({"added": added, "there_already": there, "refused": refused})
    else:
        say(f"{added} added, {there} there already, {len(refused)} refused")
        table([(f"line {one['line']}", str(one["reason"])) for one in refused], indent="  ")
    return 1 if refused else 0


def _import_row(
    app: App, db: Connection, row: Mapping[str, str], seen: dict[str, int], line: int
) -> bool:
    """True where somebody new came in. Who is there stays as they are, whatever the file says."""
    if any(row.get(_SURPLUS, ())):
        raise UsageError("more values than columns: put quotes around one that holds a comma")
    box = mailbox(row["address"])
    if (first := seen.setdefault(box.key, line)) != line:
        raise UsageError(f"{box.address} stands on line {first} already")
    values: dict[str, Any] = {key: row[key] for key in _COLUMNS[1:] if row.get(key)}
    if "hour" in values:
        values["hour"] = _hour(values["hour"])
    one = check(replace(_fresh(app, box.address), **values))
    there = subscribers.find(db, box.key)
    if there and _stays(there, one):
        return False
    return subscribers.add(db, box.key, one, app.clock())


def _stays(there: Subscriber, new: Subscriber) -> bool:
    """Raises UsageError where the file knows of a parting that we do not."""
    if new.state in ("active", "pending"):
        return there.state == new.state
    if there.state in ("active", "pending"):
        raise UsageError(
            f"{there.address} is {there.state} here and {new.state} in the file: if that is so,"
            " use `subscribers remove`"
        )
    return True


def _opened(name: str) -> TextIO:
    if name == "-":
        return TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="")
    try:
        return Path(name).open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from error


def _lines(file: TextIO) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(file, strict=True, restkey=_SURPLUS, restval="")
    try:
        reader.fieldnames = _header(reader.fieldnames or ())
        for row in reader:
            yield reader.line_num, {key: _bare(value) for key, value in row.items()}
    except csv.Error as error:
        raise NewsletterError(f"line {reader.line_num + 1}: {error}; nothing was taken") from error
    except UnicodeDecodeError as error:
        raise NewsletterError(
            "it is not UTF-8: save the file as UTF-8; nothing was taken"
        ) from error


def _header(names: Sequence[str]) -> list[str]:
    """A column misspelt would be a column lost."""
    found = [name.strip().lower() for name in names]
    odd = next((name for name in found if name not in _COLUMNS or found.count(name) > 1), None)
    if odd is not None or "address" not in found:
        raise UsageError(
            f"line 1 must name the columns, address and any of {', '.join(_COLUMNS[1:])}"
            + (f"; not {odd!r}" if odd else "")
            + "; nothing was taken"
        )
    return found


def _fresh(app: App, address: str) -> Subscriber:
    settings = app.settings
    return Subscriber(0, address, settings.newsletter.timezone, settings.schedule.send_hour)


def check(one: Subscriber) -> Subscriber:
    """Raises UsageError where a value cannot be."""
    if one.timezone not in zones():
        raise UsageError(f"{one.address}: no zone is called {one.timezone!r}: write Europe/Paris")
    if not 0 <= one.hour <= 23:
        raise UsageError(f"{one.address}: hour {one.hour} is not between 0 and 23")
    if one.state not in STATES:
        raise UsageError(f"{one.address}: state {one.state!r} is none of {', '.join(STATES)}")
    for key in ("name", "interests"):
        if any(unicodedata.category(letter) in _CONTROLS for letter in getattr(one, key)):
            raise UsageError(f"{one.address}: a line break or a control character in the {key}")
    return one


def _bare(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _hour(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"hour {text!r} is no number from 0 to 23") from None


def _about(one: Subscriber) -> str:
    return f", about {one.interests}" if one.interests else ""


def _row(one: Subscriber) -> dict[str, Any]:
    values = asdict(one)
    return {key: values[key] for key in _COLUMNS}
