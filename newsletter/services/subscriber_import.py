"""Import subscribers from a CSV file: good lines are stored, and each other line is reported."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
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


@dataclass
class ImportReport:
    """``refused`` has the reason by line; ``warnings`` are about subscribers that were added."""

    file: SubscriberFile
    added: int = 0
    already_there: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    warnings: set[str] = field(default_factory=set)


def import_subscribers(
    store: Store, data: bytes, name: str, defaults: Defaults, now: datetime, secret: bytes
) -> ImportReport:
    """Raises UsageError if the file as a whole cannot be imported; then nothing is stored.

    With the ``secret`` who had all about them erased is known, and refused.
    """
    report = ImportReport(read_csv(data, name))
    importer = _Importer(defaults, now, report, secret, left=_who_left(report.file))
    for rows in chunks(report.file.rows):
        by_key = importer.read(rows)
        # A transaction per chunk, so that no sender waits for the whole file.
        with store.writing() as db:
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
            with self._refusals(line):
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

    def store(self, db: Connection, by_key: Mapping[str, Subscriber]) -> None:
        """Existing subscribers are not changed by the file."""
        known = subscribers.among(db, list(by_key))
        new = {key: subscriber for key, subscriber in by_key.items() if key not in known}
        self._refuse_erased(db, new)
        subscribers.add_all(db, new, self.now)
        self.report.added += len(new)
        self.report.warnings |= {summer_warning(reader.timezone) for reader in new.values()} - {""}
        for key, there in known.items():
            with self._refusals(self.lines[key]):
                self._store_again(db, key, there, by_key[key])

    def _refuse_erased(self, db: Connection, new: dict[str, Subscriber]) -> None:
        """Takes them out of ``new``."""
        hashed = {erased_key(self.secret, key): key for key in new}
        for mark in personal_data.erased_among(db, list(hashed)):
            reader, key = new.pop(hashed[mark]), hashed[mark]
            self.report.refused[self.lines[key]] = f"{reader.address} {WAS_ERASED}"

    def _store_again(self, db: Connection, key: str, there: Subscriber, new: Subscriber) -> None:
        if _stays(there, new) or not subscribers.add(db, key, new, self.now):
            self.report.already_there += 1
        else:
            self.report.added += 1

    @contextmanager
    def _refusals(self, line: int) -> Iterator[None]:
        try:
            yield
        except UsageError as error:
            self.report.refused[line] = str(error)


def _who_left(file: SubscriberFile) -> dict[str, int]:
    """The line of each address that left by any of its lines."""
    left = {}
    for line, cells in file.rows:
        with suppress(UsageError):  # reported when the line is read
            values = file.values(cells)
            if gone(values.get("state", "")):
                left[values["address"].strip().casefold()] = line
    return left


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
