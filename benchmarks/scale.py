"""Similarity at scale: time and memory of a day's 200 candidates against archives that grow.

    python -m benchmarks.scale [10000 100000 1000000]

Ratios are of one run, in processes of their own. Times are processor time; warm scoring and
appending are medians of five, whole processes are run once. They stand beside the script everybody
writes: fit_transform on history and candidates, cosine_similarity, max. Peak memory is not to be
trusted yet: a child's begins with its parent's.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np

from benchmarks.corpus import Corpus

_SIZES = (10_000, 100_000, 1_000_000)
_CANDIDATES = 200
_READERS = 10_000
_HEARD = 1_000


def main() -> None:
    if len(sys.argv) > 2 and sys.argv[1] in _TASKS:
        print(json.dumps(_TASKS[sys.argv[1]](Path(sys.argv[2])) | {"MB": _peak()}))
        return
    for size in [int(word) for word in sys.argv[1:]] or _SIZES:
        with TemporaryDirectory() as folder:
            _prepare(Path(folder), size)
            found = {name: _run(name, folder) for name in _TASKS}
        print(f"\n{size:,} insights, {_CANDIDATES} candidates")
        print(*_lines(found, size), sep="\n", flush=True)


def _prepare(folder: Path, size: int) -> None:
    corpus = Corpus()
    old, new = corpus.insights(size), corpus.insights(_CANDIDATES)
    new[::10] = [corpus.restatement(old[place * size // 20]) for place in range(20)]
    (folder / "old.txt").write_text("\n".join(old))
    (folder / "new.txt").write_text("\n".join(new))


def _run(name: str, folder: str) -> dict[str, Any]:
    words = [sys.executable, "-m", "benchmarks.scale", name, folder]
    begun = _spent()
    made = subprocess.run(words, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(made.stdout)
    return found | {"seconds": _spent() - begun}


def _spent() -> float:
    """Processor time of all children so far: what a busy machine does beside does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _texts(folder: Path, name: str) -> list[str]:
    return (folder / name).read_text().split("\n")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _build(folder: Path) -> dict[str, Any]:
    """From nothing: what happens when the files are missing."""
    from newsletter.edges import shelf
    from newsletter.editorial.similarity import Index

    old = _texts(folder, "old.txt")
    index = Index()
    for first in range(0, len(old), 100_000):
        index.append(range(first, first + len(old[first : first + 100_000])), old[first:][:100_000])
    shelf.save(index, shelf.Mark(len(old)), folder / "shelf")
    files = (path for path in (folder / "shelf").rglob("*") if path.is_file())
    return {"bytes": sum(path.stat().st_size for path in files)}


def _everybody(folder: Path) -> dict[str, Any]:
    """The script everybody writes."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics.pairwise import cosine_similarity

    old, new = _texts(folder, "old.txt"), _texts(folder, "new.txt")
    vectors = TfidfVectorizer().fit_transform([*old, *new])
    best = cosine_similarity(vectors[len(old) :], vectors[: len(old)]).max(axis=1)
    return {"found": int((best > 0.5).sum())}


def _day(folder: Path) -> dict[str, Any]:
    """The same answer from the files: load, compare, the best of each."""
    from newsletter.editorial.echoes import Echoes

    echoes = Echoes(_loaded(folder), _texts(folder, "new.txt"), [-1] * _CANDIDATES)
    return {"found": int((echoes.loudest(echoes.ids) > 0.5).sum())}


def _loaded(folder: Path) -> Any:
    from newsletter.edges import shelf

    found = shelf.load(folder / "shelf", "en")
    assert found
    return found[0]


def _warm(folder: Path) -> dict[str, Any]:
    """Ready matrices: the shortlists against ``cosine_similarity`` on the same vectors."""
    from scipy import sparse
    from sklearn.metrics.pairwise import cosine_similarity

    index, new = _loaded(folder), _texts(folder, "new.txt")
    queries, _, idf = index.queries(new)
    assert len(index.norms)
    ours = _median(lambda: [index.shortlist(query) for query in queries])
    rows = index.rows(np.arange(len(index)), len(index.vocabulary))
    vectors = (rows @ sparse.diags_array(index.idf)).tocsr()
    asked = sparse.vstack([_row(one, len(idf)) for one in queries]).tocsr()[:, : vectors.shape[1]]
    theirs = _median(lambda: cosine_similarity(asked, vectors))
    return {"ours": ours, "theirs": theirs}


def _row(query: Any, width: int) -> Any:
    from scipy import sparse

    starts = [0, len(query.terms)]
    return sparse.csr_array((query.weights, query.terms, starts), shape=(1, width))


def _readers(folder: Path) -> dict[str, Any]:
    """Compared once, then masked for each reader's own thousand."""
    from newsletter.editorial.echoes import Echoes

    index = _loaded(folder)
    begun = process_time()
    echoes = Echoes(index, _texts(folder, "new.txt"), [-1] * _CANDIDATES)
    once = process_time() - begun
    before, chance = _peak(), np.random.default_rng(1)
    times = []
    for _ in range(_READERS):
        heard = np.sort(chance.choice(index.ids, _HEARD))
        begun = process_time()
        echoes.loudest(heard)
        times.append(process_time() - begun)
    tenth = _READERS // 10
    return {
        "once": once,
        "first": median(times[:tenth]),
        "last": median(times[-tenth:]),
        "grown": _peak() - before,
    }


def _append(folder: Path) -> dict[str, Any]:
    """A day's insights appended, and then the norms of all, five times."""
    index, new = _loaded(folder), _texts(folder, "new.txt")
    assert len(index.norms)
    times = []
    for turn in range(5):
        begun = process_time()
        index.append(range(10**9 + turn * 1000, 10**9 + turn * 1000 + len(new)), new)
        appended = process_time()
        assert len(index.norms)
        times.append((appended - begun, process_time() - appended))
    return {"append": median(one for one, _ in times), "norms": median(one for _, one in times)}


_TASKS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "build": _build,
    "everybody": _everybody,
    "day": _day,
    "warm": _warm,
    "readers": _readers,
    "append": _append,
}


def _median(work: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        begun = process_time()
        work()
        times.append(process_time() - begun)
    return median(times)


def _lines(found: dict[str, dict[str, Any]], size: int) -> Sequence[str]:
    day, script, warm = found["day"], found["everybody"], found["warm"]
    readers, append, build = found["readers"], found["append"], found["build"]
    return [
        f"the day as a process: {day['seconds']:.2f} s, {day['MB']:.0f} MB, {day['found']} found;"
        f" the script: {script['seconds']:.2f} s, {script['MB']:.0f} MB, {script['found']} found:"
        f" {script['seconds'] / day['seconds']:.1f} times faster,"
        f" {day['MB'] / script['MB']:.2f} of the memory",
        f"warm scoring: {warm['ours']:.3f} s, cosine_similarity {warm['theirs']:.3f} s:"
        f" {warm['ours'] / warm['theirs']:.2f} of it",
        f"readers: compared once {readers['once']:.2f} s; a reader's mask"
        f" {readers['first'] * 1e6:.0f} µs at first, {readers['last'] * 1e6:.0f} µs at the end of"
        f" {_READERS:,}, {readers['grown']:.1f} MB more in all",
        f"append of {_CANDIDATES}: {append['append'] * 1e3:.1f} ms,"
        f" norms of all {append['norms'] * 1e3:.0f} ms",
        f"from nothing: {build['seconds']:.1f} s, {build['MB']:.0f} MB;"
        f" {build['bytes'] / size:.0f} bytes per insight on disk",
    ]


if __name__ == "__main__":
    main()
