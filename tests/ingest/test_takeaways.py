"""Takeaways of show notes: what people wrote as such, and nothing else of the notes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.episode import Chapter, Episode
from newsletter.ingest.takeaways import left_out, takeaways

FIRST = "A dike that is raised twice breaks where nobody looks."
SECOND = "Meadows hold more water than walls of the same price"


def texts(notes: str) -> list[str]:
    return [mention.text for mention in takeaways(Episode("g", "t", notes=notes))]


HEADINGS = [
    "Takeaways", "Key Takeaways:", "KEY TAKEAWAYS", "Main takeaways from this show", "Key points",
    "What you'll learn", "What you’ll learn in this episode:", "In this episode you'll learn:",
    "In today's episode, you will discover",
    "From this episode, you will learn:", "Things you'll learn",
    "Highlights", "Episode highlights:", "Key insights",
    "5 key lessons", "Lessons learned", "🔑 Key Takeaways", "Top Takeaways",
    "Die wichtigsten Erkenntnisse", "Points clés", "Ideas clave", "Principais aprendizados",
    "Punti chiave", "Belangrijkste inzichten",
]  # fmt: skip
OTHER_HEADINGS = ["Links", "Resources:", "Timestamps", "About the guest", "Sponsors", "Credits"]


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize(
    "notes",
    [
        "<p>A talk.</p><h3>{0}</h3><ul><li>{1}</li><li>{2}</li></ul>",
        "<p>A talk.</p><p><strong>{0}</strong></p><ul><li><p>{1}</p></li><li><b>{2}</b></li></ul>",
        "<p>A talk.</p><p>{0}</p><p>- {1}<br>- {2}</p>",
        "<p><b>{0}</b><br/>• {1}<br/>• {2}</p>",
        "A talk.\n\n{0}\n- {1}\n- {2}\n",
        "{0}\n\n1. {1}\n2. {2}\n\nBye.",
        "{0}\n{1}\n{2}",
        "## {0}\n\n* {1}\n* {2}",
    ],
)
def test_the_items_below_a_heading_of_takeaways(heading: str, notes: str) -> None:
    assert texts(notes.format(heading, FIRST, SECOND)) == [FIRST, SECOND]


@pytest.mark.parametrize("heading", OTHER_HEADINGS)
def test_the_items_below_another_heading_are_none(heading: str) -> None:
    assert texts(f"<h3>{heading}</h3><ul><li>{FIRST}</li></ul>") == []
    notes = f"Key takeaways\n- {FIRST}\n\n{heading}\n- {SECOND}."
    assert texts(notes) == [FIRST]


@pytest.mark.parametrize(
    "prose",
    [
        f"In this episode you'll learn how dikes break. {FIRST}",
        f"In this episode you'll learn how dikes break.\n\n{FIRST}",
        f"<p>You'll learn what a meadow holds!</p><p>{FIRST}</p>",
        "<h3>Highlights</h3><p>" + f"{FIRST} " * 6 + "</p>",
    ],
)
def test_prose_about_the_episode_is_none(prose: str) -> None:
    assert texts(prose) == []


def test_prose_after_the_list_is_none() -> None:
    html = f"<h3>Takeaways</h3><ul><li>{FIRST}</li></ul><p>{SECOND}.</p>"
    assert texts(html) == [FIRST]


@pytest.mark.parametrize(
    "item",
    [
        "Why meadows matter", "How to build a dike", "The importance of meadows",
        "Three ways to hold back water", "What makes a dike break?", "Ines explains how they break",
        "Visit our sponsor at https://tidewell.example and use code RIVER for 10% off",
        "Subscribe to the show on Apple Podcasts", "https://example.org/dikes", "Dikes",
        "Ines Okoro is a professor of hydrology at the university of Lund.",
        "Produced by Tom Vale", "Building a wall that is high enough", "And much more...",
        "We talk about the flood of the last year.",
    ],
)  # fmt: skip
def test_an_item_that_says_nothing_by_itself_is_none(item: str) -> None:
    assert texts(f"Takeaways:\n- {item}\n- {FIRST}") == [FIRST]


@pytest.mark.parametrize(
    "item",
    [
        "Water finds each gap that a wall has, because it has time",
        "Don't raise a dike before you widen the river",
        "Start with the meadow, then think of the wall",
        "Half of the damage is done in the first hour",
        "Deiche brechen dort, wo niemand hinsieht.",
    ],
)
def test_a_statement_is_one_with_or_without_its_stop(item: str) -> None:
    assert texts(f"Takeaways:\n- {item}") == [item]


@pytest.mark.parametrize(
    "item", [f"(12:34) {FIRST}", f"12:34 - {FIRST}", f"[00:12:34] {FIRST}", f"{FIRST} (12:34)"]
)
def test_a_time_stamp_is_its_second(item: str) -> None:
    (mention,) = takeaways(Episode("g", "t", notes=f"Highlights\n- {item}"))
    assert (mention.text, mention.at) == (FIRST, 754)


CHAPTERS = (Chapter(0, "Intro"), Chapter(65, "Why dikes break"), Chapter(754, "Meadows and water"))


@pytest.mark.parametrize(
    "episode",
    [
        Episode("g", "t", notes=f"Takeaways\n- {FIRST}\n- {SECOND}", chapters=CHAPTERS),
        Episode(
            "g",
            "t",
            notes=f"<h3>Takeaways</h3><ul><li>{FIRST}</li><li>{SECOND}</li></ul><p>0:00 Intro<br>"
            "1:05 Why dikes break<br>(12:34) Meadows and water</p>",
        ),
    ],
    ids=["chapters", "time stamps"],
)
def test_a_chapter_of_the_same_words_gives_the_second(episode: Episode) -> None:
    assert [mention.at for mention in takeaways(episode)] == [65, 754]


def test_a_table_of_contents_is_no_list_of_takeaways() -> None:
    assert texts("Highlights\n00:00 Intro\n01:05 Why dikes break\n12:34 Meadows and water") == []


@pytest.mark.parametrize(
    ("heading", "item", "text"),
    [
        ("You will learn:", f"that {FIRST[0].lower()}{FIRST[1:]}", FIRST),
        ("In this episode you'll discover", f"That {FIRST[0].lower()}{FIRST[1:]}", FIRST),
        # a pronoun, and what does not go on with its heading
        ("You will learn:", "That dike broke where nobody looked.", ""),
        ("Takeaways", "That a dike breaks is no surprise to those who built it.", ""),
    ],
)
def test_what_goes_on_with_its_heading_stands_by_itself(heading: str, item: str, text: str) -> None:
    assert texts(f"{heading}\n- {item}") == [text or item]


def test_what_was_left_out_is_counted() -> None:
    notes = f"Takeaways:\n- {FIRST}\n- Why meadows matter\n- Dikes\n\nLinks\n- Dikes\n"
    assert left_out(Episode("g", "t", notes=notes)) == 2


def test_a_host_is_not_who_said_it() -> None:
    (said,) = takeaways(
        Episode("g", "t", notes=f"Takeaways:\n- {FIRST}", speakers=("Ines",), hosts=("Ines",))
    )
    assert said.speaker == ""


def test_the_one_speaker_says_it_and_the_same_words_count_once() -> None:
    notes = f"Takeaways\n- {FIRST}\n- {FIRST}"
    alone = takeaways(Episode("g", "t", notes=notes, speakers=("Ines Okoro",)))
    both = takeaways(Episode("g", "t", notes=notes, speakers=("Ines Okoro", "Tom Vale")))
    assert [mention.speaker for mention in alone] == ["Ines Okoro"]
    assert [mention.speaker for mention in both] == [""]
    assert {mention.origin for mention in alone} == {"takeaway"}


@given(
    st.lists(
        st.sampled_from(
            """Takeaways|\n|<p>|</p>|<ul>|<li>|</li>|<b>|</b>|<br>|- |: |12:34 |(1:02)|&amp;|<!--|
            |a dike is raised twice by people.|Links|<h3>|</h3>|"|<""".split("|")
        ),
        max_size=40,
    )
)
def test_no_notes_crash_it(pieces: list[str]) -> None:
    for mention in takeaways(Episode("g", "t", notes="".join(pieces))):
        assert mention.text == " ".join(mention.text.split())


GROWING = {
    "items": "- A dike that is raised twice breaks where nobody looks.\n",
    "one long item": "a dike is ",
    "headings": "Takeaways\n",
    "takeaways and chapters": "- A dike that is raised twice breaks.\n12:34 A dike that breaks\n",
    "HTML items": "<li>A dike that is raised twice breaks.",
    "deep HTML": "<ul><li>",
    "time stamps": "12:34 ",
    "dashes": "- ",
    "bold": "<b>a</b>",
}


def cost(text: str) -> float:
    return min(seconds(text) for _ in range(3))


def seconds(text: str) -> float:
    begun = time.process_time()
    texts(f"Takeaways\n{text}")
    return time.process_time() - begun


@pytest.mark.heavy
@pytest.mark.parametrize("piece", GROWING.values(), ids=GROWING)
def test_eight_times_the_notes_cost_about_eight_times_the_work(piece: str) -> None:
    short, long = (cost(piece * (size // len(piece))) for size in (30_000, 240_000))
    assert long < 0.05 or long < 24 * short
