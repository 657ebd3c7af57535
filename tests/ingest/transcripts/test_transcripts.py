"""Any form of the same talk gives the same segments, and no form costs more than its length."""

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.episode import Segment
from newsletter.domain.errors import BriefRejected
from newsletter.ingest.transcripts import parse_transcript

TALK = Path(__file__).parent / "talk"
INES, TOM = "Ines Okoro", "Tom Vale"
SAID = [
    (INES, 1, "Rivers remember their old beds, and a flood goes back to them."),
    (INES, 6, "A dike that is raised twice breaks where nobody looks & at night."),
    (TOM, 12, "So the cheapest wall is a meadow?"),
    (INES, 15, "A meadow holds more water than a wall of the same price."),
]


def read(text: str, media_type: str = "", name: str = "") -> list[tuple[str, int, str]]:
    segments = parse_transcript(text.encode(), media_type, name)
    return [(segment.speaker, int(segment.start), segment.text) for segment in segments]


def texts(text: str) -> list[str]:
    return [words for _, _, words in read(text)]


@pytest.mark.parametrize("path", sorted(TALK.iterdir()), ids=lambda path: path.suffix)
def test_each_form_of_a_talk_gives_the_same_segments(path: Path) -> None:
    assert read(path.read_text()) == SAID


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/octet-stream"])
@pytest.mark.parametrize("name", ["talk.vtt", "talk.srt", "talk.json"])
def test_what_it_is_shows_in_the_file_not_in_its_type(name: str, media_type: str) -> None:
    data = (TALK / name).read_bytes()
    assert parse_transcript(data, media_type) == parse_transcript(data, "", name)


def test_a_sentence_has_the_second_at_which_it_begins() -> None:
    cue = "00:10.000 --> 00:20.000\nFive words stand in this. And five stand in that.\n"
    first, second = parse_transcript(f"WEBVTT\n\n{cue}".encode())
    times = [first.start, first.end, second.start, second.end]
    assert times == pytest.approx([10, 15, 15, 20], abs=0.4)


def test_captions_that_roll_are_read_once() -> None:
    text = """WEBVTT
Kind: captions
Language: en

00:00:00.000 --> 00:00:02.000 align:start position:0%
\N{SPACE}
A<00:00:00.500><c> dike</c><00:00:01.000><c> that</c>

00:00:02.000 --> 00:00:02.010 align:start position:0%
A dike that
\N{SPACE}

00:00:02.010 --> 00:00:04.000 align:start position:0%
A dike that
is<00:00:02.500><c> raised</c><00:00:03.000><c> breaks.</c>

00:00:04.000 --> 00:00:04.010 align:start position:0%
is raised breaks.
"""
    assert texts(text) == ["A dike that is raised breaks."]


def test_captions_that_grow_word_by_word_are_read_once() -> None:
    shown = ["Water", "Water finds", "Water finds the", "Water finds the gap."]
    cues = [f"00:0{n}.000 --> 00:0{n + 1}.000\n{text}\n" for n, text in enumerate(shown)]
    assert texts("WEBVTT\n\n" + "\n".join(cues)) == ["Water finds the gap."]


def test_what_is_said_twice_stays_twice_where_captions_do_not_roll() -> None:
    said = ["Water wins.", "Water wins.", "It has time.", "We have not.", "Not ever."]
    cues = [f"00:0{n}.000 --> 00:0{n + 1}.000\n{text}\n" for n, text in enumerate(said)]
    assert texts("WEBVTT\n\n" + "\n".join(cues)) == said


BROKEN = {
    "no header": "00:01.000 --> 00:03.000\nWater wins.\n",
    "a line of text that is a number": "1\n00:00:01,000 --> 00:00:03,000\nWater wins.\n",
    "no empty line between two": (
        "1\n00:00:01,000 --> 00:00:03,000\nWater\n2\n00:00:03,000 --> 00:00:05,000\nwins.\n"
    ),
    "an empty line within one": "WEBVTT\n\n00:01.000 --> 00:03.000\nWater\n\nwins.\n",
    "a time that is none": ("WEBVTT\n\n00:01.000 --> 00:03.000\nWater\n\nx --> 00:05.000\nwins.\n"),
    "out of order": (
        "WEBVTT\n\n00:03.000 --> 00:05.000\nwins.\n\n00:01.000 --> 00:03.000\nWater\n"
    ),
    "an end before its start": "WEBVTT\n\n00:03.000 --> 00:01.000\nWater wins.\n",
    "line ends of Windows": "WEBVTT\r\n\r\n00:01.000 --> 00:03.000\r\nWater wins.\r\n",
    "cut off": "WEBVTT\n\n00:01.000 --> 00:03.000\nWater wins.\n\n00:04.000 --> 00:0",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_broken_captions_are_read_as_far_as_they_make_sense(text: str) -> None:
    assert texts(text) == ["Water wins."]


REJECTED = {
    "": "no speech in the transcript",
    " \n ": "no speech in the transcript",
    "WEBVTT\n": "no time of a caption can be read: 'WEBVTT'",
    "WEBVTT\n\nx --> y\nWater wins.": "no time of a caption can be read: 'x --> y'",
    '{"segments": [\n{"body": 3}]}': "Expected `str | null`, got `int`",
    '{"segments": [': "truncated",
    '{"a": 1}': "missing required field `segments`",
    "[" * 100_000 + "{": "Expected `object`, got `array`",
    "a\nb\0": "line 2: binary: a NUL character is no text",
}


@pytest.mark.parametrize(("text", "reason"), REJECTED.items())
def test_what_cannot_be_read_is_rejected_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(BriefRejected, match=re.escape(reason)):
        parse_transcript(text.encode(), name="talk.json" if text.startswith("[") else "")


def test_a_reason_names_the_line() -> None:
    with pytest.raises(BriefRejected) as rejected:
        parse_transcript(b"Water wins.\nIt has \xff time.")
    assert rejected.value.line == 2
    with pytest.raises(BriefRejected) as rejected:
        parse_transcript(b'{\n"segments": [\n{"body": "Water",,\n')
    assert rejected.value.line == 3


def test_a_web_page_in_the_place_of_captions_is_no_transcript() -> None:
    page = b"<!doctype html><title>404</title><p>The page was not found here."
    with pytest.raises(BriefRejected, match="a web page stands where"):
        parse_transcript(page, "text/vtt")
    assert len(parse_transcript(page, "text/html")) == 1


def test_utf_16_is_read_by_its_mark() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:03.000\nWater wins.\n"
    assert parse_transcript(text.encode("utf-16"))[0].text == "Water wins."


NAMED = {
    "Ada Lund: Water wins.\nBo: Why?\nAda Lund: It has time.": ["Ada Lund", "Bo", "Ada Lund"],
    "SPEAKER_00: Water wins.\nSPEAKER_01: Why?\nSPEAKER_00: Time.": [
        *("SPEAKER_00", "SPEAKER_01", "SPEAKER_00"),
    ],
    "Ada 0:01\nWater wins.\n\nBo 0:04\nWhy?": ["Ada", "Bo"],
    "0:01 Ada: Water wins.\n0:04 Bo: Why?": ["Ada", "Bo"],
    "Ludwig van Meer: Water wins.\n\nIt has time.\n\nLudwig van Meer: Yes.": ["Ludwig van Meer"]
    * 3,
    "Water has a rule: It wins.\nNote: This is so.\nNote: And this.": [""] * 3,
    "Here is the thing: Water wins.\nHere is the thing: It has time.": [""] * 2,
}


@pytest.mark.parametrize(("text", "speakers"), NAMED.items())
def test_a_name_before_a_colon_is_a_speaker_if_it_looks_like_one(
    text: str, speakers: list[str]
) -> None:
    assert [speaker for speaker, _, _ in read(text)] == speakers


def test_times_between_paragraphs_are_those_of_what_follows() -> None:
    page = """---
guest: Ada Lund
---
# The talk

Ada Lund (00:24:54):
Water wins.

(00:25:10):
It has time.

Bo (00:25:27):
We have not.
"""
    assert read(page) == [
        ("Ada Lund", 1494, "Water wins."),
        ("Ada Lund", 1510, "It has time."),
        ("Bo", 1527, "We have not."),
    ]


def test_text_without_times_has_none() -> None:
    assert {(s.start, s.end) for s in parse_transcript(b"Water wins. It has time.")} == {(0, 0)}


def test_between_two_times_the_text_is_taken_to_run_evenly() -> None:
    long = "Water finds each gap there is in the wall. " * 10
    seconds = [start for _, start, _ in read(f"[0:00] Start now.\n\n{long}\n\n[0:30] Over it.")]
    assert seconds == sorted(seconds)
    assert seconds[-1] == 30
    assert 14 <= seconds[6] <= 16


SOUNDS = {
    "before": ("[Music] Water wins.", [("Water wins.", True)]),
    "behind": ("Water wins. (laughs)", [("Water wins.", False)]),
    "between": (
        "Water wins. *applause* It has time.",
        [("Water wins.", False), ("It has time.", True)],
    ),
    "within": (
        "Water [laughter] wins. It has time.",
        [("Water … wins.", False), ("It has time.", False)],
    ),
    "two within": ("Water [sighs] (pause) wins.", [("Water … wins.", False)]),
    "a word in brackets": ("Water [sic] wins.", [("Water [sic] wins.", False)]),
}


@pytest.mark.parametrize(("text", "spoken"), SOUNDS.values(), ids=SOUNDS)
def test_where_a_sound_was_is_known(text: str, spoken: list[tuple[str, bool]]) -> None:
    assert [(s.text, s.after_gap) for s in parse_transcript(text.encode())] == spoken


def test_a_sound_in_a_caption_of_its_own_ends_nobodys_sentence() -> None:
    cues = ("<v Ada>Water", "[laughter]", "<v Ada>wins. It has time.")
    times = (f"00:0{n}.000 --> 00:0{n + 1}.000\n{cue}\n" for n, cue in enumerate(cues))
    segments = parse_transcript("\n".join(["WEBVTT", "", *times]).encode())
    assert [(s.speaker, s.text) for s in segments] == [
        ("Ada", "Water … wins."),
        ("Ada", "It has time."),
    ]


JSON = {
    "Whisper's names": {"segments": [{"start": 1, "end": 2.5, "text": " Water wins."}]},
    "a list alone": [{"startTime": 1, "endTime": 2.5, "body": "Water wins."}],
    "numbers as texts": {"segments": [{"startTime": "1", "endTime": "2.5", "body": "Water wins."}]},
    "a word each": {
        "segments": [
            {"startTime": 1, "endTime": 1.5, "body": "Water"},
            {"startTime": 1.5, "endTime": 2.5, "body": "wins."},
        ]
    },
}


@pytest.mark.parametrize("page", JSON.values(), ids=JSON)
def test_json_in_the_forms_that_programs_write(page: object) -> None:
    (segment,) = parse_transcript(json.dumps(page).encode())
    assert (segment.text, segment.start) == ("Water wins.", 1)


def test_a_time_that_is_no_time_is_passed_over() -> None:
    for time_given in ("1e99", "-5", "null"):
        page = f'{{"segments": [{{"startTime": {time_given}, "body": "Water wins."}}]}}'
        assert [start for _, start, _ in read(page)] == [0]


@given(st.binary(max_size=300), st.sampled_from(["", "text/html", "application/json", "text/vtt"]))
def test_no_bytes_crash_it(data: bytes, media_type: str) -> None:
    with suppress(BriefRejected):
        parse_transcript(data, media_type)


PIECES = st.lists(
    st.sampled_from(
        """WEBVTT|\n|\n\n|00:01.000 --> 00:02.000|00:00:03,5 --> 9|-->|<v Ada>|</v>|<c>|Ada:|[0:01]
        |(0:02)|0:03| |Water wins.|NOTE|{|}|[|]|"segments":|"body":|"x"|,|<p>|<cite>|</cite>|<time>
        |&amp;|♪|[Music]|>>|- |**|brought to you by|welcome back|1""".split("|")
    ),
    max_size=30,
)


@given(PIECES)
def test_no_pieces_of_the_forms_crash_it_and_times_run_forwards(pieces: list[str]) -> None:
    with suppress(BriefRejected):
        segments = parse_transcript("".join(pieces).encode())
        assert all(0 <= segment.start <= segment.end for segment in segments)
        assert all(segment.text == " ".join(segment.text.split()) for segment in segments)


def repeated(piece: str) -> Callable[[int], str]:
    return lambda size: piece * (size // len(piece))


_CUE = "00:01.000 --> 00:02.000\n"
GROWING = {
    "captions": lambda size: "WEBVTT\n\n" + repeated(_CUE + "Water wins, of course\n\n")(size),
    "the same sentence": repeated("Water wins. "),
    "one line": repeated("water "),
    "one word": repeated("w"),
    "brackets": repeated("[("),
    "notes": repeated("♪ a"),
    "names": repeated("Ada: "),
    "names in lines": repeated("Ada: Water.\n"),
    "breaks": repeated("This episode is brought to you by a firm. "),
    "tags": lambda size: f"WEBVTT\n\n{_CUE}" + "<v " * (size // 3),
    "one caption": lambda size: f"WEBVTT\n\n{_CUE}" + "water\n" * (size // 6),
    "arrows": repeated("-->\n"),
    "stops": repeated(". "),
    "open HTML": repeated("<p>a"),
    "deep HTML": repeated("<b><i>"),
    "times": repeated("[0:01] "),
    "spaces": repeated(" \t"),
    "dots": lambda size: "." * size + "x.",
    "hyphens": lambda size: "This episode is brought to you by Acme.\n\n" + "a-" * (size // 2),
    "front matter": lambda size: "---\n" + "x---\n" * (size // 5),
    "a rule and lines": lambda size: "---" + "\n" * size,
    "lines of two captions": lambda size: "".join(
        f"00:0{cue}.000 --> 00:0{cue + 1}.000\na\n"
        + "".join(f"{cue} {line}\n" for line in range(size // 16))
        + "\n"
        for cue in (1, 2)
    ),
    "JSON": lambda size: (
        '{"segments": [' + '{"body": "Water."},' * (size // 20) + '{"body": "a"}]}'
    ),
}


def cost(text: str) -> float:
    begun = time.process_time()
    with suppress(BriefRejected):
        parse_transcript(text.encode())
    return time.process_time() - begun


@pytest.mark.heavy
@pytest.mark.parametrize("page", GROWING.values(), ids=GROWING)
def test_eight_times_the_transcript_costs_about_eight_times_the_work(
    page: Callable[[int], str],
) -> None:
    short, long = cost(page(30_000)), cost(page(240_000))
    assert long < 0.05 or long < 24 * short


def test_a_segment_is_one_sentence() -> None:
    said = parse_transcript(
        b"Ada: Water wins. It has time! Does it? Dr. Lund says so, at 3.5 a day."
    )
    assert [segment.text for segment in said] == [
        *("Water wins.", "It has time!", "Does it?", "Dr. Lund says so, at 3.5 a day."),
    ]
    assert isinstance(said[0], Segment)


def test_a_segment_without_words_costs_no_other() -> None:
    page = b'{"segments": [{"body": null}, {"body": "Water wins."}]}'
    assert [segment.text for segment in parse_transcript(page)] == ["Water wins."]


@pytest.mark.parametrize(
    ("speaker", "kept"), [("Ada\u202e\n\nBrook\x00", "Ada Brook"), ("a" * 300_000, "")]
)
def test_who_speaks_is_a_clean_name_or_nobody(speaker: str, kept: str) -> None:
    segment = {"startTime": 1, "endTime": 9, "speaker": speaker, "body": "Salt keeps a loaf."}
    [said] = parse_transcript(json.dumps({"segments": [segment]}).encode())
    assert said.speaker == kept
