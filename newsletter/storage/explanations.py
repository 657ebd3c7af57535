"""What explains an issue and makes its message again, packed into one value.

Written out as JSON with names and texts it takes 14 KB for each reader with a history of their own.
So the values stand in arrays, an insight is named by its id (its text never changes), and the whole
is compressed.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache

from msgspec import Struct
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


class _Pick(Struct, array_like=True, frozen=True):
    score: float
    signals: dict[str, float]
    citation: Citation
    echoes: tuple[_Echo, ...]
    related: tuple[_Echo, ...]
    reason: str


class _RunnerUp(Struct, array_like=True, frozen=True):
    insight_id: int
    score: float
    signals: dict[str, float]
    why: str


class _Picks(Struct, array_like=True, frozen=True):
    picks: tuple[_Pick, ...]


class Explanation(_Picks, array_like=True, frozen=True):
    """Of the picks in the order of their ranks, and of those that came close."""

    runners_up: tuple[_RunnerUp, ...] = ()

    def insight_ids(self) -> Iterator[int]:
        """The insights whose texts it takes to write it out."""
        for pick in self.picks:
            yield from (echo.insight_id for echo in pick.echoes)
            yield from (echo.insight_id for echo in pick.related)
        yield from (runner_up.insight_id for runner_up in self.runners_up)


_encode: Callable[[object], bytes] = Encoder().encode
_decode = Decoder(Explanation).decode
_decode_picks = Decoder(_Picks).decode


def pack(issue: Issue) -> bytes:
    picks = tuple(
        _Pick(
            pick.score,
            dict(pick.signals),
            pick.citation,
            tuple(map(_short, pick.echoes)),
            tuple(map(_short, pick.related)),
            pick.reason,
        )
        for pick in issue.picks
    )
    runners_up = tuple(
        _RunnerUp(runner_up.insight_id, runner_up.score, dict(runner_up.signals), runner_up.why)
        for runner_up in issue.runners_up
    )
    return zlib.compress(_encode(Explanation(picks, runners_up)), _LEVEL)


def _short(echo: Echo) -> _Echo:
    return _Echo(echo.insight_id, echo.similarity, echo.heard, echo.shared)


def unpack(body: bytes, *, runners_up: bool = True) -> Explanation:
    data = zlib.decompress(body)
    return _decode(data) if runners_up else Explanation(_decode_picks(data).picks)


def written_out(
    explanation: Explanation, insight_ids: list[int], texts: Texts
) -> tuple[tuple[Pick, ...], tuple[RunnerUp, ...]]:
    """``insight_ids`` are those of the picks, in the order of their ranks."""
    picks = tuple(
        Pick(
            rank,
            insight_id,
            texts[insight_id],
            pick.citation,
            pick.score,
            pick.signals,
            tuple(_long(echo, texts) for echo in pick.echoes),
            tuple(_long(echo, texts) for echo in pick.related),
            pick.reason,
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
    text = echo_text(texts.get(echo.insight_id, ""))
    return Echo(echo.insight_id, text, echo.similarity, echo.heard, echo.shared)


@lru_cache(maxsize=4096)
def echo_text(text: str) -> str:
    return headline(text, _ECHO_LENGTH)
