"""Files into the store: new and changed ones are read, what cannot be read is recorded."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from newsletter.edges.sources.folder import Folder, Look, StillWritten, settled
from newsletter.edges.store import Store, archive
from newsletter.edges.store.archive import Read, Totals
from newsletter.edges.store.database import chunks
from newsletter.editorial import briefs
from newsletter.editorial.due import local_date
from newsletter.errors import BriefRejected

Watch = Callable[[int, int], None]
"""Told how many are done, of how many."""

_BATCH = 200


@dataclass(frozen=True)
class Intake:
    """Where briefs come from. ``pause`` lies between two looks at files not yet known."""

    store: Store
    sources: Sequence[Folder]
    phrases: Sequence[str]
    timezone: str
    pause: Callable[[], None]
    watch: Watch


@dataclass(frozen=True)
class Gathered:
    """What a look at the sources brought. ``left`` are the paths still being written."""

    before: Totals
    after: Totals
    read: int
    rejected: Sequence[Read]
    left: Sequence[str]


def gather(intake: Intake, now: datetime) -> Gathered:
    """Read what is new or changed since the last look; the rest costs a look at the folder."""
    with intake.store.writing() as db:
        archive.forget_missing(db)
        known, before = archive.known(db), archive.totals(db)
    rejected: list[Read] = []
    left: list[str] = []
    done = 0
    for source in intake.sources:
        looks, changing = _settled(source, known, intake.pause)
        left += changing
        for batch in chunks(looks, _BATCH):
            reads = list(_read_all(source, batch, intake.phrases, left))
            rejected += [one for one in reads if one.reason]
            with intake.store.writing() as db:
                archive.record(db, reads, now, local_date(now, intake.timezone))
            done += len(batch)
            intake.watch(done, len(looks))
    with intake.store.reading() as db:
        return Gathered(before, archive.totals(db), done, rejected, left)


def _settled(
    source: Folder, known: Mapping[str, tuple[int, int]], pause: Callable[[], None]
) -> tuple[list[Look], Sequence[str]]:
    """The files that are new or changed and stood still for a moment, and those that did not."""
    before = source.look()
    if not any(_is_new(one, known) for one in before.values()):
        return [], []
    pause()
    still, changing = settled(before, source.look())
    return [one for one in still.values() if _is_new(one, known)], changing


def _is_new(look: Look, known: Mapping[str, tuple[int, int]]) -> bool:
    return known.get(look.path) != (look.size, look.mtime_ns)


def _read_all(
    source: Folder, looks: Sequence[Look], phrases: Sequence[str], left: list[str]
) -> Iterator[Read]:
    for look in looks:
        try:
            brief = briefs.parse(look.path, source.read(look), phrases)
            yield Read(look.path, look.size, look.mtime_ns, brief)
        except BriefRejected as error:
            yield Read(look.path, look.size, look.mtime_ns, None, error.reason, error.line)
        except StillWritten:
            left.append(look.path)
