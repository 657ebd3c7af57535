"""Insights by words that somebody typed: those whose vectors are nearest to theirs."""

from newsletter.ranking.similarity.index import Index


def search(index: Index, query: str) -> list[tuple[int, float]]:
    """Ids and cosines, the nearest first: all from a cosine of 0.35 on, and some of the next."""
    results: list[tuple[int, float]] = []
    if not len(index):
        return results
    for terms, weights in index.asked([query]).queries():
        rows, cosines = index.shortlist(terms, weights)
        results += zip(index.ids[rows].tolist(), cosines.tolist(), strict=True)
    return sorted(results, key=lambda pair: (-pair[1], -pair[0]))
