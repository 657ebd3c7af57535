"""Exports of note apps, in our own words: which insights are found, and what is known about them.

Each file in exports/ has what is right beside it, in TOML. The rules were made on those in first/;
those in second/ were written afterwards, as other variants, and counted once before the rules were
mended for them: docs/decisions/0028 says how many were right.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief, Mention, normalise
from newsletter.ingest.parsers import parse

FOLDER = Path(__file__).parent / "exports"
FILES = sorted(path for path in FOLDER.glob("*/*") if path.suffix != ".toml")
ABOUT: dict[str, Any] = {"podcast": "", "episode": "", "url": "", "published": None, "speakers": []}
BESIDE: dict[str, Any] = {"at": None, "link": "", "speaker": "", "origin": "takeaway"}


@dataclass
class Score:
    """``wrong`` says each thing that is not as it should be."""

    given: int = 0
    wanted: int = 0
    right: int = 0
    fields: int = 0
    fields_right: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / self.given

    @property
    def recall(self) -> float:
        return self.right / self.wanted

    @property
    def metadata(self) -> float:
        return self.fields_right / self.fields

    def check(self, where: str, has: object, right: object) -> None:
        self.fields += 1
        self.fields_right += has == right
        if has != right:
            self.wrong.append(f"{where}: {has!r}, not {right!r}")


def score(paths: list[Path]) -> Score:
    total = Score()
    for path in paths:
        _count(total, path)
    return total


def _count(total: Score, path: Path) -> None:
    right = tomllib.loads(path.with_suffix(".toml").read_text("utf-8"))
    try:
        brief = parse(path.name, path.read_bytes())
    except BriefRejected as error:
        total.wrong.append(f"{path.name}: rejected, {error.reason}")
        brief = Brief(())
    for key, default in ABOUT.items():
        has = getattr(brief, key)
        total.check(
            f"{path.name} {key}", list(has) if key == "speakers" else has, right.get(key, default)
        )
    wanted = {normalise(insight["text"]): insight for insight in right["insights"]}
    given = {normalise(mention.text): mention for mention in brief.mentions}
    total.given, total.wanted = total.given + len(given), total.wanted + len(wanted)
    total.wrong += [f"{path.name} missed: {text}" for text in wanted if text not in given]
    total.wrong += [f"{path.name} too much: {text}" for text in given if text not in wanted]
    for text in wanted.keys() & given.keys():
        total.right += 1
        _beside(total, path, given[text], wanted[text])


def _beside(total: Score, path: Path, mention: Mention, right: dict[str, Any]) -> None:
    for key, default in BESIDE.items():
        total.check(
            f"{path.name} {key} of {mention.text[:40]!r}",
            getattr(mention, key),
            right.get(key, default),
        )


def half(name: str) -> list[Path]:
    return [path for path in FILES if path.parent.name == name]


@pytest.mark.parametrize("name", ["first", "second"])
def test_the_insights_of_exports_are_found(name: str) -> None:
    result = score(half(name))
    assert (result.precision, result.recall) >= (0.95, 0.9), "\n".join(result.wrong)
    assert result.metadata >= 0.9, "\n".join(result.wrong)
