"""Similarity as the archive grows: the whole day, warm scoring, readers, appending, the files."""

import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from benchmarks.measure import MEGABYTE, Figures, Table, apart, in_turns, times


@dataclass(frozen=True)
class Scale:
    archives: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    candidates: int = 200
    readers: int = 10_000
    heard: int = 1_000
    runs: int = 5


FULL = Scale()
QUICK = Scale(archives=(1_000, 4_000), readers=200, heard=100, runs=1)
_BATCH = 100_000


def tables(scale: Scale, folder: Path) -> Iterator[Table]:
    for size in scale.archives:
        place = folder / str(size)
        apart(prepare, place, size, scale.candidates)
        built = apart(build, place)
        ways = {name: partial(apart, way, place) for name, way in _DAYS.items()}
        days = in_turns(ways, scale.runs)
        once = {name: apart(work, place, scale) for name, work in _PARTS.items()}
        title = f"scale: {size:,} insights, {scale.candidates} candidates"
        yield _day_table(title, days)
        yield _parts_table(title, once | {"built": built}, size, scale)


def _day_table(title: str, days: Mapping[str, Figures]) -> Table:
    peer = days["the script everybody writes"]
    rows = [
        (
            name,
            f"{figures['cpu']:.2f} s",
            times(peer["cpu"] / figures["cpu"]),
            f"{figures['peak']:.0f} MB",
            times(figures["peak"] / peer["peak"]),
            f"{figures['found']:.0f} of {figures['planted']:.0f}",
        )
        for name, figures in days.items()
    ]
    heads = ("a process", "CPU", "times faster", "peak", "of the memory", "restatements found")
    return Table(f"{title}: the day as a process", heads, rows)


def _parts_table(title: str, parts: Mapping[str, Figures], size: int, scale: Scale) -> Table:
    warm, readers, append, built = (parts[name] for name in ("warm", "readers", "append", "built"))
    rows = [
        (
            "shortlists, warm",
            _ms(warm["ours"]),
            f"{times(warm['ours'] / warm['theirs'])} of cosine_similarity ({_ms(warm['theirs'])})",
        ),
        ("their probabilities", _ms(warm["features"]), "of all pairs on them"),
        (
            f"a reader's mask, the first {readers['count']:.0f}",
            f"{readers['first'] * 1e6:.0f} µs",
            f"{scale.heard:,} insights heard by each",
        ),
        (
            f"a reader's mask, the last of {scale.readers:,}",
            f"{readers['last'] * 1e6:.0f} µs",
            f"{readers['grown'] / scale.readers * 1000:.1f} KB more for each",
        ),
        (
            f"appending {scale.candidates}",
            _ms(append["append"]),
            f"then frequencies and norms of all: {_ms(append['norms'])}",
        ),
        ("opening the files", _ms(append["open"]), f"{built['bytes'] / size:.0f} bytes an insight"),
        ("making them anew", f"{built['cpu']:.1f} s", f"{built['peak']:.0f} MB"),
    ]
    return Table(title, ("part", "CPU", ""), rows)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"


def prepare(place: Path, size: int, candidates: int) -> Figures:
    """A tenth of the candidates restate an insight each."""
    from benchmarks.corpus import Corpus

    corpus = Corpus()
    old, new = corpus.insights(size), corpus.insights(candidates)
    sources = [at * size // len(new) for at in range(0, len(new), 10)]
    new[::10] = [corpus.restatement(old[source]) for source in sources]
    place.mkdir()
    (place / "old.txt").write_text("\n".join(old))
    (place / "new.txt").write_text("\n".join(new))
    (place / "sources.txt").write_text("\n".join(map(str, sources)))
    return {}


def _texts(place: Path, name: str) -> list[str]:
    return (place / name).read_text().split("\n")


def build(place: Path) -> Figures:
    """From nothing: what happens when the files are missing."""
    from newsletter.ranking import index_cache
    from newsletter.ranking.similarity import Index

    old, index = _texts(place, "old.txt"), Index()
    for first in range(0, len(old), _BATCH):
        batch = old[first : first + _BATCH]
        index.append(range(first, first + len(batch)), batch)
    index_cache.save(index, index_cache.Fingerprint(len(old)), place / "index")
    files = (path for path in (place / "index").rglob("*") if path.is_file())
    return {"bytes": sum(path.stat().st_size for path in files), "cpu": process_time()}


def the_script(place: Path) -> Figures:
    """What everybody writes."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics.pairwise import cosine_similarity

    old, new = _texts(place, "old.txt"), _texts(place, "new.txt")
    vectors = TfidfVectorizer().fit_transform([*old, *new])
    likeness = cosine_similarity(vectors[len(old) :], vectors[: len(old)])
    assert len(likeness.max(axis=1)) == len(new)
    return _found(place, likeness.argmax(axis=1).tolist())


def the_day(place: Path) -> Figures:
    """The same from the files: open them, append the new ones, compare, the best of each."""
    from newsletter.ranking.echoes import Echoes

    index, new = _opened(place), _texts(place, "new.txt")
    own = range(len(index), len(index) + len(new))
    index.append(own, new)
    echoes = Echoes(index, new, own, [0] * len(new))
    known = set(range(own[0]))
    nearest = (echoes.nearest(at, known, 1) for at in range(len(new)))
    return _found(place, [hits[0][0] if hits else -1 for hits in nearest])


def _found(place: Path, best: Sequence[int]) -> Figures:
    """Of the restatements planted, those whose source was found to be the nearest."""
    sources = [int(line) for line in _texts(place, "sources.txt")]
    right = sum(hit == source for hit, source in zip(best[::10], sources, strict=True))
    return {"cpu": process_time(), "found": right, "planted": len(sources)}


def _opened(place: Path) -> Any:
    from newsletter.ranking import index_cache

    loaded = index_cache.load(place / "index", "en")
    assert loaded
    return loaded[0]


def warm(place: Path, scale: Scale) -> Figures:
    """Ready matrices on one core: the shortlists against ``cosine_similarity`` on the same."""
    import numpy as np
    from scipy import sparse
    from sklearn.metrics.pairwise import cosine_similarity

    from newsletter.ranking.similarity.probability import features_of

    index, new = _opened(place), _texts(place, "new.txt")
    asked = index.asked(new)
    queries = list(asked.queries())
    vectors, lines = (
        sparse.csr_array(
            (rows.data * asked.idf[rows.indices], rows.indices, rows.indptr),
            (len(rows), len(asked.idf)),
        )
        for rows in (index.rows(np.arange(len(index))), asked.rows)
    )
    rounds = [
        {
            "ours": _timed(lambda: [index.shortlist(*query) for query in queries]),
            "theirs": _timed(lambda: cosine_similarity(lines, vectors)),
            "whole": _timed(lambda: features_of(index, new)),
        }
        for _ in range(scale.runs)
    ]
    middle = {name: median(figures[name] for figures in rounds) for name in rounds[0]}
    return middle | {"features": middle["whole"] - middle["ours"]}


def _timed(work: Callable[[], object]) -> float:
    begun = process_time()
    work()
    return process_time() - begun


def readers(place: Path, scale: Scale) -> Figures:
    """Compared once, then masked for each reader's own history."""
    import numpy as np

    from newsletter.ranking.echoes import Echoes

    index, new = _opened(place), _texts(place, "new.txt")
    echoes = Echoes(index, new, [-1] * len(new), [0] * len(new))
    echoes.highest(index.ids[:1])
    chance, took, before = np.random.default_rng(1), [], _memory()
    for _ in range(scale.readers):
        heard = np.sort(chance.choice(len(index), scale.heard, replace=False).astype(np.int64))
        took.append(_timed(partial(echoes.highest, heard)))
    tenth = max(1, scale.readers // 10)
    ends = {"first": median(took[:tenth]), "last": median(took[-tenth:])}
    return ends | {"count": tenth, "grown": _memory() - before}


def _memory() -> float:
    """What this process held at most so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE


def append(place: Path, scale: Scale) -> Figures:
    """The files opened, a day's insights appended, and then the norms of all."""
    new = _texts(place, "new.txt")
    _opened(place).append([-1], new[:1])
    rounds = []
    for _ in range(scale.runs):
        begun = process_time()
        index = _opened(place)
        opened = process_time() - begun
        own = range(len(index), len(index) + len(new))
        added = _timed(partial(index.append, own, new))
        rounds.append((opened, added, _timed(lambda: index.norms)))  # noqa: B023
    names = "open", "append", "norms"
    return {name: median(each) for name, each in zip(names, zip(*rounds, strict=True), strict=True)}


_DAYS = {"the day, from the files": the_day, "the script everybody writes": the_script}
_PARTS = {"warm": warm, "readers": readers, "append": append}
