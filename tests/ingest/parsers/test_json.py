"""JSON briefs: strict where it matters, with the place and the line of what is wrong."""

import json
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief, Dropped, Mention
from newsletter.ingest.parsers.json import JsonBrief, JsonInsight, places, schema
from newsletter.ingest.parsers.json import read as pages_of
from tests.ingest.parsers import parse

SCHEMA = Path(__file__).parents[3] / "docs" / "brief.schema.json"

ONE = "Lighthouses went dark first where ships were richest. Receivers were cheaper than keepers."
TWO = "A choir breathes in turns, so that the note never ends."


def read(page: Any) -> Brief:
    return parse("a.json", json.dumps(page, indent=1).encode())


def test_everything_that_may_stand_in_it() -> None:
    brief = read(
        {
            "podcast": "Signal\u0000 Fires",
            "episode": "Episode 3",
            "title": "Lights  out",
            "url": "https://signal.example/3",
            "published": "2026-03-05",
            "topics": ["sea", " "],
            "speakers": ["Ada Moor", "Finn Keel"],
            "insights": [
                {"text": ONE, "speaker": "Ada Moor", "at": 61.7, "topics": ["ships"], "mood": 1}
            ],
            "related": [TWO],
            "unknown": {"deep": [None]},
        }
    )
    assert brief == Brief(
        (
            Mention(ONE, "lead", "Ada Moor", 61, ("ships",)),
            Mention(TWO, "related"),
        ),
        podcast="Signal Fires",
        episode="Episode 3",
        title="Lights out",
        url="https://signal.example/3",
        published=date(2026, 3, 5),
        speakers=("Ada Moor", "Finn Keel"),
        topics=("sea",),
    )


def test_a_date_and_time_is_the_date_as_written() -> None:
    page = {"published": "2026-03-05T23:59:00-08:00", "insights": [ONE]}
    assert read(page).published == date(2026, 3, 5)


def test_texts_hold_no_control_characters_and_no_overrides() -> None:
    brief = read({"insights": ["Bees\u0000 \u202edance\u2069\n\tto\u0007 tell \ud83d\udc1d 👩‍🌾."]})
    assert brief.mentions[0].text == "Bees dance to tell 🐝 👩‍🌾."


def test_a_sole_speaker_said_the_leads() -> None:
    brief = read({"speakers": ["Ada Moor"], "insights": [ONE], "related": [TWO]})
    assert [mention.speaker for mention in brief.mentions] == ["Ada Moor", ""]


def test_calls_to_action_are_dropped_and_short_texts_are_no_headings() -> None:
    brief = read({"insights": ["Sleep is a skill", "Download our app now!", " "]})
    assert [mention.text for mention in brief.mentions] == ["Sleep is a skill"]
    assert brief.dropped == (Dropped(4, "Download our app now!"), Dropped(5, ""))


def test_an_address_that_is_none_is_dropped_and_said_so() -> None:
    brief = read({"insights": [ONE], "url": "data:text/html,x"})
    assert brief.url == ""
    assert brief.dropped == (Dropped(5, "url: data:text/html,x"),)


@pytest.mark.parametrize(
    ("page", "line", "says"),
    [
        (
            '{"insights": [\n"x.",\n{"text": 5}]}',
            3,
            "$.insights[1].text: it is a number, and must be text in quotes",
        ),
        ('{"insights": [{\n"at": -1, "text": "x"}]}', 2, "$.insights[0].at: it is less than 0"),
        ('{"insights": [\n{"text": "x", "at": 1e9}]}', 2, "$.insights[0].at"),
        ('{"insights": [\n\n{}]}', 3, '$.insights[0]: it has no "text"'),
        ('{"podcast": "x"}', 1, 'the file: it has no "insights": write {"insights": ["..."]}'),
        ("\n[]", 2, "the file: it is a list [...], and must be an object {...}: write {"),
        ('{"insights": ["x."],\n"speakers": ["a",\n7]}', 3, "$.speakers[1]"),
        ('{"insights": ["x."],\n"published": "soon"}', 2, "$.published: it is no date: write one"),
        ('{"insights": ["x."],\n"published": "2026-02-30"}', 2, "$.published"),
        ('{"insights": ["x."],\n"title": "' + "x" * 501 + '"}', 2, "$.title"),
        ('{"insights": [\n"' + "x" * 4001 + '"]}', 2, "$.insights[0]"),
        ('{"insights": [\n"x",]}', 2, "malformed JSON"),
        ('{"insights":\n[\n', 2, "malformed JSON: it ends too early"),
        ('{"insights": ["\\ud800"]}', 1, "half a pair"),
        ('{"insights": ["x."]}\n}', 2, "malformed JSON: trailing characters"),
        (
            '{"insights": 5, "x": "' + '\\"' * 50_000,
            1,
            "$.insights: it is a number, and must be a list [...]",
        ),
        (
            '{"insights": 5, "x": ' + "[" * 50_000,
            1,
            "$.insights: it is a number, and must be a list [...]",
        ),
    ],
)
def test_what_is_wrong_and_where(page: str, line: int, says: str) -> None:
    with pytest.raises(BriefRejected) as caught:
        parse("a.json", page.encode())
    assert says in caught.value.reason
    assert caught.value.line == line


def test_places() -> None:
    page = '{"a": {"insights": [1]},\n"insights": [\n"x, {y}", {"te\\"xt": 1,\n"text": "]"}]\n}'
    lines = places(page)
    assert lines["$"] == 1
    assert lines["$.insights"] == 2
    assert lines["$.insights[0]"] == lines["$.insights[1]"] == 3
    assert lines["$.insights[1].text"] == 4


def test_the_published_schema_is_that_of_the_parser() -> None:
    """To publish a change: write ``schema()`` into docs/brief.schema.json."""
    assert SCHEMA.read_bytes() == schema()


def test_the_keys_of_other_programs_say_what_ours_do_not() -> None:
    brief = read(
        {
            "show": "Kettle",
            "title": "Sand",
            "date": "2026-03-14",
            "insights": ["Ice hums in spring."],
        }
    )
    assert (brief.podcast, brief.episode, str(brief.published)) == ("Kettle", "Sand", "2026-03-14")


ICE = "Ice hums in spring, and its pitch tells how wide the channel is."


@pytest.mark.parametrize(
    "whole",
    [
        {"insights": [{"text": ICE, "at": "12:34", "speaker": None}], "podcast": None},
        {"insights": [{"text": ICE, "at": "754"}, None], "speakers": "Ada Brook, Tomas Lind"},
        {"insights": [{"title": "Ice", "body": ICE}]},
        {"insights": [{"insight": ICE}]},
        {"insights": [], "takeaways": [ICE]},
        {"insights": None, "takeaways": [ICE]},
        {"show": "Kettle", "key_points": {"1": ICE}},
    ],
)
def test_briefs_as_language_models_write_them(whole: dict[str, Any]) -> None:
    (said,) = read(whole).mentions
    assert (said.text, said.at) in {(ICE, 754), (ICE, None)}


def test_a_show_may_be_an_object() -> None:
    brief = read({"insights": [ICE], "show": {"name": "Kettle"}, "episode_title": "Sand"})
    assert (brief.podcast, brief.episode) == ("Kettle", "Sand")


BINNED = {"isTrashed": True, "title": "Keys", "textContent": TWO}
KEPT = {"isTrashed": False, "title": "Keys", "textContent": ONE}


@pytest.mark.parametrize("whole", [BINNED, [BINNED], {"notes": [BINNED], "deleted": True}])
def test_a_note_in_the_bin_is_not_read(whole: Any) -> None:
    with pytest.raises(BriefRejected, match="in the bin"):
        read(whole)


def test_lines_that_are_all_in_the_bin_are_not_read() -> None:
    with pytest.raises(BriefRejected, match="in the bin"):
        parse("a.jsonl", json.dumps(BINNED).encode())


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_of_several_notes_those_in_the_bin_are_left_out(name: str) -> None:
    notes = [json.dumps(note) for note in (KEPT, BINNED)]
    page = "\n".join(notes) if name == "a.jsonl" else f"[{','.join(notes)}]"
    assert [said.text for said in parse(name, page.encode()).mentions] == [ONE]


@pytest.mark.parametrize("title", ["On the tram", "Lid - Quays"])
def test_the_fields_in_a_note_are_surer_than_its_title(title: str) -> None:
    text = f"Podcast: Kettle\nEpisode: Sand\n\n- {ONE}\n- {TWO}\n"
    brief = read({"title": title, "textContent": text})
    assert (brief.podcast, brief.episode) == ("Kettle", "Sand")


OF_OTHERS = "highlights items content_html entries show date author note".split()
KEYS = st.sampled_from([*JsonBrief.__struct_fields__, *JsonInsight.__struct_fields__, *OF_OTHERS])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-1, 10**20)
    | st.sampled_from(["", "nan", "1e999", "1:02", "99:99:99", "2026-13-45", ICE])
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@given(whole=st.dictionaries(KEYS, ANY_JSON, max_size=6) | ANY_JSON)
@example(whole={"insights": False, "podcast": ""})
@example(whole={"insights": [{"text": ICE, "at": "nan"}]})
def test_any_json_is_read_or_rejected(whole: Any) -> None:
    with suppress(BriefRejected):
        for page in pages_of(json.dumps(whole)):
            list(page.paragraphs)
