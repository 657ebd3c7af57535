"""The episodes of one file: which brief of the file as it was is which of the file as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, select, update

from newsletter.domain.model import Brief, digest, normalise
from newsletter.storage.schema import brief as briefs
from newsletter.storage.schema import file as files
from newsletter.storage.schema import insight as insights
from newsletter.storage.schema import mention as mentions


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
    names = [brief.episode_key for brief in read] if len(read) > 1 else [""]
    pairs = [(Part(source, path, name), brief) for name, brief in zip(names, read, strict=True)]
    gone = {part: held[part] for part in held.keys() - {part for part, _ in pairs}}
    for part, brief in pairs:
        if gone and part not in held and (old := _same_words(db, gone, brief)):
            db.execute(update(files).where(old.is_it).values(part=part.name))
            del gone[old]
    return pairs


def _same_words(db: Connection, gone: Mapping[Part, int | None], brief: Brief) -> Part | None:
    """The part that is the same brief, or else one that shares an insight with it."""
    same = db.scalar(select(briefs.c.id).where(briefs.c.fingerprint == brief.fingerprint))
    keys = {digest(normalise(mention.text)) for mention in brief.mentions[:_COMPARED]}
    query = (
        select(mentions.c.brief_id)
        .join(insights, insights.c.id == mentions.c.insight_id)
        .where(insights.c.key.in_(keys), mentions.c.brief_id.in_(set(gone.values()) - {None}))
    )
    shared = set(db.scalars(query))
    order = sorted(gone, key=lambda part: (gone[part] != same, part.name))
    return next((part for part in order if gone[part] in shared), None)


_COMPARED = 100
