from dataclasses import replace
from datetime import date

import pytest
from markupsafe import Markup

from newsletter.domain.model import Citation
from newsletter.language.words import words
from newsletter.rendering.filters import filters, link, moment, taken_apart
from tests.golden import echo, pick


@pytest.mark.parametrize(
    ("url", "at", "address"),
    [
        ("https://a.example/e", None, "https://a.example/e"),
        ("https://a.example/e", 754, "https://a.example/e#t=754"),
        ("https://a.example/e", 0, "https://a.example/e#t=0"),
        ("https://a.example/e#end", 754, "https://a.example/e#end"),
        ("HTTP://a.example/e?x=1&y=2", 5, "HTTP://a.example/e?x=1&y=2#t=5"),
        (" https://a.example/a b\n", None, "https://a.example/a%20b"),
        ('https://a.example/"><b>', None, "https://a.example/%22%3E%3Cb%3E"),
        ("https://a.example/caf\u00e9%20x", None, "https://a.example/caf%C3%A9%20x"),
        ("", 5, ""),
        ("javascript:alert(1)", None, ""),
        ("java\nscript:alert(1)", None, ""),
        ("data:text/html,x", None, ""),
        ("//a.example/e", None, ""),
        ("/e", None, ""),
        ("https:", None, ""),
        ("https://[", None, ""),
    ],
)
def test_a_link_is_http_or_nothing(url: str, at: int | None, address: str) -> None:
    assert link(Citation(url=url, at=at)) == address


def test_an_insights_own_link_is_preferred_and_needs_no_second() -> None:
    own, episode = "https://a.example/snip/7", "https://a.example/e"
    assert link(Citation(url=episode, at=65, link=own)) == own
    assert link(Citation(url=episode, at=65, link="https://youtu.be/x?t=9")).endswith("t=65")
    assert link(Citation(url=episode, at=65, link="javascript:alert(1)")) == f"{episode}#t=65"


def test_moments() -> None:
    moments = {None: "", 0: "0:00", 59: "0:59", 754: "12:34", 3723: "1:02:03", 36000: "10:00:00"}
    assert {seconds: moment(seconds) for seconds in moments} == moments


def test_picks_are_taken_apart_in_their_order() -> None:
    related = tuple(echo(text) for text in ("One.", "Two.", "Three."))
    picks = [pick(1, "A.", reason="New.", related=related), pick(2, "B.")]
    assert taken_apart(words())(picks) == [
        (1, "A.", Citation(), "New.", ["20 February: One.", "20 February: Two."]),
        (2, "B.", Citation(), "", []),
    ]


def test_what_was_said_word_for_word_is_quoted_and_nothing_else_is() -> None:
    shown = {}
    for origin in ("quote", "takeaway", "written"):
        said = pick(1, 'I don\'t queue. "Nobody" does.', citation=Citation(origin=origin))
        shown[origin] = taken_apart(words())([said])[0][1]
    assert shown.pop("quote") == "“I don’t queue. ‘Nobody’ does.”"
    assert set(shown.values()) == {"I don’t queue. “Nobody” does."}


def test_an_earlier_insight_has_the_day_it_was_read_or_else_was_said() -> None:
    read = replace(echo("One."), dated=date(2024, 1, 3))
    said, undated = replace(read, heard=None), replace(read, heard=None, dated=None)
    for earlier, shown in (
        (read, "20 February: One."),
        (said, "3 January: One."),
        (undated, "One."),
    ):
        assert taken_apart(words())([pick(1, "A.", related=(earlier,))])[0][4] == [shown]


def test_a_message_takes_markup_and_escapes_the_rest() -> None:
    gettext = filters(words())["gettext"]
    made = gettext("<%(who)s> of %(what)s", who=Markup("<b>x</b>"), what="<i>")
    assert made == Markup("&lt;<b>x</b>&gt; of &lt;i&gt;")
    assert not isinstance(gettext("%(what)s", what="<i>"), Markup)
