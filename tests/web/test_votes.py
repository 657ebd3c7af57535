"""The page behind the links below an insight, on a real server, by the links of a real letter."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import document_fromstring

from newsletter.domain.model import Citation, Issue, Pick, Subscriber, Vote
from newsletter.domain.tokens import link_token, token
from newsletter.rendering.rendered_email import render_email
from newsletter.services.votes import VoteLinks
from newsletter.storage import (
    Store,
    archive,
    candidates,
    editing,
    issues,
    ledger,
    subscriber_states,
    subscribers,
)
from newsletter.storage import votes as votes_of
from newsletter.storage.editing import Change
from newsletter.storage.ledger import Entry
from newsletter.web.app import app
from newsletter.web.pages import Pages
from newsletter.web.votes import routes
from tests.builders import NOON, TODAY, brief, read, subscribe
from tests.conftest import new_store
from tests.golden import head
from tests.web.test_unsubscribe import FORM, SECRET, ask, serving

TEXTS = ("Ports empty “faster” <b>soon</b>.", "Nurses nap before the night.", "Nobody was sent it.")


class Site(NamedTuple):
    port: int
    store: Store
    ann: Subscriber
    issue: Issue

    @property
    def said(self) -> dict[int, str]:
        with self.store.reading() as db:
            theirs = votes_of.of_readers(db, [self.ann.id]).get(self.ann.id, ())
        return {vote.insight_id: vote.kind for vote in theirs}

    def links(self) -> dict[tuple[int, str], str]:
        """The paths in Ann's letter, by rank and by what they say."""
        html = render_email(self.issue, self.ann, head()).html
        paths = re.findall(r'href="https://news\.example\.org(/v/[^"]+)"', html)
        assert len(paths) == 2 * len(self.issue.picks)
        kinds = [(pick.rank, kind) for pick in self.issue.picks for kind in ("more", "knew")]
        return dict(zip(kinds, paths, strict=True))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    store = new_store(tmp_path_factory.mktemp("votes"))
    with store.writing() as db:
        archive.record(db, [read("a.txt", brief(*TEXTS))], NOON, TODAY)
        first, second, _ = candidates.known(db, TODAY, range(1, 10))
        ann = subscribe(db)
        picks = tuple(
            Pick(rank, insight.id, insight.text, Citation(), 0.5, {})
            for rank, insight in enumerate((first, second), 1)
        )
        issue = Issue(TODAY, picks)
        entry = Entry(ann, TODAY, issues.save(db, issue, NOON), None, "<1@x>", NOON, NOON)
        ledger.enter(db, [entry], NOON)
    pages = Pages(head())
    with serving(app(routes(VoteLinks(store, SECRET, lambda: NOON), pages))) as port:
        yield Site(port, store, ann, issue)
    store.close()


@pytest.fixture
def site(running: Site) -> Site:
    """Ann is active and has said nothing."""
    with running.store.writing() as db:
        subscribers.change(db, running.ann.address, state="active", language="")
        for pick in running.issue.picks:
            votes_of.take_back(db, running.ann.id, pick.insight_id)
    return running


def heading(html: str) -> str:
    return str(document_fromstring(html).findtext(".//h1"))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("query", ["", "?undo", "?remember"])
def test_looking_remembers_nothing_and_forgets_nothing(site: Site, method: str, query: str) -> None:
    links = site.links()
    assert ask(site.port, "POST", links[2, "more"], b"", FORM).status == 200
    before = site.said
    for path in links.values():
        assert ask(site.port, method, path + query).status == 200
    assert site.said == before == {site.issue.picks[1].insight_id: "more"}


def test_the_page_speaks_the_readers_own_language(site: Site) -> None:
    with site.store.writing() as db:
        subscribers.change(db, site.ann.address, language="fr")
    for method, path in (("GET", ""), ("POST", ""), ("POST", "?undo")):
        page = ask(site.port, method, site.links()[1, "more"] + path, b"", FORM).text
        assert '<html lang="fr"' in page
        assert "Remember" not in page


def test_the_page_says_what_will_be_remembered_and_shows_the_insight(site: Site) -> None:
    answer = ask(site.port, "GET", site.links()[1, "knew"])
    assert heading(answer.text) == "Knew it already?"
    assert "counts as read" in answer.text
    assert "Ports empty “faster” &lt;b&gt;soon&lt;/b&gt;." in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not document_fromstring(answer.text).xpath("//script|//style|//@style")


def test_the_latest_press_holds_and_undo_forgets_it(site: Site) -> None:
    links, (first, second) = site.links(), (pick.insight_id for pick in site.issue.picks)
    for _ in range(2):
        pressed = ask(site.port, "POST", links[1, "more"], b"", FORM)
        assert heading(pressed.text) == "You asked for more like this."
    ask(site.port, "POST", links[2, "more"], b"", FORM)
    assert site.said == {first: "more", second: "more"}
    assert heading(ask(site.port, "GET", links[1, "knew"]).text) == "Knew it already?"
    ask(site.port, "POST", links[1, "knew"], b"", FORM)
    assert site.said == {first: "knew", second: "more"}
    assert heading(ask(site.port, "GET", links[1, "knew"]).text) == "You knew it already."
    for _ in range(2):
        forgotten = ask(site.port, "POST", links[1, "knew"] + "?undo", b"", FORM)
        assert heading(forgotten.text) == "It is forgotten."
        assert site.said == {second: "more"}


def test_the_words_that_the_editor_has_shown_are_shown(site: Site) -> None:
    with site.store.writing() as db:
        change = Change(NOON, "ed", "edit", site.issue.picks[1].insight_id, None, "Nurses nap.")
        editing.record(db, change)
    assert "Nurses nap." in ask(site.port, "GET", site.links()[2, "more"]).text


def test_wrong_links_get_the_same_404_and_change_nothing(site: Site) -> None:
    key = link_token(SECRET, "vote", site.ann.id)
    sent = site.issue.picks[0].insight_id
    with site.store.reading() as db:
        [not_sent] = {each.id for each in candidates.known(db, TODAY, range(1, 10))} - {
            pick.insight_id for pick in site.issue.picks
        }
    wrong = [
        f"/v/{key[:-1]}/{sent}/more",
        f"/v/{link_token(b'another', 'vote', site.ann.id)}/{sent}/more",
        f"/v/{link_token(SECRET, 'vote', 99)}/{sent}/more",
        f"/v/{link_token(SECRET, 'vote', site.ann.id, sent)}/{sent}/more",
        f"/v/{link_token(SECRET, 'preferences', site.ann.id)}/{sent}/more",
        f"/v/{token(SECRET, site.ann.id)}/{sent}/more",
        f"/v/test/{sent}/more",
        f"/v/{key}/{not_sent}/more",
        f"/v/{key}/99/more",
        f"/v/{key}/{10**30}/more",
        f"/v/{key}/{sent}/less",
    ]
    for method in ("GET", "POST"):
        answers = [ask(site.port, method, path, b"", FORM) for path in wrong]
        assert {answer.status for answer in answers} == {404}
        assert len({answer.text for answer in answers}) == 1
        assert heading(answers[0].text) == "This link does not work."
    assert site.said == {}


@pytest.mark.parametrize("state", ["unsubscribed", "bounced", "complained"])
def test_who_gets_no_issues_is_told_and_nothing_is_remembered(site: Site, state: str) -> None:
    path = site.links()[1, "more"]
    with site.store.writing() as db:
        subscribers.change(db, site.ann.address, state=state)
        votes_of.record(db, site.ann.id, Vote(site.issue.picks[1].insight_id, "more", NOON))
    for method, query in (("GET", ""), ("POST", ""), ("POST", "?undo")):
        answer = ask(site.port, method, path + query, b"", FORM)
        assert (answer.status, "<button" in answer.text) == (410, False)
        assert heading(answer.text) == "No issue is sent to you any more."
    assert site.said == {site.issue.picks[1].insight_id: "more"}


@settings(max_examples=60)
@given(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?#"))
    | st.from_regex(r"[0-9]{1,3}\.0\.[A-Za-z0-9_-]{22}/[0-9]{1,12}/(more|knew)", fullmatch=True),
    st.binary(max_size=200),
)
def test_no_made_up_link_does_anything(running: Site, method: str, path: str, body: bytes) -> None:
    before = running.said
    answer = ask(running.port, method, f"/v/{path}", body, FORM)
    assert answer.status in {400, 404, 405}
    assert running.said == before


def test_a_database_that_does_not_answer_is_no_traceback(site: Site, tmp_path: Path) -> None:
    broken = new_store(tmp_path)
    with closing(sqlite3.connect(str(broken.path))) as db:
        db.execute("DROP TABLE subscriber")
    with serving(app(routes(VoteLinks(broken, SECRET, lambda: NOON), Pages(head())))) as port:
        answers = [ask(port, how, site.links()[1, "more"], b"", FORM) for how in ("GET", "POST")]
    broken.close()
    for answer in answers:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
        assert answer.text.startswith("This cannot be answered just now.")


def test_a_letter_has_links_only_where_a_page_answers_and_a_reader_is_somebody(site: Site) -> None:
    for reader, branding in (
        (site.ann, replace(head(), base_url="")),
        (replace(site.ann, id=0), head()),
    ):
        email = render_email(site.issue, reader, branding)
        for part in (email.html, email.text):
            assert "/v/" not in part
            assert "More like this" not in part


@pytest.mark.parametrize("query", ["", "?undo"])
def test_a_vote_and_one_taken_back_are_signs_that_somebody_reads(site: Site, query: str) -> None:
    with site.store.writing() as db:
        subscriber_states.note_sign(db, site.ann.id, NOON - timedelta(days=400))
    assert ask(site.port, "GET", site.links()[1, "more"] + query).status == 200
    with site.store.reading() as db:
        assert subscriber_states.last_sign(db, site.ann.id) == NOON - timedelta(days=400)
    assert ask(site.port, "POST", site.links()[1, "more"] + query, b"", FORM).status == 200
    with site.store.reading() as db:
        assert subscriber_states.last_sign(db, site.ann.id) == NOON
