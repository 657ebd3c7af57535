"""Exports of highlights: what was marked, and what says of which episode it is."""

import pytest

from tests.ingest.parsers import parse

READWISE = (
    "## Metadata\n- Author: [[Slow Kitchen]]\n- Full Title: Rye\n- Category: #podcasts\n\n"
    "## Highlights\n"
)
RYE = "Rye holds three times its weight in water."


@pytest.mark.parametrize(
    "left_out",
    ["1\n", "- shopping list ([Location 12](https://readwise.io/to_kindle?location=12))\n",
     "- “What is a slow rye?” ([Location 9](https://readwise.io/to_kindle?location=9))\n",
     "- three classes of rye: (Page 0)\n",
     "- [A talk on rye (2017)](https://rye.example/watch?v=1)\n"],
)  # fmt: skip
def test_what_was_marked_and_says_nothing(left_out: str) -> None:
    brief = parse("a.md", f"{READWISE}{left_out}- {RYE}\n".encode())
    assert [said.text for said in brief.mentions] == [RYE]


@pytest.mark.parametrize(
    "highlight",
    [
        f"- {RYE} ([Location 255](https://readwise.io/to_kindle?action=open&location=255))\n",
        f"- {RYE} (Page 12)\n",
        f"- Speaker 0: {RYE}\n",
        f"- AirrQuote ([Time 0:04:05](https://airr.example/q/5))\n    - Note: {RYE}\n",
    ],
)
def test_a_highlight_is_its_words_alone(highlight: str) -> None:
    (said,) = parse("a.md", f"{READWISE}{highlight}".encode()).mentions
    assert (said.text, "kindle" in said.link) == (RYE, False)


def test_who_keeps_the_notes_is_no_author() -> None:
    page = f"---\nAuthor: Ada Brook <ada@brook.example>\n---\n{READWISE}- {RYE}\n"
    assert parse("a.md", page.encode()).podcast == "Slow Kitchen"


def test_the_creator_of_what_snipd_exported_is_the_show() -> None:
    page = (
        "# Rye\n\n**Source**:: [Rye](https://share.snipd.com/episode/7)\n\n"
        f"**Creator**:: [[Slow Kitchen]]\n\n# Highlights\n\n- {RYE}\n"
    )
    brief = parse("a.md", page.encode())
    assert (brief.podcast, brief.episode) == ("Slow Kitchen", "Rye")


@pytest.mark.parametrize(
    ("name", "episode"),
    [
        ("How rye keeps its water.md", "How rye keeps its water"),
        ("2026-03-14 How rye waits.md", "How rye waits"),
        ("podcasts - How rye waits.md", "How rye waits"),
        ("rye.md", ""),
        ("readwise-data_2.md", ""),
        ("2026-03-14.md", ""),
    ],
)
def test_a_note_without_a_title_has_the_name_of_its_file(name: str, episode: str) -> None:
    page = f"---\nurl: https://kitchen.example/12\n---\n> {RYE}\n"
    assert parse(name, page.encode()).episode == episode


def test_a_wiki_link_may_name_the_show_of_the_episode() -> None:
    said = "This [[Slow Kitchen]] episode has a baker."
    page = f"# Rye\n\n## Summary\n{said}\n\n## Key claims\n- {RYE}\n"
    assert parse("a.md", page.encode()).podcast == "Slow Kitchen"


def test_an_address_ends_before_a_line_break_of_markdown() -> None:
    page = f"title:: Rye\\\nurl:: https://kitchen.example/12/\\\n\n- {RYE}\n"
    assert parse("a.md", page.encode()).url == "https://kitchen.example/12/"


def test_a_link_in_brackets_of_a_wiki_is_a_link() -> None:
    page = f"## Highlights\n\n> {RYE} [[00:12:30]](https://podwise.example/x?t=750)\n"
    (said,) = parse("a.md", page.encode()).mentions
    assert (said.text, said.at, said.link) == (RYE, 750, "https://podwise.example/x?t=750")


def test_a_tag_of_a_day_is_no_part_of_a_highlight() -> None:
    page = f"{READWISE}- {RYE} #Highlight #[[2026-03-14]]\n"
    assert [said.text for said in parse("a.md", page.encode()).mentions] == [RYE]


def test_words_that_were_spoken_are_no_names() -> None:
    page = f"{READWISE}- {RYE}\n\n## Transcript\n\n- **Guest**: yeah exactly, that's the point\n"
    assert parse("a.md", page.encode()).speakers == ()


def test_the_details_of_a_takeaway_are_takeaways() -> None:
    page = f"## Key ideas\n\n- Rye waits for nobody.\n\n### Details\n\n- {RYE}\n"
    assert RYE in {said.text for said in parse("a.md", page.encode()).mentions}


def test_the_show_may_stand_at_the_end_of_a_title() -> None:
    page = f"# How rye waits - Slow Kitchen Podcast Ep. 9\n\n- {RYE}\n"
    brief = parse("a.md", page.encode())
    assert (brief.podcast, brief.episode) == ("Slow Kitchen Podcast", "How rye waits")


def test_the_callout_of_a_player_holds_what_was_noted() -> None:
    page = f"> [!podcast] [04:20](obsidian://podnotes?time=260)\n> {RYE}\n"
    assert [said.text for said in parse("a.md", page.encode()).mentions] == [RYE]


def test_the_author_of_what_airr_kept_is_the_show() -> None:
    fields = "- Author: [[Slow Kitchen]]\n- Source: https://www.airr.io/episode/1\n"
    page = f"# Rye\n\n{fields}\n## AirrQuotes\n"
    assert parse("a.md", f"{page}- {RYE}\n".encode()).podcast == "Slow Kitchen"


def test_a_sentence_and_the_list_that_it_announces_are_one_highlight() -> None:
    marked = f"- {RYE} It does so twice:\n  1. when the dough is mixed\n  2. when it is baked\n"
    (said,) = parse("a.md", f"{READWISE}{marked}".encode()).mentions
    assert said.text == f"{RYE} It does so twice: when the dough is mixed when it is baked"


@pytest.mark.parametrize(
    "quote",
    [
        "> {}\n\nTomas Lind at 12:30. I have seen it myself.",
        "> {}\n\nTomas Lind (12:30)",
        '- > "{}" [[Tomas Lind]] (12:30)',
    ],
)
def test_a_name_without_a_dash_is_below_or_behind_its_quote(quote: str) -> None:
    words = "Ships wait longer for a pilot than for the tide."
    (said,) = parse("a.md", quote.format(words).encode()).mentions
    assert (said.text, said.speaker, said.at) == (words, "Tomas Lind", 750)
