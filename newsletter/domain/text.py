"""First sentence, headline, wrapped paragraph and reading time of a text."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache, lru_cache
from math import ceil

_CLOSING = "、。，．！？；：」』）】》〉…"
_WIDE = (
    "\u1100-\u115f\u2e80-\u303f\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f"
    "\uff01-\uff60\uffe0-\uffe6\U00020000-\U0003fffd"
)
_UNEVEN = re.compile("[^\u0000-\u02ff\u2010-\u2027]")  # may take two columns, or none

_SENTENCE_END = re.compile(
    r"""(?<![.!?…؟۔।])[.!?…؟۔।]++["'”’»)\]]*+(?=\s) | [。！？]+["'”’」』）]*""",
    re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"(?:[^\W\d_]\.)*[^\W\d_]"
    r"|mrs?|ms|dr|prof|st|vs|inc|ltd|jr|sr|gen|sen|rep|gov|fig|approx"
    r"|jan|feb|aug|sept?|oct|nov|dec",
    re.IGNORECASE,
)

_WORDS_PER_MINUTE = 220


@lru_cache(maxsize=4096)
def first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence; "U.S.", "3.5" and "Dr." do not."""
    return first_and_rest(text)[0]


@lru_cache(maxsize=4096)
def first_and_rest(text: str) -> tuple[str, str]:
    """The first sentence and the rest, with single spaces."""
    line = " ".join(text.split())
    end = next(sentence_ends(line), len(line))
    return line[:end], line[end:].lstrip()


def sentence_ends(line: str) -> Iterator[int]:
    """Where the sentences of a text with single spaces end, but for the last one."""
    ends = _SENTENCE_END.finditer(line)
    return (end.end() for end in ends if end.end() < len(line) and _ends_here(line, end))


def _ends_here(line: str, end: re.Match[str]) -> bool:
    if not line[end.end() : end.end() + 1].isspace():
        return True
    if line[end.end() + 1].islower():
        return False
    word = line[line.rfind(" ", 0, end.start()) + 1 : end.start()]
    return end[0][0] != "." or not _ABBREVIATION.fullmatch(word.lstrip("(\"'“‘["))


@lru_cache(maxsize=4096)
def headline(text: str, limit: int) -> str:
    """At most ``limit`` characters, cut between words, without a comma or full stop at the end."""
    line = " ".join(text.split())
    if len(line) > limit:
        return _bare(line[: _border(line, limit - 1)]) + "…"
    bare = _bare(line)
    return bare + "…" * ("…" in line[len(bare) :])


@lru_cache(maxsize=4096)
def clause(text: str, limit: int) -> str:
    """A sentence whole, or its main clause, in at most ``limit`` columns; "" where neither fits.

    Never cut within a phrase: a clause ends at a colon, a semicolon, a dash or a comma before a
    conjunction. What depends on the rest of its sentence ("When ...") is none, nor is what the
    rest takes back ("..., but").
    """
    line = _bare(" ".join(text.split()))
    if _fits(line, limit):
        return line
    if _DEPENDENT.match(line):
        return ""
    clauses = (line[: border.start()] for border in _CLAUSE_END.finditer(line) if _ends(border))
    whole = [each for each in clauses if limit // 3 <= _columns(each) and _fits(each, limit)]
    return _bare(whole[-1]) if whole and not _HALF_OPEN.search(whole[-1]) else ""


def _fits(line: str, limit: int) -> bool:
    """In characters too: marks that stand on a letter take no column, and may be without end."""
    return _columns(line) <= limit and len(line) <= 2 * limit


def _ends(border: re.Match[str]) -> bool:
    """Not so the comma before the last "and" of a list."""
    return (
        border[0] != "," or border["listing"] is None or "," not in border.string[: border.start()]
    )


_CLAUSE_END = re.compile(
    r"[:;](?=\s) | \s[–—]\s | ——? | [；：] | ，(?:而|所以|因为|因為)"
    r"| ,(?=\s(?:(?P<listing>and)|so|because|while"
    r"|weil|denn|car|tandis|porque|mientras)\s)",
    re.VERBOSE,
)
_DEPENDENT = re.compile(
    r"(?:when|if|while|because|although|though|since|as|after|before|unless|once|until|whether"
    r"|wenn|weil|obwohl|während|nachdem|bevor|quand|si|lorsque|parce|cuando|aunque|porque)\s",
    re.IGNORECASE,
)
_HALF_OPEN = re.compile(r"\([^)]*$ | “[^”]*$ | „[^“]*$ | «[^»]*$", re.VERBOSE)


def _border(line: str, limit: int) -> int:
    """Where to cut: at a space; without spaces never within a combined letter or a joined emoji."""
    border = line.rfind(" ", 0, limit + 1)
    if border >= limit // 2:
        return border
    while limit > 1 and (_joins(line[limit]) or line[limit - 1] == "\u200d"):
        limit -= 1
    return limit


def _joins(letter: str) -> bool:
    skin = "\U0001f3fb" <= letter <= "\U0001f3ff"
    return letter == "\u200d" or skin or unicodedata.category(letter).startswith("M")


def _bare(line: str) -> str:
    """Without the punctuation that no headline ends in."""
    while (shorter := _without_stop(line.rstrip(" ,;:–—-([“‘、，；：…"))) != line:
        line = shorter
    return line


def _without_stop(line: str) -> str:
    """Remove a full stop at the end; those of "U.S." and "..." stay."""
    last_word = line[line.rfind(" ") + 1 :]
    return line.removesuffix("." if "." not in last_word[:-1] else "").removesuffix("。")


@lru_cache(maxsize=4096)
def wrap(text: str, indent: str = "", mark: str = "", width: int = 72) -> str:
    """One paragraph in lines of at most ``width`` columns, wide characters counting two.

    ``mark`` begins the first line, and the other lines are indented by its width. A word longer
    than a line (a link) gets a line of its own; text without spaces (Chinese, Japanese) breaks
    between characters.
    """
    margin = indent + " " * _columns(mark)
    wanted = width - len(margin)
    lines = _lines(text, wanted) if _UNEVEN.search(text) else _even_lines(text, wanted)
    return "\n".join(
        (margin if place else indent + mark) + line for place, line in enumerate(lines)
    )


def _even_lines(text: str, width: int) -> list[str]:
    """For text in which every letter takes one column: much faster, and nearly all text is so."""
    return _fitting(width).findall(" ".join(text.split()))


@lru_cache(maxsize=64)
def _fitting(width: int) -> re.Pattern[str]:
    return re.compile(rf"\S.{{0,{max(0, width - 1)}}}(?!\S)|\S+")


def _units(text: str) -> list[tuple[str, str, str]]:
    """The space before each word or wide character, that unit, and the character if it is one."""
    return _unit().findall(text)


@cache
def _unit() -> re.Pattern[str]:
    """Compiled when it is needed: a set of so many letters takes milliseconds."""
    return re.compile(f"(\\s*)(([{_WIDE}])[{_CLOSING}]*|[^\\s{_WIDE}]+[{_CLOSING}]*)")


def _lines(text: str, width: int) -> list[str]:
    lines: list[str] = []
    used = 0
    for space, unit, _ in _units(text):
        gap = " " if space and lines else ""
        columns = len(gap) + _columns(unit)
        if not lines or used + columns > width:
            lines.append(unit)
            used = _columns(unit)
        else:
            lines[-1] += gap + unit
            used += columns
    return lines


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(
        2 if unicodedata.east_asian_width(letter) in "WF" else not unicodedata.combining(letter)
        for letter in text
    )


def minutes(texts: Iterable[str]) -> int:
    """The reading time, at least 1: 220 words, or 440 Chinese or Japanese characters, a minute."""
    return max(1, ceil(sum(map(_words, texts)) / _WORDS_PER_MINUTE))


@lru_cache(maxsize=4096)
def _words(text: str) -> float:
    return sum(0.5 if wide else 1.0 for _, _, wide in _units(text))


def day_month(day: date) -> str:
    """Such as "14 March", for the operator: the year is known."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def counted(count: int, noun: str) -> str:
    """Such as "1 brief", "1,024 briefs" or "2 deliveries"."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("ry") else f"{count:,} {noun}s"


_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def clock(seconds: int) -> str:
    """754 -> "12:34", 3723 -> "1:02:03"."""
    hours, remainder = divmod(seconds, 3600)
    minutes = f"{remainder // 60}:{remainder % 60:02}"
    return f"{hours}:{minutes:0>5}" if hours else minutes
