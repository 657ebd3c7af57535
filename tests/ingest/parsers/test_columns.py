"""Tables: what the columns say together, and what the rows say of the episode."""

import pytest

from newsletter.ingest.parsers import briefs
from tests.ingest.parsers import parse

ONE = "Ports forgive the first day, and the second costs more than the voyage."
TWO = "A pilot who knows the sandbank saves more fuel than a new engine does."
THREE = "A kettle that whistles is filled less often than one that clicks."


@pytest.mark.parametrize(
    "names", ["Lesson 1;Lesson 2", "Takeaway #1;Takeaway #2", "1. Idea;2. Idea"]
)
def test_each_answer_of_a_form_is_an_insight(names: str) -> None:
    rows = f"Show;Episode;{names};Mark\nKettle;Sand;{ONE};{TWO};5\nKettle;Quays;{THREE};;4\n"
    one, two = briefs("a.csv", rows.encode())
    assert [said.text for said in one.mentions] == [ONE, TWO]
    assert (two.episode, [said.text for said in two.mentions]) == ("Quays", [THREE])


def test_notes_with_numbers_stay_beside_a_highlight() -> None:
    rows = f"Highlight;Note 1;Note 2\n{ONE};{TWO};{THREE}\n"
    assert [said.text for said in parse("a.csv", rows.encode()).mentions] == [ONE]


@pytest.mark.parametrize(
    ("other", "day"),
    [("1/28/2026", "2026-02-11"), ("28/1/2026", "2026-11-02"), ("3/3/2026", "None")],
)
def test_the_order_of_a_day_is_that_of_its_column(other: str, day: str) -> None:
    rows = f"Episode;Published;Quote\nSand;2/11/2026;{ONE}\nQuays;{other};{TWO}\n"
    assert str(briefs("a.csv", rows.encode())[0].published) == day


def test_a_host_did_not_say_what_somebody_noted() -> None:
    rows = f'Show,Episode,Host,Takeaways\nKettle,Sand,Ada Brook,"- {ONE}\n- {TWO}"\n'
    brief = parse("a.csv", rows.encode())
    assert brief.speakers == ("Ada Brook",)
    assert [said.speaker for said in brief.mentions] == ["", ""]


@pytest.mark.parametrize(
    ("one", "two", "url"),
    [
        ("https://a.example/7?t=61", "https://a.example/7?t=95", "https://a.example/7"),
        (
            "https://a.example/w?v=7&t=1m1s",
            "https://a.example/w?v=7#t=95",
            "https://a.example/w?v=7",
        ),
        ("https://a.example/7?t=61", "https://a.example/8?t=95", ""),
        ("https://a.example/7?t=61", "https://a.example/7", ""),
    ],
)
@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("a.csv", f"Episode,Quote,Deep link\nSand,{THREE},{{}}\nSand,{TWO},{{}}\n"),
        ("a.md", f"# Sand\n\n- {THREE} [1:01]({{}})\n- {TWO} [1:35]({{}})\n"),
    ],
)
def test_links_that_lead_to_the_seconds_of_a_page(
    name: str, page: str, one: str, two: str, url: str
) -> None:
    brief = parse(name, page.format(one, two).encode())
    assert (brief.url, brief.episode or brief.title) == (url, "Sand")


def test_a_page_that_is_named_is_not_that_of_the_links() -> None:
    page = f"# Sand\nURL: https://b.example/9\n\n- {ONE} [1:01](https://a.example/7?t=61)\n"
    assert parse("a.md", page.encode()).url == "https://b.example/9"


def test_of_several_own_links_that_of_the_clip_is_kept() -> None:
    """In the order of a list: that of a set differs from one start of Python to the next."""
    links = {"Readwise URL": "r", "Share URL": "s", "Clip link": "c", "Snip URL": "n"}
    values = ",".join(f"https://a.example/{end}" for end in links.values())
    rows = f"Quote,{','.join(links)}\n{ONE},{values}\n".replace(ONE, f'"{ONE}"')
    assert parse("a.csv", rows.encode()).mentions[0].link == "https://a.example/n"
