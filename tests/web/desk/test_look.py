import hashlib
import json
import re
from pathlib import Path

from newsletter.resources import resource
from newsletter.web import desk
from tests.web.desk.conftest import Browser

HTMX = Path(desk.__file__).parent / "htmx"


def test_htmx_is_what_its_makers_published() -> None:
    source = json.loads((HTMX / "source.json").read_text())
    files = {path.name for path in HTMX.iterdir()} - {"source.json"}
    assert files == set(source["sha256"])
    for name, expected in source["sha256"].items():
        assert hashlib.sha256((HTMX / name).read_bytes()).hexdigest() == expected


def test_the_scripts_are_served(browser: Browser) -> None:
    answer = browser.get("/desk/htmx.min.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.text == (HTMX / "htmx.min.js").read_text()


def test_no_template_has_a_script_a_style_or_a_handler_in_it() -> None:
    """The browser would refuse it, and the page would be broken."""
    inside = re.compile(
        r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:|hx-on|\|\s*safe"
    )
    for path in (resource("templates") / "desk").glob("*.html"):
        assert not inside.search(path.read_text()), path.name


def test_every_form_that_is_posted_has_a_token() -> None:
    for path in (resource("templates") / "desk").glob("*.html"):
        for form in re.findall(r"<form.*?</form>", path.read_text(), re.DOTALL):
            assert 'method="post"' not in form or 'name="csrf"' in form or "csrf_field" in form, (
                path.name
            )
