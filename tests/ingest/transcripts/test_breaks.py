"""Advertisements, intros and calls go; the talk around them stays."""

import pytest

from newsletter.ingest.transcripts import parse_transcript

TALK = ["Rivers remember their old beds.", "A flood goes back to them."]


def kept(*sentences: str) -> list[str]:
    return [segment.text for segment in parse_transcript(" ".join(sentences).encode())]


BREAKS = {
    "until the talk is resumed": [
        "This episode is brought to you by Tidewell.",
        "They make boots that stay dry.",
        "My feet have never been so warm.",
        "Now back to the show.",
    ],
    "until the last sentence that sells": [
        "I want to thank today's sponsor, Tidewell.",
        "Their boots stay dry.",
        "Go to tidewell.example dot com slash river and use code RIVER for ten percent off.",
    ],
    "with a pause": ["We'll be right back after this.", "Boots are great.", "Welcome back."],
    "a support line": ["Support for this podcast comes from Tidewell."],
    "an intro": ["Welcome back to the River Talk podcast, I'm your host, Tom Vale."],
    "an outro": ["Thanks for listening.", "Please rate and review the show on Apple Podcasts."],
    "a call": ["Subscribe to our newsletter and get the show notes in your inbox."],
}


@pytest.mark.parametrize("sentences", BREAKS.values(), ids=BREAKS)
def test_what_is_no_part_of_the_talk_goes(sentences: list[str]) -> None:
    assert kept(*TALK, *sentences, *TALK) == [*TALK, *TALK]


def test_what_sells_takes_along_what_stands_beside_it_though_nothing_opened_a_break() -> None:
    talk = [f"Rivers have {number} old beds to go back to." for number in range(2, 12)]
    advertisement = ["Most feet are wet by noon.", "Go to tidewell.com slash river for a pair."]
    assert kept(*talk, *advertisement, *talk) == [*talk[:-3], *talk[4:]], (
        "one that sells, and four on either side"
    )


def test_a_break_that_nobody_ends_takes_no_more_than_it_must() -> None:
    talk = [f"Rivers have {number} old beds to go back to." for number in range(2, 90)]
    assert kept("This show is brought to you by Tidewell.", *talk) == talk


@pytest.mark.parametrize(
    "text",
    [
        "The sponsor of a bill rarely reads all of it.",
        "A break in the dike is heard before it is seen.",
        "People come back to the river because it pays.",
        "Farmers who were supported by the state kept their meadows.",
    ],
)
def test_a_talk_may_be_about_sponsors_and_breaks(text: str) -> None:
    assert kept(text) == [text]
