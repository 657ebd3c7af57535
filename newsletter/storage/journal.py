"""The journal: a small file beside the database, of what a killed sender and an old backup cannot
know.

A line for each row that is claimed. Its first byte is changed in place: before a message is offered
to the server, and when the answer is in. No line is synced to the disk: what was written survives
``kill -9``, a power cut it may not. A line for each reader who leaves, bounces or comes back.

Lines are appended inside the write transaction of the database, and under a lock on the folder: on
PostgreSQL others of this machine may write at the same time. A
position counts from the journal's beginning, over all of its files; the database holds the last
one (see ``replay``). Beyond ``_MOST`` bytes a file is set aside as ``.1``, the one before dropped.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from fcntl import LOCK_EX, flock
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import NamedTuple

import msgspec

from newsletter.domain.errors import StoreError
from newsletter.storage.journal_lines import (
    ACCEPTED,
    ANSWERED,
    FIRST_BYTE,
    OFFERED,
    Claim,
    Record,
    decode_line,
    encode_line,
    graver_state,
    nameless,
)

_MOST = 64_000_000
"""Some 600,000 deliveries. With the file before it there is always at least as much."""


class Place(NamedTuple):
    """``end`` counts over all files of the journal ``id``."""

    id: str
    end: int


class _Header(msgspec.Struct, frozen=True):
    """``inode`` tells the file from a copy of it, which was not written to while it was away."""

    journal: str
    base: int
    inode: int


@dataclass(frozen=True)
class Entries:
    """What stands after a position: each record with its first byte, the lines that cannot be read,
    and whether some are not kept any more."""

    records: Sequence[tuple[str, Record]]
    unreadable: int
    incomplete: bool


class _File:
    """One file, open to be appended to and changed in place."""

    def __init__(self, path: Path, new: Place | None = None) -> None:
        """Made where it is ``new``, and begins there; else it must be there."""
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if new else 0)
        self.fd = os.open(path, flags, 0o600)
        if new:
            header = _Header(new.id, new.end, os.fstat(self.fd).st_ino)
            self.append(msgspec.json.encode(header) + b"\n")
        self.header = _header(path)

    def __del__(self) -> None:
        """A claim may need a file for longer than it is the one to append to."""
        with suppress(AttributeError):
            os.close(self.fd)

    @property
    def size(self) -> int:
        return os.fstat(self.fd).st_size

    def append(self, data: bytes) -> int:
        """Where it begins. All of it or nothing."""
        start = self.size
        if os.pwrite(self.fd, data, start) != len(data):
            os.ftruncate(self.fd, start)
            raise OSError(0, "no space left")
        return start

    def is_at(self, path: Path) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(path.stat(), os.fstat(self.fd))
        return False


class Journal:
    """Of one database; nothing is made before there is something to write."""

    def __init__(self, path: Path, most: int = _MOST) -> None:
        self.path, self.before = path, path.with_name(f"{path.name}.1")
        self._most = most
        self._lock = Lock()
        self._file: _File | None = None
        self._claims: dict[tuple[int, str], tuple[_File, int]] = {}

    def append(self, records: Iterable[Record], known: Place | None) -> Place:
        """Write them at the end, which is told; ``known`` is the end as the database has it.

        Raises OSError, and ValueError where the file is no journal or another database's.
        """
        with self._lock, _alone(self.path.parent):
            return self._append(records, known)

    def _append(self, records: Iterable[Record], known: Place | None) -> Place:
        file = self._current(known)
        # A line that was torn by a death must not take the next one with it.
        data, places = bytearray(b"\n"), []
        for record in records:
            places.append((record, len(data)))
            data += encode_line(record)
        start = file.append(bytes(data))
        for record, offset in places:
            if isinstance(record, Claim):
                self._claims[record.row, record.owner] = file, start + offset
        return Place(file.header.journal, file.header.base + file.size)

    def offered(self, row: int, owner: str) -> None:
        """From here on a server may have the message. StoreError where that cannot be written."""
        self._mark((row, owner), OFFERED)

    def answered(self, row: int, owner: str, *, accepted: bool) -> None:
        """The server's answer is in: it has the message, or it has it not."""
        self._mark((row, owner), ACCEPTED if accepted else ANSWERED)
        self._claims.pop((row, owner), None)

    def _mark(self, claim: tuple[int, str], state: str) -> None:
        """Nothing where the claim could not be written: then it is judged without the journal."""
        if (place := self._claims.get(claim)) is None:
            return
        file, offset = place
        try:
            os.pwrite(file.fd, state.encode(), offset)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {error.strerror}") from error

    def states(
        self, claims: Collection[tuple[int, str, datetime]]
    ) -> dict[tuple[int, str, datetime], str]:
        """By (row, owner, instant) what is known of those claims; of the others nothing is known.

        A claim is in only where its own line is whole. Of two lines for one claim the graver holds.
        """
        owners = {owner.encode() for _, owner, _ in claims}
        by_claim: dict[tuple[int, str, datetime], str] = {}
        for path in (self.before, self.path):
            for line in _lines(path) if _is_original(path) else ():
                if any(owner in line for owner in owners) and (read := decode_line(line)):
                    state, record = read
                    if isinstance(record, Claim):
                        claim = record.row, record.owner, record.at
                        by_claim[claim] = graver_state(by_claim.get(claim, state), state)
        return {claim: state for claim, state in by_claim.items() if claim in claims}

    def place(self) -> Place | None:
        """Where it ends; None where there is none. ValueError where the file is no journal."""
        if not self.path.exists():
            return None
        header = _header(self.path)
        return Place(header.journal, header.base + self.path.stat().st_size)

    def since(self, position: int) -> Entries:
        """What was appended after ``position``."""
        records, unreadable, first = [], 0, position + 1
        journal = _header(self.path).journal
        for path in (self.before, self.path):
            header = _readable_header(path)
            if header is None or header.journal != journal:
                continue
            first = min(first, header.base)
            offset = header.base
            for line in _lines(path):
                if offset >= position and line.strip() and offset > header.base:
                    read = decode_line(line)
                    unreadable += read is None
                    records += [read] if read else []
                offset += len(line)
        return Entries(records, unreadable, first > position)

    def forget(self, key: str) -> None:
        """Write over the address of a reader, wherever it stands: in place, so that every line
        stays as long as it is, and what is on the wire is found as before."""
        for path in (self.before, self.path):
            if not path.exists():
                continue
            offset = 0
            with path.open("r+b") as file:
                for line in _lines(path):
                    read = decode_line(line)
                    if read and read[1].key == key:
                        file.seek(offset + FIRST_BYTE)
                        file.write(nameless(read[1])[FIRST_BYTE:])
                    offset += len(line)

    def close(self) -> None:
        self._file = None
        self._claims.clear()

    def _current(self, known: Place | None) -> _File:
        """The file to append to: opened, made, or made anew."""
        file = self._file
        if file is None or not file.is_at(self.path):
            file = _File(self.path) if self.path.exists() else None
        if file and known and file.header.journal != known.id:
            raise ValueError(f"{self.path} belongs to another database")
        end = file.header.base + file.size if file else 0
        # A power cut may have taken the end: positions go on from what the database knows.
        lost = known is not None and end < known.end
        if file is None or lost or file.size > self._most:
            if file:
                self.path.replace(self.before)
            journal = file.header.journal if file else known.id if known else token_hex(8)
            file = _File(self.path, Place(journal, max(end, known.end if known else 0)))
        self._file = file
        return file


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process appends meanwhile. The lock ends with the process that holds it."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        flock(fd, LOCK_EX)
        yield
    finally:
        os.close(fd)


def _lines(path: Path) -> Iterator[bytes]:
    with suppress(FileNotFoundError), path.open("rb") as file:
        yield from file


def _header(path: Path) -> _Header:
    with path.open("rb") as file:
        line = file.readline(200)
    with suppress(msgspec.DecodeError):
        if line.endswith(b"\n"):
            return msgspec.json.decode(line, type=_Header)
    raise ValueError(f"{path} is no journal, or is damaged: move it away")


def _is_original(path: Path) -> bool:
    header = _readable_header(path)
    return header is not None and header.inode == path.stat().st_ino


def _readable_header(path: Path) -> _Header | None:
    with suppress(OSError, ValueError):
        return _header(path)
    return None
