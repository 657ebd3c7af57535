"""Exports of note apps, in our own words: which insights are found, and what is known about them.

Each file in exports/ has what is right beside it, in TOML. The rules were made on those in first/;
those in second/ and then in third/ were written afterwards, as other variants, and counted once
before the rules were mended for them: docs/decisions/0028-exports.md says how many were right.
later/ holds what was found since. fourth/ to ninth/ were written after public exports,
with many episodes in a file, and counted once in the same way.
"""

import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief, Mention, normalise
from newsletter.ingest.parsers import briefs, explain
from tests.ingest.parsers import parse

SHARED = Path(__file__).parents[4] / "shared" / "inputs" / "exports"
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
    found: tuple[Brief, ...] = ()
    try:
        found = briefs(path.name, path.read_bytes())
    except BriefRejected as error:
        total.wrong.append(f"{path.name}: rejected, {error.reason}")
    pages = pages_of(path)
    wanted = {normalise(each["text"]): each for page in pages for each in page["insights"]}
    given = {normalise(said.text): (said, brief) for brief in found for said in brief.mentions}
    total.given, total.wanted = total.given + len(given), total.wanted + len(wanted)
    total.wrong += [f"{path.name} missed: {text}" for text in wanted if text not in given]
    total.wrong += [f"{path.name} too much: {text}" for text in given if text not in wanted]
    for page in pages:
        texts = (normalise(each["text"]) for each in page["insights"])
        _about(total, path, page, [given[text][1] for text in texts if text in given])
    for text in wanted.keys() & given.keys():
        total.right += 1
        _beside(total, path, given[text][0], wanted[text])


def pages_of(path: Path) -> list[dict[str, Any]]:
    """What is right of each episode in a file; where it tells of one, the whole is of that one."""
    right = tomllib.loads(path.with_suffix(".toml").read_text("utf-8"))
    return list(right.get("pages", [right]))


def _about(total: Score, path: Path, right: dict[str, Any], told: list[Brief]) -> None:
    """All insights of an episode stand in one brief, which says what is right."""
    brief = told[0] if told else Brief(())
    if any(each is not brief for each in told):
        total.wrong.append(f"{path.name}: {right.get('episode')!r} stands in several briefs")
    for key, default in ABOUT.items():
        has = getattr(brief, key)
        total.check(
            f"{path.name} {key}", list(has) if key == "speakers" else has, right.get(key, default)
        )


def _beside(total: Score, path: Path, mention: Mention, right: dict[str, Any]) -> None:
    for key, default in BESIDE.items():
        total.check(
            f"{path.name} {key} of {mention.text[:40]!r}",
            getattr(mention, key),
            right.get(key, default),
        )


def half(name: str) -> list[Path]:
    return [path for path in FILES if path.parent.name == name]


@pytest.mark.parametrize(
    "name",
    ["first", "second", "third", "later", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"],
)
def test_the_insights_of_exports_are_found(name: str) -> None:
    result = score(half(name))
    assert (result.precision, result.recall) >= (0.95, 0.9), "\n".join(result.wrong)
    assert result.metadata >= 0.9, "\n".join(result.wrong)
    assert len(result.wrong) <= 3, "\n".join(result.wrong)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_dialect_is_recognised_and_each_paragraph_names_its_rule(path: Path) -> None:
    right = tomllib.loads(path.with_suffix(".toml").read_text("utf-8"))
    pages = explain(path.name, path.read_bytes())
    paragraphs = [each for page in pages for each in page.paragraphs]
    assert {page.dialect for page in pages if page.dialect} == {right["dialect"]}
    assert all(paragraph.rule and paragraph.verdict for paragraph in paragraphs)
    insights = [each for each in paragraphs if each.verdict == "insight"]
    left_out = [
        each for each in paragraphs if each.verdict != "insight" and each.rule != "front matter"
    ]
    found = briefs(path.name, path.read_bytes())
    assert len({normalise(each.text) for each in insights}) == sum(
        len(brief.mentions) for brief in found
    )
    dropped = sorted((note.line, note.text) for brief in found for note in brief.dropped)
    assert sorted((each.line, each.text) for each in left_out) == dropped


def test_the_samples_are_many_and_of_every_dialect() -> None:
    rights = [tomllib.loads(path.with_suffix(".toml").read_text("utf-8")) for path in FILES]
    assert len(FILES) >= 160
    assert {right["dialect"] for right in rights} == {
        "Snipd", "Readwise", "Airr", "Podwise", "Logseq", "Markdown", "HTML", "CSV", "JSON Lines",
        "JSON Feed", "JSON", "outline in JSON", "OPML", "Evernote", "clippings", "notes in text",
        "plain text",
    }  # fmt: skip


def shared(name: str) -> Brief:
    path = SHARED / name
    if not path.is_file():
        pytest.skip("the shared inputs are not beside this checkout")
    return parse(path.name, path.read_bytes())


def test_snipd_of_2023() -> None:
    brief = shared("snipd-2023.md")
    assert (brief.podcast, brief.episode) == ("Quiet Engines", "The Harbour Engine")
    assert (brief.published, brief.speakers) == (date(2021, 7, 2), ("Ada Brook",))
    assert [(mention.at, mention.link[-2:], mention.origin) for mention in brief.mentions] == [
        *[(169, "a1", "takeaway")] * 3,
        *[(1991, "b2", "takeaway")] * 2,
    ]


def test_snipd_of_2026() -> None:
    brief = shared("snipd-2026.md")
    assert (brief.podcast, brief.published) == ("Shelf Life", date(2026, 1, 26))
    assert brief.episode == "The quiet price of free returns"
    assert [(mention.at, mention.speaker, mention.origin) for mention in brief.mentions] == [
        (192, "", "takeaway"),
        (192, "", "takeaway"),
        (192, "Tomas Lind", "quote"),
        (720, "", "takeaway"),
    ]
    assert not any("Tomas Lind" in mention.text for mention in brief.mentions)


def test_readwise_for_logseq() -> None:
    brief = shared("readwise-logseq.md")
    assert (brief.podcast, brief.episode) == (
        "Full Kettle Radio",
        "144 — Testing in small teams",
    )
    [mention] = brief.mentions
    assert (mention.at, mention.link[-4:], mention.origin) == (778, "/7b2", "takeaway")
    assert mention.text.startswith("Types let you write")
