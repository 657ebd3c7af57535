"""What is no insight in a note, whatever app wrote it, and what surrounds an insight."""

import pytest

from newsletter.ingest.parsers import explain
from tests.ingest.parsers import parse

INSIGHT = "Ferries are loaded from the middle, since a list is harder to correct than a late start."
OTHER = "A pilot who knows the sandbank saves more fuel than a new engine does."


def rules(page: str) -> dict[str, tuple[str | None, str]]:
    [explained] = explain("a.md", page.encode())
    paragraphs = explained.paragraphs
    return {paragraph.text: (paragraph.verdict, paragraph.rule) for paragraph in paragraphs}


@pytest.mark.parametrize(
    ("written", "verdict", "rule"),
    [
        ("Reviewed on:: the ferry home.", "metadata", "field"),
        ("- Host: Ada Brook", "metadata", "field"),
        ("**Published**: 2026-01-02", "metadata", "field"),
        ("- **Podcast:** Shelf Life", "metadata", "field"),
        ("id:: 63a0b1f2-1111-2222-3333-444455556666", "metadata", "field"),
        ("#harbours #podcast/sea", "metadata", "tags"),
        ("| a | b |", "noise", "table"),
        ('<audio controls src="https://a.example/1.mp3#t=10,20"></audio>', "noise", "player"),
        ('<iframe src="https://a.example/embed/1"></iframe>', "noise", "player"),
        ("[▶ Play clip (02:49 - 04:42)](https://a.example/1)", "noise", "player"),
        ("🎧 03:12 - 05:18 (02:05)", "noise", "player"),
        ("[12:34](https://a.example/1)", "noise", "player"),
        (
            "Created with [Clipper](https://a.example) for note takers everywhere.",
            "noise",
            "footer",
        ),
        ("Exporté depuis [Clipper](https://a.example)", "noise", "footer"),
        ("{{renderer :video, https://a.example}}", "noise", "macro"),
        ("![[harbour.png]]", "noise", "embed"),
        ("![a harbour](https://a.example/1.png)", "noise", "image or link"),
        ("- Book on it: [[The third berth]]", "metadata", "field"),
        ("- What about the third berth?", "noise", "question"),
        ("- Berths", "noise", "too short"),
        ("- [ ] Ask the harbour master about the third berth.", "noise", "task"),
        ("TODO Ask the harbour master about the third berth.", "noise", "task"),
        ("- 12:34 The third berth", "noise", "chapter"),
        ("- [The harbour of Ostend](https://a.example)", "noise", "link"),
        ("Speaker 2: So, you know, we just put it in the middle.", "noise", "transcript"),
        ("My note: I should ask the harbour master about this.", "noise", "personal note"),
    ],
)
def test_what_is_no_insight(written: str, verdict: str, rule: str) -> None:
    item = written if written.startswith(("- ", "TODO")) else f"{written}\n"
    page = (
        f"{INSIGHT}\n\n{'- ' if written.startswith('TODO') else ''}{item}\n\n## Later\n\n{OTHER}\n"
    )
    found = [
        judged for text, judged in rules(page).items() if text not in {INSIGHT, OTHER, "Later"}
    ]
    assert found == [(verdict, rule)]
    assert [mention.text for mention in parse("a.md", page.encode()).mentions] == [INSIGHT, OTHER]


@pytest.mark.parametrize(
    "written",
    [
        "> [!info] About the show\n> {}",
        "> [!abstract]- Episode description\n> - {}",
        "<details>\n<summary>Show notes</summary>\n\n{}\n\n</details>",
        "## Transcript\n\n**Ada Brook**: {}",
        "## 📚 Transkript (automatisch)\n\n{}",
        "## Show notes\n\n### From the sea\n\n{}",
        "Chapters:\n\n- {}",
        "<!-- {} -->",
        "\n%%\n{}\n%%",
        "```\n{}\n```",
    ],
)
def test_where_an_insight_is_none(written: str) -> None:
    page = f"{INSIGHT}\n\n{written.format(OTHER)}\n"
    assert [mention.text for mention in parse("a.md", page.encode()).mentions] == [INSIGHT]


@pytest.mark.parametrize(
    ("written", "text", "speaker"),
    [
        ("> {}", INSIGHT, ""),
        ("> {}\n> — Tomas Lind", INSIGHT, "Tomas Lind"),
        ("> {}\n>\n> -- Tomas Lind, pilot", INSIGHT, "Tomas Lind"),
        ("> {}\n\n— Tomas Lind", INSIGHT, "Tomas Lind"),
        ("> “{}” — Tomas Lind", INSIGHT, "Tomas Lind"),
        ("> **Tomas Lind**: {}", INSIGHT, "Tomas Lind"),
        ("> Speaker 1: {}", INSIGHT, ""),
        ("> [!quote] Tomas Lind\n> {}", INSIGHT, "Tomas Lind"),
        ("## Quotes\n\n- {}", INSIGHT, ""),
        ("- “{}” – Tomas Lind", INSIGHT, "Tomas Lind"),
        ("#+BEGIN_QUOTE\n{}\n#+END_QUOTE", INSIGHT, ""),
        (
            "> {} Nobody doubts it — not even Tomas.",
            f"{INSIGHT} Nobody doubts it — not even Tomas.",
            "",
        ),
    ],
)
def test_a_quote_has_its_speaker_and_no_quotation_marks(
    written: str, text: str, speaker: str
) -> None:
    [mention] = parse("a.md", written.format(INSIGHT).encode()).mentions
    assert (mention.text, mention.speaker, mention.origin) == (text, speaker, "quote")


def test_a_line_below_a_quote_without_its_mark_is_no_part_of_it() -> None:
    brief = parse("a.md", f"## Quotes\n\n> {INSIGHT}\nOn why we were late that day.\n".encode())
    assert [mention.text for mention in brief.mentions] == [INSIGHT]


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        (
            "The [[tide tables|tables]] of [[Ports/Ostend]] lie by a minute.",
            "The tables of Ostend lie by a minute.",
        ),
        ("The [[tide#spring]] comes ![[moon.png]] twice.", "The tide comes twice."),
        ("The ==tide== comes twice. ^ab12cd", "The tide comes twice."),
        ("The tide comes twice. #sea #moon/full", "The tide comes twice."),
        (
            "The tide comes twice ((63a0b1f2-1111-2222-3333-444455556666)).",
            "The tide comes twice .",
        ),
        ("Takeaway 2: The tide comes twice.", "The tide comes twice."),
        ("Rule #1 is to wait for issue #2.", "Rule #1 is to wait for issue #2."),
    ],
)
def test_marks_of_notes_become_plain_text(marked: str, plain: str) -> None:
    [mention] = parse("a.md", marked.encode()).mentions
    assert mention.text == plain


@pytest.mark.parametrize(
    ("written", "at", "link"),
    [
        ("- {} ([Time 0:12:58](https://a.example/s/1))", 778, "https://a.example/s/1"),
        ("- {} [View Highlight](https://a.example/s/1)", None, "https://a.example/s/1"),
        ("- {} [🔗](https://a.example/s/1?t=754)", 754, "https://a.example/s/1?t=754"),
        ("- {} [listen](https://a.example/s/1#t=02:49)", 169, "https://a.example/s/1#t=02:49"),
        ("- 1:02:03 – {}", 3723, ""),
        ("- {} `12:31`", 751, ""),
        ("- [12:31 - 13:00] {}", 751, ""),
        ("- [9:15 AM] {}", None, ""),
        ("### [12:34] The middle\n\n- {}", 754, ""),
        ("### [The middle](https://a.example/s/1)\n\n{}", None, "https://a.example/s/1"),
        ("- 12:34 The middle\n  - {}", 754, ""),
        ("### One\n\n[12:34](https://a.example/s/1)\n\n### Two\n\n{}", None, ""),
    ],
)
def test_where_in_the_episode(written: str, at: int | None, link: str) -> None:
    [mention] = parse("a.md", written.format(INSIGHT).encode()).mentions
    assert (mention.text, mention.at, mention.link) == (INSIGHT, at, link)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "https://a b", "#x"])
def test_a_link_of_an_insight_leads_to_the_web_or_nowhere(url: str) -> None:
    for page in (f"- {INSIGHT} [listen]({url})", f"### [The middle]({url})\n\n{INSIGHT}"):
        assert {mention.link for mention in parse("a.md", page.encode()).mentions} == {""}


def test_a_page_that_lists_its_takeaways_has_no_others() -> None:
    page = (
        f"I heard this on the way home.\n\n## Summary\n\nTwo talk.\n\n## Takeaways\n- {INSIGHT}\n"
    )
    assert [mention.text for mention in parse("a.md", page.encode()).mentions] == [INSIGHT]
    assert "summary" in {rule for _, rule in rules(f"## Summary\n\n{INSIGHT}\n").values()}


def test_a_conversation_with_names_in_lines_of_their_own_is_a_transcript() -> None:
    said = "The dough waits in the cold, and nobody hurries it along."
    names = ("Mara Lind", "Ole Nord") * 2
    turns = "\n\n".join(f"{name}\n{said} {n}." for n, name in enumerate(names))
    page = f"{said}\n\nTranscript:\n{turns}\n"
    assert [mention.text for mention in parse("a.md", page.encode()).mentions] == [said]
    alone = f"Mara Lind\n{said}\n\nOle Nord\nHer oven has no window, so that nobody looks in.\n"
    assert len(parse("a.md", alone.encode()).mentions) == 2


def test_a_conversation_that_is_written_out_is_a_transcript() -> None:
    talk = "Ada: So tell us about ferries, please.\n\nTomas: They are slow, and that is fine.\n\n"
    brief = parse("a.md", f"{INSIGHT}\n\n{talk * 2}".encode())
    assert [mention.text for mention in brief.mentions] == [INSIGHT]


@pytest.mark.parametrize(
    "line",
    [
        "Time: it is what a ferry sells, and the rest is weather and paint and plenty of rope.",
        "Channel: a river cuts its own, and so does a habit",
        "Source: most leaks come from people and not from machines.",
        "Date: couples who met through friends stay together longer.",
        "Written by hand, notes that somebody took are remembered better than typed ones",
        "std::vector is what they all reach for first, and it is nearly always right.",
        "Created by accident, the canal was kept because nobody could afford to fill it.",
        "The harbour closed at 12:34 and nobody has opened it again since then.",
        "Ports: they grow where two kinds of cargo meet, and shrink where only one is left.",
    ],
)
def test_a_statement_that_looks_like_metadata_is_kept(line: str) -> None:
    assert [mention.text for mention in parse("a.md", line.encode()).mentions] == [line]


@pytest.mark.parametrize(
    "heading", ["Resources mentioned", "Books discussed", "Action steps", "In this episode: Links"]
)
def test_a_section_is_known_by_what_is_said_of_it(heading: str) -> None:
    assert rules(f"{INSIGHT}\n\n## {heading}\n\n{OTHER}\n")[OTHER][0] == "noise"


@pytest.mark.parametrize("heading", ["You'll learn", "In this episode, you’ll learn:"])
def test_the_introduction_beside_what_one_will_learn(heading: str) -> None:
    page = f"{OTHER}\n\n## {heading}\n\n- {INSIGHT}\n"
    assert [mention.text for mention in parse("a.md", page.encode()).mentions] == [INSIGHT]


@pytest.mark.parametrize(
    "heading",
    ["Studies, References & Resources", "Links and books", "Topics covered", "一、访谈主题概览"],
)
def test_a_heading_of_parts_without_insights_announces_none(heading: str) -> None:
    item = "The Long Rye: a book on how the north learnt to bake in wet summers."
    page = f"- Rye waits.\n\n## {heading}\n\n- {item}\n"
    assert rules(page)[item] == ("noise", "section without insights")


@pytest.mark.parametrize(
    "text",
    [
        "Here's a summary of the talk with Mara Lindqvist on how rye holds its water.",
        "Dr. Mara Lindqvist, a baker of forty years, discusses why rye needs a night.",
        "Ole Nord sits down with Mara Lindqvist, who has baked rye for forty years.",
    ],
)
def test_what_announces_a_conversation(text: str) -> None:
    assert rules(f"{text}\n\n- Rye holds three times its weight in water.\n")[text] == (
        "noise",
        "about the episode",
    )


def test_one_word_with_items_below_it_is_a_heading() -> None:
    page = f"- {INSIGHT}\n- Transcript\n    - {OTHER}\n"
    assert [mention.text for mention in parse("a.md", page.encode()).mentions] == [INSIGHT]


def test_a_number_is_no_name_beside_one() -> None:
    head = "---\nfolge: 44\ntitel: Die dritte Koje\npodcast: Nachtzug\n---\n"
    assert parse("a.md", f"{head}{INSIGHT}\n".encode()).episode == "Die dritte Koje"
    numbered = parse("a.md", f"---\nfolge: 44\npodcast: Nachtzug\n---\n{INSIGHT}\n".encode())
    assert numbered.episode == "44"


def test_a_highlight_of_snipd_keeps_no_transcript_and_its_author_is_the_show() -> None:
    page = (
        "author: [[Slow Kitchen]]\nurl: https://share.snipd.com/episode/7\n"
        "last highlighted date: 2026-03-14\n\n## Highlights\n- **Rye and water**\n"
        "  - Rye holds three times its weight in water, so its loaves stay moist.\n"
        "  Transcript:\n  Speaker 2\n  Well, you know, rye just drinks and drinks.\n"
    )
    brief = parse("a.md", page.encode())
    assert brief.podcast == "Slow Kitchen"
    assert [said.text for said in brief.mentions] == [
        "Rye holds three times its weight in water, so its loaves stay moist."
    ]


def test_a_link_that_asks_to_listen_is_the_page_of_the_episode() -> None:
    link = "[Listen to episode](https://kitchen.example/12)"
    page = f"Slow Kitchen\n\n{link}\n\n- Rye waits for nobody.\n"
    assert parse("a.md", page.encode()).url == "https://kitchen.example/12"


def test_a_highlight_that_only_asks_is_its_title() -> None:
    page = (
        "- Author: [[Slow Kitchen]]\n- Full Title: Rye\n- Category: #podcasts\n\n## Highlights\n"
        "- What Is a Slow Rye?\n- Rye holds three times its weight in water.\n"
    )
    said = parse("a.md", page.encode()).mentions
    assert [each.text for each in said] == ["Rye holds three times its weight in water."]


@pytest.mark.parametrize(
    ("macro", "at"),
    [
        ("{{renderer :podcast, 00:08:21}}", 501),
        ("{{youtube-timestamp 501}}", 501),
        ("{{audio clip.mp3}}", None),
    ],
)
def test_a_macro_in_front_says_when_it_was_said(macro: str, at: int | None) -> None:
    (said,) = parse("a.md", f"- Key ideas\n\t- {macro} {INSIGHT}\n".encode()).mentions
    assert (said.text, said.at) == (INSIGHT, at)


def test_a_callout_sums_up_what_has_no_takeaways() -> None:
    summed = f"> [!abstract] TL;DR\n> {INSIGHT}\n"
    assert rules(summed)[INSIGHT][0] == "insight"
    beside = rules(f"{summed}\n## Takeaways\n\n- {OTHER}\n")
    assert (beside[INSIGHT][1], beside[OTHER][0]) == ("summary beside takeaways", "insight")


def test_the_title_of_a_quotes_callout_is_nobodys_name() -> None:
    (said,) = parse("a.md", f"> [!quote] Best quote\n> {INSIGHT}\n".encode()).mentions
    assert said.speaker == ""


def test_speech_that_nobody_punctuated_is_a_transcript() -> None:
    spoken = "so we load the ferry from the middle because a list is hard to correct " * 5
    told = rules(f"{spoken}\n\n- {INSIGHT}\n")
    assert told[spoken.strip()] == ("noise", "transcript")


def test_what_a_recent_episode_is_about_is_no_insight() -> None:
    about = "In the recent Harbour Talk podcast episode, Ada Brook spoke on ferries."
    assert rules(f"{about}\n\n- {INSIGHT}\n")[about] == ("noise", "about the episode")
