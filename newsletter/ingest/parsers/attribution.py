"""Who said it: names below quotes and before what was said, and quotation marks."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.inline import stamped, time_in
from newsletter.ingest.parsers.metadata import names
from newsletter.ingest.parsers.paragraphs import MAX_INSIGHT, clean
from newsletter.ingest.parsers.vocabulary import names_in

_LONGEST_NAME = 80
_SHORTEST_QUOTE = 14
_SPEAKER = re.compile(
    r"(?:\W{0,3}(?:\d{1,3}:)?\d{1,3}:\d\d\W{1,3})?"
    r"(speaker [0-9a-z]{1,2}|sprecher \d{1,2}|unknown speaker|host|guest|interviewer"
    r"|(?-i:[^\W\d_a-z][\w.'’-]{1,20}(?: [^\W\d_a-z][\w.'’-]{0,20}| (?:de|van|von|der|la)){0,4}))"
    r"(?: ?[\[(](?:\d{1,3}:)?\d{1,3}:\d\d[\])])?\s?[:：]\s+(?=\S)",
    re.IGNORECASE,
)
_NAME_ABOVE = re.compile(
    r"(?:Transcript:?[ \t]*\n)?"
    r"([^\W\d_a-z][\w.'’-]{1,20}(?: [^\W\d_a-z][\w.'’-]{0,20}){1,3})[ \t]*\n\S"
)
_NAMELESS = re.compile(r"(?:speaker|sprecher) |unknown|host$|guest$|interviewer$", re.IGNORECASE)
_BEHIND = re.compile(
    r"(?<=[\"”»])(?: ?\(| - (?=[^()]{3,61}$))(?P<name>[^()\d]{3,60})\)?\.?$"
    r"|(?<=[.!?…][\"”»]) (?P<alone>[^\W\d_a-z][\w.'’-]{1,20}(?: [^\W\d_a-z][\w.'’-]{0,20}){1,3})$"
)
NO_SPEAKERS = names_in(
    """
    myth, fact, facts, truth, problem, solution, pro, pros, con, cons, before, after, then, now,
    old, new, cause, effect, question, answer, do, don't, dos, tip, example, lesson, rule, step,
    why, how, what, point, idea, claim, evidence, takeaway, insight, quote, note, warning, good,
    bad, better, mistake, fix, mythos, fakt, fakten, frage, antwort, lösung, früher, heute,
    vorher, nachher, ursache, wirkung"""
)
"""What stands before a colon again and again, and is nobody's name."""
# In a line of its own below the words: "Tomas Lind, 12:34".
_NAME_AND_TIME = re.compile(
    r"([^\W\d_a-z][\w.'’-]{0,20}(?: [^\W\d_a-z][\w.'’-]{0,20}){0,3}),?"
    r" \(?(?:\d{1,2}:)?\d{1,2}:\d\d\)?"
)
_DASHES = "—–―~"
_OPENING, _CLOSING = "\"“„«»‘「『'", "\"”“»«’」』'"


def signed_below(blocks: Sequence[Block]) -> list[Block]:
    """A name alone below a quote ("— Tomas Lind") becomes the last line of the quote."""
    joined: list[Block] = []
    for block in blocks:
        above = joined[-1] if joined else None
        quote = above if above and above.quoted and not above.rule and not block.rule else None
        quote = quote if quote and len(quote.raw) <= MAX_INSIGHT else None
        if quote and (tail := _signature(block, quote)):
            times = (quote.inline.at, block.inline.at, time_in(block.text))
            at = next((time for time in times if time is not None), None)
            words = replace(quote.inline, text=f"{quote.text} — {tail}", at=at)
            joined[-1] = replace(quote, raw=f"{quote.raw}\n— {tail}", inline=words)
            if (placed := _PLACED.match(block.text)) and block.text[placed.end() :].strip():
                joined.append(replace(block, rule="caption"))  # and what somebody thinks of it
        else:
            joined.append(block)
    return joined


def _signature(block: Block, quote: Block) -> str:
    """A name with a time ("Tomas Lind at 12:30."), after a dash, or alone in a list item, where
    "- " is the dash."""
    if not block.quoted and (placed := _PLACED.match(block.text)):
        return _person(placed[1])
    if len(block.text) > _LONGEST_NAME:
        return ""
    if block.quoted and (timed := _NAME_AND_TIME.fullmatch(block.raw.strip())):
        return timed[1]
    tail = block.text.lstrip(_DASHES + "- ")
    named = all(word[0].isupper() or not word[0].isalpha() for word in tail.split())
    dashed = bool(tail) and tail != block.text
    below = (block.depth == 1 and not quote.depth) or block.inline.at is not None
    alone = below and 1 < len(tail.split()) <= 5
    return _person(tail) if dashed or (alone and named) else ""


# A caption: "Tomas Lind at 12:30. I have seen it done."
_PLACED = re.compile(
    r"([^\W\d_a-z][\w.'’-]{0,20}(?: [^\W\d_a-z][\w.'’-]{0,20}){0,3}),? "
    r"(?:(?:at|@) ?|[\[(])(?:[0-9]{1,2}:)?[0-9]{1,3}:[0-9]{2}[\])]?(?:[.,;]|$)"
)
# What somebody explains before or behind the quotation marks: "..." - why it matters.
_GLOSSED = re.compile(
    r"(?:\[[^\[\]]{1,60}\]:? )?[\"“„«]([^\"“”„«»]{4,})[\"”“»](?: [-–—] \S.*)?$", re.DOTALL
)


def speaker_label(block: Block) -> str:
    """Who speaks in it, by a name with a colon, or alone in the line above."""
    plain = block.raw.replace("*", "")
    match = None if block.depth else _NAME_ABOVE.match(plain)
    match = match or _SPEAKER.match(block.text) or _SPEAKER.match(plain)
    label = match[1].casefold() if match else ""
    return "" if label in NO_SPEAKERS else label


def is_dialogue(raw: str) -> bool:
    """A paragraph of lines that begin with names, two of which speak again."""
    lines = raw.replace("*", "").split("\n")
    names = [match[1].casefold() for line in lines if (match := _SPEAKER.match(line))]
    again = [
        name for name, count in Counter(names).items() if count > 1 and name not in NO_SPEAKERS
    ]
    return len(again) > 1 and 2 * len(names) >= len(lines)


def dialogue_speakers(blocks: Sequence[Block]) -> set[str]:
    """The speakers of a conversation that is written out: two or more, who speak again."""
    labels = Counter(
        label for block in blocks if not block.rule and (label := speaker_label(block))
    )
    speaking_again = {label for label, count in labels.items() if count > 1}
    return set(labels) if len(speaking_again) > 1 else set()


def attributed(block: Block, text: str) -> tuple[str, str, int | None]:
    """The words of a quote, who said them and when, where it says so."""
    text = _dashed(text)
    last_line = block.raw.rstrip().rpartition("\n")[2].strip()
    below = time_in(last_line) if _NAME_AND_TIME.fullmatch(last_line) else None
    words, speaker = _signed(text, last_line)
    if not speaker and (label := _SPEAKER.match(text)):
        speaker = "" if _NAMELESS.match(label[1]) else label[1]
        words, below = text[label.end() :], time_in(label[0])
    if not speaker and block.callout and not vocabulary.section(block.callout[1]):
        speaker = _person(block.callout[1]) if is_heading(block.callout[1]) else ""
    if glossed := None if speaker else _GLOSSED.match(words):
        words = glossed[1].strip()
    words, at = stamped(words)
    at = below if at is None else at
    at = time_in(block.callout[1]) if at is None and block.callout else at
    inside = _unquoted(words)
    return (words if inside is None else inside), speaker, at


def _dashed(text: str) -> str:
    """With a dash before a name that stands in brackets, or alone, behind the marks."""
    behind = _BEHIND.search(text)
    return f"{text[: behind.start()]} — {behind['name'] or behind['alone']}" if behind else text


def unlabelled(text: str) -> str:
    """Without "Speaker 2:" in front, by which a machine calls somebody whom it does not know."""
    label = _SPEAKER.match(text)
    return text[label.end() :] if label and _NAMELESS.match(label[1]) else text


def _signed(text: str, last_line: str = "") -> tuple[str, str]:
    """The words before a name at the end: "... in the shop. — Tomas Lind"."""
    if timed := _NAME_AND_TIME.fullmatch(last_line):
        for tail in (timed[0], timed[1]):  # the time may have been taken out
            if text.endswith(tail):
                return text.removesuffix(tail).rstrip(), timed[1]
    own_line = last_line[:1] in {*_DASHES, "-"} and len(last_line) < len(text)
    border = text.rfind(last_line[0]) if own_line else max(map(text.rfind, _DASHES))
    words, tail = text[:border].rstrip(_DASHES + "- "), text[border + 1 :].strip()
    if border < 1 or not words or len(tail) > _LONGEST_NAME:
        return text, ""
    ended = own_line or words[-1] in ".!?…。！？" or words[-1] in _CLOSING
    speaker = _person(tail) if ended else ""
    return (words, speaker) if speaker else (text, "")


def _unquoted(text: str) -> str | None:
    """What stands in the quotation marks around a whole text; None if there are none."""
    bare = text.rstrip(".,")
    if len(bare) < _SHORTEST_QUOTE or bare[0] not in _OPENING or bare[-1] not in _CLOSING:
        return None
    inside = bare[1:-1].strip()
    return None if bare[0] in inside or bare[-1] in inside.replace("’", "") else inside


def _person(text: str) -> str:
    """A name from an attribution: "Tomas Lind, author of ..." is Tomas Lind."""
    people = names(stamped(clean(text).strip("*_()[] "))[0])
    return (
        people[0]
        if (people and people[0][0].isupper()) or (people and not people[0].isascii())
        else ""
    )


def is_quoted(text: str) -> bool:
    """Whether quotation marks stand around all of it, but for a name at its end."""
    return _unquoted(_signed(_dashed(text))[0]) is not None


def is_spoken(text: str) -> bool:
    """A whole name before the words ("Ada Brook: It waits."), or any before a quotation."""
    label = _SPEAKER.match(text)
    named = label and label[1].casefold() not in NO_SPEAKERS and not _NAMELESS.match(label[1])
    return bool(label and named and (" " in label[1] or is_quoted(text[label.end() :])))


def is_signed(text: str) -> bool:
    """Whether it is a sentence in quotation marks with a name behind it; a title ends in no full
    stop: "Bread" – Ada Brook."""
    words, speaker = _signed(_dashed(text))
    inside = _unquoted(words) if speaker else None
    return inside is not None and inside.endswith((".", "!", "?", "…"))


def is_nameless(label: str) -> bool:
    """ "Speaker 2", "Host": what a machine calls somebody whom it does not know."""
    return bool(_NAMELESS.match(label))
