"""A change that is seen is a change of docs/: ``make screenshots``, and look at them."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.pictures import DESK_NAMES, DOCS, NAMES, distance, issue_pictures, page, taken

pytestmark = pytest.mark.heavy

# Of the pixels of a shrunk picture; another version of the fonts moves about one in two hundred.
_TOLERANCE = 0.01


@pytest.fixture(scope="module")
def html(demo: Path) -> str:
    return page(demo)


@pytest.fixture(scope="module")
def now(chromium: Browser, html: str) -> dict[str, bytes]:
    return issue_pictures(chromium, html)


@pytest.mark.parametrize("name", NAMES)
def test_the_pictures_show_the_demos_issue_as_it_is(
    chromium: Browser, now: dict[str, bytes], name: str
) -> None:
    assert distance(chromium, (DOCS / name).read_bytes(), now[name]) <= _TOLERANCE


@pytest.mark.parametrize("reader", ["ada", "kofi", "mei"])
def test_five_insights_are_short_on_a_phone(chromium: Browser, demo: Path, reader: str) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 800})
    page.set_content((demo / f"issue-{reader}.html").read_text(encoding="utf-8"))
    assert page.locator(".numeral").count() == 5
    assert page.evaluate("document.documentElement.scrollHeight") < 2200
    page.close()


@pytest.mark.parametrize("name", [*NAMES, *DESK_NAMES, "issue.png", "workbench.png"])
def test_the_pictures_are_small(name: str) -> None:
    assert (DOCS / name).stat().st_size < 300_000


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("font-size:22px; line-height:28px", "font-size:24px; line-height:28px"),
        ("#fffdf9", "#e0ddd9"),
        ("padding:0 20px", "padding:0 28px"),
    ],
)
def test_what_is_seen_is_more_than_the_tolerance(
    chromium: Browser, html: str, now: dict[str, bytes], old: str, new: str
) -> None:
    assert old in html
    changed = taken(chromium, html.replace(old, new), 390, "light")
    assert distance(chromium, now["issue-phone-light.png"], changed) > _TOLERANCE
