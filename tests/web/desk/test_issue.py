"""The page Issue as the program serves it: every action by its form, audited, undone, and told."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path

import pytest
from limits import RateLimitItemPerHour

from newsletter.bootstrap import App, desk_issue
from newsletter.bootstrap.composing import compose_rules
from newsletter.bootstrap.desk import desk
from newsletter.bootstrap.rendering import secret
from newsletter.cli import main
from newsletter.composing.compose import compose
from newsletter.composing.readers import DUE
from newsletter.domain import tokens
from newsletter.domain.notices import PREFERENCES
from newsletter.domain.tokens import VOTE
from newsletter.rendering.rendered_email import VIEW
from newsletter.services import approval, audit, desk_sessions, desk_users, insights
from newsletter.services.insights import Decided
from newsletter.storage import issues, reports, subscribers
from newsletter.web.desk import issue
from newsletter.web.workbench import FRAME
from tests.builders import NOON, TODAY, subscribe
from tests.cli.conftest import CONFIG, INSIGHTS, fill
from tests.smtp_server import SmtpServer
from tests.web.desk.conftest import PASSWORD, Browser, Clock
from tests.web.test_unsubscribe import Answer, serving

ANN = "ann@example.org"
EVIL = "<script>alert('x')</script> & {{ 7 * 7 }}"
SIX = NOON.replace(hour=6)
HERE = f"/desk/issue?date={TODAY}"


@dataclass
class Desk(Browser):
    """Eddy, an editor, is logged in; the issue of seven o'clock waits for approval."""

    app: App = None  # type: ignore[assignment]
    form: str = ""

    def do(self, name: str, **fields: object) -> Answer:
        """A form of the page."""
        given = {key: str(value) for key, value in {"date": TODAY, "to": "", **fields}.items()}
        return self.post(f"/desk/issue/{name}", {"csrf": self.form, **given})

    def said(self, name: str, **fields: object) -> str:
        """What the page says after a form."""
        answer = self.do(name, **fields)
        assert answer.status == 303, answer.text
        back = self.get(answer.headers["location"])
        found = re.search(r'role="status">(.*?)</p>', back.text, re.DOTALL)
        assert found
        return unescape(found[1])

    def compose(self) -> None:
        compose(compose_rules(self.app), self.clock(), None, DUE)

    def picks(self) -> list[int]:
        """As the page shows them, in their order."""
        return [int(each) for each in re.findall(r'<li id="pick-(\d+)"', self.get(HERE).text)]

    def left(self) -> int:
        page = self.get(f"{HERE}&all=1").text.partition("<h2>Left out</h2>")[2]
        return int(re.findall(r'name="id" value="(\d+)"', page)[0])

    @property
    def decided(self) -> Decided:
        return insights.decided(self.app.store, TODAY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once, with a reader, a user and insights; every test works on a copy."""
    folder = tmp_path_factory.mktemp("issue") / "news"
    assert main(["init", str(folder)], clock=lambda: NOON, environment={}) == 0
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    fill(folder / "inbox", 0, 18, "2026-03-14")
    words = ["--config", str(folder / "config.toml"), "ingest"]
    assert main(words, clock=lambda: SIX, environment={}) == 0
    app = App(str(folder / "config.toml"), {}, lambda: SIX)
    with app.store.writing() as db:
        subscribe(db, ANN, hour=7)
    desk_users.add(app.store, "eddy", "editor", PASSWORD, NOON)
    app.close()
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def eddy(folder: Path, tmp_path: Path, server: SmtpServer) -> Iterator[Desk]:
    shutil.copytree(folder, tmp_path / "news")
    server.messages.clear()
    clock = Clock(SIX)
    environment = {
        "NEWSLETTER_SCHEDULE__APPROVAL": "true",
        "NEWSLETTER_ALERTS__TO": "me@letters.example",
        "NEWSLETTER_DELIVERY__CHANNEL": "smtp",
        "NEWSLETTER_DELIVERY__SMTP__HOST": server.host,
        "NEWSLETTER_DELIVERY__SMTP__PORT": str(server.port),
        "NEWSLETTER_DELIVERY__SMTP__SECURITY": "none",
    }
    app = App(str(tmp_path / "news" / "config.toml"), environment, clock)
    user = desk_users.User(1, "eddy", "editor")
    session = desk_sessions.begin(app.store, user, SIX, "127.0.0.1", "a browser")
    with serving(desk(app)) as port:
        cookies = {"desk": desk_sessions.signed(secret(app), session)}
        form = desk_sessions.form_token(secret(app), session)
        made = Desk(port, app.store, clock, cookies, app, form)
        made.compose()
        yield made
    app.close()


def audited(eddy: Desk) -> list[tuple[str, str, str]]:
    lines = audit.newest(eddy.app.store, 50)
    return [(line["who"], line["action"], line["about"]) for line in reversed(lines)]


def test_the_page_shows_what_waits_the_picks_and_what_was_left_out(eddy: Desk) -> None:
    page = eddy.get(HERE).text
    assert "Issue of Saturday, 14 March 2026" in page
    assert "1 reader" in page
    assert "sent anyway at 2026-03-14 08:00 UTC" in page
    assert len(eddy.picks()) == 5
    assert page.count(">Pin</button>") == 5 + 12, "1 more is left out"
    assert "1 more</a> were left out" in page
    assert "me@letters.example" in page
    assert "style=" not in page
    assert "views.js" not in page


def test_a_pin_and_what_undoes_it(eddy: Desk) -> None:
    left = eddy.left()
    assert eddy.said("pin", id=left).endswith(f"” is pinned for {TODAY}")
    assert eddy.picks()[0] == left, "though nothing ran since"
    assert eddy.said("unpin", id=left).endswith(f"” is not pinned for {TODAY} any more")
    assert left not in eddy.picks()
    assert audited(eddy) == [
        ("eddy", "insights pin", str(left)),
        ("eddy", "insights pin --undo", str(left)),
    ]


def test_a_block_and_what_undoes_it(eddy: Desk) -> None:
    before = eddy.picks()
    assert "picked for nobody" in eddy.said("block", id=before[0])
    assert before[0] not in eddy.picks()
    assert [one.id for one in eddy.decided.blocked] == [before[0]]
    eddy.said("unblock", id=before[0])
    assert eddy.picks() == before


def test_a_correction_is_text_wherever_it_is_shown_and_is_reverted(eddy: Desk) -> None:
    first = eddy.picks()[0]
    assert "Corrected: “" in eddy.said("correct", id=first, words=EVIL)
    page = eddy.get(HERE)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text
    assert "The original words:" in page.text
    message = eddy.get(f"/desk/issue/message?date={TODAY}")
    assert message.headers["content-security-policy"] == FRAME
    assert "<script" not in message.text
    assert "{{ 7 * 7 }}" in message.text
    for view in ("looks", "why", "source"):
        assert "<script>alert" not in eddy.get(f"{HERE}&view={view}").text
    assert "The original words are shown again" in eddy.said("revert", id=first)
    assert not eddy.decided.changes[0].words
    assert eddy.do("revert", id=first).status == 422
    assert eddy.do("correct", id=first, words=" ").status == 422


def test_picks_are_moved_and_put_back(eddy: Desk) -> None:
    before = eddy.picks()
    joined = " ".join(map(str, before))
    eddy.said("move", id=before[1], order=joined, way="up")
    assert eddy.picks() == [before[1], before[0], *before[2:]]
    eddy.said("move", id=before[4], order=" ".join(map(str, eddy.picks())), way="down")
    assert eddy.picks()[4] == before[4]
    assert "order of selection again" in eddy.said("reorder")
    assert eddy.picks() == before
    assert eddy.do("move", id=99, order=joined, way="up").status == 422
    assert eddy.do("move", id=before[1], order="1 1 x", way="up").status == 422


def test_the_opening_line(eddy: Desk) -> None:
    assert "opens with your line" in eddy.said("note", words=f"{EVIL}\r\nBcc: all@example.org")
    assert eddy.decided.note == f"{EVIL} Bcc: all@example.org"
    assert "no opening line" in eddy.said("note", words="")
    assert eddy.do("note", words="").status == 422, "there is none"
    assert eddy.do("note", words="x" * 5001).status == 422


def test_a_test_copy_goes_to_whom_it_is_for_and_counts_nowhere(
    eddy: Desk, server: SmtpServer
) -> None:
    assert "A test copy went to me@letters.example: 250" in eddy.said(
        "test", address="me@letters.example"
    )
    eddy.said("test", address="you@letters.example", to=ANN)
    house, anns = server.messages
    assert (house.recipient, anns.recipient) == ("me@letters.example", "you@letters.example")
    parsed = message_from_bytes(anns.message, policy=policy.default)
    assert parsed["To"] == ANN
    assert str(parsed["Subject"]).startswith("[Test]")
    with eddy.app.store.reading() as db:
        assert reports.outcomes(db, TODAY) == [("pending", None, 1)]
    assert audited(eddy)[0] == ("eddy", "send --test", "me@letters.example")
    for wrong in ("", "nobody", "a@b.example\r\nRCPT TO:<c@d.example>", "a@b.example, c@d.example"):
        assert eddy.do("test", address=wrong).status == 422
    server.fail("RCPT", "550 5.1.1 no such user")
    answer = eddy.do("test", address="gone@letters.example")
    assert answer.status == 422
    assert "no such user" in answer.text
    assert len(server.messages) == 2


@pytest.mark.parametrize("state", ["unsubscribed", "complained", "bounced"])
def test_no_test_copy_goes_to_who_left(eddy: Desk, server: SmtpServer, state: str) -> None:
    with eddy.app.store.writing() as db:
        assert subscribers.change(db, ANN, state=state)
    answer = eddy.do("test", address=ANN.upper())
    assert (answer.status, f"is {state}" in answer.text) == (422, True)
    assert not server.messages


def test_one_user_sends_no_more_test_copies_than_one_looks_at(
    eddy: Desk, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issue, "_TESTS", RateLimitItemPerHour(1))
    eddy.said("test", address="me@letters.example")
    answer = eddy.do("test", address="me@letters.example")
    assert (answer.status, "many test copies" in answer.text) == (422, True)
    assert len(server.messages) == 1


def test_approved_here_it_goes_out_with_what_was_done_and_nothing_done_since(
    eddy: Desk, server: SmtpServer
) -> None:
    first = eddy.picks()[0]
    eddy.said("block", id=first)
    shown = eddy.picks()
    assert "is approved" in eddy.said("approve")
    assert "approved already, by eddy" in eddy.said("approve")
    page = eddy.get(HERE).text
    assert "waits for approval" not in page
    eddy.compose()
    assert "; 1 issue composed before stay" in eddy.said("pin", id=first + 1 if first < 18 else 1)
    eddy.clock.now = NOON.replace(hour=7)
    words = ["--config", str(eddy.app.path), "send"]
    environment = dict(eddy.app.environment)
    assert main(words, clock=eddy.clock, environment=environment) == 0
    [sent] = server.messages
    text = message_from_bytes(sent.message, policy=policy.default).get_body(("plain",))
    assert text is not None
    told = " ".join(text.get_content().split())
    known = insights.find_all(eddy.app.store, shown)
    places = [told.find(known[each].text[:40]) for each in shown]
    assert places == sorted(places)
    assert -1 not in places
    assert ("eddy", "approve", str(TODAY)) in audited(eddy)


def test_a_readers_own_links_are_shown_to_nobody(eddy: Desk) -> None:
    """Who may look at an issue may not unsubscribe its reader, nor see what they prefer."""
    to, signed = f"{HERE}&to={ANN}", secret(eddy.app)
    shown = eddy.get(f"{to}&view=looks").text + eddy.get(f"{to}&view=source").text
    shown = shown.replace("=\n", "").replace("=3D", "=")
    shown += eddy.get(f"/desk/issue/message?date={TODAY}&to={ANN}").text
    links = set(re.findall(r"letters\.example/(u|p|view|v)/([\w.-]+)", shown))
    assert {kind for kind, _ in links} == {"u", "p", "view", "v"}
    for kind, text in links | {
        ("u", each) for each in re.findall(r"unsubscribe%20([\w.-]+)", shown)
    }:
        purpose = {"p": PREFERENCES, "view": VIEW, "v": VOTE, "u": ""}[kind]
        assert tokens.subscriber_id(signed, text) is None
        assert tokens.linked(signed, purpose, text, eddy.clock()) is None
    assert len(tokens.token(signed, 1)) in {len(text) for kind, text in links if kind == "u"}


def test_another_reader_and_what_there_is_none_of(eddy: Desk) -> None:
    assert "ann@example.org" in eddy.get(f"{HERE}&to={ANN}&view=source").text
    nobody = eddy.get(f"{HERE}&to=%3Cb%3Ezed@example.org")
    assert nobody.status == 200
    assert "is no address" in nobody.text
    assert "nobody is subscribed as zed@" in eddy.get(f"{HERE}&to=zed@example.org").text
    assert "<b>zed" not in nobody.text
    early = eddy.get("/desk/issue?date=2026-01-01").text
    assert "No issue for 2026-01-01: too little is new." in early
    for wrong in ("tomorrow", "0001-01-01", "9999-12-31", "%00"):
        answer = eddy.get(f"/desk/issue?date={wrong}")
        assert answer.status == 200
        assert "no date" in answer.text or "too far off" in answer.text
        assert eddy.get(f"/desk/issue/message?date={wrong}").status == 200
    assert eddy.get("/desk/issue/message?to=nobody@example.org").text.endswith("</html>")


@pytest.mark.parametrize("insight", ["", "x", "-1", "9" * 12, "4711"])
def test_no_insight_is_no_accident(eddy: Desk, insight: str) -> None:
    for name in ("pin", "unpin", "block", "unblock", "revert"):
        assert eddy.do(name, id=insight).status in (404, 422)
    assert eddy.do("correct", id=insight, words="Words.").status in (404, 422)
    assert audited(eddy) == []


def test_every_view_of_what_is_sent(eddy: Desk) -> None:
    looks = eddy.get(f"{HERE}&view=looks").text
    frames = re.findall(r'<iframe sandbox title="([^"]+)"', looks)
    assert len(frames) == 7
    assert "Unsubscribe: https://letters.example/u/" in looks
    why = eddy.get(f"{HERE}&view=why").text
    assert why.count("<circle") == len(INSIGHTS)
    source = eddy.get(f"{HERE}&view=source").text
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in source
    dark = eddy.get(f"/desk/issue/message?date={TODAY}&scheme=dark").text
    assert "(prefers-color-scheme: dark)" not in dark


def test_the_page_of_a_date_that_was_approved_before_it_is_composed(eddy: Desk) -> None:
    tomorrow = TODAY + timedelta(days=1)
    assert "0 readers waited" in eddy.said("approve", date=tomorrow)
    given = approval.approval_of(eddy.app.store, tomorrow)
    assert given
    assert given.who == "eddy"
    with eddy.app.store.reading() as db:
        assert issues.house(db, tomorrow) is None
    assert eddy.do("approve", date="2025-01-01").status == 422


def test_what_was_sent_without_an_approval_is_told(eddy: Desk, server: SmtpServer) -> None:
    eddy.clock.now = NOON.replace(hour=8)  # an hour after the reader's
    words = ["--config", str(eddy.app.path), "send"]
    assert main(words, clock=eddy.clock, environment=dict(eddy.app.environment)) == 0
    assert ANN in {one.recipient for one in server.messages}
    eddy.clock.now = SIX  # the session's hours
    page = eddy.get(HERE).text
    assert ">not approved</span> 1 reader of this date" in page
    assert "waits for approval" not in page


def test_the_templates_are_linted_once(eddy: Desk) -> None:
    made = desk_issue.parts(eddy.app)
    first, later = (made.workbench(NOON + timedelta(hours=hour)).findings() for hour in (0, 1))
    assert first is later
