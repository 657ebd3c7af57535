"""The public pages, as html-validate, axe-core and a real Chromium see them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter.bootstrap.rendering import branding
from newsletter.bootstrap.web import site
from newsletter.cli import main
from newsletter.services.public_archive import Listing
from newsletter.web.pages import Pages, shared
from tests.browser.conftest import validate
from tests.browser.test_issues import violations
from tests.builders import NOON, TODAY, subscribe
from tests.web.public_site import PublicSite, filled
from tests.web.test_unsubscribe import serving
from tests.web.test_view import link

pytestmark = pytest.mark.heavy


@dataclass(frozen=True)
class Served:
    site: PublicSite
    address: str
    paths: dict[str, str]


KINDS = (
    *("archive", "issue", "insight", "hostile", "shows", "show", "topics", "topic"),
    *("search", "found", "missing", "own issue"),
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Every kind of page there is, over a real server."""
    made = filled(tmp_path_factory.mktemp("site"))
    with made.writing() as db:
        subscribe(db)
    assert main(["--config", str(made.folder / "config.toml"), "send"], clock=lambda: NOON) == 0
    paths = (
        *("/archive", f"/archive/{TODAY}", made.path("berth plans"), made.path("alert")),
        *("/shows", "/shows/salt-steel", "/topics", "/topics/sleep"),
        *("/search", "/search?q=berths", "/nothing", link(made)),
    )
    with serving(site(made.app)) as port:
        named = dict(zip(KINDS, paths, strict=True))
        yield Served(made, f"http://127.0.0.1:{port}", named)
    made.app.close()


def opened(chromium: Browser, url: str, width: int = 390, scheme: str = "light") -> Page:
    """A tab in which nothing may fail to load, and no script is there to run."""
    tab = chromium.new_page(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    failed: list[str] = []
    tab.on("requestfailed", lambda request: failed.append(request.url))
    tab.on("console", lambda message: failed.append(message.text))
    answer = tab.goto(url)
    assert answer
    expected = 404 if url.endswith("/nothing") else 200
    assert answer.status == expected
    assert [one for one in failed if "favicon" not in one and "404" not in one] == []
    return tab


def test_html_validate_finds_nothing(node_modules: Path, served: Served, tmp_path: Path) -> None:
    files = []
    for kind, path in served.paths.items():
        files.append(tmp_path / f"{kind}.html")
        files[-1].write_text(served.site.client.get(path).text.rstrip() + "\n", encoding="utf-8")
    found = validate(node_modules, *files)
    assert [(one["filePath"], one["messages"]) for one in found if one["messages"]] == []


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(chromium: Browser, axe: str, served: Served, kind: str) -> None:
    for width, scheme in ((390, "light"), (390, "dark"), (1280, "light")):
        tab = opened(chromium, served.address + served.paths[kind], width, scheme)
        assert violations(tab, axe) == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate("document.scripts.length") == 0
        tab.close()


def test_a_page_in_arabic_begins_on_the_right(chromium: Browser, axe: str, served: Served) -> None:
    arabic = Pages(replace(branding(served.site.app), language="ar"))
    values = {**shared("الموضوعات", "الموضوعات", "/topics"), "here": "/topics"}
    html = arabic.render("subjects.html", **values, listed=Listing([], 1, 1))
    tab = chromium.new_page(viewport={"width": 390, "height": 800})
    style = f"<style>{arabic.render('site.css')}</style>"
    tab.set_content(html.replace('<link rel="stylesheet" href="/site.css">', style))
    assert violations(tab, axe) == []
    box = tab.locator("h1").bounding_box()
    assert box
    assert tab.evaluate("getComputedStyle(document.querySelector('h1')).direction") == "rtl"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.close()


def test_the_keyboard_goes_straight_to_the_content(chromium: Browser, served: Served) -> None:
    tab = opened(chromium, served.address + served.paths["insight"])
    skip = tab.get_by_text("Skip to the content")
    tab.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    tab.keyboard.press("Enter")
    assert tab.url.endswith("#main")
    tab.close()


def test_a_visitor_reads_from_the_archive_to_what_is_related(
    chromium: Browser, served: Served
) -> None:
    tab = opened(chromium, f"{served.address}/archive")
    tab.get_by_role("link", name="14 March 2026").click()
    expect(tab.get_by_role("article")).to_be_visible()
    tab.goto(f"{served.address}/search")
    tab.get_by_label("Search").fill("berths a week ahead")
    tab.get_by_role("button", name="Find").click()
    tab.get_by_role("link", name="Ports that publish").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Ports that publish")
    tab.get_by_role("link", name="Ports that tell ships").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Ports that tell ships")
    tab.close()


def test_print_leaves_out_what_paper_cannot_do(chromium: Browser, served: Served) -> None:
    tab = opened(chromium, served.address + served.paths["insight"])
    tab.emulate_media(media="print")
    expect(tab.get_by_role("link", name="Archive")).to_be_hidden()
    written = tab.evaluate("getComputedStyle(document.querySelector('.listen'), '::after').content")
    assert "https://salt.example/41#t=754" in written
    tab.close()
