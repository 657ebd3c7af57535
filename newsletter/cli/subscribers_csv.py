"""``newsletter subscribers import`` and ``export``: many at once, as CSV."""

import csv
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from newsletter.bootstrap import App
from newsletter.cli.output import say, say_bytes, say_json, table
from newsletter.cli.parser import hour
from newsletter.cli.subscribers import COLUMNS, bare, check, fresh, row
from newsletter.domain.addresses import mailbox
from newsletter.domain.errors import NewsletterError, UsageError
from newsletter.domain.model import Subscriber
from newsletter.storage import Connection, subscribers
from newsletter.storage.database import chunks

_SURPLUS = "surplus"


def export(app: App, args: Namespace) -> int:  # noqa: ARG001
    page = StringIO(newline="")
    writer = csv.DictWriter(page, COLUMNS, lineterminator="\n")
    writer.writeheader()
    with app.store.reading() as db:
        writer.writerows(map(row, subscribers.everyone(db)))
    say_bytes(page.getvalue().encode())
    return 0


def import_(app: App, args: Namespace) -> int:
    """Every good line is taken, every other one named with the reason."""
    with _opened(args.csv) as file:
        lines = list(_lines(file))
    ingest_job = _Import(app)
    for some in chunks(lines):
        found = ingest_job.read(some)
        # A transaction for each, so that no sender waits for the whole file.
        with app.store.writing() as db:
            ingest_job.take(db, found)
    _tell(ingest_job, as_json=args.json)
    return 1 if ingest_job.refused else 0


@dataclass
class _Import:
    """What has come in so far: by line why it was ``refused``, by key the line ``seen`` first."""

    app: App
    added: int = 0
    there: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    def read(self, lines: Sequence[tuple[int, Mapping[str, Any]]]) -> dict[str, Subscriber]:
        """By key who stands on these lines."""
        found = {}
        for line, values in lines:
            with self._refusals(line):
                key, one = self._read(line, values)
                found[key] = one
        return found

    def _read(self, line: int, values: Mapping[str, Any]) -> tuple[str, Subscriber]:
        if any(values.get(_SURPLUS, ())):
            raise UsageError("more values than columns: put quotes around one that holds a comma")
        box = mailbox(values["address"])
        if (first := self.seen.setdefault(box.key, line)) != line:
            raise UsageError(f"{box.address} stands on line {first} already")
        return box.key, check(replace(fresh(self.app, box.address), **_given(values)))

    def take(self, db: Connection, found: Mapping[str, Subscriber]) -> None:
        """Who is there stays as they are, whatever the file says."""
        known, now = subscribers.among(db, list(found)), self.app.clock()
        new = {key: one for key, one in found.items() if key not in known}
        subscribers.add_all(db, new, now)
        self.added += len(new)
        for key, there in known.items():
            with self._refusals(self.seen[key]):
                stays = _stays(there, found[key]) or not subscribers.add(db, key, found[key], now)
                self.added, self.there = self.added + (not stays), self.there + stays

    @contextmanager
    def _refusals(self, line: int) -> Iterator[None]:
        try:
            yield
        except UsageError as error:
            self.refused[line] = str(error)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a line says beside the address; an empty value leaves it to the configuration."""
    given = {key: values[key] for key in COLUMNS[1:] if values.get(key)}
    return {**given, "hour": _hour(given["hour"])} if "hour" in given else given


def _hour(text: str) -> int:
    try:
        return hour(text)
    except ArgumentTypeError as error:
        raise UsageError(str(error)) from None


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


def _tell(ingest_job: _Import, *, as_json: bool) -> None:
    added, there, refused = ingest_job.added, ingest_job.there, sorted(ingest_job.refused.items())
    if as_json:
        told = [{"line": line, "reason": reason} for line, reason in refused]
        say_json({"added": added, "there_already": there, "refused": told})
    else:
        say(f"{added:,} added, {there:,} there already, {len(refused):,} refused")
        table([(f"line {line}", reason) for line, reason in refused], indent="  ")


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
            yield reader.line_num, {key: bare(value) for key, value in row.items()}
    except csv.Error as error:
        raise NewsletterError(f"line {reader.line_num + 1}: {error}; nothing was taken") from error
    except UnicodeDecodeError as error:
        raise NewsletterError(
            "it is not UTF-8: save the file as UTF-8; nothing was taken"
        ) from error


def _header(names: Sequence[str]) -> list[str]:
    """A column misspelt would be a column lost."""
    found = [name.strip().lower() for name in names]
    odd = next((name for name in found if name not in COLUMNS or found.count(name) > 1), None)
    if odd is not None or "address" not in found:
        raise UsageError(
            f"line 1 must name the columns, address and any of {', '.join(COLUMNS[1:])}"
            + (f"; not {odd!r}" if odd else "")
            + "; nothing was taken"
        )
    return found
