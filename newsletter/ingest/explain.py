"""One file, paragraph by paragraph: what is made of each, and by which rule. Changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.domain.errors import BriefRejected, UsageError
from newsletter.domain.model import Brief
from newsletter.ingest import parsers
from newsletter.ingest.parsers.paragraphs import Paragraph
from newsletter.ingest.sources.folder import Folder


@dataclass(frozen=True, slots=True)
class Explained:
    """``reason`` is why the file would be rejected; None where it would be read."""

    path: str
    dialect: str
    about: Brief
    paragraphs: Sequence[Paragraph]
    reason: str | None = None
    line: int | None = None


def explain_file(folder: Folder, phrases: Sequence[str]) -> Explained:
    """Raises UsageError where the path is no single file that can be listed."""
    if folder.path.is_dir():
        raise UsageError(f"{folder.path} is a folder: name one file")
    look = next(iter(folder.look().values()), None)
    if look is None:
        raise UsageError(f"{folder.path} is a hidden or an unfinished file, which is skipped")
    about, dialect, paragraphs = Brief(()), "", list[Paragraph]()
    try:
        data = folder.read(look)
        dialect, about, paragraphs = parsers.explain(look.path, data, phrases)
        parsers.parse(look.path, data, phrases)
    except BriefRejected as error:
        return Explained(look.path, dialect, about, paragraphs, error.reason, error.line)
    return Explained(look.path, dialect, about, paragraphs)
