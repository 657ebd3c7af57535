"""The rendered issues, judged by strangers: html-validate, and axe-core in a real Chromium."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from newsletter.rendering.rendered_email import render_email
from newsletter.rendering.sample import sample_email
from newsletter.rendering.templates import read_templates
from tests.browser import support
from tests.browser.conftest import validate
from tests.golden import READER, STATES, head

pytestmark = pytest.mark.heavy
every_page = pytest.mark.parametrize("state", [*STATES, "sample_email"])

# A picture that is fetched by nobody: in a message it is a part of the message.
_NO_LOGO = 'src="cid:'


@cache
def pages() -> dict[str, str]:
    """Made when the first test asks: the fast suite collects this file and leaves it at that."""
    made = {state: render_email(issue, READER, head()).html for state, issue in STATES.items()}
    return made | {"sample_email": sample_email(read_templates(None)).html}


def test_html_validate_finds_nothing(node_modules: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{state.replace(' ', '-')}.html" for state in pages()]
    for file, html in zip(files, pages().values(), strict=True):
        file.write_text(html, encoding="utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(pages()["golden"].replace("</h1>", "</h2>"), encoding="utf-8")
    found = validate(node_modules, *files, broken)
    assert [Path(one["filePath"]).name for one in found if one["messages"]] == ["broken.html"]


def opened(browser: Browser, html: str) -> Page:
    page = browser.new_page(viewport={"width": 390, "height": 900}, color_scheme="light")
    page.set_content(html.replace(_NO_LOGO, 'data-src="cid:'))
    return page


@every_page
def test_axe_finds_nothing(chromium: Browser, axe: str, state: str) -> None:
    page = opened(chromium, pages()[state])
    light = violations(page, axe)
    page.emulate_media(color_scheme="dark")
    dark = violations(page, axe)
    page.close()
    assert light + dark == []


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found: Any = page.evaluate("() => axe.run(document)")
    return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]


def test_axe_would_find_something(chromium: Browser, axe: str) -> None:
    pale = pages()["golden"].replace("#5f5a52", "#bbbbbb")
    page = opened(chromium, pale)
    found = violations(page, axe)
    page.close()
    assert found


@every_page
def test_nothing_is_wider_than_the_screen_and_every_target_can_be_hit(
    chromium: Browser, state: str
) -> None:
    page = opened(chromium, pages()[state])
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.querySelector('.sheet').offsetWidth") <= 600
        heights = page.evaluate(
            "[...document.links].map(one => one.getBoundingClientRect().height)"
        )
        assert min(heights) >= 44
    page.close()


def test_an_issue_asks_nothing_of_anybody(chromium: Browser) -> None:
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(pages()["golden"])
    page.wait_for_load_state("networkidle")
    page.close()
    assert asked == []


def test_the_shipped_data_are_what_the_pinned_package_says(node_modules: Path) -> None:
    assert support.TARGET.read_text(encoding="utf-8") == support.made()
    assert node_modules == support.PACKAGE.parent
