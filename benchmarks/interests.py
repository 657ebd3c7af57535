"""How well a phrase finds what is about it, beside what else one would use: MAP and P@10.

Each set is judged by weights that were fitted on the others. all-MiniLM-L6-v2 appears where the
extra "neural" is installed. `../shared/data` holds the labelled sets; without it there is no table.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import fit_interest, themes
from benchmarks.measure import Table
from benchmarks.similarity import Dense, methods
from benchmarks.themes import Themes
from newsletter.composing.encoder import PACKAGES
from newsletter.ranking.interest.matching import SAID_FROM, SAID_FROM_WITH_ENCODER, score
from newsletter.ranking.interest.weights import WITH_ENCODER

_BESIDE = [folder / "shared" / "data" for folder in Path(__file__).parents[2:4]]
DATA = next(filter(Path.is_dir, _BESIDE), _BESIDE[0])
"""Beside the checkout, or beside the folder of worktrees that it stands in."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """``phrases``: at most so many of each set."""

    phrases: int


FULL, QUICK = Scale(1_000), Scale(5)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:  # noqa: ARG001
    if not DATA.is_dir():
        yield Table("interests", ("", "MAP"), [], f"{DATA} is not here: nothing was measured.")
        return
    sets = [_first(theme, scale.phrases) for theme in themes.read(DATA)]
    measured = list(map(fit_interest.features, sets))
    ours = list(map(score, measured))
    left_out = [_left_out(measured, sets, number) for number in range(len(sets))]
    ways = {name: [_dense(method, theme) for theme in sets] for name, method in _peers().items()}
    heads = "", *(f"{theme.name} {figure}" for theme in sets for figure in ("MAP", "P@10"))
    if all(map(find_spec, PACKAGES)):
        encoded = [fit_interest.features(theme, fit_interest.encoder()) for theme in sets]
        limit = SAID_FROM_WITH_ENCODER
        with_encoder = [score(each, WITH_ENCODER, limit) for each in encoded]
        ways |= {
            "interest with the encoder": with_encoder,
            "- with it, fitted on the other sets": [
                _left_out(encoded, sets, number) for number in range(len(sets))
            ],
        }
    rows = [
        (
            name,
            *(
                f"{figure:.3f}"
                for each in zip(scores, sets, strict=True)
                for figure in figures(*each)
            ),
        )
        for name, scores in {
            "interest": ours,
            "- fitted on the other sets": left_out,
            **ways,
        }.items()
    ]
    yield Table("interests: phrases and what is about them", heads, rows)
    yield _said("what may be said", ours, sets, SAID_FROM)
    if "interest with the encoder" in ways:
        yield _said("what may be said with the encoder", with_encoder, sets, limit)


def _first(theme: Themes, most: int) -> Themes:
    return Themes(theme.name, theme.texts, dict(list(theme.relevant.items())[:most]))


def _left_out(measured: Sequence[Array], sets: Sequence[Themes], number: int) -> Array:
    others = [at for at in range(len(sets)) if at != number]
    weights, _ = fit_interest.regression(
        [measured[at] for at in others], [sets[at] for at in others]
    )
    return np.asarray(measured[number] @ weights + 100)


def _peers() -> Mapping[str, Callable[[Sequence[str], Sequence[str]], Dense]]:
    return {name: method for name, method in methods().items() if name != "MinHash"}


def _dense(method: Callable[[Sequence[str], Sequence[str]], Dense], theme: Themes) -> Array:
    made = method(theme.texts, list(theme.relevant))
    return np.stack([made.row(place) for place in range(len(theme.relevant))])


def figures(scores: Array, theme: Themes) -> tuple[float, float]:
    """Mean average precision, and the mean share of the best ten that is relevant. What scores
    nothing is not found."""
    pairs = list(zip(scores, theme.relevant.values(), strict=True))
    precise = [_average_precision(scored, relevant) for scored, relevant in pairs]
    best = [relevant[_order(scored)[:10]].sum() / 10 for scored, relevant in pairs]
    return float(np.mean(precise)), float(np.mean(best))


def _order(scores: Array) -> npt.NDArray[np.intp]:
    order = np.argsort(-scores.round(6), kind="stable")
    return order[scores[order] > 0]


def _average_precision(scores: Array, relevant: npt.NDArray[np.bool_]) -> float:
    hits = relevant[_order(scores)]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / relevant.sum())


def _said(title: str, scores: Sequence[Array], sets: Sequence[Themes], said_from: float) -> Table:
    """What is told to a reader, by the labels."""
    limits = sorted({0.5, 0.7, 0.8, 0.9, 0.95, said_from})
    rows = []
    for limit in limits:
        cells = []
        for scored, theme in zip(scores, sets, strict=True):
            told, relevant = scored >= limit, np.stack(list(theme.relevant.values()))
            right = (told & relevant).sum() / max(told.sum(), 1)
            cells.append(
                f"{right:.0%} of {told.sum() / len(told):.1f}, {told.any(axis=1).mean():.0%}"
            )
        rows.append((f"{limit:.2f}", *cells))
    note = (
        "The share that is right by the labels, of so many a phrase, and for what share of the "
        f"phrases there is any. The limit is {said_from}."
    )
    return Table(f"interests: {title}", ("from", *(theme.name for theme in sets)), rows, note)
