"""From an hour of transcript to quotes: captions as a feed has them, read, cleaned and judged."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count, cycle
from pathlib import Path

from benchmarks.measure import Figures, Table, apart, in_turns, times, watch
from newsletter.domain.episode import Episode, Segment
from newsletter.domain.text import sentence_ends
from newsletter.ingest.parsers import briefs as read
from newsletter.ingest.quotes import quotes
from newsletter.ingest.transcripts import parse_transcript
from newsletter.resources import resource

_WORDS_A_MINUTE = 160
_CAPTION = 8  # words
_ASKED = "What do you make of it, and how did it come about?"
_TURN = 12  # sentences between two questions
_EPISODE = Episode("g", "An hour", speakers=("Ines Okoro", "Tom Vale"))


@dataclass(frozen=True)
class Scale:
    """How long the talk is."""

    minutes: int = 60
    runs: int = 5


FULL = Scale()
QUICK = Scale(minutes=6, runs=1)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:  # noqa: ARG001
    ways = {name: partial(apart, work, scale.minutes) for name, work in _WAYS.items()}
    measured = in_turns(ways, scale.runs)
    yield Table(
        f"quotes: {scale.minutes} minutes of talk",
        ("step", "CPU", "times faster than speech", "memory at most"),
        [
            (
                name,
                f"{figures['cpu']:.2f} s",
                times(scale.minutes * 60 / figures["cpu"]),
                f"{figures['peak']:.0f} MB",
            )
            for name, figures in measured.items()
        ],
    )


def reading(minutes: int) -> Figures:
    """Captions to segments."""
    return _timed(parse_transcript, captions(minutes))


def quoting(minutes: int) -> Figures:
    """Segments to quotes."""
    return _timed(_quoted, parse_transcript(captions(minutes)))


def both(minutes: int) -> Figures:
    return _timed(lambda data: _quoted(parse_transcript(data)), captions(minutes))


def _timed(work: Callable[..., object], data: object) -> Figures:
    with watch() as taken:
        work(data)
    return {"cpu": taken.cpu}


def _quoted(segments: tuple[Segment, ...]) -> object:
    return quotes(segments, _EPISODE)


def captions(minutes: int) -> bytes:
    """WebVTT of a guest who says what the bundled samples say, and a host who asks now and then."""
    lines = ["WEBVTT", ""]
    second = 0.0
    for speaker, sentence in _talk():
        words = sentence.split()
        for begin in range(0, len(words), _CAPTION):
            shown = words[begin : begin + _CAPTION]
            end = second + len(shown) * 60 / _WORDS_A_MINUTE
            lines += [f"{_clock(second)} --> {_clock(end)}", f"<v {speaker}>{' '.join(shown)}", ""]
            second = end
        if second > minutes * 60:
            break
    return "\n".join(lines).encode()


def _talk() -> Iterator[tuple[str, str]]:
    host, guest = _EPISODE.speakers[1], _EPISODE.speakers[0]
    for number, sentence in zip(count(), cycle(_sentences())):
        if number % _TURN == 0:
            yield host, _ASKED
        yield guest, sentence


def _sentences() -> list[str]:
    paths = sorted(resource("samples").glob("day-*/*"))
    briefs = (brief for path in paths for brief in read(path.name, path.read_bytes()))
    texts = [mention.text for brief in briefs for mention in brief.mentions]
    return [part for text in texts for part in _parts(text)]


def _parts(text: str) -> Iterator[str]:
    begin = 0
    for end in [*sentence_ends(text), len(text)]:
        yield text[begin:end].strip()
        begin = end


def _clock(second: float) -> str:
    whole, rest = divmod(second, 60)
    return f"{int(whole) // 60:02}:{int(whole) % 60:02}:{rest:06.3f}"


_WAYS: dict[str, Callable[[int], Figures]] = {
    "captions to segments": reading,
    "segments to quotes": quoting,
    "both": both,
}
