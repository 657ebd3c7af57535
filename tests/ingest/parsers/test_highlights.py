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


def test_the_title_of_a_callout_says_when() -> None:
    page = (
        f"{READWISE}\n> [!quote|yellow] [12:06](https://rye.example/q/1)\n> {RYE}\n"
        "\n> [!quote|blue]\n> Oats want a cold night before they want a hot one.\n"
    )
    first, second = parse("a.md", page.encode()).mentions
    assert (first.text, first.at, first.link) == (RYE, 726, "https://rye.example/q/1")
    assert (second.at, second.link) == (None, "")


def test_a_note_ends_with_the_highlight_that_it_is_on() -> None:
    oats = "Oats want a cold night before they want a hot one."
    page = (
        "- Author:: [[Slow Kitchen]]\n- Full Title:: Rye\n- Category:: #podcast\n"
        "- Highlights first synced by #Readwise [[May 3rd, 2026]]\n"
        f"    - {RYE} ([04:51](https://rye.example/7#t=291)) #bread\n        - Note: ask Ben\n"
        f"    - {oats} ([10:17](https://rye.example/7#t=617))\n- {{{{[[query]]: [[bread]]}}}}\n"
    )
    mentions = parse("a.md", page.encode()).mentions
    assert [(each.text, each.at) for each in mentions] == [(RYE, 291), (oats, 617)]


def test_quotes_of_airr_below_headings() -> None:
    page = (
        "# Rye at night\n**[Slow Kitchen](https://airr.example/show/5f2c7a)**\n"
        "[Open episode in Airr](https://airr.example/episode/5f9b)\nPublished Nov 3, 2025\n\n"
        f"### [AirrQuote 07:22](https://airr.example/quote/5fa1)\n**Ada Brook:** {RYE}\n\n"
        "*Highlighted on Nov 7, 2025*\n"
    )
    brief = parse("a.md", page.encode())
    assert (brief.podcast, brief.episode) == ("Slow Kitchen", "Rye at night")
    assert (brief.url, str(brief.published)) == ("https://airr.example/episode/5f9b", "2025-11-03")
    [said] = brief.mentions
    assert (said.text, said.speaker, said.at, said.origin) == (RYE, "Ada Brook", 442, "quote")


def test_a_show_is_not_named_twice() -> None:
    page = f"{READWISE.replace('Rye', 'Slow Kitchen: Rye')}- {RYE}\n"
    assert parse("a.md", page.encode()).episode == "Rye"


@pytest.mark.parametrize("below", ["Ada Brook, 31:17", "Ada Brook (31:17)", "\n> Ada Brook, 31:17"])
def test_a_name_and_a_time_below_a_quote(below: str) -> None:
    [said] = parse("a.md", f"## Quotes\n\n> {RYE}\n> {below}\n".encode()).mentions
    assert (said.text, said.speaker, said.at) == (RYE, "Ada Brook", 1877)


def test_a_quote_has_no_room_within_its_marks() -> None:
    [said] = parse("a.md", f"## Quotes\n\n> « {RYE} » (27:15)\n".encode()).mentions
    assert (said.text, said.at) == (RYE, 1635)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (f'**Ada Brook** (20:15): "{RYE}"', 1215),
        (f'Ada: "{RYE}"', None),
        (f"Ada Brook: {RYE}", None),
    ],
)
def test_a_name_before_the_words_below_quotes(written: str, at: int | None) -> None:
    page = f'## Quotes\n\n> "Oats want a cold night."\n\n{written}\n'
    said = parse("a.md", page.encode()).mentions[1]
    assert (said.text, said.speaker.split()[0], said.at) == (RYE, "Ada", at)


def test_what_explains_a_quote_is_no_quote() -> None:
    page = f"## Quotes\n\n> {RYE}\n\nWhy: this is how they sell it in the north.\n"
    assert len(parse("a.md", page.encode()).mentions) == 1


def test_the_second_stands_before_the_link_of_a_quote() -> None:
    page = f'- 05:10 [AirrQuote](https://airr.example/q/1)\n    - **Ada Brook**: "{RYE}"\n'
    [said] = parse("a.md", f"## Quotes\n\n{page}".encode()).mentions
    assert (said.text, said.speaker, said.at) == (RYE, "Ada Brook", 310)
    assert said.link == "https://airr.example/q/1"


def test_an_address_with_a_time_before_the_words_is_theirs() -> None:
    page = f"## Takeaways\n\n- https://rye.example/7?t=754 {RYE}\n"
    [said] = parse("a.md", page.encode()).mentions
    assert (said.text, said.at, said.link) == (RYE, 754, "https://rye.example/7?t=754")


def test_what_is_struck_out_is_not_said() -> None:
    page = f"## Takeaways\n\n- ~~Rye holds nothing.~~ {RYE}\n- ~~Oats want no night at all.~~\n"
    assert [said.text for said in parse("a.md", page.encode()).mentions] == [RYE]


def test_a_block_quote_on_top_of_notes_describes_the_episode() -> None:
    about = "> The host speaks with a baker from the coast."
    page = f"---\npodcast: Slow Kitchen\n---\n# Rye\n{about}\n## Notes\n- {RYE}\n"
    assert [said.text for said in parse("a.md", page.encode()).mentions] == [RYE]


SNIPD = (
    "# Rye\n\n## Episode metadata\n- Show: Slow Kitchen\n\n"
    "> [!info]- Episode AI notes\n> 1. Oats want a cold night before a hot one.\n\n## Snips\n\n"
)


def test_a_callout_that_lists_takeaways_does_so_anywhere() -> None:
    page = f"{SNIPD}### Water\n🎧 06:30 - 07:41\n\n- {RYE}\n"
    first, second = parse("a.md", page.encode()).mentions
    assert (first.text[:4], first.at, second.text, second.at) == ("Oats", None, RYE, 390)


def test_a_title_in_bold_that_repeats_the_heading_is_of_the_same_place() -> None:
    player = "[🎧 Play snip (03:50 - 04:47)](https://rye.example/snip/1)"
    page = f"{SNIPD}### [04:47] Water\n{player}\n**Water**\n- {RYE}\n"
    said = parse("a.md", page.encode()).mentions[1]
    assert (said.at, said.link) == (230, "https://rye.example/snip/1")


def test_a_snip_of_a_list_has_its_link_and_its_transcript_inside() -> None:
    page = (
        "- **12:08 – Water**\n    \n    [🎧 Play snip](https://rye.example/snip/1)\n    \n"
        f"    - {RYE}\n"
        "    - 📚 Transcript\n        \n        **Ada Brook:** Everybody wanted a wetter loaf.\n"
    )
    brief = parse("a.md", f"# Rye\n\nShow: Slow Kitchen\n\n## Snips\n\n{page}".encode())
    assert [(said.text, said.at, said.link) for said in brief.mentions] == [
        (RYE, 728, "https://rye.example/snip/1")
    ]
    assert brief.speakers == ("Ada Brook",)


def test_a_time_below_the_words_of_a_quote_is_theirs() -> None:
    page = f'## Highlights\n\n> "{RYE}"\n> 00:17:21\n\n> "Oats want a cold night."\n> 00:31:05\n'
    mentions = parse("a.md", page.encode()).mentions
    assert [said.at for said in mentions] == [1041, 1865]


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
