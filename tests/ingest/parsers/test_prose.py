"""What a sentence above the notes says of the episode, and when it says nothing."""

import pytest

from newsletter.ingest.parsers import briefs
from newsletter.ingest.parsers.prose import said_of_it

URL = "https://tablefour.example/episodes/bread"


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        (
            f"I heard the Table Four episode **[Bread that waits a night]({URL})** on the tram.",
            {"podcast": "Table Four", "episode": "Bread that waits a night", "url": URL},
        ),
        (
            f"Notes from [Bread that waits a night]({URL}) on the Table Four podcast.",
            {"podcast": "Table Four", "episode": "Bread that waits a night", "url": URL},
        ),
        (
            f"[Mara](https://mara.example) was on the [Table Four podcast “Slow rye”]({URL}).",
            {"podcast": "Table Four", "episode": "Slow rye", "url": URL},
        ),
        (
            f"An episode of the [Table Four podcast featuring Mara Lindqvist]({URL}), in short.",
            {"podcast": "Table Four", "speakers": "Mara Lindqvist", "url": URL},
        ),
        (f"Quoting [Table Four Podcast]({URL}):", {"podcast": "Table Four Podcast", "url": URL}),
        (f"[Podcast on Table Four]({URL})", {"podcast": "Table Four", "url": URL}),
        (f"[Rye | 38sec snip from Table Four]({URL})", {"podcast": "Table Four", "url": URL}),
        (
            "My favourite of all episodes of [tablefour.fm](https://tablefour.fm) - a bread show",
            {"podcast": "tablefour.fm"},
        ),
        ("What I kept from the Table Four Podcast", {"podcast": "Table Four Podcast"}),
    ],
)
def test_what_is_said_of_the_episode(said: str, fields: dict[str, str]) -> None:
    assert said_of_it(said) == fields


@pytest.mark.parametrize(
    "said",
    [
        "I listen to every podcast about bread.",
        "Notes from October 2025 podcast episodes on bread.",
        f"[Bread that waits a night]({URL}) is what I would give to a baker.",
        "The best episode is the one that you share.",
        "[listen](javascript:alert(1)) to it on the podcast page",
    ],
)
def test_a_sentence_that_names_no_show(said: str) -> None:
    assert said_of_it(said) == {}


def test_only_the_beginning_of_a_long_paragraph_is_asked() -> None:
    assert said_of_it("A" * 1_000_000 + " podcast episode") == {}
    assert said_of_it(". " * 600 + f"[Table Four Podcast]({URL})") == {}


@pytest.mark.parametrize(
    "said",
    [
        "I heard the Table Four episode \N{OBJECT REPLACEMENT CHARACTER} on the tram.",
        "The Table Four episode [Bread that waits](https://[a/b) is a good one.",
        "[Table Four Podcast](https://[a/b)",
    ],
)
def test_what_is_broken_breaks_nothing(said: str) -> None:
    said_of_it(said)
    (brief,) = briefs("a.md", f"{said}\n\n- {'Rye waits. ' * 4}\n".encode())
    assert "[" not in brief.url


def test_fields_are_surer_than_sentences() -> None:
    said = f"From the Table Four podcast, [heard here]({URL})."
    page = f"Podcast: Kettle\n\n{said}\n\n- {'Rye waits. ' * 4}\n"
    (brief,) = briefs("a.md", page.encode())
    assert (brief.podcast, brief.url) == ("Kettle", URL)


@pytest.mark.parametrize(
    ("title", "url", "named"),
    [
        ("Table Four 12: Bread that waits", URL, ("Table Four", "Bread that waits")),
        ("Table Four | Bread that waits", URL, ("Table Four", "Bread that waits")),
        ("Table Four: Rye", "https://a.example/table-four/rye.html", ("Table Four", "Rye")),
        ("World War 2: Bread", URL, ("", "World War 2: Bread")),
        ("Rye: Bread", "https://rye.example/b", ("", "Rye: Bread")),
    ],
)
def test_an_address_shows_which_part_of_a_title_is_the_show(
    title: str, url: str, named: tuple[str, str]
) -> None:
    page = f"---\ntitle: '{title}'\nurl: {url}\n---\n- {'Rye waits. ' * 4}\n"
    (brief,) = briefs("a.md", page.encode())
    assert (brief.podcast, brief.episode) == named


def test_a_pronoun_is_no_show() -> None:
    link = "[this podcast with Mara](https://k.example/7)"
    page = f"I listened to {link}.\n\nRye holds its water for days.\n"
    (brief,) = briefs("a.md", page.encode())
    assert (brief.podcast, brief.url) == ("", "https://k.example/7")


def test_the_description_of_a_page_may_say_it() -> None:
    said = 'Notes on the podcast "The power of rye with Mara" by Slow Kitchen'
    page = (
        f"---\ntitle: The power of rye\ndescription: {said}\n---\n\nRye holds its water for days.\n"
    )
    (brief,) = briefs("a.md", page.encode())
    assert (brief.podcast, brief.episode) == ("Slow Kitchen", "The power of rye with Mara")


@pytest.mark.parametrize("show", ["devMode.fm", "Rye Podcast", "The Slow Show"])
def test_somebody_on_a_show(show: str) -> None:
    page = f"# Podcast notes: Mara Lindqvist on {show}\n\nRye holds its water for days.\n"
    assert briefs("a.md", page.encode())[0].podcast == show
