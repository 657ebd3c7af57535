"""Parsers of brief files: a module for each format, and its line in PARSERS."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import PurePath

from newsletter.domain.errors import BriefRejected, NoInsight
from newsletter.domain.model import Brief, Dropped
from newsletter.ingest.parsers.file_names import by_its_file
from newsletter.ingest.parsers.inline import time_in_url
from newsletter.ingest.parsers.its_links import by_its_links
from newsletter.ingest.parsers.paragraphs import Page, Paragraph, all_dropped, judge, sift

PARSERS: Mapping[str, str] = {
    ".txt": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".json": "json",
    ".jsonl": "json_lines",
    ".ndjson": "json_lines",
    ".csv": "csv",
    ".tsv": "csv",
    ".html": "html",
    ".htm": "html",
    ".org": "org",
    ".opml": "outlines",
    ".enex": "evernote",
}
"""The module with ``read(text) -> Iterable[Page]`` for each suffix; loaded when a file needs it."""
SUFFIXES = tuple(PARSERS)

_AS_TEXT = "save or export it as Markdown, HTML or plain text, and put that in"
_INSTEAD = {
    **dict.fromkeys((".doc", ".docx", ".odt", ".rtf", ".pages"), f"a text document: {_AS_TEXT}"),
    **dict.fromkeys((".pdf", ".epub", ".adoc", ".asciidoc", ".one"), _AS_TEXT),
    **dict.fromkeys((".xls", ".xlsx", ".ods", ".numbers"), "a spreadsheet: export it as CSV"),
    **dict.fromkeys((".zip", ".gz", ".tar", ".7z", ".rar"), "an archive: unpack it in the inbox"),
    **dict.fromkeys(
        (".vtt", ".srt"), "a transcript: `newsletter sources add` reads it with its feed"
    ),
}
_TOO_DEEP = "nested too deeply to be a brief"
_OTHER_ENCODINGS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"), (b"\0\0\xfe\xff", "UTF-32"))


def briefs(name: str, data: bytes, phrases: Sequence[str] = ()) -> tuple[Brief, ...]:
    """Read a file by the suffix of its name: a brief for each episode that it tells of.

    Raises BriefRejected with the reason and the line. ``phrases`` are the operator's own
    boilerplate, with ``*`` for any text: a paragraph that consists of one of them is no insight.
    """
    read: list[Brief] = []
    rest: tuple[Dropped, ...] = ()
    pages = _pages(name, data)
    for page in pages:
        mentions, dropped = sift(page.paragraphs, phrases)
        if mentions:
            read.append(
                replace(page.about, mentions=mentions, dropped=page.about.dropped + dropped)
            )
        else:
            rest += page.about.dropped + dropped
    if not read:
        talk = sum(each.rule == "transcript" for page in pages for each in page.paragraphs)
        raise NoInsight(f"no insight in it{all_dropped(len(rest), talk)}")
    return (replace(read[0], dropped=read[0].dropped + rest), *read[1:])


def explain(name: str, data: bytes, phrases: Sequence[str] = ()) -> list[Page]:
    """What the file says of each episode, with the verdict and the rule of each paragraph.

    Raises BriefRejected, also where there is no paragraph at all.
    """
    pages = [
        replace(page, paragraphs=list(judge(page.paragraphs, phrases)))
        for page in _pages(name, data)
    ]
    if not pages:
        raise BriefRejected(f"no insight in it{all_dropped(0)}")
    head = _front_matter(name, data)
    return [replace(pages[0], paragraphs=[*head, *pages[0].paragraphs]), *pages[1:]]


def _front_matter(name: str, data: bytes) -> list[Paragraph]:
    """Its lines, which are nothing that is dropped: they say what the file is about."""
    if PARSERS.get(PurePath(name).suffix.lower()) != "markdown":
        return []
    listed: Callable[[str], list[Paragraph]] = import_module(f"{__name__}.front_matter").listed
    return listed(_decode(data))


def _pages(name: str, data: bytes) -> list[Page]:
    """Each with all its paragraphs read; an episode that is told twice is one page."""
    try:
        pages = [replace(page, paragraphs=list(page.paragraphs)) for page in _read(name, data)]
    except RecursionError as error:
        raise BriefRejected(_TOO_DEEP) from error
    merged = [by_its_links(_joined(same)) for same in _told(pages)]
    return [by_its_file(page, PurePath(name)) for page in merged] if len(merged) == 1 else merged


def _told(pages: Sequence[Page]) -> Iterable[Sequence[Page]]:
    """The pages of each episode. Two of one title are two where their links or their days differ,
    as those of a month may ("Headlines"); one that says neither goes on with the last."""
    told: dict[tuple[str, str, date | None], list[Page]] = {}
    last: dict[str, list[Page]] = {}
    for page in pages:
        about, key = page.about, page.about.episode_key
        before = last.get(key)
        if before is None or _is_another(before[0].about, about):
            before = told.setdefault((key, about.url, about.published), [])
        last[key] = before
        before.append(page)
    return told.values()


def _is_another(one: Brief, other: Brief) -> bool:
    if not one.episode:
        return False
    links = [link for link in (one.url, other.url) if link and time_in_url(link) is None]
    if len(links) > 1:
        return links[0] != links[1]
    days = filter(None, (one.published, other.published))
    return len(set(days)) > 1


def _joined(same: Sequence[Page]) -> Page:
    """With all that its pages tell, and of an episode also the speakers that only one names."""
    about = same[0].about
    named = [page.about.speakers for page in same if page.about.speakers and about.episode]
    about = replace(about, speakers=about.speakers or next(iter(named), ()))
    told = [each for page in same for each in page.paragraphs]
    return replace(same[0], about=about, paragraphs=told)


def _read(name: str, data: bytes) -> Iterable[Page]:
    suffix = PurePath(name).suffix.lower()
    if suffix not in PARSERS:
        wanted = _INSTEAD.get(suffix, f"its name must end in {', '.join(SUFFIXES)}")
        raise BriefRejected(f"no brief file: {wanted}")
    text = _decode(data)
    if not text.strip():
        raise BriefRejected("the file is empty")
    read: Callable[[str], Iterable[Page]] = import_module(f"{__name__}.{PARSERS[suffix]}").read
    return read(text)


def _decode(data: bytes) -> str:
    """Unicode text whose lines end in a newline alone."""
    if data.startswith(b"PK\x03\x04"):
        raise BriefRejected(f"an archive or an office document: unpack it, or {_AS_TEXT}")
    for mark, encoding in _OTHER_ENCODINGS:
        if data.startswith(mark):
            raise BriefRejected(f"the encoding is {encoding}: save the file as UTF-8")
    if b"\0" in data:
        reason = f"binary: a NUL byte is no text; {_AS_TEXT}"
        raise BriefRejected(reason, _line(data, data.index(b"\0")))
    try:
        page = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = data[error.start]
        reason = f"byte 0x{byte:02X} is not UTF-8: save the file as UTF-8"
        raise BriefRejected(reason, _line(data, error.start)) from error
    return page.replace("\r\n", "\n").replace("\r", "\n")


def _line(data: bytes, position: int) -> int:
    before = data[:position].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1
