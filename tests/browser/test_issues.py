"""The rendered issues, judged by strangers: html-validate, and axe-core in a real Chromium."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from newsletter.edges.templates import read_templates
from newsletter.editorial.letter import letter
from newsletter.editorial.specimen import specimen
from tests.browser.conftest import validate
from tests.golden import READER, STATES, letterhead

PAGES = {state: letter(issue, READER, letterhead()).html for state, issue in STATES.items()}
PAGES["specimen"] = specimen(read_templates(None)).html
pytestmark = pytest.mark.heavy
every_page = pytest.mark.parametrize("state", PAGES)

# A picture that is fetched by nobody: in a message it is a part of the message.
_NO_LOGO = 'src="cid:'


def test_html_validate_finds_nothing(node_modules: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{state.replace(' ', '-')}.html" for state in PAGES]
    for file, html in zip(files, PAGES.values(), strict=True):
        file.write_text(html, encoding="utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(PAGES["golden"].replace("</h1>", "</h2>"), encoding="utf-8")
    found = validate(node_modules, *files, broken)
    assert [Path(one["filePath"]).name for one in found if one["messages"]] == ["broken.html"]


def opened(browser: Browser, html: str, scheme: str, width: int) -> Page:
    page = browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page.set_content(html.replace(_NO_LOGO, 'data-src="cid:'))
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@every_page
def test_axe_finds_nothing(chromium: Browser, axe: str, state: str, scheme: str) -> None:
    page = opened(chromium, PAGES[state], scheme, 390)
    found = violations(page, axe)
    page.close()
    assert found == []


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found: Any = page.evaluate("() => axe.run(document)")
    return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]


def test_axe_would_find_something(chromium: Browser, axe: str) -> None:
    pale = PAGES["golden"].replace("#5f5a52", "#bbbbbb")
    page = opened(chromium, pale, "light", 390)
    found = violations(page, axe)
    page.close()
    assert found


@pytest.mark.parametrize("width", [320, 390, 1280])
@every_page
def test_nothing_is_wider_than_the_screen_and_every_target_can_be_hit(
    chromium: Browser, state: str, width: int
) -> None:
    page = opened(chromium, PAGES[state], "light", width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelector('.sheet').offsetWidth") <= 600
    heights = page.evaluate("[...document.links].map(one => one.getBoundingClientRect().height)")
    page.close()
    assert min(heights) >= 44


def test_an_issue_asks_nothing_of_anybody(chromium: Browser) -> None:
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(PAGES["golden"])
    page.wait_for_load_state("networkidle")
    page.close()
    assert asked == []
