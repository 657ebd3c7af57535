"""The episodes of one file: which brief of the file as it was is which of the file as it is."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, select, update

from newsletter.domain.model import Brief, digest, normalise
from newsletter.storage.database import chunks
from newsletter.storage.schema import brief as briefs
from newsletter.storage.schema import feed as feeds
from newsletter.storage.schema import file as files
from newsletter.storage.schema import insight as insights
from newsletter.storage.schema import mention as mentions

OF_FOLDERS = files.c.source.not_in(select(feeds.c.url))
"""The briefs of a feed's episodes stand under its address."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file, under the name "", or one of the episodes in it."""

    source: str
    path: str
    name: str

    @property
    def is_it(self) -> ColumnElement[bool]:
        return and_(
            files.c.source == self.source, files.c.path == self.path, files.c.part == self.name
        )

    @property
    def is_another(self) -> ColumnElement[bool]:
        """Not this part, nor the same path on another machine. A feed is no machine: a guid may be
        any path that there is."""
        machine = files.c.source != self.source
        elsewhere = and_(machine, files.c.path == self.path, OF_FOLDERS)
        return and_(~self.is_it, ~elsewhere)


def briefs_held(db: Connection, source: str, path: str) -> dict[Part, int | None]:
    """The brief of each part that a file had when it was read last."""
    query = select(files.c.part, files.c.brief_id).order_by(files.c.part)
    rows = db.execute(query.where(files.c.source == source, files.c.path == path))
    return {Part(source, path, row.part): row.brief_id for row in rows}


def matched(
    db: Connection, source: str, path: str, read: Sequence[Brief]
) -> list[tuple[Part, Brief]]:
    """Each brief with its part. Where an episode was renamed, or a file of one has several now, a
    part that is not there any more and holds the same words is renamed: its brief stays the same.
    """
    held = briefs_held(db, source, path)
    names = _names(read) if len(read) > 1 else [""] * len(read)
    pairs = [(Part(source, path, name), brief) for name, brief in zip(names, read, strict=True)]
    gone = _Gone(db, {part: held[part] for part in held.keys() - {part for part, _ in pairs}})
    for part, brief in pairs:
        if part not in held and (old := gone.take(brief)):
            db.execute(update(files).where(old.is_it).values(part=part.name))
    return pairs


def _names(read: Sequence[Brief]) -> list[str]:
    """Each once: of several episodes of one title the link and the day tell which it is."""
    keys = [brief.episode_key for brief in read]
    counts = Counter(keys)
    return [
        key if counts[key] == 1 else digest(key, brief.url, str(brief.published or ""))
        for key, brief in zip(keys, read, strict=True)
    ]


class _Gone:
    """The parts that a file has no more, by the words of their briefs: a library of which every
    episode is renamed has thousands, and each is looked up."""

    def __init__(self, db: Connection, parts: Mapping[Part, int | None]) -> None:
        self._left = set(parts)
        self._same: dict[str, deque[Part]] = defaultdict(deque)
        self._shared: dict[str, deque[Part]] = defaultdict(deque)
        for batch in chunks(sorted(parts, key=lambda part: part.name)):
            ids = {part: parts[part] for part in batch}
            fingerprints, words = _held_by(db, set(ids.values()) - {None})
            for part, brief_id in ids.items():
                self._same[fingerprints.get(brief_id, "")].append(part)
                for key in words.get(brief_id, ()):
                    self._shared[key].append(part)

    def take(self, brief: Brief) -> Part | None:
        """The part that is the same brief, or else one that shares an insight with it, the rarest:
        a sentence of every episode tells none of them."""
        if not self._left:
            return None
        keys = (digest(normalise(mention.text)) for mention in brief.mentions)
        shared = filter(None, (self._waiting(self._shared, key) for key in keys))
        same = self._waiting(self._same, brief.fingerprint)
        found = same or min(shared, key=lambda parts: (len(parts), parts[0].name), default=None)
        if not found:
            return None
        self._left.remove(found[0])
        return found[0]

    def _waiting(self, parts: Mapping[str, deque[Part]], key: str) -> deque[Part] | None:
        """From the first that nobody took."""
        found = parts.get(key)
        while found and found[0] not in self._left:
            found.popleft()
        return found


def _held_by(
    db: Connection, ids: Iterable[int | None]
) -> tuple[dict[int | None, str], dict[int | None, list[str]]]:
    """The fingerprint of each of these briefs, and the keys of its insights."""
    query = select(briefs.c.id, briefs.c.fingerprint).where(briefs.c.id.in_(ids))
    fingerprints = {row.id: row.fingerprint for row in db.execute(query)}
    query = (
        select(mentions.c.brief_id, insights.c.key)
        .join(insights, insights.c.id == mentions.c.insight_id)
        .where(mentions.c.brief_id.in_(ids))
    )
    words: dict[int | None, list[str]] = defaultdict(list)
    for row in db.execute(query):
        words[row.brief_id].append(row.key)
    return fingerprints, words
