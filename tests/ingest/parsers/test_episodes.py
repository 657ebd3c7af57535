"""Several episodes in one file of notes: which line begins one, and what it says."""

import re

import pytest

from newsletter.ingest.parsers import briefs, explain

ONE = "A pilot who knows the sandbank saves more fuel than a new engine does."
TWO = "Ports forgive the first day, and the second costs more than the voyage."
FIRST, SECOND = "https://a.example/1", "https://b.example/2"


def told(page: str) -> list[tuple[str, str, str, list[str]]]:
    return [
        (each.podcast, each.episode, each.url, [said.text for said in each.mentions])
        for each in briefs("a.md", page.encode())
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"## [Sand]({FIRST}) — Kettle", f"## [Quays]({SECOND}) — Lid"),
        (f"- [[Kettle]] - [[Sand]] [listen]({FIRST})\n", f"- [[Lid]] - [[Quays]] {SECOND}\n"),
        (f"- Podcast: Kettle – Sand {FIRST}\n", f"- Podcast: Lid – Quays {SECOND}\n"),
        (f"## Sand\n- Show: Kettle\n- URL: {FIRST}\n\n", f"## Quays\nShow: Lid\nURL: {SECOND}\n\n"),
        (f"Ep 4 Sand | Kettle {FIRST}", f"Ep 9 Quays | Lid {SECOND}"),
    ],
)
def test_what_begins_an_episode(one: str, other: str) -> None:
    deeper = "\t" if one.startswith("- ") else ""
    page = f"{one}\n{deeper}- {ONE}\n\n{other}\n{deeper}- {TWO}\n".replace("\n\n\t", "\n\t")
    got = [(podcast, *rest) for podcast, _, *rest in told(page)]
    assert got == [("Kettle", FIRST, [ONE]), ("Lid", SECOND, [TWO])]
    assert [episode.split()[-1] for _, episode, *_ in told(page)] == ["Sand", "Quays"]


def test_what_belongs_to_no_episode_is_left_out_and_told() -> None:
    page = (
        f"I walked to the quay today.\n\n## [Sand]({FIRST}) — Kettle\n- {ONE}\n\n"
        f"## [Quays]({SECOND}) — Lid\n- {TWO}\n\n## Dinner\nSoup, as on every other day.\n"
    )
    assert [texts for *_, texts in told(page)] == [[ONE], [TWO]]
    beside = [each for page in explain("a.md", page.encode()) for each in page.paragraphs]
    left = [each.text for each in beside if each.rule == "beside the episodes"]
    assert left == ["I walked to the quay today.", "Dinner", "Soup, as on every other day."]


@pytest.mark.parametrize(
    "page",
    [
        f"## [Sand]({FIRST}) — Kettle\n- {ONE}\n- {TWO}\n",  # one is no sign
        f"Show: Kettle\n\n## [Sand]({FIRST}) — A\n- {ONE}\n\n## [Quay]({SECOND}) — B\n- {TWO}\n",
        f"## [1:02 Sand]({FIRST}?t=62)\n- {ONE}\n\n## [2:02 Quay]({FIRST}?t=122)\n- {TWO}\n",
        f"- {ONE} [more]({FIRST})\n  - {TWO}\n- {ONE} [more]({SECOND})\n",
    ],
)
def test_a_file_of_one_episode_stays_one(page: str) -> None:
    assert len(told(page)) == 1


def test_an_episode_that_is_told_twice_is_one_brief() -> None:
    head, other = f"## [Sand]({FIRST}) — Kettle", f"## [Quays]({SECOND}) — Lid"
    page = f"{head}\n- {ONE}\n\n{other}\n- {TWO}\n"
    sand, quays = "# Sand\nShow: Kettle\n\n- {}\n\n", "# Quays\nShow: Lid\n\n- {}\n\n"
    again = (sand + quays + sand).format(ONE, TWO, TWO)
    assert len(told(page)) == 2
    assert [texts for *_, texts in told(again)] == [[ONE, TWO], [TWO]]


TITLED = """Harbour Hours – "Who pays for the crane"
https://hours.example/3

- A crane that stands still costs the port as much as one that lifts.

Night Kitchen, episode 9
https://kitchen.example/9

- Stock that boils turns cloudy, because the fat is beaten into it.
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", TITLED),
        ("a.md", TITLED),
        ("a.md", re.sub(r"^(?=[A-Z])", "## ", TITLED, flags=re.M)),
    ],
)
def test_each_title_with_an_address_below_it_has_that_address(name: str, text: str) -> None:
    found = briefs(name, text.encode())
    addresses = [(each.url, each.mentions[0].text[:5]) for each in found]
    assert addresses == [
        ("https://hours.example/3", "A cra"),
        ("https://kitchen.example/9", "Stock"),
    ]


def test_a_list_of_links_at_the_end_is_no_list_of_episodes() -> None:
    links = "Tide tables\nhttps://tides.example/\n\nCranes\nhttps://c.example/\n"
    text = TITLED.split("Night", maxsplit=1)[0] + links
    (only,) = briefs("a.txt", text.encode())
    assert only.url == "https://hours.example/3"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"## [Ep. 4]({FIRST})", f"## [Ep. 9]({SECOND})"),
        (f"### Episode 4 (2014) - Sand\n\n[{FIRST}]({FIRST})", f"### Episode 9 Quays\n\n{SECOND}"),
        (f"## Ep. 4\n\nGuest: Ada Brook\n\n<{FIRST}>", f"## Ep. 9\n\n<{SECOND}>"),
    ],
)
def test_numbered_headings_that_lead_somewhere_are_episodes(one: str, other: str) -> None:
    page = f"# What I kept from the Kettle Podcast\n\n{one}\n\n{ONE}\n\n{other}\n\n{TWO}\n"
    got = [(podcast, *rest) for podcast, _, *rest in told(page)]
    assert got == [("Kettle Podcast", FIRST, [ONE]), ("Kettle Podcast", SECOND, [TWO])]
    assert [re.findall("[0-9]+", episode)[0] for _, episode, *_ in told(page)] == ["4", "9"]


@pytest.mark.parametrize(
    ("one", "other", "named"),
    [
        (
            "## **Kettle 12**",
            "## **Kettle: Quays**",
            [("Kettle", "Kettle 12"), ("", "Kettle: Quays")],
        ),
        ("## Kettle #12", "## Lid 104", [("Kettle", "Kettle #12"), ("Lid", "Lid 104")]),
        ("## Show 12", "## Show 13", [("", "Show 12"), ("", "Show 13")]),
        ("## KT 12 — Sand", "## KT 13 — Quays", [("", "KT 12 — Sand"), ("", "KT 13 — Quays")]),
        ("**03/17/2026 - Sand**", "**03/13/2026 - Quays**", [("", "Sand"), ("", "Quays")]),
    ],
)
def test_a_page_of_a_month_tells_of_what_was_heard_in_it(
    one: str, other: str, named: list[tuple[str, str]]
) -> None:
    page = f"# Podcast notes of March\n\n{one}\n\n- {ONE}\n\n{other}\n\n- {TWO}\n"
    if "Quays**" in other and "Kettle" in other:
        page += f"\n## **Kettle 13**\n\n- {ONE[:-1]} twice.\n"
    got = told(page)[: len(named)]
    assert [(podcast, episode) for podcast, episode, *_ in got] == named
    assert [texts for *_, texts in got] == [[ONE], [TWO]]


@pytest.mark.parametrize(
    "page",
    [
        f"# Notes on a voyage\n\n## Day 12\n- {ONE}\n\n## Day 13\n- {TWO}\n",
        f"# A podcast on quays\n\n## Part 12\n- {ONE}\n\n## Part 13\n- {TWO}\n",
        f"# A podcast on quays\n\n## Sand in 1911\n- {ONE}\n\n## Summary\n- {TWO}\n",
        f"# A podcast\n\n## Sand in 1911\n- {ONE}\n\n## Quays in 1912\n\n## Quotes\n- {TWO}\n",
        f"# Podcast notes\n\n## Top 10\n- {ONE}\n\n## Catch 22\n- {TWO}\n",
        f"---\npodcast: A\nepisode: B\n---\n\n## Kettle 12\n- {ONE}\n\n## Kettle 13\n- {TWO}\n",
    ],
)
def test_numbers_in_headings_alone_part_no_page(page: str) -> None:
    assert len(told(page)) == 1


def test_what_a_page_says_above_its_episodes_holds_for_each() -> None:
    page = (
        f"# Ports\n\nPodcast name: Kettle\n\nHost: Mara Lindqvist\n\n"
        f"**03/17/2026 - Sand**\n\n{ONE}\n\n**03/13/2026 - Quays**\n\n{TWO}\n"
    )
    one, two = briefs("a.md", page.encode())
    assert (one.podcast, two.podcast) == ("Kettle", "Kettle")
    assert one.speakers == two.speakers == ("Mara Lindqvist",)
    assert [str(each.published) for each in (one, two)] == ["2026-03-17", "2026-03-13"]


@pytest.mark.parametrize("line", ["Listened to [[Kettle]] - [[Sand]]", "## Heard: Kettle — Sand"])
def test_what_stands_around_an_episode_in_a_diary_is_private(line: str) -> None:
    page = (
        "# 2026-03-14\n\nMy mother called about the roof of her house again.\n\n"
        f"{line}\n\n- {ONE}\n\n## Work\n\n- {TWO}\n"
    )
    assert [(podcast, episode, texts) for podcast, episode, _, texts in told(page)] == [
        ("Kettle", "Sand", [ONE])
    ]


def test_what_was_listened_to_on_top_of_a_page_is_what_it_is_about() -> None:
    page = f"Listened to [[Kettle]] - [[Sand]]\n\n- {ONE}\n\n## Takeaways\n\n- {TWO}\n"
    ((podcast, episode, _, texts),) = told(page)
    assert (podcast, episode, texts) == ("Kettle", "Sand", [ONE, TWO])


def test_tasks_at_the_end_of_a_month_are_no_episode() -> None:
    page = (
        f"# Podcasts in March\n\n## KT 12\n- {ONE}\n\n## KT 13\n- {TWO}\n\n## To do\n- Buy rope.\n"
    )
    assert [texts for *_, texts in told(page)] == [[ONE], [TWO]]


def test_numbered_episodes_of_a_podcast_need_no_address() -> None:
    page = f"# Kettle Podcast\n\n## Episode 1: Sand\n- {ONE}\n\n## Episode 2: Quays\n- {TWO}\n"
    assert [(episode, texts) for _, episode, _, texts in told(page)] == [
        ("Episode 1: Sand", [ONE]),
        ("Episode 2: Quays", [TWO]),
    ]


@pytest.mark.parametrize("day", ["Published: Mar 14, 2026", "Mar 14, 2026", "*Mar 14, 2026*"])
def test_a_date_below_the_address_of_each_is_its_date(day: str) -> None:
    one = f'## Kettle – "Sand"\n{FIRST}\n{day}\n- {ONE}\n'
    page = f'{one}\n## Lid – "Quays"\n{SECOND}\n{day}\n- {TWO}\n'
    assert told(page) == [
        ("Kettle", "Sand", FIRST, [ONE]),
        ("Lid", "Quays", SECOND, [TWO]),
    ]
    assert {str(each.published) for each in briefs("a.md", page.encode())} == {"2026-03-14"}
