"""A reader votes from the rendered email in a real Chromium; the page as axe and html-validate see
it."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from newsletter.domain.model import Citation, Issue, Pick
from newsletter.rendering.rendered_email import render_email
from newsletter.services.votes import Answer, VoteLinks, VoteState
from newsletter.storage import archive, candidates, issues, ledger, votes
from newsletter.storage.ledger import Entry
from newsletter.web import stylesheet
from newsletter.web.app import app
from newsletter.web.pages import Pages
from newsletter.web.votes import page, routes
from tests.browser.conftest import validate
from tests.browser.test_issues import violations
from tests.builders import NOON, TODAY, brief, read, subscribe
from tests.conftest import new_store
from tests.golden import head
from tests.web.test_unsubscribe import SECRET, serving

pytestmark = pytest.mark.heavy
TEXT = "Ports that publish their berth plans empty faster. A captain slows down at sea."
ANSWERS = [Answer(state, kind, TEXT) for state in VoteState for kind in ("more", "knew")]


def html(answer: Answer) -> str:
    return bytes(page(Pages(head()), answer).body).decode()


def test_html_validate_finds_nothing(node_modules: Path, tmp_path: Path) -> None:
    files = []
    for answer in ANSWERS:
        files.append(tmp_path / f"{answer.state}-{answer.kind}.html")
        files[-1].write_text(html(answer).rstrip() + "\n", encoding="utf-8")
    found = validate(node_modules, *files)
    assert [(one["filePath"], one["messages"]) for one in found if one["messages"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", VoteState)
def test_axe_finds_nothing(chromium: Browser, axe: str, state: VoteState, scheme: str) -> None:
    tab = chromium.new_page(viewport={"width": 375, "height": 700})
    tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    css = f"<style>{Pages(head()).render('site.css')}</style>"
    tab.set_content(html(Answer(state, "more", TEXT)).replace("</head>", f"{css}</head>"))
    assert violations(tab, axe) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= 375
    tab.close()


def test_a_reader_votes_from_the_email_and_takes_it_back(chromium: Browser, tmp_path: Path) -> None:
    store = new_store(tmp_path)
    with store.writing() as db:
        archive.record(db, [read("a.txt", brief(TEXT))], NOON, TODAY)
        [insight] = candidates.known(db, TODAY, [1])
        ann = subscribe(db)
        issue = Issue(TODAY, (Pick(1, insight.id, TEXT, Citation(), 0.5, {}),))
        entry = Entry(ann, TODAY, issues.save(db, issue, NOON), None, "<1@x>", NOON, NOON)
        ledger.enter(db, [entry], NOON)

    def said() -> dict[str, int]:
        with store.reading() as db:
            return dict(votes.counts(db, ann.id))

    pages = Pages(head())
    links = routes(VoteLinks(store, SECRET, lambda: NOON), pages)
    tab = chromium.new_page(viewport={"width": 390, "height": 800})
    with serving(app([*links, *stylesheet.routes(pages)])) as port:
        here = f"http://127.0.0.1:{port}/v/"
        email = render_email(issue, ann, head()).html.replace("https://news.example.org/v/", here)
        tab.set_content(email)
        for name in ("More like this", "Knew it already"):
            box = tab.get_by_role("link", name=name).bounding_box()
            assert box
            assert box["height"] >= 44, "a thumb's width"
        tab.get_by_role("link", name="More like this").click()
        expect(tab.get_by_role("heading")).to_have_text("More like this?")
        expect(tab.get_by_role("blockquote")).to_contain_text("berth plans")
        assert said() == {}
        tab.get_by_role("button", name="Remember this").click()
        expect(tab.get_by_role("heading")).to_have_text("You asked for more like this.")
        assert said() == {"more": 1}
        tab.reload()
        tab.get_by_role("button", name="Undo").click()
        expect(tab.get_by_role("heading")).to_have_text("It is forgotten.")
        assert said() == {}
        tab.get_by_role("button", name="Remember it after all").click()
        expect(tab.get_by_role("heading")).to_have_text("You asked for more like this.")
        tab.set_content(email)
        tab.get_by_role("link", name="Knew it already").click()
        tab.get_by_role("button", name="Remember this").click()
        expect(tab.get_by_role("heading")).to_have_text("You knew it already.")
        assert said() == {"knew": 1}
        assert tab.get_by_role("link", name="Back to The Five").get_attribute("href") == "/"
    tab.close()
    store.close()
