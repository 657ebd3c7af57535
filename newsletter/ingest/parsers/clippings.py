"""Clippings of an e-reader, between lines of =: a title, a line on the place, the words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from newsletter.domain.model import Brief
from newsletter.ingest.parsers.boilerplate import is_cjk
from newsletter.ingest.parsers.inline import time_in
from newsletter.ingest.parsers.metadata import names, title
from newsletter.ingest.parsers.paragraphs import Page, Paragraph, clean

_RULER = re.compile(r"^={8,}[ \t]*$", re.MULTILINE)
_FEW = 2  # words
_ABOUT = re.compile(r"- \S")
_AUTHOR = re.compile(r"(.*\S)\s*\(([^()]+)\)$")
_NO_WORDS = re.compile(
    r"\b(?:note|bookmark|notiz|lesezeichen|nota|signet|marcador)\b", re.IGNORECASE
)
_TIME = re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?")

Line = tuple[int, str]


def recognises(text: str) -> bool:
    if not _RULER.search(text):
        return False
    entries = list(_entries(text))
    return bool(entries) and all(len(lines) > 1 and _ABOUT.match(lines[1][1]) for lines in entries)


def pages(text: str) -> list[Page]:
    """A page for each title, in the order of the file."""
    told = sorted(enumerate(_entries(text)), key=lambda entry: entry[1][0][1])
    groups = [list(group) for _, group in groupby(told, key=lambda entry: entry[1][0][1])]
    return [_page([lines for _, lines in group]) for group in sorted(groups)]


def _entries(text: str) -> Iterator[list[Line]]:
    entry: list[Line] = []
    for number, line in enumerate(text.split("\n"), 1):
        if _RULER.match(line):
            yield entry
            entry = []
        elif line.strip():
            entry.append((number, clean(line)))
    if entry:
        yield entry


def _page(entries: Sequence[Sequence[Line]]) -> Page:
    match = _AUTHOR.match(entries[0][0][1])
    name, author = (match[1], match[2]) if match else (entries[0][0][1], "")
    about = replace(Brief(()), episode=title(name))
    if any(_TIME.search(_place(lines)) for lines in entries):  # of a show, and not of a book
        about = replace(about, podcast=title(author))
    else:
        about = replace(about, speakers=tuple(names(author)))
    return Page(about, [each for lines in entries for each in _said(lines)], "clippings")


def _place(lines: Sequence[Line]) -> str:
    """Without the day on which it was marked."""
    return lines[1][1].partition("|")[0] if len(lines) > 1 else ""


def _said(lines: Sequence[Line]) -> Iterator[Paragraph]:
    place = _place(lines)
    for number, line in lines[:2]:
        yield Paragraph(number, line, verdict="metadata", rule="field")
    if len(lines) > 2:
        text, mine = " ".join(line for _, line in lines[2:]), bool(_NO_WORDS.search(place))
        at = time_in(place) if _TIME.search(place) else None
        said = Paragraph(lines[2][0], text, at=at, origin="quote", rule="clipping", heading=False)
        rule = "personal note" if mine else "too short" if len(text.split()) <= _FEW else ""
        rule = "" if rule == "too short" and is_cjk(text) else rule
        yield replace(said, verdict="noise", rule=rule) if rule else said
