"""The workbench's pages: what they show, and that looking changes nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import html as dom

from newsletter.bootstrap import App
from newsletter.bootstrap.workbench import Bench
from tests.cli.conftest import INSIGHTS, House

Query = dict[str, str]


@pytest.fixture
def bench(stocked: House, tmp_path: Path) -> Iterator[Bench]:
    stocked.subscribe("ada@reader.example", options=["--interests", "choirs"])
    folder = tmp_path / "copy"
    folder.mkdir()
    made = Bench(App(str(stocked.config), stocked.environment, lambda: stocked.now), folder)
    yield made
    made.close()


def parsed(page: str) -> Any:
    return dom.document_fromstring(page)


def shown(page: str) -> str:
    return " ".join(str(parsed(page).text_content()).split())


def test_it_shows_every_way_to_see_an_issue_and_changes_nothing(bench: Bench, house: House) -> None:
    before = house.dump()
    page = bench.page({})
    doc = parsed(page)
    frames = [frame.get("src") for frame in doc.iter("iframe")]
    assert len(frames) == 7
    assert all(frame.get("sandbox") == "" for frame in doc.iter("iframe"))
    assert "no findings" in shown(page)
    assert (
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in doc.get_element_by_id("source").text
    )
    assert "Unsubscribe: https://letters.example/u/0." in doc.get_element_by_id("text").text
    assert [option.text for option in doc.iter("option")] == [
        "the house issue",
        "ada@reader.example",
    ]
    assert len(doc.xpath("//*[name()='circle']")) == len(INSIGHTS)
    assert len(doc.xpath("//*[name()='circle'][contains(@class, 'pick')]")) == 5
    assert house.dump() == before


def test_no_journal_is_missed_where_none_was_lost(
    bench: Bench, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    assert house("send").out == "1 sent\n"
    assert (house.folder / "newsletter.db.journal").exists()
    bench.page({})
    assert "nothing to show" not in shown(bench.page({}))
    assert caplog.text == ""


def test_the_frame_shows_the_message_that_is_sent(bench: Bench, house: House) -> None:
    sent = house("preview", "--to", "ada@reader.example", "--out", "-").stdout.decode()
    framed = bench.frame({"to": "ada@reader.example"})
    assert framed == sent.replace("(prefers-color-scheme: dark)", "not all")
    dark = bench.frame({"to": "ada@reader.example", "scheme": "dark"})
    assert dark == sent.replace("(prefers-color-scheme: dark)", "all")


def test_the_explanation_is_for_the_reader_asked_for(bench: Bench, house: House) -> None:
    assert house("send", "--now").code == 0
    page = bench.page({"to": "ada@reader.example", "date": "2026-03-15"})
    assert "nearest" not in shown(page)  # nothing here resembles anything
    assert len(parsed(page).xpath("//*[name()='circle']")) == len(INSIGHTS) - 5
    yesterday = bench.page({"to": "ada@reader.example", "date": "2026-03-14"})
    assert "choirs" in shown(yesterday)
    assert len(parsed(yesterday).xpath("//*[name()='circle']")) == len(INSIGHTS)


def test_a_twin_of_what_was_sent_is_listed(bench: Bench, house: House) -> None:
    assert house("send", "--now").code == 0
    first = house("explain", "--to", "ada@reader.example", "--json").json["picks"][0]["text"]
    house.drop("again.json", f"{first} Indeed.", published="2026-03-15")
    page = bench.page({"to": "ada@reader.example", "date": "2026-03-15"})
    twins = parsed(page).xpath("//ul[@class='twins']")[0].text_content()
    assert "Indeed" in twins
    assert "restates what was sent" in twins


def test_a_brief_dropped_in_is_seen_and_not_ingested(bench: Bench, house: House) -> None:
    version, before = bench.version(), house.dump()
    house.drop("new.json", "Beekeepers insure hives by their weight.", published="2026-03-14")
    assert bench.version() != version
    assert "Beekeepers insure hives" in bench.page({})
    assert house.dump() == before


@pytest.mark.parametrize("name", ["config.toml", "mine/issue.html", "newsletter.db"])
def test_the_version_changes_with_the_page(bench: Bench, house: House, name: str) -> None:
    house.environment["NEWSLETTER_NEWSLETTER__TEMPLATES"] = "mine"
    (house.folder / "mine").mkdir()
    version = bench.version()
    assert bench.version() == version
    with (house.folder / name).open("ab") as file:
        file.write(b"\n")
    assert bench.version() != version


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"date": "soon"}, "is no date"),
        ({"to": "nobody@reader.example"}, "nobody is subscribed"),
        ({"date": "2020-01-01"}, "too little is new"),
    ],
)
def test_errors_are_shown_on_the_page(bench: Bench, query: Query, complaint: str) -> None:
    assert complaint in shown(bench.page(query))
    assert bench.frame(query).startswith("<!DOCTYPE html>")


def test_a_broken_configuration_is_told_until_it_is_corrected(bench: Bench, house: House) -> None:
    good = house.config.read_text()
    house.config.write_text("[newsletter]\nname = 5\n")
    assert "newsletter.name" in shown(bench.page({}))
    house.config.write_text(good)
    assert "no findings" in shown(bench.page({}))


def test_a_template_that_mail_programs_cannot_show_has_findings(bench: Bench, house: House) -> None:
    mine = house.folder / "mine"
    mine.mkdir()
    source = (Path(__file__).parents[2] / "templates" / "issue.html").read_text()
    (mine / "issue.html").write_text(source.replace("<h1 ", "<h1 style='position: fixed' "))
    house.environment["NEWSLETTER_NEWSLETTER__TEMPLATES"] = "mine"
    assert "css-position" in shown(bench.page({}))


def test_a_logo_is_shown_and_images_can_be_off(bench: Bench, house: House) -> None:
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x20\0\0\0\x20"
    (house.folder / "logo.png").write_bytes(png)
    house.environment["NEWSLETTER_NEWSLETTER__LOGO"] = "logo.png"
    assert 'src="data:image/png;base64,iVBOR' in bench.frame({})
    assert 'src="data:,"' in bench.frame({"images": "off"})


def test_lint_judges_the_template_that_is_sent_and_one_that_is_named(
    house: House, elsewhere: Path
) -> None:
    fine = house.bare("lint")  # without any configuration
    assert (fine.code, fine.out) == (0, "no findings\n")
    source = (Path(__file__).parents[2] / "templates" / "issue.html").read_text()
    broken = elsewhere / "mine.html"
    broken.write_text(source.replace("display: inline-block", "display: grid"))
    result = house("lint", str(broken))
    assert result.code == 1
    assert "support: css-display-grid" in result.out
    assert {finding["rule"] for finding in house("lint", str(broken), "--json").json} == {
        "support",
        "links",
    }
    missing = house("lint", str(elsewhere / "none.html"))
    assert missing.code == 2
    assert "none.html cannot be read: No such file or directory" in missing.stderr
    broken.write_text("{{ nothing.there }}")
    lost = house("lint", str(broken))
    assert lost.code == 2
    assert f"template {broken}, line 1: 'nothing' is undefined" in lost.stderr
