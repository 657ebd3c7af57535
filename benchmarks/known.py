"""What similarity knows of the seeds and the bundled samples; neither is fitted on.

python -m benchmarks.known [../shared/seeds]
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

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
    pages = [
        brief
        for file in sorted(folder.glob("*.txt"))
        for brief in parsers.briefs(file.name, file.read_bytes())
    ]
    claims = list(
        dict.fromkeys(normalise(mention.text) for page in pages for mention in page.mentions)
    )
    place = {text: at for at, text in enumerate(claims)}
    lists = [[place[normalise(mention.text)] for mention in page.mentions] for page in pages]
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer().fit_transform(claims)
    for name, scores in (
        ("similarity", _matrix(claims)),
        ("TfidfVectorizer defaults", (vectors @ vectors.T).toarray()),
        ("a random list", None),
    ):
        recalls = [_recall(scores, lead, related, len(claims)) for lead, *related in lists]
        yield f"seeds, recall@10, {name}: {np.mean(recalls):.2f}"


def _matrix(claims: Sequence[str]) -> Any:
    index, rows = Index.build(range(len(claims)), claims), np.arange(len(claims))
    features = features_between(index, claims, np.repeat(rows, len(rows)), np.tile(rows, len(rows)))
    return probability(features).reshape(len(rows), -1)


def _recall(scores: Any, lead: int, related: Sequence[int], count: int) -> float:
    if scores is None:
        return 10 / (count - 1)
    nearest = [
        other for other in np.argsort(-scores[lead], kind="stable").tolist() if other != lead
    ]
    return len({*nearest[:10]} & {*related}) / len(related)


def _samples() -> Iterator[str]:
    restated = [(normalise(later), normalise(old), strength) for old, later, strength in pairs()]
    missed = [pair for pair in restated if resemblance().get(pair[:2], 0) < TASTE.twin_limit]
    wrong = _wrong({later for later, _, _ in restated})
    unrelated = len([1 for text, day in texts().items() if day > 1]) - len(restated)
    yield f"samples: {len(restated) - len(missed)} of {len(restated)} restatements known; missed:"
    for later, earlier, strength in missed:
        value = resemblance().get((later, earlier), 0)
        yield f"  {value:.2f} {strength}: {later[:50]} < {earlier[:50]}"
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
