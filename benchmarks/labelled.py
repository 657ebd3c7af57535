"""Labelled data for judging similarity, read where it lies; split by topic or by time.

ArgKP (IBM, KPA 2021 shared task), Perspectrum (CogComp), and news of Wikipedia's current events
portal. The folder is named on the command line; nothing of it is copied.
"""

import csv
import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from newsletter.domain.model import Insight

Labels = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

# "(BBC News)": the sentences of the portal end in their sources.
SOURCES = re.compile(r"(\s*\([^()]{2,60}\))+\s*$")
_TECHNOLOGY = re.compile(
    r"\b(Apple|Google|Microsoft|Amazon|Facebook|Meta|Twitter|TikTok|OpenAI|Nvidia|Huawei|Tesla|"
    r"SpaceX|Boeing|artificial intelligence|software|semiconductors?|chips?|cyber\w*|hack\w*|"
    r"internet|satellites?|rockets?|spacecraft|app|smartphones?|data breach)\b"
)
_FITTED_SINCE, _TESTED_SINCE = 2016, 2019


@dataclass(frozen=True)
class Pairs:
    """Is ``archive[row]`` restated by ``new[new]``? ``group``: what may not be split."""

    name: str
    archive: list[str]
    new: list[str]
    at: tuple[Places, Places]
    label: Labels
    group: list[str]


@dataclass(frozen=True)
class Seen:
    """Was what a new text says said before? ``clusters`` of both sides say who restates whom.

    ``rows``: of the archive, the first that counts for each new text, and the first that came
    after it. ``days``: of both sides, where there are dates.
    """

    name: str
    archive: list[str]
    new: list[str]
    clusters: tuple[Places, Places]
    rows: tuple[Places, Places]
    days: tuple[Places, Places] | None = None

    @property
    def label(self) -> Labels:
        clusters, ends = self.clusters[0], zip(*self.rows, strict=True)
        pairs = zip(self.clusters[1].tolist(), ends, strict=True)
        return np.array([cluster in clusters[first:end] for cluster, (first, end) in pairs])


def held_out(topic: str) -> bool:
    """Whether a topic belongs to the test half: a coin tossed once for all."""
    return crc32(topic.encode()) % 2 == 1


def key_points(data: Path, *, test: bool) -> Pairs:
    """Arguments against key points of their topic, as labelled by people."""
    arguments, points, labels = read_argkp(data)
    labels = [label for label in labels if held_out(arguments[label[0]][1]) is test]
    archive = sorted({point for _, point, _ in labels})
    new = sorted({argument for argument, _, _ in labels})
    rows, columns = {k: n for n, k in enumerate(archive)}, {k: n for n, k in enumerate(new)}
    return Pairs(
        "ArgKP argument/key point",
        [points[point] for point in archive],
        [arguments[argument][0] for argument in new],
        (np.array([columns[a] for a, _, _ in labels]), np.array([rows[p] for _, p, _ in labels])),
        np.array([label for _, _, label in labels]),
        [arguments[argument][1] for argument, _, _ in labels],
    )


def arguments(data: Path, *, test: bool, most: int = 30_000) -> Pairs:
    """Arguments of one topic against each other: the same when they make the same key point."""
    arguments, _, labels = read_argkp(data)
    makes: dict[str, set[str]] = defaultdict(set)
    for argument, point, label in labels:
        if label and held_out(arguments[argument][1]) is test:
            makes[argument].add(point)
    names = sorted(makes, key=lambda name: crc32(name.encode()))
    new, archive = names[: len(names) // 4], names[len(names) // 4 :]
    topics = np.array([arguments[name][1] for name in archive])
    rows = [np.flatnonzero(topics == arguments[name][1]) for name in new]
    at = np.repeat(np.arange(len(new)), [len(places) for places in rows]), np.concatenate(rows)
    sample = np.random.default_rng(4).permutation(len(at[0]))[:most]
    left, right = at[0][sample], at[1][sample]
    same = [bool(makes[new[a]] & makes[archive[b]]) for a, b in zip(left, right, strict=True)]
    return Pairs(
        "ArgKP argument/argument",
        [arguments[name][0] for name in archive],
        [arguments[name][0] for name in new],
        (left, right),
        np.array(same),
        [arguments[new[a]][1] for a in left],
    )


def perspectives(data: Path, *, test: bool) -> Seen:
    """One of each cluster is new; of every other cluster the rest is the archive."""
    pool, clusters = _perspectrum(data)
    clusters = [cluster for cluster in clusters if held_out(cluster[0]) is test]
    archive, new = [], []
    for number, (_, members) in enumerate(clusters):
        new.append((number, members[0]))
        archive += [(number, member) for member in members[1:]] if number % 2 else []
    return Seen(
        "Perspectrum seen before",
        [pool[member] for _, member in archive],
        [pool[member] for _, member in new],
        (np.array([number for number, _ in archive]), np.array([number for number, _ in new])),
        (np.zeros(len(new), int), np.full(len(new), len(archive))),
    )


def events(data: Path, *, test: bool, window: int | None = None) -> Seen:
    """News day by day: was its story told before, or in the ``window`` days before?

    The test part is every thirtieth day since 2019, the other every fortieth of 2016 to 2018.
    """
    rows = _news(data)
    stories: dict[str, int] = {}
    cluster = np.array([stories.setdefault(row["story"], len(stories)) for row in rows])
    days = np.array([date.fromisoformat(row["date"]).toordinal() for row in rows])
    asked = np.flatnonzero(np.isin(days, _chosen(days, test=test)))
    first = days[asked] - (window or days[-1])
    texts = [SOURCES.sub("", row["text"]) for row in rows]
    return Seen(
        f"news, told {f'in the last {window} days' if window else 'ever before'}",
        texts,
        [texts[question] for question in asked],
        (cluster, cluster[asked]),
        (np.searchsorted(days, first), np.searchsorted(days, days[asked])),
        (days, days[asked]),
    )


def _news(data: Path) -> list[dict[str, str]]:
    with gzip.open(data / "current-events.jsonl.gz", "rt") as file:
        return [json.loads(line) for line in file]


def technology(data: Path, window: int) -> Seen:
    """All news of one subject since 2019: was its story told in the ``window`` days before?"""
    rows = [row for row in _news(data) if row["date"] >= f"{_TESTED_SINCE}"]
    rows = [row for row in rows if _TECHNOLOGY.search(row["text"])]
    stories: dict[str, int] = {}
    cluster = np.array([stories.setdefault(row["story"], len(stories)) for row in rows])
    days = np.array([date.fromisoformat(row["date"]).toordinal() for row in rows])
    texts = [SOURCES.sub("", row["text"]) for row in rows]
    ends = np.searchsorted(days, days - window), np.searchsorted(days, days)
    return Seen("news of technology", texts, texts, (cluster, cluster), ends, (days, days))


def news(data: Path, days: int) -> tuple[list[Insight], dict[int, str]]:
    """The last ``days`` of the news, and the story of each by its id."""
    rows = list(enumerate(_news(data), start=1))
    first = date.fromisoformat(rows[-1][1]["date"]) - timedelta(days - 1)
    rows = [(number, row) for number, row in rows if row["date"] >= first.isoformat()]
    dated = [
        Insight(number, SOURCES.sub("", row["text"]), date.fromisoformat(row["date"]))
        for number, row in rows
    ]
    return dated, {number: row["story"] for number, row in rows}


def _chosen(days: Places, *, test: bool) -> Places:
    years = np.array([date.fromordinal(day).year for day in np.unique(days).tolist()])
    if test:
        return np.unique(days)[years >= _TESTED_SINCE][::30]
    return np.unique(days)[(years >= _FITTED_SINCE) & (years < _TESTED_SINCE)][::40]


def read_argkp(
    data: Path,
) -> tuple[dict[str, tuple[str, str]], dict[str, str], list[tuple[str, str, bool]]]:
    arguments: dict[str, tuple[str, str]] = {}
    points: dict[str, str] = {}
    labels: list[tuple[str, str, bool]] = []
    for part in ("train", "dev"):
        for row in _table(data / "argkp" / f"arguments_{part}.csv"):
            arguments[part + row["arg_id"]] = row["argument"], row["topic"]
        for row in _table(data / "argkp" / f"key_points_{part}.csv"):
            points[part + row["key_point_id"]] = row["key_point"]
        for row in _table(data / "argkp" / f"labels_{part}.csv"):
            pair = part + row["arg_id"], part + row["key_point_id"]
            labels.append((*pair, row["label"] == "1"))
    return arguments, points, labels


def _table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _perspectrum(data: Path) -> tuple[dict[int, str], list[tuple[str, list[int]]]]:
    """Texts by id, and (claim, ids that say the same); clusters that share an id are merged."""
    pool = json.loads((data / "perspectrum" / "perspective_pool_v1.0.json").read_text())
    claims = json.loads((data / "perspectrum" / "perspectrum_with_answers_v1.0.json").read_text())
    merged: dict[int, tuple[str, set[int]]] = {}
    for claim in claims:
        for perspective in claim["perspectives"]:
            groups = [merged[each] for each in perspective["pids"] if each in merged]
            name = min([str(claim["cId"]), *(group[0] for group in groups)])
            whole = name, set(perspective["pids"]).union(*(group[1] for group in groups))
            merged.update(dict.fromkeys(whole[1], whole))
    unique = {min(ids): (name, sorted(ids)) for name, ids in merged.values()}
    texts = {perspective["pId"]: perspective["text"] for perspective in pool}
    return texts, [unique[key] for key in sorted(unique, key=lambda number: crc32(b"%d" % number))]


def read_claims(data: Path) -> list[tuple[str, list[str], list[str]]]:
    """(claim, one text of each perspective on it, its themes)."""
    pool = json.loads((data / "perspectrum" / "perspective_pool_v1.0.json").read_text())
    claims = json.loads((data / "perspectrum" / "perspectrum_with_answers_v1.0.json").read_text())
    texts = {perspective["pId"]: perspective["text"] for perspective in pool}
    return [
        (
            claim["text"],
            [texts[perspective["pids"][0]] for perspective in claim["perspectives"]],
            claim["topics"],
        )
        for claim in claims
    ]
