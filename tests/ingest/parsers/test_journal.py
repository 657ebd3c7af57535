"""Diaries in JSON: what names a show is read, and the rest is private."""

import json
from typing import Any

import pytest

from newsletter.domain.errors import BriefRejected
from newsletter.ingest.parsers import briefs, explain

ONE = "A pilot who knows the sandbank saves more fuel than a new engine does."
TWO = "Ports forgive the first day, and the second costs more than the voyage."
MINE = "My mother called about the roof of her house, and I said nothing."
URL = "https://kettle.example/7"
ESCAPED = r"https://kettle\.example/7"


def entry(text: str, *tags: str, day: int = 14) -> dict[str, Any]:
    return {
        "uuid": f"E{day}",
        "creationDate": f"2026-03-{day}T21:04:00Z",
        "timeZone": "Europe/Oslo",
        "location": {"placeName": "Home"},
        "weather": {"conditionsDescription": "Rain"},
        "text": text,
        "tags": list(tags),
    }


def day_one(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"metadata": {"version": "1.0"}, "entries": entries}).encode()


def told(page: bytes, name: str = "Journal.json") -> list[tuple[str, str, str, list[str]]]:
    return [
        (each.podcast, each.episode, each.url, [said.text for said in each.mentions])
        for each in briefs(name, page)
    ]


@pytest.mark.parametrize(
    ("text", "tags", "url"),
    [
        (f"Listened to [Sand]({URL}) by Kettle\n\n- {ONE}\n\n{MINE}", [], URL),
        (f"{MINE}\n\n🎧 Kettle - Sand\n\n- {ONE}\n\n{MINE}", [], ""),
        (f"# Evening\n\n{MINE}\n\n## Podcast: Kettle - Sand\n\n{ONE}\n\n## Roof\n\n{MINE}", [], ""),
        (f"Kettle - Sand\n\n- {ONE}", ["podcast"], ""),
        (f'**Kettle**, "Sand" with Tomas Lind\n\n- {ONE}', ["podcast"], ""),
        (f"# Kettle, ep 12: Sand\n\n{MINE}\n\n## What stuck\n\n- {ONE}", ["podcast"], ""),
        (f"Kettle - Sand\n\n- {ONE}\n\n{ESCAPED}", ["podcast"], URL),
        (f"# Sand\nPodcast: Kettle\n{URL}\n\n- {ONE}", ["Podcasts", "tram"], URL),
    ],
)
def test_an_entry_that_names_a_show(text: str, tags: list[str], url: str) -> None:
    page = day_one(entry(MINE, "family", day=13), entry(text, *tags))
    assert told(page) == [("Kettle", "Sand", url, [ONE])]


@pytest.mark.parametrize(
    "value",
    [
        {"metadata": {"version": "1.0"}, "entries": [entry(f"# Evening\n\n{MINE}"), entry(MINE)]},
        {"entries": [{"date": "2026-03-14", "body": MINE}]},
        [{"date": "2026-03-14", "text": MINE}, {"date": "2026-03-15", "text": f"- {MINE}"}],
        [{"id": "1", "date_journal": "2026-03-14T08:00:00Z", "text": MINE, "mood": 3}],
        {"journal": [{"created": "14 March 2026", "title": "Roof", "text": MINE, "mood": "low"}]},
    ],
)
def test_a_diary_that_names_no_show_is_private(value: Any) -> None:
    page = json.dumps(value).encode()
    with pytest.raises(BriefRejected, match="no insight in it"):
        told(page)
    paragraphs = [each for page in explain("a.json", page) for each in page.paragraphs]
    assert {each.rule for each in paragraphs} <= {"diary", "heading"}
    if isinstance(value, list):
        lines = "\n".join(map(json.dumps, value))
        with pytest.raises(BriefRejected, match="no insight in it"):
            told(lines.encode(), "a.jsonl")


def test_two_days_have_an_episode_of_one_title() -> None:
    heard = "🎧 Kettle - Headlines"
    page = day_one(entry(f"{heard}\n\n- {ONE}", day=14), entry(f"{heard}\n\n- {TWO}", day=15))
    assert [texts for *_, texts in told(page)] == [[ONE], [TWO]]


@pytest.mark.parametrize(
    "value",
    [
        [{"date": "2026-03-14", "text": ONE, "podcast": "Kettle"}],
        [{"date": "2026-03-14", "text": ONE, "title": "Sand"}],
        {"podcast": "Kettle", "entries": [{"date": "2026-03-14", "text": ONE}]},
        [{"text": ONE}],
    ],
)
def test_what_is_no_diary_is_read(value: Any) -> None:
    assert [texts for *_, texts in told(json.dumps(value).encode())] == [[ONE]]
