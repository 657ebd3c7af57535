"""The workbench in a real Chromium, served by the program itself."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pictures import workbench
from tests.browser.test_issues import violations

pytestmark = pytest.mark.heavy
_PATIENCE = 60_000  # milliseconds: seven frames at once on a busy machine
expect.set_options(timeout=_PATIENCE)


@pytest.fixture(scope="module")
def address(demo: Path) -> Iterator[str]:
    with workbench(demo) as address:
        yield address


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    opened = chromium.new_page(viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(_PATIENCE)
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.goto(address)
    yield opened
    opened.close()
    assert said == []


def test_every_frame_shows_the_issue_in_its_scheme(page: Page) -> None:
    expect(page.locator("iframe")).to_have_count(7)
    for scheme, paper in (("light", "rgb(255, 253, 249)"), ("dark", "rgb(26, 25, 23)")):
        for device in ("Phone", "Tablet", "Desktop"):
            sheet = page.frame_locator(f"iframe[title='{device}, {scheme}']").locator(".sheet")
            expect(sheet).to_have_css("background-color", paper)
            expect(sheet.locator("h1")).to_have_text("Five Insights")


@pytest.mark.parametrize("width", [1280, 1440, 1920, 2560])
def test_the_three_widths_stand_beside_each_other(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for row in page.locator(".row").all():
        assert row.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for device, wide in (("Phone", 390), ("Tablet", 768), ("Desktop", 1120)):
        frame = page.locator(f"iframe[title='{device}, light']").content_frame
        inside = frame.locator("html").evaluate("() => window.innerWidth")
        assert abs(inside - wide) <= 1


def test_a_narrow_window_keeps_the_frames_readable(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    frame = page.locator("iframe[title='Phone, light']")
    expect(frame).to_have_js_property("clientWidth", 390)
    box = frame.bounding_box()
    assert box is not None
    assert box["width"] >= 195
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "the row alone scrolls"


def test_no_pick_hides_another(page: Page) -> None:
    dots = page.locator("circle.pick").evaluate_all(
        "all => all.map(one => [one.cx.baseVal.value, one.cy.baseVal.value])"
    )
    assert len(dots) == 5
    apart = [abs(a - c) + abs(b - d) for i, (a, b) in enumerate(dots) for c, d in dots[:i]]
    assert min(apart) >= 20
    assert all(50 <= x <= 620 for x, _ in dots)


def test_what_it_tells_beside_the_frames(page: Page) -> None:
    expect(page.locator(".facts")).to_contain_text("of 102,400 bytes, where Gmail clips")
    expect(page.locator(".facts")).to_contain_text("no findings")
    expect(page.locator("#text")).to_contain_text("Unsubscribe: ")
    expect(page.locator("#source")).to_contain_text("List-Unsubscribe-Post: List-Unsubscribe=One-")
    expect(page.locator(".signal .bar")).to_have_count(5 * 4)
    assert page.locator("circle").count() > 100
    images = page.frame_locator("iframe[title='Images off']").locator("img")
    expect(images).to_have_count(0)


def test_a_message_cannot_run_a_script(page: Page) -> None:
    allowed = page.locator("iframe").evaluate_all(
        "all => all.map(one => [one.sandbox.length, one.contentDocument === null])"
    )
    assert allowed == [[0, True]] * 7


def test_a_dot_tells_what_it_is(page: Page) -> None:
    dot = page.locator("circle.pick[data-figures$='pick 1']")
    dot.hover()
    expect(page.locator("#dot-figures")).to_contain_text("pick 1")
    expect(page.locator("#dot-text")).to_have_text(str(dot.get_attribute("data-text")))
    expect(page.locator("#dot-echo")).not_to_be_empty()


def test_another_reader_and_another_day(page: Page) -> None:
    page.select_option("#to", "kofi@reader.example")
    page.wait_for_url("**to=kofi*")
    expect(page.locator("#source")).to_contain_text("kofi@reader.example")
    page.fill("#date", "2026-03-13")
    page.wait_for_url("**date=2026-03-13*")
    expect(page.locator("#text")).to_contain_text("Friday, 13 March 2026")


def test_it_reloads_by_itself_and_the_store_stays(page: Page, demo: Path) -> None:
    database = (demo / "newsletter.db").read_bytes()
    config = demo / "config.toml"
    config.write_text(config.read_text().replace('"Five Insights"', '"Six Insights"'))
    phone = page.frame_locator("iframe[title='Phone, light']")
    expect(phone.locator("h1")).to_have_text("Six Insights")
    config.write_text(config.read_text().replace('"Six Insights"', '"Five Insights"'))
    expect(phone.locator("h1")).to_have_text("Five Insights")
    mine = demo / "templates"
    mine.mkdir()
    config.write_text(
        config.read_text().replace("[newsletter]", '[newsletter]\ntemplates = "templates"', 1)
    )
    (mine / "issue.txt").write_text("In other words, for {{ subscriber.address }}")
    expect(page.locator("#text")).to_contain_text("In other words, for ")
    (mine / "issue.txt").unlink()
    expect(page.locator("#text")).not_to_contain_text("In other words")
    before = page.locator("circle").count()
    brief = {"published": "2026-03-14", "insights": ["Beekeepers insure hives by their weight."]}
    (demo / "inbox" / "new.json").write_text(json.dumps(brief))
    expect(page.locator("circle")).to_have_count(before + 1)
    assert (demo / "newsletter.db").read_bytes() == database


def test_axe_finds_nothing_in_the_page_itself(page: Page, axe: str) -> None:
    page.locator("iframe").evaluate_all("all => all.forEach(one => one.remove())")
    session = page.context.new_cdp_session(page)
    session.send("Page.setBypassCSP", {"enabled": True})
    assert violations(page, axe) == []
