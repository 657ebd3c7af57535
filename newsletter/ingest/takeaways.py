"""Takeaways that people wrote into the show notes, in HTML or text.

They are the items below a heading such as "Key takeaways" that say something by themselves: a bare
topic ("Why sleep matters"), a link, a call to action and a credit are none. A list of time stamps
is a table of contents; it tells where in the episode a takeaway is heard.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from newsletter.domain.episode import Chapter, Episode
from newsletter.domain.model import Mention
from newsletter.ingest.html_blocks import Block, blocks, is_html
from newsletter.ingest.parsers.boilerplate import is_boilerplate, is_call, is_heading
from newsletter.ingest.parsers.paragraphs import MAX_INSIGHT, MAX_SECONDS, clean
from newsletter.ingest.statements import is_statement
from newsletter.ranking.similarity.terms import terms

_LEARN = r"(?:learn|discover|cover|find out|hear)\b.*"
_HEADING = re.compile(
    r"\W*(?:(?:the|my|our|some|here are (?:the|some|my)|episode|\d+|three|five|ten) )*"
    r"(?:(?:key|main|top|big|biggest|practical|actionable|quick|core|important|major) )*(?:"
    r"(?:take-? ?aways?|take-? ?home(?: (?:points?|messages?))?|points?|insights?|learnings?"
    r"|lessons?|highlights?|ideas?|findings|conclusions?|tl;?dr)"
    r"(?: (?:learned|from|in|of|for|to remember|and|include)\b.*)?"
    rf"|(?:what |things )?(?:you|we|listeners)(?:['’]ll| will) (?:also )?{_LEARN}"
    rf"|(?:in|from) (?:this|today['’]s) \w+,? "
    rf"(?:you(?:['’]ll| will| are going to)|we) (?:\w+ )?{_LEARN}"
    r"|things to remember"
    # German, French, Spanish, Portuguese, Italian, Dutch, Swedish, Japanese
    r"|(?:das |die )?wichtigsten?\b.*|(?:kern|haupt)aussagen|erkenntnisse|das lernst du\b.*"
    r"|(?:les )?(?:points?|idées) (?:clés|importants)|(?:à|ce qu['’]il faut) retenir"
    r"|(?:puntos|ideas|aprendizajes|lecciones)(?: (?:clave|principales))?|lo que aprenderás\b.*"
    r"|(?:principais )?(?:pontos|ideias|aprendizados|lições)(?: \w+)?"
    r"|(?:punti|idee) (?:chiave|principali)|(?:belangrijkste|kern) ?(?:punten|inzichten|lessen)"
    r"|viktigaste \w+|(?:要点|まとめ|ポイント).*)\W*$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"\b(?:learn|discover|find out|hear)\W*$", re.IGNORECASE)
# Before these it is no pronoun: "That bridge stands" names a bridge.
_THAT = re.compile(
    r"that (?=(?:an?|the|this|these|those|it|they|we|you|he|she|there|no|every|each|many|some|your"
    r"|our|their|its|his|her|my) )",
    re.IGNORECASE,
)
_MOST_HEADING_WORDS = 16
_MOST_WORDS_UNLISTED = 40
_BULLET = re.compile(r"\s*(?:[-*+•‣◦·–—▪●✅✔☑➡️👉🔑💡⭐]+|[0-9]{1,2}[.)])\s+")
_TIME = r"(?:([0-9]{1,2}):)?([0-9]{1,3}):([0-5][0-9])"
_STAMP = re.compile(rf"\s*[\[(]?{_TIME}[\])]?\s*[-–—:|]*\s*(?=\S)")
_STAMP_LAST = re.compile(rf"\s*[\[(]{_TIME}[\])]\s*\.?$")
_MOST = 500  # takeaways, and chapters
_SHARED = 2  # words of a chapter's title that its takeaway must have, or all of a shorter one
_SHARE = 0.5
_SMALL_WORDS = frozenset(
    "the and for with how whi what you your are from this that to a of in on is it".split()
)  # as terms


_Titled = tuple[frozenset[str], int]
"""The words of a chapter's title, and where it begins."""


@dataclass(frozen=True, slots=True)
class _Item:
    text: str
    at: int | None = None


def takeaways(episode: Episode) -> tuple[Mention, ...]:
    """In the order of the notes, each once; empty if the notes list none. Linear in the notes: of
    more takeaways or chapters than anybody lists the first are read."""
    notes = _blocks(episode.notes)
    chapters = _titled(islice(episode.chapters or _contents(notes), _MOST))
    speaker = _speaker(episode)
    mentions: dict[str, Mention] = {}
    told = (item for item in _items(notes) if not _is_noise(item.text))
    for item in islice(told, _MOST):
        at = item.at if item.at is not None else _second(item.text, chapters)
        mentions.setdefault(item.text.casefold(), Mention(item.text, "lead", speaker, at))
    return tuple(mentions.values())


def left_out(episode: Episode) -> int:
    """How many items below headings of takeaways say nothing by themselves."""
    return sum(_is_noise(item.text) for item in _items(_blocks(episode.notes)))


def _speaker(episode: Episode) -> str:
    """The one guest where nobody else is named. Who hosts asks, and takeaways are often answers."""
    alone = len(episode.speakers) == 1 and not episode.hosts
    return episode.speakers[0] if alone else ""


def _blocks(notes: str) -> list[Block]:
    """Those of a text are its lines: with a bullet an item."""
    if is_html(notes):
        return [part for block in blocks(notes) for part in _bulleted(block)]
    lines = (Block("paragraph", clean(line)) for line in notes.split("\n"))
    return [part for line in lines if line.text for part in _bulleted(line)]


def _bulleted(block: Block) -> Iterator[Block]:
    match = _BULLET.match(block.text)
    if match and block.role == "paragraph":
        yield Block("item", block.text[match.end() :], block.bold)
    else:
        yield Block(block.role, block.text.lstrip("• "), block.bold)


def _items(notes: Sequence[Block]) -> Iterator[_Item]:
    """What stands below a heading of takeaways, up to the next heading."""
    below, listed, goes_on = False, False, False
    for block in notes:
        if _is_heading(block):
            below, listed = bool(_names_takeaways(block.text)), False
            goes_on = bool(_GOES_ON.search(block.text))
        elif below and listed and block.role == "paragraph":
            below = False
        elif below:
            listed = listed or block.role == "item"
            item = _item(block.text)
            if listed or _is_short(item.text):
                yield replace(item, text=_by_itself(item.text)) if goes_on else item


def _by_itself(text: str) -> str:
    """Without the "that" by which it goes on with its heading ("You will learn: that a ...")."""
    match = _THAT.match(text)
    return text[match.end()].upper() + text[match.end() + 1 :] if match else text


def _is_short(text: str) -> bool:
    """As an item is; a longer paragraph tells what the episode is about."""
    return len(text.split()) <= _MOST_WORDS_UNLISTED


def _is_heading(block: Block) -> bool:
    if block.role == "heading" or _names_takeaways(block.text):
        return True
    alone = block.role == "paragraph" and not _STAMP.match(block.text)
    return alone and (block.text.endswith(":") or block.bold) and is_heading(block.text)


def _names_takeaways(text: str) -> bool:
    """A whole sentence does not: "In this episode you'll learn how to sleep." is prose."""
    short = len(text.split()) <= _MOST_HEADING_WORDS
    return short and not text.endswith((".", "!", "?")) and bool(_HEADING.match(text))


def _item(text: str) -> _Item:
    """Without the time stamp at its start or end."""
    for pattern in (_STAMP, _STAMP_LAST):
        match = pattern.match(text) if pattern is _STAMP else pattern.search(text)
        if match:
            rest = text[: match.start()] + text[match.end() :]
            return _Item(clean(rest), _seconds(match))
    return _Item(clean(text))


def _seconds(match: re.Match[str]) -> int:
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return min(hours * 3600 + minutes * 60 + seconds, MAX_SECONDS)


def _is_noise(text: str) -> bool:
    if len(text) > MAX_INSIGHT or is_boilerplate(text, heading=False) or is_call(text):
        return True
    return not is_statement(text)


def _contents(notes: Sequence[Block]) -> Iterator[Chapter]:
    """The chapters that the notes list: "12:34 Title"."""
    for block in notes:
        if (match := _STAMP.match(block.text)) and match.end() < len(block.text):
            yield Chapter(_seconds(match), block.text[match.end() :])


def _titled(chapters: Iterable[Chapter]) -> list[_Titled]:
    return [(frozenset(terms(each.title)) - _SMALL_WORDS, each.start) for each in chapters]


def _second(text: str, chapters: Sequence[_Titled]) -> int | None:
    """Where the one chapter begins whose title the takeaway is about."""
    stems = frozenset(terms(text))
    fits = [(_fit(stems, about), -start) for about, start in chapters]
    best = max(fits, default=(0.0, 0))
    return -best[1] if best[0] else None


def _fit(stems: frozenset[str], about: frozenset[str]) -> float:
    shared = len(about & stems)
    enough = shared >= min(_SHARED, len(about)) and shared >= _SHARE * len(about)
    return shared / len(about) + shared if about and enough else 0.0
