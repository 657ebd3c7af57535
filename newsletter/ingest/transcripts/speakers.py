"""Who speaks, where a line begins with a name and a colon."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from newsletter.ingest.transcripts.turns import Turn

_LABEL = re.compile(r"\s*([^\W\d_](?:[\w.,'’&/()#-]| (?=\S)){0,49}):(?=\s|$)\s*")
_MOST_WORDS = 5
_SMALL = frozenset("of de da di du del van von der den la le el the and & bin al y".split())
_NO_NAMES = frozenset(
    """note tip warning example question answer step summary update spoiler reminder caution fact
    myth rule lesson point first second third option number remember imagine result transcript
    title date episode""".split()
)


def label(line: str) -> tuple[str, str]:
    """The name before the colon, if it may be one, and the rest; or "" and the line."""
    match = _LABEL.match(line)
    if not match or not may_be_name(match[1]):
        return "", line
    return match[1].strip(), line[match.end() :]


def may_be_name(words: str) -> bool:
    parts = words.split()
    if not 0 < len(parts) <= _MOST_WORDS or parts[0].lower() in _NO_NAMES:
        return False
    return all(part[0].isupper() or part[0] in "(#0123456789" or part in _SMALL for part in parts)


def speakers_of(labels: Sequence[str]) -> frozenset[str]:
    """Those that come twice, or all if most lines have one; or the only one, if it comes first."""
    counted = Counter(filter(None, labels))
    if 2 * counted.total() > len(labels):
        return frozenset(counted)
    twice = frozenset(name for name, times in counted.items() if times > 1)
    return twice or frozenset(filter(None, labels[:1]))


def labelled(turns: Sequence[Turn]) -> Iterator[Turn]:
    """Turns whose text begins with a speaker's name have it taken out; it stays until the next."""
    labels = [label(turn.text) for turn in turns]
    names = speakers_of([name for name, _ in labels])
    current = ""
    for turn, (name, rest) in zip(turns, labels, strict=True):
        if turn.speaker or not names:
            yield turn
        elif name in names:
            current = name
            yield replace(turn, text=rest, speaker=current, new=True)
        else:
            yield replace(turn, speaker=current)
