"""Every page that a visitor can come to, from the front page on, in the demo's week."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest

from newsletter.bootstrap import App
from newsletter.bootstrap.signup import background
from newsletter.bootstrap.web import site
from newsletter.cli import main
from tests.builders import NOON
from tests.web.public_site import BASE, Client

MOST = 30_000
ENVIRONMENT = {
    "NEWSLETTER_NEWSLETTER__BASE_URL": BASE,
    "NEWSLETTER_NEWSLETTER__FROM_ADDRESS": "five@news.example.org",
    "NEWSLETTER_NEWSLETTER__POSTAL_ADDRESS": "12 Harbour Row, Porthaven",
}

pytestmark = pytest.mark.heavy


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Client]:
    assert main(["demo", str(tmp_path / "demo")], clock=lambda: NOON, environment={}) == 0
    app = App(str(tmp_path / "demo" / "config.toml"), ENVIRONMENT, lambda: NOON)
    yield Client(site(app, background(app)))
    app.close()


def test_no_page_is_large_and_no_link_is_dead(visitor: Client) -> None:
    """HTML and CSS together; an issue has its style in the page."""
    sheet = len(visitor.get("/site.css").content)
    waiting = ["/", "/search?q=sleep"]
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        answer = visitor.get(path)
        assert answer.status_code == 200, path
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        alone = re.match(r"/archive/\d", path)
        assert len(answer.content) + (0 if alone else sheet) < MOST, path
        linked = [urljoin(BASE + path, one) for one in re.findall(r'href="([^"]+)"', answer.text)]
        inside = {one.removeprefix(BASE).partition("#")[0] for one in linked if BASE in one}
        waiting += inside - seen
        seen |= inside
    assert len(seen) > 250
    assert {"/link", "/feed.atom", "/shows", "/archive/2026-03-14"} <= seen
