"""Plain text: what is a paragraph, what is the lead, and what changes nothing."""

import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.model import Brief, normalise
from newsletter.ingest.parsers import explain
from newsletter.ingest.parsers.text import paragraphs
from tests.ingest.parsers import parse

SEEDS = Path(__file__).parents[3] / ".." / "shared" / "seeds"

LEAD = (
    "Harbour pilots trust the tide tables less than their knees. A table is right about the "
    "moon, but wind piles water up at the mouth, and a ship's draught leaves no room for the mean."
)
SECOND = (
    "A violin's varnish protects it from its player. Sweat eats bare spruce within a decade, which "
    "is why the oldest instruments are darkest where a chin has rested for three hundred years."
)
THIRD = (
    "Orchards were pruned for ladders, not for light. Since pickers work from platforms, growers "
    "let the crowns go flat, and the same row carries a third more fruit that has seen the sun."
)
CALL = "Sign up and we send you five ideas like these every morning."


def read(text: str) -> Brief:
    return parse("a.txt", text.encode())


def texts(brief: Brief) -> list[str]:
    return [mention.text for mention in brief.mentions]


def test_the_first_insight_is_the_lead() -> None:
    brief = read(f"{CALL}\n\n{LEAD}\n\nRelated Insights\n\n{SECOND}\n\n{THIRD}\n")
    assert texts(brief) == [LEAD, SECOND, THIRD]
    assert [mention.role for mention in brief.mentions] == ["lead", "related", "related"]
    assert [(note.line, note.text) for note in brief.dropped] == [
        (1, CALL),
        (5, "Related Insights"),
    ]


def test_neither_headings_nor_blank_lines_are_needed() -> None:
    page = f"{CALL}\n\n{LEAD}\n\nRelated\n\n{SECOND}\n"
    assert read(page).fingerprint == read(f"{LEAD}\n{SECOND}").fingerprint


def test_short_lines_are_paragraphs_of_their_own() -> None:
    brief = read("Bees dance to tell the way.\nCrows keep grudges.\nEels cross an ocean once.")
    assert len(brief.mentions) == 3


def test_hard_wrapped_prose_is_joined() -> None:
    page = "\n\n".join(textwrap.fill(text, 64) for text in (LEAD, SECOND, THIRD))
    assert texts(read(page)) == [LEAD, SECOND, THIRD]
    assert read(page).fingerprint == read("\n".join([LEAD, SECOND, THIRD])).fingerprint


def test_wrapped_paragraphs_are_parted_where_a_line_ends_early() -> None:
    page = "\n".join(textwrap.fill(text, 64) for text in (CALL, LEAD, SECOND))
    assert texts(read(page)) == [LEAD, SECOND]


def test_a_wrapped_call_to_action_does_not_swallow_the_insight_below() -> None:
    call = "Sign up now and we send you five such ideas every day, for free."
    page = f"{call}\n{textwrap.fill(LEAD, 64)}"
    assert len(call) == 64
    assert texts(read(page)) == [LEAD]


def test_bullets_are_stripped_and_start_a_paragraph() -> None:
    wrapped = [
        textwrap.fill(text, 64, initial_indent=bullet, subsequent_indent="  ")
        for bullet, text in (("- ", LEAD), ("• ", SECOND), ("3. ", THIRD))
    ]
    assert texts(read("\n".join(wrapped))) == [LEAD, SECOND, THIRD]
    assert texts(read(f"- {LEAD}\n* Sleep is a skill\n2) {THIRD}")) == [
        LEAD,
        "Sleep is a skill",
        THIRD,
    ]


def test_a_year_is_no_bullet() -> None:
    assert texts(read("1911. That was the last winter in which the lake froze over.")) == [
        "1911. That was the last winter in which the lake froze over."
    ]


def test_an_insight_stands_once_however_it_is_written() -> None:
    again = LEAD.upper().replace("'", "’")
    brief = read(f"{LEAD}\n\n{SECOND}\n\n{again}\n")
    assert texts(brief) == [LEAD, SECOND]


@st.composite
def dressed(draw: st.DrawFn) -> bytes:
    """The three insights, as differently as a file may write them."""
    call, heading = (
        draw(st.sampled_from(["", CALL])),
        draw(st.sampled_from(["", "Related Insights"])),
    )
    lines = [line for line in (call, LEAD, heading, SECOND, THIRD) if line]
    space = draw(st.sampled_from([" ", "  ", "\t", "\u00a0", " \x0b "]))
    gap = draw(st.sampled_from(["\n", " \n", "\n\n", "\t\n \n\n"]))
    quote = draw(st.sampled_from(["'", "’"]))
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    page = gap.join(line.replace(" ", space).replace("'", quote) for line in lines)
    return (draw(st.sampled_from(["", "\ufeff"])) + page.replace("\n", newline)).encode()


@given(dressed())
def test_what_does_not_change_a_brief(data: bytes) -> None:
    assert parse("b.TXT", data).fingerprint == read(f"{LEAD}\n\n{SECOND}\n\n{THIRD}").fingerprint


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the seeds are not beside this checkout")
def test_the_five_seeds() -> None:
    briefs = [parse(path.name, path.read_bytes()) for path in sorted(SEEDS.glob("*.txt"))]
    mentions = [mention for brief in briefs for mention in brief.mentions]
    assert len({brief.fingerprint for brief in briefs}) == 5
    assert len({normalise(mention.text) for mention in mentions}) == 30
    assert len(mentions) == 55
    assert [brief.mentions[0].role for brief in briefs] == ["lead"] * 5


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the seeds are not beside this checkout")
@pytest.mark.parametrize("width", [64, 72, 100])
def test_the_seeds_hard_wrapped_are_the_same_briefs(width: int) -> None:
    for path in SEEDS.glob("*.txt"):
        lines = filter(None, path.read_text("utf-8").split("\n"))
        wrapped = "\n\n".join(textwrap.fill(line, width, break_on_hyphens=False) for line in lines)
        assert read(wrapped).fingerprint == parse(path.name, path.read_bytes()).fingerprint


def test_a_long_wrapped_text_costs_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line ends a sentence and is full: at each it is asked whether a call ends there."""
    asked: list[int] = []
    monkeypatch.setattr(
        "newsletter.ingest.parsers.text.is_call", lambda text: asked.append(len(text))
    )
    line = "Moss waits on the north side of the wall for rain to come to it."
    page = [f"{line[:-1]},", *[line] * 3000]
    assert len(list(paragraphs("\n".join(page)))) == 1
    assert 0 < sum(asked) < len(line) * 100


def test_a_conversation_with_names_in_lines_of_their_own_is_no_insight() -> None:
    lines = ("Slow rye", "", "Mara Lindqvist", LEAD, "", "Ole Nord", SECOND, "")
    page = "\n".join([*lines, *lines[2:]])
    (told,) = explain("a.txt", page.encode())
    rules = {each.text: each.rule for each in told.paragraphs}
    assert rules[LEAD] == rules[SECOND] == rules["Ole Nord"] == "transcript"


def test_names_that_nobody_answers_to_are_headings() -> None:
    page = f"Mara Lindqvist\n{LEAD}\n\nOle Nord\n{SECOND}\n"
    assert len(parse("a.txt", page.encode()).mentions) == 2


def test_a_conversation_with_names_in_front_of_the_words_is_no_insight() -> None:
    page = f"Mara Lindqvist: {LEAD}\nOle Nord: {SECOND}\n" * 2
    for name in ("a.txt", "a.md"):
        (told,) = explain(name, page.encode())
        assert {each.rule for each in told.paragraphs} == {"transcript"}


def test_markdown_in_a_text_file_is_read_as_markdown() -> None:
    page = (
        f"# Rye\n\n## Takeaways\n\n- {LEAD}\n\n## Resources\n\n- Ovens - https://ovens.example/\n"
    )
    brief = parse("a.txt", page.encode())
    assert [said.text for said in brief.mentions] == [LEAD]


def test_a_myth_and_its_fact_are_no_conversation() -> None:
    page = f"Myth: {LEAD}\n\nFact: {SECOND}\n\n" * 2
    for name in ("a.txt", "a.md"):
        (told,) = explain(name, page.encode())
        assert "transcript" not in {each.rule for each in told.paragraphs}


def test_front_matter_makes_a_text_file_markdown() -> None:
    brief = parse("a.txt", f"---\npodcast: Kettle\n---\n- {LEAD}\n".encode())
    assert brief.podcast == "Kettle"


TITLE = "Kettle #41 – How the sand walks"


@pytest.mark.parametrize(
    "page",
    [
        f"{TITLE}\nwith Mara Lind\n\n* {LEAD}\n* {SECOND}\n",
        f"{TITLE}\nwith Mara Lind and Ole Nord\n\n* {LEAD} (12:34)\n\n{SECOND}\n",
        f"{TITLE}\n\n{LEAD} (12:34)\n\n* {SECOND}\n",
    ],
)
def test_a_title_that_counts_the_episodes_of_a_show(page: str) -> None:
    brief = read(page)
    assert (brief.podcast, brief.episode) == ("Kettle", "How the sand walks")
    assert brief.speakers[:1] == (("Mara Lind",) if "\nwith" in page else ())
    assert texts(brief) == [LEAD, SECOND]
    assert brief.mentions[0].at == (754 if "12:34" in page else None)


def test_a_count_without_who_and_when_is_no_show() -> None:
    assert read(f"Brief #41 – Tuesday\n\n{LEAD}\n").podcast == ""


def test_a_time_in_brackets_at_the_end_is_no_text() -> None:
    (mention,) = read(f"{LEAD} (1:02:03)\n").mentions
    assert (mention.text, mention.at) == (LEAD, 3723)


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
@pytest.mark.parametrize("head", ["", f"{TITLE}\nwith Mara Lind\n\n", "Podcast: Kettle\n\n"])
def test_a_quote_with_a_name_behind_it_is_no_heading(name: str, head: str) -> None:
    said = "A weir is a wall that gives in."
    brief = parse(name, f'{head}{LEAD}\n\n"{said}" – Ole Nord\n'.encode())
    last = brief.mentions[-1]
    assert (last.text, last.speaker, last.origin) == (said, "Ole Nord", "quote")


def test_a_title_with_its_author_is_no_quote() -> None:
    assert texts(read(f'{LEAD}\n\n"The Weir and the Water" – Ole Nord\n')) == [LEAD]


@pytest.mark.parametrize(
    "line",
    [
        "Lovely episode from Kettle!",
        "What an episode of Kettle.",
        "Listen to this episode from Kettle on Spotify",
    ],
)
def test_words_that_came_with_a_link_are_no_title(line: str) -> None:
    brief = read(f"{line}\nhttps://kettle.example/41\n\n{LEAD}\n")
    found = (brief.podcast, brief.episode, brief.title, brief.url)
    assert found == ("Kettle", "", "", "https://kettle.example/41")


@pytest.mark.parametrize(
    ("place", "podcast", "speakers"),
    [("at 1:02-1:31", "Kettle", ()), ("on page 7 | Location 61-62", "", ("Kettle",))],
)
def test_clippings_with_times_are_of_a_podcast(
    place: str, podcast: str, speakers: tuple[str, ...]
) -> None:
    page = f"Sand (Kettle)\n- Your Highlight {place} | Added on 14 March 2026 08:12\n\nA pilot who knows the sandbank saves fuel.\n==========\n"  # noqa: E501
    brief = parse("My Clippings.txt", page.encode())
    assert (brief.podcast, brief.episode, brief.speakers) == (podcast, "Sand", speakers)
