from datetime import date

import pytest

from newsletter.domain.errors import ConfigError
from newsletter.domain.model import Citation
from newsletter.rendering.renderer import Renderer, link, long_date, moment, taken_apart
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


def test_moments_and_dates() -> None:
    moments = {None: "", 0: "0:00", 59: "0:59", 754: "12:34", 3723: "1:02:03", 36000: "10:00:00"}
    assert {seconds: moment(seconds) for seconds in moments} == moments
    assert long_date(date(2024, 3, 14)) == "Thursday, 14 March 2024"
    assert long_date(date(2023, 12, 31)) == "Sunday, 31 December 2023"


def test_picks_are_taken_apart_in_their_order() -> None:
    related = tuple(echo(text) for text in ("One.", "Two.", "Three."))
    picks = [pick(1, "A.", reason="New.", related=related), pick(2, "B.")]
    assert taken_apart(picks) == [
        (1, "A.", Citation(), "New.", ["One.", "Two."]),
        (2, "B.", Citation(), "", []),
    ]


def test_a_template_that_does_not_compile_names_its_line() -> None:
    with pytest.raises(ConfigError, match=r"template issue.txt, line 2: .*'endif'"):
        Renderer({"issue.txt": "fine\n{% if x %}"})
    with pytest.raises(ConfigError, match="line 1: No filter named 'shout'"):
        Renderer({"issue.txt": "{{ name | shout }}"})


def test_a_template_that_asks_for_what_is_not_there_is_named() -> None:
    paper = Renderer({"issue.txt": "fine\n{{ nmae }}"})
    with pytest.raises(ConfigError, match=r"template issue\.txt, line 2: 'nmae' is undefined"):
        paper.fill("issue.txt", name="x")
    with pytest.raises(ConfigError, match=r"no template other\.txt"):
        paper.fill("other.txt")


def test_the_line_is_that_of_the_source_and_the_template_the_one_that_asks() -> None:
    style = "<style>\np { color: red }\nb { color: red }\n</style>\n"
    page = f"<html><head>{style}</head><body>\n<p>\n\n{{{{ nosuch }}}}</p></body></html>"
    paper = Renderer({"issue.html": page}, {"issue.html": "mine/issue.html"})
    with pytest.raises(ConfigError, match=r"^template mine/issue\.html, line 8: 'nosuch' is und"):
        paper.fill("issue.html")
    paper = Renderer({"issue.txt": "{% include 'end.txt' %}", "end.txt": "\n\nBye, {{ who }}"})
    with pytest.raises(ConfigError, match=r"^template end\.txt, line 3: 'who' is undefined: mend"):
        paper.fill("issue.txt")


def test_an_included_template_is_found() -> None:
    paper = Renderer({"issue.txt": "{% include 'end.txt' %}", "end.txt": "Bye, {{ who }}"})
    assert paper.fill("issue.txt", who="Mira") == "Bye, Mira"


def test_html_is_escaped_and_text_is_not() -> None:
    paper = Renderer({"a.html": "{{ x }}", "a.txt": "{{ x }}"})
    assert paper.fill("a.html", x="<b>\x00") == "&lt;b&gt;\ufffd"
    assert paper.fill("a.txt", x="<b>\x00") == "<b>\ufffd"
