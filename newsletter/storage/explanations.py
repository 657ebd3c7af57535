"""The explanation of an issue, which also makes its message again, packed into one value.

Written out as JSON with names and texts it takes 14 KB for each reader with a history of their own.
So the values stand in arrays, an insight is named by its id (its text never changes), and the whole
is compressed.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache

from msgspec import Raw, Struct
from msgspec.json import Decoder, Encoder

from newsletter.domain.model import Citation, Echo, Issue, Pick, RunnerUp
from newsletter.domain.text import headline

# The lowest level is twice as fast as the default and makes it a tenth longer.
_LEVEL = 1
_ECHO_LENGTH = 200

Texts = Mapping[int, str]
"""By the id of an insight, its text."""


class _Echo(Struct, array_like=True, frozen=True):
    insight_id: int
    similarity: float
    heard: date | None
    shared: tuple[tuple[str, float], ...]
    dated: date | None = None
    correction: str = ""


class _Pick(Struct, array_like=True, frozen=True):
    score: float
    signals: dict[str, float]
    citation: Citation
    echoes: tuple[_Echo, ...]
    related: tuple[_Echo, ...]
    reason: str
    correction: str = ""
    pinned: bool = False


class _RunnerUp(Struct, array_like=True, frozen=True):
    insight_id: int
    score: float
    signals: dict[str, float]
    why: str


class Explanation(Struct, array_like=True, frozen=True):
    """The picks in the order of their ranks, and the runners-up.

    What has a default came later: it is missing at the end of what was stored before.
    """

    picks: tuple[_Pick, ...]
    runners_up: tuple[_RunnerUp, ...]
    note: str = ""

    def insight_ids(self) -> Iterator[int]:
        """The insights whose texts ``written_out`` needs."""
        for pick in self.picks:
            yield from (echo.insight_id for echo in pick.echoes)
            yield from (echo.insight_id for echo in pick.related)
        yield from (runner_up.insight_id for runner_up in self.runners_up)


class _Message(Struct, array_like=True, frozen=True):
    """The same; the runners-up, which no message shows, stay as they are written."""

    picks: tuple[_Pick, ...]
    runners_up: Raw
    note: str = ""


_encode: Callable[[object], bytes] = Encoder().encode
_decode = Decoder(Explanation).decode
_decode_message = Decoder(_Message).decode


def pack(issue: Issue) -> bytes:
    picks = tuple(
        _Pick(
            pick.score,
            dict(pick.signals),
            pick.citation,
            tuple(map(_short, pick.echoes)),
            tuple(map(_short, pick.related)),
            pick.reason,
            pick.text if pick.edited else "",
            pick.pinned,
        )
        for pick in issue.picks
    )
    runners_up = tuple(
        _RunnerUp(runner_up.insight_id, runner_up.score, dict(runner_up.signals), runner_up.why)
        for runner_up in issue.runners_up
    )
    return zlib.compress(_encode(Explanation(picks, runners_up, issue.note)), _LEVEL)


def _short(echo: Echo) -> _Echo:
    correction = echo.text if echo.edited else ""
    return _Echo(echo.insight_id, echo.similarity, echo.heard, echo.shared, echo.dated, correction)


def unpack(body: bytes, *, runners_up: bool = True) -> Explanation:
    data = zlib.decompress(body)
    if runners_up:
        return _decode(data)
    read = _decode_message(data)
    return Explanation(read.picks, (), read.note)


def written_out(
    explanation: Explanation, insight_ids: list[int], texts: Texts
) -> tuple[tuple[Pick, ...], tuple[RunnerUp, ...]]:
    """``insight_ids`` are those of the picks, in the order of their ranks."""
    picks = tuple(
        Pick(
            rank,
            insight_id,
            pick.correction or texts[insight_id],
            pick.citation,
            pick.score,
            pick.signals,
            tuple(_long(echo, texts) for echo in pick.echoes),
            tuple(_long(echo, texts) for echo in pick.related),
            pick.reason,
            bool(pick.correction),
            pick.pinned,
        )
        for rank, (insight_id, pick) in enumerate(
            zip(insight_ids, explanation.picks, strict=True), start=1
        )
    )
    runners_up = tuple(
        RunnerUp(
            runner_up.insight_id,
            texts.get(runner_up.insight_id, ""),
            runner_up.score,
            runner_up.signals,
            runner_up.why,
        )
        for runner_up in explanation.runners_up
    )
    return picks, runners_up


def _long(echo: _Echo, texts: Texts) -> Echo:
    text = echo.correction or echo_text(texts.get(echo.insight_id, ""))
    edited = bool(echo.correction)
    return Echo(echo.insight_id, text, echo.similarity, echo.heard, echo.shared, echo.dated, edited)


@lru_cache(maxsize=4096)
def echo_text(text: str) -> str:
    return headline(text, _ECHO_LENGTH)
