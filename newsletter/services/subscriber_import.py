"""Import subscribers from a CSV file: good lines are stored, and each other line is reported."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from newsletter.domain.addresses import new_mailbox
from newsletter.domain.errors import UsageError
from newsletter.domain.model import Subscriber
from newsletter.domain.timezones import summer_warning
from newsletter.domain.tokens import erased_key
from newsletter.services.subscriber_columns import gone
from newsletter.services.subscriber_csv import Row, SubscriberFile, read_csv
from newsletter.services.subscriptions import WAS_ERASED, Defaults, check, from_text, settled
from newsletter.storage import Connection, Store, personal_data, subscribers
from newsletter.storage.database import chunks


class Outcome(StrEnum):
    """What becomes of a line."""

    ADDED = "added"
    CONFIRMED = "confirmed"
    """Who was pending is active."""
    THERE = "there already"
    LEFT = "left"
    """Who left, complained or was erased here stays so."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """``address`` is as it was written where it is none; ``why`` is empty for who is added and
    active."""

    number: int
    address: str
    outcome: Outcome
    why: str = ""


@dataclass
class ImportReport:
    """``lines`` by their numbers; ``warnings`` are about subscribers that were added."""

    file: SubscriberFile
    lines: dict[int, Line] = field(default_factory=dict)
    warnings: set[str] = field(default_factory=set)

    def count(self, *outcomes: Outcome) -> int:
        return sum(line.outcome in outcomes for line in self.lines.values())

    @property
    def added(self) -> int:
        return self.count(Outcome.ADDED, Outcome.CONFIRMED)

    @property
    def already_there(self) -> int:
        return self.count(Outcome.THERE)

    @property
    def refused(self) -> dict[int, str]:
        """The reason by line, of those who left as well."""
        return {line.number: line.why for line in self.lines.values() if line.outcome in _NOT_TAKEN}


_NOT_TAKEN = (Outcome.LEFT, Outcome.REFUSED)


def import_subscribers(
    store: Store,
    data: bytes,
    name: str,
    defaults: Defaults,
    now: datetime,
    secret: bytes,
    *,
    dry_run: bool = False,
) -> ImportReport:
    """Raises UsageError if the file as a whole cannot be imported; then nothing is stored.

    With the ``secret`` who had all about them erased is known, and refused. ``dry_run``: what would
    become of each line, and nothing is stored.
    """
    report = ImportReport(read_csv(data, name))
    importer = _Importer(defaults, now, report, secret, left=_who_left(report.file))
    for rows in chunks(report.file.rows):
        by_key = importer.read(rows)
        # A transaction per chunk, so that no sender waits for the whole file.
        with store.reading() if dry_run else store.writing() as db:
            importer.decide(db, by_key)
            if not dry_run:
                importer.store(db, by_key)
    return report


@dataclass
class _Importer:
    """``lines`` has the first line of each address, ``left`` the one that says it left."""

    defaults: Defaults
    now: datetime
    report: ImportReport
    secret: bytes
    lines: dict[str, int] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)

    def read(self, rows: Sequence[Row]) -> dict[str, Subscriber]:
        by_key = {}
        for line, cells in rows:
            with self._refusals(line, self.report.file.address(cells)):
                key, subscriber = self._read(line, self.report.file.values(cells))
                by_key[key] = subscriber
        return by_key

    def _read(self, line: int, values: Mapping[str, str]) -> tuple[str, Subscriber]:
        box = new_mailbox(values["address"])
        if (first := self.lines.setdefault(box.key, line)) != line:
            raise UsageError(f"{box.address} stands on line {first} already")
        left = self.left.get(values["address"].strip().casefold())
        if left and not gone(values.get("state", "")):
            raise UsageError(f"{box.address} left, by line {left}")
        fields: dict[str, Any] = {name: from_text(name, text) for name, text in values.items()}
        new = replace(self.defaults.subscriber(box.address), **{**fields, "address": box.address})
        return box.key, check(settled(new))

    def decide(self, db: Connection, by_key: Mapping[str, Subscriber]) -> None:
        """What becomes of each; existing subscribers are not changed by the file."""
        known = subscribers.among(db, list(by_key))
        hashed = {erased_key(self.secret, key): key for key in by_key.keys() - known.keys()}
        erased = {hashed[mark] for mark in personal_data.erased_among(db, list(hashed))}
        for key, new in by_key.items():
            with self._refusals(self.lines[key], new.address):
                if key in erased:
                    self._note(key, new, Outcome.LEFT, f"{new.address} {WAS_ERASED}")
                elif key in known:
                    self._note(key, new, *_outcome_of(known[key], new))
                else:
                    self._note(key, new, Outcome.ADDED, _unless_active(new))

    def _note(self, key: str, new: Subscriber, outcome: Outcome, why: str = "") -> None:
        number = self.lines[key]
        self.report.lines[number] = Line(number, new.address, outcome, why)
        if outcome is Outcome.ADDED and (warning := summer_warning(new.timezone)):
            self.report.warnings.add(warning)

    def store(self, db: Connection, by_key: Mapping[str, Subscriber]) -> None:
        """As it was decided."""
        outcomes = {key: self.report.lines[self.lines[key]].outcome for key in by_key}
        new = {key: by_key[key] for key, outcome in outcomes.items() if outcome is Outcome.ADDED}
        subscribers.add_all(db, new, self.now)
        for key, outcome in outcomes.items():
            if outcome is Outcome.CONFIRMED:
                subscribers.add(db, key, by_key[key], self.now)

    @contextmanager
    def _refusals(self, number: int, address: str) -> Iterator[None]:
        try:
            yield
        except UsageError as error:
            self.report.lines[number] = Line(number, address, Outcome.REFUSED, str(error))


def _who_left(file: SubscriberFile) -> dict[str, int]:
    """The line of each address that left by any of its lines."""
    left = {}
    for line, cells in file.rows:
        with suppress(UsageError):  # reported when the line is read
            values = file.values(cells)
            if gone(values.get("state", "")):
                left[values["address"].strip().casefold()] = line
    return left


def _unless_active(new: Subscriber) -> str:
    return "" if new.state == "active" else f"as {new.state}"


def _outcome_of(there: Subscriber, new: Subscriber) -> tuple[Outcome, str]:
    """What the file does to who is there, and why no more."""
    if _stays(there, new) or there.state == "active":
        return Outcome.THERE, f"{there.state}, and stays as they are"
    if fault := subscribers.gone_fault(there):
        return Outcome.LEFT, fault
    return Outcome.CONFIRMED, "was pending"


def _stays(there: Subscriber, new: Subscriber) -> bool:
    """Raises UsageError if the file says that a reader left who still gets mail from here."""
    if new.state in ("active", "pending"):
        return there.state == new.state
    if there.state in ("active", "pending"):
        raise UsageError(
            f"{there.address} is {there.state} here and {new.state} in the file: if that is so,"
            " use `subscribers remove`"
        )
    return True
