"""JSON Feeds that are logs of clips, and JSON Lines whose first row tells of the episode."""

import json
from typing import Any

import pytest

from newsletter.domain.errors import BriefRejected
from newsletter.ingest.parsers import briefs
from tests.ingest.parsers import parse

ONE = "Ports forgive the first day, and the second costs more than the voyage."
TWO = "A pilot who knows the sandbank saves more fuel than a new engine does."
MINE = "I keep these because my own memory of the harbour is getting worse."


def clip(number: int, text: str, second: int) -> dict[str, Any]:
    return {
        "url": f"https://ann.example/{number}",
        "external_url": f"https://saltandrope.example/{number}#t={second}",
        "title": f"Salt & Rope {number}: Quays",
        "content_html": f"<blockquote><p>{text}</p></blockquote><p>Ada Brook at 1:01. I agree.</p>",
        "date_published": "2026-03-14",
    }


def test_a_feed_may_be_a_log_of_clips() -> None:
    about = {"url": "https://ann.example/about", "title": "About", "content_text": MINE}
    items = [clip(7, ONE, 61), clip(8, TWO, 95), clip(7, TWO, 70), about]
    page = json.dumps({"title": "What I heard", "items": items}).encode()
    one, two = briefs("a.json", page)
    assert (one.podcast, one.episode, one.url) == (
        "Salt & Rope",
        "Quays",
        "https://saltandrope.example/7",
    )
    assert (two.url[-1], one.published, MINE in [each.text for each in one.dropped]) == (
        "8",
        None,
        True,
    )
    said = [(each.text, each.at, each.link[-4:], each.speaker) for each in one.mentions]
    assert said == [(ONE, 61, "t=61", "Ada Brook"), (TWO, 61, "t=70", "Ada Brook")]


HEAD = {"type": "meta", "show": "Kettle", "title": "Sand", "date": "2026-03-14", "hosts": ["Ada B"]}
HEAD["url"] = "https://a.example/7"


def lines(*rows: dict[str, Any]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


def test_a_row_tells_of_the_episode_of_those_below() -> None:
    said = [
        {"type": "segment", "speaker": "SPEAKER_01", "text": MINE},
        {"type": "insight", "title": "The sandbank", "text": ONE, "url": "https://a.example/x"},
        {"type": "quote", "title": "The quay", "text": TWO},
        {"type": "chapter", "title": "The end"},
    ]
    one, two = briefs("a.jsonl", lines(HEAD, *said, {**HEAD, "title": "Quays"}, said[1]))
    assert (one.podcast, one.episode, str(one.published)) == ("Kettle", "Sand", "2026-03-14")
    assert [(each.text, each.link) for each in one.mentions] == [
        (ONE, "https://a.example/x"),
        (TWO, ""),
    ]
    assert (one.speakers, two.episode, len(two.mentions)) == (("Ada B",), "Quays", 1)


def test_a_row_that_names_an_episode_is_of_that() -> None:
    brief = parse("a.jsonl", lines(HEAD, {"show": "Lid", "episode": "Tin", "text": ONE}))
    assert (brief.podcast, brief.episode, brief.published) == ("Lid", "Tin", None)


@pytest.mark.parametrize("kind", ["segment", "utterance", "meta"])
def test_rows_of_a_transcript_are_no_insights(kind: str) -> None:
    with pytest.raises(BriefRejected, match="no insight in it"):
        parse("a.jsonl", lines({"type": kind, "text": ONE}))
