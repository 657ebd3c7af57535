"""Files into the store: new and changed ones are read, what cannot be read is recorded."""

import logging
import os.path
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from newsletter.domain.due import local_date
from newsletter.domain.errors import BriefRejected, NoInsight
from newsletter.ingest.sources.folder import Folder, Look, StillWritten, settled
from newsletter.storage import Store, archive
from newsletter.storage.archive import Read, Totals
from newsletter.storage.database import chunks

log = logging.getLogger("newsletter")

Watch = Callable[[int, int], None]
"""Told how many are done, of how many."""

_BATCH = 200


@dataclass(frozen=True)
class IngestJob:
    """Where briefs come from. ``pause`` lies between two looks at files not yet known.

    ``source`` names this machine in the database: files that another one read are not ours to
    forget. ``named``: the operator named them; a file that was rejected before is read again.
    """

    store: Store
    source: str
    sources: Sequence[Folder]
    phrases: Sequence[str]
    timezone: str
    pause: Callable[[], None]
    watch: Watch
    named: bool = False


@dataclass(frozen=True)
class IngestReport:
    """What a look at the sources brought. ``left`` are the paths still being written."""

    before: Totals
    after: Totals
    read: int
    rejected: Sequence[Read]
    left: Sequence[str]


def ingest_sources(job: IngestJob, clock: Callable[[], datetime]) -> IngestReport:
    """Read what is new or changed since the last look; the rest costs a look at the folder."""
    with job.store.reading() as db:
        known, before = archive.known(db, job.source), archive.totals(db)
        again = {row["path"] for row in archive.rejected(db)} if job.named else set()
    seen, left = _look_twice(job, known)
    gone = [path for path in known if path not in seen and not os.path.lexists(path)]
    fresh = [
        file
        for path, file in seen.items()
        if path not in left and (_is_new(file[1], known) or (path in again and _is_named(*file)))
    ]
    rejected: list[Read] = []
    with job.store.writing() as db:
        archive.forget(db, job.source, gone)
    for done, batch in enumerate(chunks(fresh, _BATCH)):
        reads = list(_read_all(batch, job, left))
        rejected += [read for read in reads if read.reason]
        with job.store.writing() as db:
            now = clock()  # not earlier: whoever looked in the meantime must see that more came
            archive.record(db, reads, now, local_date(now, job.timezone))
        job.watch(done * _BATCH + len(batch), len(fresh))
    with job.store.reading() as db:
        return IngestReport(before, archive.totals(db), len(fresh), rejected, left)


def unread(job: IngestJob) -> list[str]:
    """The paths that the next reading would read; changes nothing."""
    with job.store.reading() as db:
        known = archive.known(db, job.source)
    looks = (look for source in job.sources for look in source.look().values())
    return [look.path for look in looks if _is_new(look, known)]


def _look_twice(
    job: IngestJob, known: Mapping[str, tuple[int, int]]
) -> tuple[dict[str, tuple[Folder, Look]], list[str]]:
    """Every file with its source, and the paths that changed between two looks."""
    looks = [source.look() for source in job.sources]
    left: list[str] = []
    if any(_is_new(look, known) for files in looks for look in files.values()):
        job.pause()
        later_looks = [source.look() for source in job.sources]
        for before, after in zip(looks, later_looks, strict=True):
            left += settled(before, after)[1]
        looks = later_looks
    pairs = zip(job.sources, looks, strict=True)
    return {path: (source, look) for source, files in pairs for path, look in files.items()}, left


def _is_new(look: Look, known: Mapping[str, tuple[int, int]]) -> bool:
    return known.get(look.path) != (look.size, look.mtime_ns)


def _is_named(folder: Folder, look: Look) -> bool:
    """By itself, not with the folder that it is in."""
    return os.fspath(folder.path) == look.name


def _read_all(
    files: Sequence[tuple[Folder, Look]], job: IngestJob, left: list[str]
) -> Iterator[Read]:
    from newsletter.ingest import parsers  # takes a tenth of a second: only where something is new

    for folder, look in files:
        read = partial(Read, look.path, look.size, look.mtime_ns, source=job.source)
        try:
            data = folder.read(look)
        except BriefRejected as error:
            yield read((), error.reason, error.line)
            continue
        except StillWritten:
            left.append(look.path)
            continue
        try:
            yield read(parsers.briefs(look.path, data, job.phrases))
        except NoInsight as error:
            yield read((), error.reason, error.line, emptied=True)
        except BriefRejected as error:
            yield read((), error.reason, error.line)
        except Exception as error:  # a defect that one file brings to light does not end the others
            log.exception("unexpected, in the file %s", look.path)
            yield read((), f"unexpected, please report it: {error!r:.200}")
