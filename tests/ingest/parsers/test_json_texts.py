"""JSON whose keys are nobody's convention: where the texts stand, and of which episode they are."""

import json
from typing import Any

import pytest

from newsletter.ingest.parsers import briefs
from tests.ingest.parsers import parse

ONE = "Ports forgive the first day, and the second costs more than the voyage."
TWO = "A pilot who knows the sandbank saves more fuel than a new engine does."
THREE = "A kettle that whistles is filled less often than one that clicks."


def said(whole: Any) -> list[tuple[str, str]]:
    brief = parse("a.json", json.dumps(whole).encode())
    return [(each.text, each.origin) for each in brief.mentions]


@pytest.mark.parametrize(
    "whole",
    [
        {"keyInsights": [ONE]},
        {"hot_takes": [ONE]},
        {"takeaways": [{"claim": ONE, "why": THREE, "topic": "Sea"}]},
        {"takeaways": [{"what_it_says": ONE, "time": "1:02"}]},
    ],
)
def test_a_claim_under_any_key(whole: Any) -> None:
    assert said(whole) == [(ONE, "takeaway")]


@pytest.mark.parametrize(
    "quote", [ONE, {"text": ONE}, {"en": ONE, "de": THREE, "at": "1:02"}, {"original": ONE}]
)
def test_a_quote_under_any_key(quote: Any) -> None:
    assert said({"quotes": [quote]}) == [(ONE, "quote")]


def test_a_claim_and_the_words_that_it_rests_on() -> None:
    assert said({"takeaways": [{"title": "Quays", "content": ONE, "quote": TWO}]}) == [
        (TWO, "quote"),
        (ONE, "takeaway"),
    ]


def test_a_whole_note_beside_lists() -> None:
    note = f"On quays.\n\n## Key takeaways\n\n- {ONE}\n"
    whole = {"title_en": "Sand", "report_id": 7, "digest_md": note}
    whole["quotes"] = [{"text": TWO, "speaker": "Ada Brook"}]
    assert said(whole) == [(ONE, "takeaway"), (TWO, "quote")]
    brief = parse("a.json", json.dumps(whole).encode())
    assert (brief.episode, brief.speakers) == ("Sand", ("Ada Brook",))


def test_episodes_without_a_name_are_told_apart_by_their_slugs() -> None:
    told = [
        {"slug": name.lower(), "quotes": [{"text": text, "speaker": name}]}
        for name, text in (("Ada B", ONE), ("Ben C", TWO))
    ]
    one, two = briefs("a.json", json.dumps({"episodes": told}).encode())
    assert (one.speakers, two.speakers) == (("Ada B",), ("Ben C",))


def test_the_page_of_a_show_is_not_that_of_its_episodes() -> None:
    episode = {"title": "Sand", "audio_url": "https://a.example/7.mp3", "takeaways": [ONE]}
    show = {"name": "Kettle", "website": "https://kettle.example/", "episodes": [episode]}
    brief = parse("a.json", json.dumps(show).encode())
    assert (brief.podcast, brief.episode, brief.url) == ("Kettle", "Sand", episode["audio_url"])


def test_the_speaker_of_words_that_are_told_twice() -> None:
    whole = {"title": "Sand", "quotes": [ONE, {"text": ONE, "speaker": "Ada Brook"}]}
    brief = parse("a.json", json.dumps(whole).encode())
    assert [each.speaker for each in brief.mentions] == ["Ada Brook"]


@pytest.mark.parametrize("insights", [[ONE], [{"text": ONE}]])
def test_an_episode_may_be_an_object(insights: Any) -> None:
    episode = {"title": "Sand", "link": "https://kettle.example/7", "pubDate": "2026-03-14"}
    whole = {"podcast": {"name": "Kettle"}, "episode": episode, "insights": insights}
    brief = parse("a.json", json.dumps(whole).encode())
    assert (brief.podcast, brief.episode, brief.url) == ("Kettle", "Sand", episode["link"])
    assert str(brief.published) == "2026-03-14"
