"""From what a file holds (captions, lines, paragraphs) to segments of one sentence each."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from newsletter.domain.episode import Segment
from newsletter.domain.text import sentence_ends
from newsletter.ingest.parsers.paragraphs import MAX_SECONDS, clean, name_of

_LETTERS_PER_SECOND = 15.0  # of speech, where no time says when a turn ends
_SLOWEST = 8.0  # a turn that is over long before the next one begins
_LONGEST = 1_000  # letters without the end of a sentence, as in captions made by machines

_BRACKETED = re.compile(r"[\[(]([^\[\]()\n]{1,60})[\])]|\*([^*\n]{1,40})\*|[♪♫][^♪♫\n]{0,300}[♪♫]?")
_SOUND = re.compile(
    r"""\b(?:music|applau\w+|laugh\w*|chuckl\w+|giggl\w+|sigh\w*|cough\w*|cheer\w*|crowd|audience
    |silence|pause\w*|cross-?talk|overlapping|gasp\w*|sniff\w*|claps?|clapping|clears?|jingle|theme
    |sound\w*|noise|beep\w*|bell|phone\w?ring\w*|intro|outro|ad\ break|boos?|musik|musique|música
    |gelächter|lachen|applaus\w*|rires|risas|aplausos)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_SOUND_WORDS = 6
_CUT = "\ufffc"  # where a sound was, until it is known whether that is within a sentence
_CUTS = re.compile(rf"[ {_CUT}]*{_CUT}[ {_CUT}]*")


@dataclass(frozen=True, slots=True)
class Turn:
    """A caption or a paragraph. ``start`` and ``end`` are seconds, None where not known.

    ``new``: nothing before it belongs to its first sentence, whoever speaks.
    """

    text: str
    start: float | None = None
    end: float | None = None
    speaker: str = ""
    new: bool = False


def segments(turns: Iterable[Turn]) -> tuple[Segment, ...]:
    timed = _timed(list(_spoken(turns)))
    return tuple(segment for run in _runs(timed) for segment in _sentences(run))


def _spoken(turns: Iterable[Turn]) -> Iterator[Turn]:
    """What is said, and where sounds were; a sound alone is nobody's, so it ends no turn."""
    speaker = ""
    for turn in turns:
        text = _without_sounds(turn.text)
        if _is_speech(text):
            speaker = name_of(turn.speaker)
            yield replace(turn, text=text, speaker=speaker)
        elif _CUT in text:
            yield replace(turn, text=_CUT, speaker=speaker, new=False)


def _is_speech(text: str) -> bool:
    return any(map(str.isalnum, text))


def _without_sounds(text: str) -> str:
    """Without "[Music]", "(laughter)" and "♪ ... ♪"; other words in brackets stay."""
    return clean(_BRACKETED.sub(_unless_sound, text))


def _unless_sound(match: re.Match[str]) -> str:
    words = match[1] or match[2]
    sound = words is None or (len(words.split()) <= _SOUND_WORDS and _SOUND.search(words))
    return f" {_CUT} " if sound else match[0]


def _marked(sentence: str) -> str:
    """A sound within a sentence leaves "…": what stands around it need not belong together."""
    return clean(_CUTS.sub(" … ", sentence.strip(f" {_CUT}")))


def _timed(turns: Sequence[Turn]) -> list[Turn]:
    """Every turn with a start and an end: in between, as long as its text is."""
    if not any(turn.start is not None for turn in turns):
        return [replace(turn, start=0.0, end=0.0) for turn in turns]
    starts = _starts(turns)
    after = [*starts[1:], starts[-1] + len(turns[-1].text) / _LETTERS_PER_SECOND]
    return [
        replace(turn, start=start, end=_end(turn, start, following))
        for turn, start, following in zip(turns, starts, after, strict=True)
    ]


def _end(turn: Turn, start: float, following: float) -> float:
    slowly = start + len(turn.text) / _SLOWEST
    end = turn.end if turn.end is not None and turn.end > start else min(following, slowly)
    return min(max(start, end), MAX_SECONDS)


def _starts(turns: Sequence[Turn]) -> list[float]:
    """A turn without a time begins where the text before it, read at an even pace, is over."""
    known = [place for place, turn in enumerate(turns) if turn.start is not None]
    starts = [0.0] * len(turns)
    latest = 0.0
    for place in known:
        latest = starts[place] = min(max(latest, turns[place].start or 0.0), MAX_SECONDS)
    for begin, end in pairwise([-1, *known, len(turns)]):
        _fill(starts, turns, begin, end)
    return starts


def _fill(starts: list[float], turns: Sequence[Turn], begin: int, end: int) -> None:
    """Between the known places ``begin`` and ``end``, of which either may lie outside."""
    first = max(begin, 0)
    letters = sum(len(turn.text) for turn in turns[first:end]) or 1
    at = starts[begin] if begin >= 0 else 0.0
    pace = (starts[end] - at) / letters if end < len(turns) else 1 / _LETTERS_PER_SECOND
    for place in range(first, end):
        starts[place] = min(at, MAX_SECONDS)
        at += len(turns[place].text) * pace


def _runs(turns: Sequence[Turn]) -> Iterator[list[Turn]]:
    """What one speaker says in one go."""
    run: list[Turn] = []
    for turn in turns:
        if run and (turn.new or turn.speaker != run[-1].speaker):
            yield run
            run = []
        run.append(turn)
    if run:
        yield run


def _sentences(run: Sequence[Turn]) -> Iterator[Segment]:
    text = " ".join(turn.text for turn in run)
    offsets = [0]
    for turn in run:
        offsets.append(offsets[-1] + len(turn.text) + 1)

    def second(letter: int) -> float:
        place = min(bisect_right(offsets, letter) - 1, len(run) - 1)
        start, end = run[place].start or 0.0, run[place].end or 0.0
        share = (letter - offsets[place]) / max(1, len(run[place].text))
        return round(start + (end - start) * min(share, 1.0), 2)

    gap = False
    for begin, end in _spans(text):
        said = text[begin:end].strip()
        gap = gap or said.startswith(_CUT)
        if _is_speech(said):
            yield Segment(second(begin), second(end - 1), _marked(said), run[0].speaker, gap)
            gap = said.endswith(_CUT)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for end in [*sentence_ends(text), len(text)]:
        while end - begin > _LONGEST and (cut := text.rfind(" ", begin + 1, begin + _LONGEST)) > 0:
            yield begin, cut
            begin = cut + 1
        if end > begin:
            yield begin, end
        begin = end + 1 if text[end : end + 1] == " " else end
