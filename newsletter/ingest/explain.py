"""One file, paragraph by paragraph: what is made of each, and by which rule. Changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.domain.errors import BriefRejected, UsageError
from newsletter.ingest import parsers
from newsletter.ingest.parsers.paragraphs import SAYS_WHY, Page, Paragraph
from newsletter.ingest.sources.folder import Folder


@dataclass(frozen=True, slots=True)
class Explained:
    """A page for each episode. ``reason`` is why the file would be rejected."""

    path: str
    pages: Sequence[Page]
    reason: str | None = None
    line: int | None = None

    @property
    def dialect(self) -> str:
        return next((page.dialect for page in self.pages if page.dialect), "")

    @property
    def paragraphs(self) -> list[Paragraph]:
        """Those of all pages, as they stand in the file."""
        return sorted((each for page in self.pages for each in page.paragraphs), key=_line)


def _line(paragraph: Paragraph) -> int:
    return paragraph.line


def explain_file(folder: Folder, phrases: Sequence[str]) -> Explained:
    """Raises UsageError where the path is no single file that can be listed."""
    if folder.path.is_dir():
        raise UsageError(f"{folder.path} is a folder: name one file")
    look = next(iter(folder.look().values()), None)
    if look is None:
        raise UsageError(f"{folder.path} is a hidden or an unfinished file, which is skipped")
    pages: list[Page] = []
    try:
        data = folder.read(look)
        pages = parsers.explain(look.path, data, phrases)
        parsers.briefs(look.path, data, phrases)
    except BriefRejected as error:
        return Explained(look.path, pages, error.reason.removesuffix(SAYS_WHY), error.line)
    return Explained(look.path, pages)
