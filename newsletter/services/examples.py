"""The interests of a reader who names what they liked: insights by id, or brief files."""

from collections.abc import Sequence
from pathlib import Path

from newsletter.composing.rules import Rules
from newsletter.composing.similarity_index import index_of
from newsletter.domain.errors import BriefRejected, UsageError
from newsletter.ingest import parsers
from newsletter.ingest.sources.folder import Folder
from newsletter.ranking.interest.examples import phrases_like
from newsletter.storage import Connection, archive

Example = tuple[Sequence[str], Sequence[str]]
"""Texts and topics."""


def interests_like(
    rules: Rules, examples: Sequence[str], max_bytes: int, boilerplate: Sequence[str]
) -> str:
    """Phrases parted by commas. Raises UsageError for what is no insight, no brief, or says nothing
    that is rare enough to follow."""
    with rules.store.reading() as db:
        index = index_of(db, rules.index_cache, rules.language)
        read = [
            _insight(db, int(example))
            if example.isdecimal()
            else _brief(Folder(Path(example), max_bytes), boilerplate)
            for example in examples
        ]
    texts = [text for each, _ in read for text in each]
    topics = [topic for _, each in read for topic in each]
    phrases = phrases_like(index, texts, topics)
    if not phrases:
        raise UsageError("the example has no word that is rare enough to follow: use --interests")
    return ", ".join(phrases)


def _insight(db: Connection, insight_id: int) -> Example:
    try:
        return [archive.text(db, insight_id)], archive.topics(db, insight_id)
    except KeyError:
        problem = f"there is no insight {insight_id}"
        raise UsageError(f"{problem}: see `newsletter insights search`") from None


def _brief(folder: Folder, boilerplate: Sequence[str]) -> Example:
    if folder.path.is_dir():
        raise UsageError(f"{folder.path} is a folder: name one brief file, or an insight's number")
    for look in folder.look().values():
        try:
            parsed_briefs = parsers.briefs(look.path, folder.read(look), boilerplate)
        except BriefRejected as error:
            raise UsageError(f"{folder.path}: {error.reason}") from error
        leads = [
            quoted for brief in parsed_briefs for quoted in brief.mentions if quoted.role == "lead"
        ]
        topics = [brief.topics for brief in parsed_briefs] + [mention.topics for mention in leads]
        return [mention.text for mention in leads], [topic for each in topics for topic in each]
    raise UsageError(f"{folder.path} is a hidden or an unfinished file, which is skipped")
