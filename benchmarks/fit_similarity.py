"""Fit the weights of similarity and count its background; write both where the program reads them.

python -m benchmarks.fit_similarity ../shared/data
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks import labelled
from newsletter.ranking.similarity import probability
from newsletter.ranking.similarity.index import Index
from newsletter.ranking.similarity.terms import terms

_ROOM = Path(probability.__file__).parent
BASE_RATE = 0.05
# A restatement that shares more is not less of one; a number that differs speaks against it.
_BOUNDS = {"parts": (0, None), "evidence": (0, None), "cover": (0, None)}
# The marks of the issue on short news pairs (STS): AUC .893 without it, .910 with it. The sets here
# hold few numbers and cannot weigh it, so it is set, not fitted.
_NUMBERS_DIFFER = -0.7
_RECENT = 30

Array = npt.NDArray[np.float64]


def main() -> None:
    data = Path(sys.argv[1])
    (_ROOM / "background.py").write_text(_background(data))
    weights, intercept = regression(*training(data))
    weights["age"] = round(age(data, weights), 2)
    (_ROOM / "weights.py").write_text(_weights(weights, intercept))
    print((_ROOM / "weights.py").read_text())
    for limit, recall, false in limits(data, weights, intercept):
        print(f"twin limit {limit:.2f}: recall {recall:.2f}, of unseen ones stopped {false:.2f}")


def training(data: Path) -> tuple[Array, Array, Array]:
    """(features, label, share) of the training topics; the shares give each set the same say, and
    restatements the base rate."""
    sets = pair_sets(data, test=False).values()
    share = np.concatenate([shares(label) for _, label in sets])
    features, label = (np.concatenate(each) for each in zip(*sets, strict=True))
    return features, label, share / share.sum()


def pair_sets(data: Path, *, test: bool) -> dict[str, tuple[Array, Array]]:
    return {
        "ArgKP arguments": _arguments(data, test=test),
        "Perspectrum shortlists": _perspectives(data, test=test),
    }


def regression(features: Array, label: Array, share: Array) -> tuple[dict[str, float], float]:
    """The weights of what is bounded, the others as they are set, and the intercept."""
    chosen = [probability.FEATURES.index(name) for name in _BOUNDS]
    numbers = features[:, probability.FEATURES.index("numbers")] * _NUMBERS_DIFFER
    x = np.column_stack([features[:, chosen], np.ones(len(features))])
    bounds = [*_BOUNDS.values(), (None, None)]
    *bounded, intercept = _logistic(x, label, share, numbers, bounds).round(3).tolist()
    fitted = dict(zip(_BOUNDS, bounded, strict=True)) | {"numbers": _NUMBERS_DIFFER, "age": 0.0}
    return fitted, intercept


def _logistic(x: Array, label: Array, share: Array, known: Array, bounds: Sequence[Any]) -> Array:
    def loss(weights: Array) -> tuple[float, Array]:
        evidence = x @ weights + known
        error = 1 / (1 + np.exp(-evidence)) - label
        value = share @ (np.logaddexp(0, evidence) - label * evidence)
        return float(value), np.asarray(x.T @ (share * error))

    start = np.zeros(len(bounds))
    result = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(result.x)


def age(data: Path, weights: Mapping[str, float]) -> float:
    """What age weighs beside all else, on news of years that nothing is tested on.

    The news only ranks: its labels are noisy, so the rest of the weights stay as they are. The
    slope is that of one day to thirty; that nothing is old within a fortnight is set.
    """
    seen = labelled.events(data, test=False, window=_RECENT)
    new, row, features = recent(seen)
    same = (seen.clusters[0][row] == seen.clusters[1][new]).astype(float)
    evidence = features @ np.array([weights[name] for name in probability.FEATURES])
    assert seen.days
    ages = np.log1p(seen.days[1][new] - seen.days[0][row])
    x = np.column_stack([evidence, ages, np.ones(len(row))])
    share, nothing = np.full(len(row), 1 / len(row)), np.zeros(len(row))
    ours, theirs, _ = _logistic(x, same, share, nothing, [(None, None)] * 3)
    return float(theirs / ours)


def recent(seen: labelled.Seen) -> tuple[Any, Any, Array]:
    """Each new text against all that counts for it, weighed by all that was ever said: (new, row,
    features)."""
    assert seen.days
    index = Index.build(range(len(seen.archive)), seen.archive, days=seen.days[0].tolist())
    sizes = seen.rows[1] - seen.rows[0]
    new = np.repeat(np.arange(len(seen.new)), sizes)
    row = np.concatenate([np.arange(*ends) for ends in zip(*seen.rows, strict=True)])
    return new, row, probability.features_between(index, seen.new, new, row, seen.days[1])


def limits(
    data: Path, weights: Mapping[str, float], intercept: float
) -> Iterator[tuple[float, float, float]]:
    """What each twin limit would stop of Perspectrum's training topics: (limit, share of what was
    seen before, share of what was not)."""
    seen = labelled.perspectives(data, test=False)
    index = Index.build(range(len(seen.archive)), seen.archive)
    new, _, _, features = probability.features_of(index, seen.new)
    evidence = features @ np.array([weights[name] for name in probability.FEATURES]) + intercept
    best = np.zeros(len(seen.new))
    np.maximum.at(best, new, 1 / (1 + np.exp(-evidence)))
    for limit in np.arange(0.1, 0.55, 0.1).tolist():
        yield limit, (best >= limit)[seen.label].mean(), (best >= limit)[~seen.label].mean()


def shares(label: Any) -> Array:
    positive = label.mean()
    shares = np.where(label > 0, BASE_RATE / positive, (1 - BASE_RATE) / (1 - positive))
    return np.asarray(shares / len(label))


def _arguments(data: Path, *, test: bool) -> tuple[Array, Array]:
    """Every labelled pair of arguments of a topic; pairs that share nothing are no shortlist."""
    pairs = labelled.arguments(data, test=test)
    index = Index.build(range(len(pairs.archive)), pairs.archive)
    features = probability.features_between(index, pairs.new, *pairs.at)
    close = features[:, probability.FEATURES.index("parts")] >= 0.1
    return features[close], pairs.label[close].astype(float)


def _perspectives(data: Path, *, test: bool) -> tuple[Array, Array]:
    seen = labelled.perspectives(data, test=test)
    index = Index.build(range(len(seen.archive)), seen.archive)
    new, row, _, features = probability.features_of(index, seen.new)
    return features, (seen.clusters[0][row] == seen.clusters[1][new]).astype(float)


def _weights(weights: dict[str, float], intercept: float) -> str:
    lines = [f"    {name!r}: {value},".replace("'", '"') for name, value in weights.items()]
    return "\n".join(
        [
            '"""How features weigh in the probability of a restatement. Written by',
            "`python -m benchmarks.fit_similarity`; do not edit.",
            "",
            "Logistic regression on the training topics of ArgKP (arguments; CDLA-Sharing 1.0)",
            "and Perspectrum (shortlists; CC BY-SA 4.0), each counting the same, at a base rate of",
            f"{BASE_RATE:.0%} of a shortlist being restatements. What age weighs beside the rest",
            "is fitted on news of 2016 to 2018 (Wikipedia's current events; CC BY-SA 4.0), what",
            "differing numbers weigh is set by hand. docs/similarity.md tells what each feature",
            "is, and what it is worth.",
            '"""',
            "",
            "WEIGHTS = {",
            *lines,
            "}",
            f"INTERCEPT = {intercept}",
            "",
        ]
    )


def _background(data: Path) -> str:
    """The share of arguments that hold a stem, for stems that three topics in four have in use."""
    arguments, _, _ = labelled.read_argkp(data)
    counts: Counter[str] = Counter()
    topics: dict[str, set[str]] = defaultdict(set)
    for text, topic in arguments.values():
        for term in set(terms(text)):
            counts[term] += 1
            topics[term].add(topic)
    everywhere = len({topic for _, topic in arguments.values()})
    general = {term for term, where in topics.items() if len(where) >= 0.75 * everywhere}
    return _page({term: counts[term] / len(arguments) for term in sorted(general)})


def _page(shares_of_terms: dict[str, float]) -> str:
    by_share = sorted(shares_of_terms, key=lambda term: (-shares_of_terms[term], term))
    lines = [f'    "{term}": {shares_of_terms[term]:.3f},' for term in by_share]
    return "\n".join(
        [
            '"""How common the general words of English are. Written by',
            "`python -m benchmarks.fit_similarity`; do not edit.",
            "",
            "The share of short argumentative texts that hold a stem, counted on ArgKP",
            "(CDLA-Sharing 1.0 leaves the results of counting free) for stems that stand in",
            "at least three of four of its topics, so that no topic speaks.",
            '"""',
            "",
            "SHARES = {",
            *lines,
            "}",
            "",
        ]
    )


if __name__ == "__main__":
    main()
