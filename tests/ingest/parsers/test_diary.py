"""Diaries: what was listened to is read, and what stands around it is private."""

from datetime import date

import pytest

from newsletter.domain.errors import BriefRejected
from newsletter.ingest.parsers import briefs

ONE = "A pilot who knows the sandbank saves more fuel than a new engine does."
TWO = "Ports forgive the first day, and the second costs more than the voyage."
MINE = "My mother called about the roof of her house, and I said nothing."
URL = "https://kettle.example/7"


def told(page: str, name: str = "a.md") -> list[tuple[str, str, str, list[str]]]:
    return [
        (each.podcast, each.episode, each.url, [said.text for said in each.mentions])
        for each in briefs(name, page.encode())
    ]


@pytest.mark.parametrize(
    ("page", "url"),
    [
        (f"- {MINE}\n- Listened to [Sand]({URL}) by Kettle\n\t- {ONE}\n- {MINE}\n", URL),
        (f"# 2026-03-14\n\n## Podcast: Kettle - Sand\n\n- {ONE}\n\n## Family\n\n{MINE}\n", ""),
        (f"{MINE}\n\n🎧 Kettle - Sand\n\n- {ONE}\n\n{MINE}\n", ""),
        (f"# 2026-03-14\n\nListened to [Sand]({URL}) by Kettle\n\n{ONE}\n\n{MINE}\n", URL),
        (f"- {MINE}\n- 10:00 🎧 [[Kettle]] - Sand\n  - {ONE}\n- 11:00 {MINE}\n", ""),
        (
            f"# 2026-03-14\n\n## Podcasts\n[[Kettle]] – [[Sand]]\n\n- {ONE}\n\n"
            f"## Evening\n\n{MINE}\n",
            "",
        ),
        (
            "# 2026-03-14\n\n## Podcast\nPodcast: Kettle\nEpisode: Sand\n\n"
            f"- {ONE}\n\n## Evening\n{MINE}\n",
            "",
        ),
        (f'{MINE}\n\nListened to "Sand" on Kettle\n\n- {ONE}\n\n{MINE}\n', ""),
        (f'{MINE}\n\nListened to the Kettle episode "Sand" on the tram.\n\n- {ONE}\n', ""),
    ],
)
def test_what_was_listened_to_is_read_and_nothing_around_it(page: str, url: str) -> None:
    assert told(page) == [("Kettle", "Sand", url, [ONE])]


@pytest.mark.parametrize(
    ("line", "podcast", "episode"),
    [
        ("Listened to [[Kettle]] - [[Sand]] on the tram", "Kettle", "Sand"),
        ("Listened to [[Kettle]]: [[Sand]] after lunch", "Kettle", "Sand"),
        ("🎧 [[Kettle]]: [[Sand]]", "Kettle", "Sand"),
        ("🎧 [[Kettle]]: Sand that walks", "Kettle", "Sand that walks"),
        ("Heard [[Sand]] from [[Kettle]] with Ole", "Kettle", "Sand"),
        ("Listened to [[pods/Kettle|The Kettle]] | [[Sand]] at home", "The Kettle", "Sand"),
        ('Listened to [[Kettle]] #41 "Sand" on the tram', "Kettle", "Sand"),
        ('Listened to Kettle #41 "Sand" on the tram', "Kettle", "Sand"),
        ('Listened to "Sand" on the tram - tired', "", "Sand"),
        ('Listened to the "Sand" episode of [[Kettle]] twice', "Kettle", "Sand"),
        ('Listened to "Sand" on Kettle', "Kettle", "Sand"),
        (f"Listened to [[Kettle]] - [Sand]({URL}) at the sink", "Kettle", "Sand"),
        (f"🎧 [Kettle #41: Sand]({URL})", "Kettle", "Sand"),
        ("Listened to [[Kettle]] in the garden", "Kettle", ""),
        ("Listened to [[Kettle]] #41 in the garden", "Kettle", "#41"),
        ("Listened to an old episode of [[Kettle]] from March", "Kettle", ""),
        ("Listened to [[How the sand walks]] in the garden", "", "How the sand walks"),
    ],
)
@pytest.mark.parametrize("before", ["", f"- {MINE}\n"])
def test_links_and_quotation_marks_bound_the_names(
    line: str, podcast: str, episode: str, before: str
) -> None:
    ((show, name, _, texts),) = told(f"{before}- {line}\n\t- {ONE}\n")
    assert (show, name, texts) == (podcast, episode, [ONE])


def test_two_that_were_heard_with_nothing_around_them_are_two() -> None:
    page = f"- Heard [[Kettle]] - [[Sand]]\n\t- {ONE}\n- Heard [[Lid]] - [[Quays]]\n\t- {TWO}\n"
    assert told(page) == [("Kettle", "Sand", "", [ONE]), ("Lid", "Quays", "", [TWO])]


@pytest.mark.parametrize(
    "rest", [f"- {MINE}\n", f"\n{MINE}\n", f"\n## Work\n- {MINE}\n", f"\n## Evening\n{MINE}\n"]
)
def test_what_follows_what_was_heard_is_private(rest: str) -> None:
    line = "- Heard [[Kettle]] - [[Sand]]\n\t"
    assert told(f"{line}- {ONE}\n{rest}") == [("Kettle", "Sand", "", [ONE])]


@pytest.mark.parametrize("name", ["a.md", "2026-03-14.md"])
def test_a_line_below_the_front_matter_names_the_show(name: str) -> None:
    page = f"---\ndate: 2026-03-14\n---\nHeard [[Kettle]] - [[Sand]]\n- {ONE}\n"
    assert told(page, name) == [("Kettle", "Sand", "", [ONE])]


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("2026-03-14.md", f"{MINE}\n"),
        ("2026_03_14.md", f"- {MINE}\n"),
        ("a.md", f"# 2026-03-14 Saturday\n\n{MINE}\n"),
        ("a.org", f"* 2026-03-14\n{MINE}\n"),
        ("March 14th, 2026.md", f"{MINE}\n\n- {MINE}\n"),
        ("14.03.2026.md", f"## Evening\n\n{MINE}\n"),
        ("2026-03-14.txt", f"{MINE}\n"),
        ("2026-03-14.md", f"{MINE}\n\nURL: https://weather.example/oslo\n"),
    ],
)
def test_a_day_of_a_diary_that_names_no_show_is_private(name: str, page: str) -> None:
    with pytest.raises(BriefRejected, match="no insight in it"):
        told(page, name)


@pytest.mark.parametrize("heading", ["Private", "Diary", "Journal", "Tagebuch"])
@pytest.mark.parametrize(("name", "mark"), [("a.md", "##"), ("a.org", "**")])
def test_a_private_section_is_no_insight(heading: str, name: str, mark: str) -> None:
    page = f"{mark} Takeaways\n- {ONE}\n\n{mark} {heading}\n{MINE}\n"
    assert [texts for *_, texts in told(page, name)] == [[ONE]]


def test_takeaways_of_a_day_are_insights() -> None:
    page = f"## Takeaways\n\n- {ONE}\n\n## Work\n\n{MINE}\n"
    assert [texts for *_, texts in told(page, "2026-03-14.md")] == [[ONE]]


def test_notes_that_begin_with_what_was_heard_are_about_it() -> None:
    said = f"I listened to the Kettle episode [Why sand moves]({URL}) and it sharpened"
    page = f"# Sand\n\n{said} what I keep seeing in ports and in boats.\n\n{ONE}\n\n{TWO}\n"
    ((podcast, *_, texts),) = told(page)
    assert (podcast, texts[-2:]) == ("Kettle", [ONE, TWO])


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("a.md", f"# Your brief, 14 March 2026\n\n- {ONE}\n"),
        ("2026-03-14 Bread.md", f"# Bread that waits\n\n- {ONE}\n"),
        ("2026-03-14.md", f"# Kettle - Sand\n\n- {ONE}\n"),
        ("a.md", f"# Diary of a CEO\n\n- {ONE}\n"),
    ],
)
def test_what_only_looks_like_a_diary_is_read(name: str, page: str) -> None:
    assert [texts for *_, texts in told(page, name)] == [[ONE]]


def test_shows_in_an_outline_of_what_was_heard() -> None:
    page = (
        f"- [[Kettle]] - Sand\n  date:: 2026-03-14\n\t- {ONE}\n"
        f"- [[Lid]] - Quays\n  date:: 2026-03-15\n\t- {TWO}\n"
    )
    assert [(podcast, episode) for podcast, episode, *_ in told(page)] == [
        ("Kettle", "Sand"),
        ("Lid", "Quays"),
    ]


def test_a_tagged_item_of_a_journal_names_the_show() -> None:
    page = f"- {MINE}\n- Listened to [[Kettle]] #podcast\n\t- episode:: Sand\n\t- {ONE}\n- {MINE}\n"
    assert told(page) == [("Kettle", "Sand", "", [ONE])]
    page = f"- {MINE}\n- #podcast [[Kettle]] - [Sand]({URL})\n\t- {ONE}\n"
    assert told(page) == [("Kettle", "Sand", URL, [ONE])]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("## 2026-03-14\n\n🎧 Kettle - Headlines", "## 2026-03-15\n\n🎧 Kettle - Headlines"),
        (
            f"## 2026-03-14\n\nListened to [Headlines]({URL}) by Kettle",
            f"## 2026-03-15\n\nListened to [Headlines]({URL}1) by Kettle",
        ),
        (
            "## Headlines\n- podcast:: Kettle\n- date:: 2026-03-14",
            "## Headlines\n- podcast:: Kettle\n- date:: 2026-03-15",
        ),
    ],
)
def test_two_days_of_a_month_have_an_episode_of_one_title(first: str, second: str) -> None:
    page = f"# March\n\n{first}\n\n- {ONE}\n\n{second}\n\n- {TWO}\n"
    days = [(each.published, len(each.mentions)) for each in briefs("March.md", page.encode())]
    assert days == [(date(2026, 3, 14), 1), (date(2026, 3, 15), 1)]


def test_an_episode_that_was_heard_on_two_days_is_one() -> None:
    heard = f"Listened to [Sand]({URL}) by Kettle"
    page = f"## 2026-03-14\n\n{heard}\n\n- {ONE}\n\n## 2026-03-15\n\n{heard}\n\n- {TWO}\n"
    assert told(page) == [("Kettle", "Sand", URL, [ONE, TWO])]


@pytest.mark.parametrize(
    "page",
    [
        f"- {MINE}\n- podcast:: Kettle\n  - {ONE}\n- {MINE}\n",
        f"- {MINE}\n- Sand\n  podcast:: Kettle\n  - {ONE}\n- {MINE}\n",
        f"- {MINE}\n- On the tram\n  - podcast:: Kettle\n  - {ONE}\n- {MINE}\n",
        f"- podcast:: Kettle\n  - {ONE}\n- {MINE}\n",
        f"{MINE}\n\npodcast:: Kettle\n- {ONE}\n\n{MINE}\n",
        f"{MINE}\n\n## Heard\npodcast:: Kettle\nepisode:: Sand\n\n{ONE}\n\n## Roof\n\n{MINE}\n",
        f"# 2026-03-14\n\n## Heard\n- podcast:: Kettle\n- {ONE}\n\n## Roof\n\n- {MINE}\n",
    ],
)
def test_a_day_that_names_a_show_in_one_line_is_private_around_it(page: str) -> None:
    ((podcast, *_, texts),) = told(page, "2026-03-14.md")
    assert (podcast, texts) == ("Kettle", [ONE])


def test_a_private_heading_is_no_name_of_an_episode() -> None:
    page = f"---\npodcast: Kettle\n---\n## Roof\n{MINE}\n\n## Kettle\n- {ONE}\n"
    assert told(page, "2026-03-14.md") == [("Kettle", "", "", [ONE])]


DAILY = "---\ntags: [daily]\npodcast: Kettle\n---\n"


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("a.md", f"{DAILY}{MINE}\n\n## Kettle\n- {ONE}\n\n## Roof\n{MINE}\n"),
        ("a.md", f"{DAILY}- {MINE}\n\n## Takeaways\n- {ONE}\n\n## Roof\n- {MINE}\n"),
        ("a.md", f"podcast:: Kettle\ntags:: journal\n\n{MINE}\n\n## On Kettle\n{ONE}\n"),
        ("a.md", f"#diary\n\n{MINE}\n\nHeard [[Kettle]] - [[Sand]]\n- {ONE}\n\n{MINE}\n"),
        (
            "2026-03-14.md",
            f"---\npodcast: Kettle\n---\n{MINE}\n\n## Podcast\n- {ONE}\n\n## Roof\n{MINE}\n",
        ),
        (
            "2026-03-14.md",
            f"---\npodcast: Kettle\nepisode: Sand\n---\n- {ONE}\n\n## Roof\n- {MINE}\n",
        ),
        (
            "a.md",
            f"---\ntitle: Saturday, 14 March 2026\npodcast: Kettle\n---\n# 2026-03-14\n\n"
            f"{MINE}\n\n## Kettle\n- {ONE}\n",
        ),
        ("a.md", f"- Sand\n  podcast:: Kettle\n\t- {ONE}\n- {MINE}\n"),
        ("a.md", f"- Tram\n  - podcast:: Kettle\n  - {ONE}\n- {MINE}\n"),
        ("a.md", f"- [[Kettle]] - Sand\n  tags:: podcast\n\t- {ONE}\n- {MINE}\n"),
        ("a.md", f"Heard [[Kettle]] - [[Sand]]\n\n{ONE}\n\n{MINE}\n"),
        ("a.md", f"- {MINE}\n- #podcast [[Kettle]] Sand\n  podcast:: Kettle\n\t- {ONE}\n"),
        ("2026-03-14.md", f"Heard [[Kettle]] - [[Sand]]\n\n{ONE}\n\n{MINE}\n"),
    ],
)
def test_a_day_whose_page_names_a_show_is_private_outside_of_its_part(name: str, page: str) -> None:
    ((podcast, *_, texts),) = told(page, name)
    assert (podcast, texts) == ("Kettle", [ONE])


@pytest.mark.parametrize("page", ["---\npodcast: Kettle\n---\n", "- podcast:: Kettle\n", DAILY])
def test_a_day_that_names_a_show_and_not_where_it_speaks_of_it(page: str) -> None:
    with pytest.raises(BriefRejected, match="no insight in it"):
        told(f"{page}- {MINE}\n- {MINE}\n", "2026-03-14.md")


@pytest.mark.parametrize("page", [f"- {MINE}\n- podcast:: Kettle\n- {MINE}\n"])
def test_nothing_of_a_day_stands_with_the_show(page: str) -> None:
    with pytest.raises(BriefRejected, match="no insight in it"):
        told(page, "2026-03-14.md")


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("2026-03-14.md", f"podcast:: Kettle\nepisode:: Sand\n\n- {ONE}\n- {TWO}\n"),
        ("2026-03-14.md", f"- podcast:: Kettle\n- episode:: Sand\n- {ONE}\n- {TWO}\n"),
        ("2026-03-14.md", f"---\npodcast: Kettle\nepisode: Sand\n---\n- {ONE}\n- {TWO}\n"),
        ("a.md", f"---\npodcast: Kettle\n---\n- {ONE}\n- {TWO}\n"),
        ("a.md", f"- Sand\n  podcast:: Kettle\n\t- {ONE}\n- Takeaways\n\t- {TWO}\n"),
        ("Sand.md", f"{ONE}\n\n- {TWO}\n- podcast:: Kettle\n"),
    ],
)
def test_a_page_on_a_show_is_read_whole(name: str, page: str) -> None:
    ((podcast, *_, texts),) = told(page, name)
    assert (podcast, texts) == ("Kettle", [ONE, TWO])
