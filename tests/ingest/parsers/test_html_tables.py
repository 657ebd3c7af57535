"""Tables of a saved page or mail: of layout, which are walked through, and of insights."""

import pytest

from newsletter.domain.model import Mention
from tests.ingest.parsers import parse

ONE = "Ports forgive the first day, and the second costs more than the voyage."
TWO = "A pilot who knows the sandbank saves more fuel than a new engine does."


def mentions(body: str) -> tuple[Mention, ...]:
    return parse("a.html", f"<html><body>{body}</body></html>".encode()).mentions


@pytest.mark.parametrize(
    "body",
    [
        "<table><tr><td><table><tr><td>{0}</td></tr><tr><td>{1}</td></tr></table></td></tr></table>",
        "<table role='presentation'><tr><td>{0}</td><td>{1}</td></tr></table>",
        "<table><tr><td><p>{0}</p><p>{1}</p></td></tr></table>",
        "<table><tr><td><h2>Takeaways</h2><ul><li>{0}</li><li>{1}</li></ul></td></tr></table>",
        "<center><table><tr><td><table><tr><th><table><tr><th>{0}</th></tr></table></th></tr>"
        "<tr><td><table><tr><td>{1}</td></tr></table></td></tr></table></td></tr></table></center>",
    ],
)
def test_a_mail_that_tables_lay_out(body: str) -> None:
    assert [each.text for each in mentions(body.format(ONE, TWO))] == [ONE, TWO]


@pytest.mark.parametrize(
    "hidden",
    ["style='display: none'", "style='MSO-hide:all'", "style='visibility:hidden'", "hidden"],
)
def test_what_nobody_sees_is_not_read(hidden: str) -> None:
    assert [each.text for each in mentions(f"<div {hidden}>{TWO}</div><p>{ONE}</p>")] == [ONE]


@pytest.mark.parametrize("mark", ["td", "th"])
def test_a_table_of_insights_and_their_times(mark: str) -> None:
    names = f"<tr><{mark}><b>Time</b></{mark}><{mark}>Key point</{mark}></tr>"
    rows = f"<tr><td>1:02</td><td><p>{ONE}</p></td></tr><tr><td>2:00</td><td></td></tr>"
    last = f"<tr><td><a href='https://a.example'>1:05:00</a></td><td>{TWO}</td></tr>"
    said = mentions(f"<table>{names}{rows}{last}</table>")
    assert [(each.text, each.at) for each in said] == [(ONE, 62), (TWO, 3900)]


def test_two_tables_beside_each_other_have_a_header_each() -> None:
    table = "<table><tr><th>{}</th><th>When</th></tr><tr><td>{}</td><td>May</td></tr></table>"
    said = mentions(table.format("Takeaway", ONE) + table.format("Price", TWO))
    assert [each.text for each in said] == [ONE]


def test_a_table_of_values_inside_a_layout_is_no_text() -> None:
    values = f"<table><thead><tr><th>Ship</th></tr></thead><tr><td>{TWO}</td></tr></table>"
    said = mentions(f"<table><tr><td><p>{ONE}</p>{values}</td></tr></table>")
    assert [each.text for each in said] == [ONE]


def test_a_mail_says_which_episode_it_is_of_and_who_talks() -> None:
    intro = "This week: Kettle, episode 7, “Late ships”, in which host Ada Brook talks to the"
    body = (
        f"<p>{intro} pilot Tomas Lind.</p><h2>The takeaways</h2><ol><li>{ONE}</li></ol>"
        f"<h3>Quote of the week</h3><p><em>“{TWO}”</em><br>— Tomas Lind</p>"
        "<p>TODAY'S SPONSOR</p><p>Ropes by Moor hold three times as long as any other rope.</p>"
        "<h3>Next week</h3><p>A long episode about cranes, and about those who grease them.</p>"
    )
    brief = parse("a.html", f"<table><tr><td><table><tr><td>{body}</table></table>".encode())
    assert (brief.podcast, brief.episode) == ("Kettle", "Late ships")
    assert brief.speakers == ("Ada Brook", "Tomas Lind")
    assert [(each.text, each.speaker) for each in brief.mentions] == [
        (ONE, ""),
        (TWO, "Tomas Lind"),
    ]


def test_a_link_and_its_show_in_spanish() -> None:
    link = "<a href='https://tetera.example/7'>«Los barcos que llegan tarde»</a>"
    said = (
        f"<p>Hoy escuché {link}, el episodio 7 de La Tetera, donde Ana Gil entrevista al práctico"
    )
    brief = parse("a.html", f"{said} Leo Paz. Van dos notas.</p><p>{ONE}</p>".encode())
    assert (brief.podcast, brief.episode) == ("La Tetera", "Los barcos que llegan tarde")
    assert (brief.url, brief.speakers) == ("https://tetera.example/7", ("Ana Gil", "Leo Paz"))
    assert [each.text for each in brief.mentions] == [ONE]


@pytest.mark.parametrize(
    "call",
    [
        "¿Qué te ha parecido? Cuéntamelo en los comentarios.",
        "Suscríbete gratis y recibe cada nota.",
    ],
)
def test_a_call_in_another_language(call: str) -> None:
    assert [each.text for each in mentions(f"<p>{ONE}</p><p>{call}</p>")] == [ONE]
