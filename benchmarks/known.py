"""What similarity knows of the seeds and the bundled samples; neither is fitted on.

python -m benchmarks.known [../shared/seeds]
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from newsletter.domain.model import normalise
from newsletter.ingest import parsers
from newsletter.ranking.similarity import Index
from newsletter.ranking.similarity.probability import features_between, probability
from tests.builders import TASTE
from tests.test_samples import pairs, resemblance, texts


def main() -> None:
    for folder in sys.argv[1:]:
        print(*_seeds(Path(folder)), sep="\n")
    print(*_samples(), sep="\n")


def _seeds(folder: Path) -> Iterator[str]:
    """Recall@10 of each file's related list among the other insights."""
    pages = [parsers.parse(one.name, one.read_bytes()) for one in sorted(folder.glob("*.txt"))]
    found = list(dict.fromkeys(normalise(one.text) for page in pages for one in page.mentions))
    place = {text: at for at, text in enumerate(found)}
    lists = [[place[normalise(one.text)] for one in page.mentions] for page in pages]
    vectors = TfidfVectorizer().fit_transform(found)
    for name, scores in (
        ("similarity", _matrix(found)),
        ("TfidfVectorizer defaults", (vectors @ vectors.T).toarray()),
        ("a random list", None),
    ):
        recalls = [_recall(scores, lead, related, len(found)) for lead, *related in lists]
        yield f"seeds, recall@10, {name}: {np.mean(recalls):.2f}"


def _matrix(found: Sequence[str]) -> Any:
    index, all_ = Index.build(range(len(found)), found), np.arange(len(found))
    features = features_between(index, found, np.repeat(all_, len(all_)), np.tile(all_, len(all_)))
    return probability(features).reshape(len(all_), -1)


def _recall(scores: Any, lead: int, related: Sequence[int], count: int) -> float:
    if scores is None:
        return 10 / (count - 1)
    nearest = [one for one in np.argsort(-scores[lead], kind="stable").tolist() if one != lead]
    return len({*nearest[:10]} & {*related}) / len(related)


def _samples() -> Iterator[str]:
    told = [(normalise(later), normalise(old), kind) for old, later, kind in pairs()]
    missed = [one for one in told if resemblance().get(one[:2], 0) < TASTE.twin_limit]
    wrong = _wrong({later for later, _, _ in told})
    unrelated = len([1 for text, day in texts().items() if day > 1]) - len(told)
    yield f"samples: {len(told) - len(missed)} of {len(told)} restatements known; missed:"
    for later, earlier, kind in missed:
        value = resemblance().get((later, earlier), 0)
        yield f"  {value:.2f} {kind}: {later[:50]} < {earlier[:50]}"
    yield f"{len(wrong)} of {unrelated} unrelated ones taken for a restatement:"
    for (later, earlier), value in wrong.items():
        yield f"  {value:.2f}: {later[:50]} < {earlier[:50]}"


def _wrong(restated: set[str]) -> dict[tuple[str, str], float]:
    first = texts()
    return {
        (later, earlier): value
        for (later, earlier), value in resemblance().items()
        if value >= TASTE.twin_limit and first[earlier] < first[later] and later not in restated
    }


if __name__ == "__main__":
    main()
