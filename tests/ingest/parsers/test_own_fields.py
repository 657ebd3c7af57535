"""Fields of an insight: in its item, below it, or in brackets behind its words."""

import pytest

from newsletter.domain.model import Mention
from tests.ingest.parsers import parse

RYE = "Rye holds three times its weight in water."
OATS = "Oats want a cold night before they want a hot one."


def said(page: str, name: str = "a.md") -> list[tuple[str, int | None, str]]:
    mentions: tuple[Mention, ...] = parse(name, page.encode()).mentions
    return [(each.text, each.at, each.speaker) for each in mentions]


@pytest.mark.parametrize(
    "page",
    [
        f"- {RYE}\n  time:: 05:12\n  speaker:: [[Ada Brook]]\n- {OATS}\n  id:: 64aa1c02-7b1e\n",
        f"- {RYE}\n  - Timestamp:: 05:12\n  - Said by:: [[Ada Brook]]\n- {OATS}\n",
        f"- {RYE} (time:: 5:12) (speaker:: [[Ada Brook]]) (topic:: [[bread]])\n- {OATS}\n",
        f"- {RYE} [time:: 5:12] [speaker:: Ada Brook]\n- {OATS}\n",
    ],
)
def test_they_are_of_the_words_that_they_stand_with(page: str) -> None:
    assert said(f"## Takeaways\n\n{page}") == [(RYE, 312, "Ada Brook"), (OATS, None, "")]


def test_those_of_a_title_are_of_what_stands_below_it() -> None:
    page = f"## Takeaways\n\n- The flour\n  time:: 05:12\n  - {RYE}\n  - {OATS}\n"
    assert said(page) == [(RYE, 312, ""), (OATS, 312, "")]


def test_what_the_words_say_is_surer() -> None:
    assert said(f"## Takeaways\n\n- [01:00] {RYE}\n  time:: 05:12\n") == [(RYE, 60, "")]


def test_an_address_below_the_words_is_theirs() -> None:
    page = f"- {RYE}\n  - Link:: https://rye.example/7?t=312\n- {OATS}\n"
    brief = parse("a.md", f"Podcast:: Rye\n\n## Takeaways\n\n{page}".encode())
    assert [each.link for each in brief.mentions] == ["https://rye.example/7?t=312", ""]


def test_an_outline_that_tana_copies_is_read_as_one() -> None:
    page = (
        "%%tana%%\n- Rye at night #[[podcast]]\n  - Show:: [[Slow Kitchen]]\n  - Highlights::\n"
        f"    - {RYE} #highlight\n      - Timestamp:: 05:12\n"
    )
    brief = parse("a.txt", page.encode())
    assert (brief.podcast, brief.episode) == ("Slow Kitchen", "Rye at night")
    assert [(each.text, each.at) for each in brief.mentions] == [(RYE, 312)]
