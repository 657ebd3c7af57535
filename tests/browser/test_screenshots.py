"""A change that is seen is a change of docs/: ``make screenshots``, and look at them."""

import pytest
from playwright.sync_api import Browser

from newsletter.rendering.rendered_email import render_email
from tests.browser.pictures import DOCS, NAMES, distance, golden, taken
from tests.golden import READER, STATES, head

pytestmark = pytest.mark.heavy

# Of the pixels of a shrunk picture; another version of the fonts moves about one in two hundred.
_TOLERANCE = 0.02


@pytest.fixture(scope="module")
def now(chromium: Browser) -> dict[str, bytes]:
    return golden(chromium)


@pytest.mark.parametrize("name", NAMES)
def test_the_pictures_show_the_issue_as_it_is(
    chromium: Browser, now: dict[str, bytes], name: str
) -> None:
    assert distance(chromium, (DOCS / name).read_bytes(), now[name]) <= _TOLERANCE


@pytest.mark.parametrize("name", [*NAMES, "issue.png"])
def test_the_pictures_are_small(name: str) -> None:
    assert (DOCS / name).stat().st_size < 300_000


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("font-size:24px; line-height:32px", "font-size:26px; line-height:32px"),
        ("#fffdf9", "#e0ddd9"),
        ("padding:0 24px", "padding:0 32px"),
    ],
)
def test_what_is_seen_is_more_than_the_tolerance(
    chromium: Browser, now: dict[str, bytes], old: str, new: str
) -> None:
    html = render_email(STATES["golden"], READER, head()).html
    assert old in html
    changed = taken(chromium, html.replace(old, new), 390, "light")
    assert distance(chromium, now["issue-phone-light.png"], changed) > _TOLERANCE
