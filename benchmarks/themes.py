"""Phrases with labelled texts, for judging interests: read where they lie, nothing is copied.

Topics of ArgKP against their arguments, themes and claims of Perspectrum against what is argued,
stories of Wikipedia's current events against their sentences, and the samples' own topics.
"""

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from benchmarks import labelled
from newsletter.ingest import parsers

SAMPLES = Path(parsers.__file__).parents[2] / "samples"
_OF_A_TOPIC, _OF_A_STORY, _STORIES, _CLAIMS = 110, 22, 150, 200
_MOTION = re.compile(
    r"^(we should |the )?(adopt an? |adopt |abandon the use of |abandon |abolish the right to |"
    r"abolish |ban the use of |ban |close |end |fight for the abolition of |fight |introduce |"
    r"legalize |prohibit |subsidize |vow of )?|\s+should be.*$",
    re.IGNORECASE,
)
_YEARS = re.compile(r"\s*\(.*?\)|\b(19|20)\d\d(–\d\d)?\b")


@dataclass(frozen=True)
class Themes:
    """``relevant[phrase]`` marks the texts that are about a phrase."""

    name: str
    texts: Sequence[str]
    relevant: Mapping[str, npt.NDArray[np.bool_]]


def read(data: Path) -> list[Themes]:
    return [_topics(data), _themes(data), _claims(data), _stories(data), _samples()]


def _of(name: str, labels: Mapping[str, Iterable[str]], least: int = 2) -> Themes:
    """``labels`` are the phrases of each text; one of fewer than ``least`` texts is no phrase."""
    texts = sorted(labels)
    phrases = sorted({phrase for text in texts for phrase in labels[text]})
    marks = {phrase: np.array([phrase in labels[text] for text in texts]) for phrase in phrases}
    return Themes(
        name, texts, {phrase: mark for phrase, mark in marks.items() if mark.sum() >= least}
    )


def _some(texts: Iterable[str], most: int) -> list[str]:
    return sorted(set(texts), key=lambda text: crc32(text.encode()))[:most]


def _topics(data: Path) -> Themes:
    arguments, _, _ = labelled.read_argkp(data)
    by_topic = defaultdict(list)
    for text, topic in arguments.values():
        by_topic[_MOTION.sub("", _MOTION.sub("", topic)).lower()].append(text)
    chosen = ((topic, _some(texts, _OF_A_TOPIC)) for topic, texts in by_topic.items())
    return _of("ArgKP topics", {text: {topic} for topic, texts in chosen for text in texts})


def _themes(data: Path) -> Themes:
    labels: dict[str, set[str]] = defaultdict(set)
    for claim, arguments, themes in labelled.read_claims(data):
        for text in (claim, *arguments):
            labels[text].update(theme.replace("_", " ") for theme in themes)
    return _of("Perspectrum themes", labels)


def _claims(data: Path) -> Themes:
    claims = {claim: texts for claim, texts, _ in labelled.read_claims(data) if len(texts) >= 4}
    chosen = _some(claims, _CLAIMS)
    return _of("Perspectrum claims", {text: {claim} for claim in chosen for text in claims[claim]})


def _stories(data: Path) -> Themes:
    with gzip.open(data / "current-events.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    by_story = defaultdict(set)
    for row in rows:
        if labelled.held_out(row["story"]) and "COVID" not in row["story"]:
            by_story[row["story"]].add(labelled.SOURCES.sub("", row["text"]))
    chosen = _some((story for story, texts in by_story.items() if len(texts) >= 12), _STORIES)
    named = {story: _YEARS.sub("", story).strip() for story in chosen}
    labels: dict[str, set[str]] = defaultdict(set)
    for story, phrase in named.items():
        for text in _some(by_story[story], _OF_A_STORY):
            labels[text].add(phrase)
    return _of("news stories", labels)


def _samples() -> Themes:
    labels: dict[str, set[str]] = defaultdict(set)
    files = (path for path in SAMPLES.glob("*/*") if path.suffix in parsers.SUFFIXES)
    for path in sorted(files):
        (brief,) = parsers.briefs(path.name, path.read_bytes())
        for mention in brief.mentions:
            if mention.role == "lead":
                labels[mention.text].update((*brief.topics, *mention.topics))
    return _of("samples", {text: topics for text, topics in labels.items() if topics})
