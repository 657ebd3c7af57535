"""Signing up over a socket, with the message at a real SMTP server."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import document_fromstring

from newsletter.bootstrap import App
from newsletter.bootstrap.signup import Background, background, why_closed
from newsletter.bootstrap.web import site
from newsletter.domain.model import State
from newsletter.domain.notices import Purpose, path
from newsletter.services import signup
from newsletter.services.later import Later
from newsletter.services.subscriptions import Defaults
from newsletter.storage import Connection, Store, notices, subscriber_states, subscribers
from newsletter.storage.schema import notice as table
from newsletter.storage.schema import subscriber as readers
from newsletter.web.app import listening, server
from newsletter.web.networks import network_of
from tests.builders import NOON, subscribe
from tests.conftest import new_store
from tests.smtp_server import SmtpServer
from tests.web.test_unsubscribe import FORM, PATIENCE, Answer, ask, wait_for

ANN = "ann@example.org"
SECRET = "a secret that is long enough\n"
CONFIG = """\
[newsletter]
name = "Five & <b>Counting</b>"
from_address = "five@news.example.org"
base_url = "https://news.example.org"
timezone = "Europe/Paris"
[web]
signups_an_hour = {an_hour}
proof_of_work = {proof}
{more}
[delivery]
channel = "smtp"
[delivery.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
"""
TYPED = {"address": ANN, "interests": "harbours", "timezone": "Europe/Lisbon", "hour": "8"}


@dataclass
class Door:
    """A site that people sign up on."""

    app: App
    port: int
    behind: Background
    mail: SmtpServer

    @property
    def store(self) -> Store:
        return self.app.store

    def post(self, typed: dict[str, str], headers: dict[str, str] | None = None) -> Answer:
        body = urlencode(typed).encode()
        answer = ask(self.port, "POST", "/subscribe", body, FORM | (headers or {}))
        self.behind.later.settle()
        return answer

    def reader(self, address: str = ANN) -> tuple[str, str, int]:
        with self.store.reading() as db:
            found = subscribers.find(db, address)
        assert found
        return found.state, found.interests, found.hour

    def received(self, count: int) -> list[str]:
        """The texts of the messages, once there are so many."""
        wait_for(lambda: len(self.mail.messages) >= count)
        return [_text(one.message) for one in self.mail.messages]


def _text(raw: bytes) -> str:
    parts = message_from_bytes(raw, policy=policy.default).iter_parts()
    return str(next(iter(parts)).get_content())


@contextmanager
def standing(
    folder: Path,
    mail: SmtpServer,
    clock: Callable[[], datetime] = lambda: NOON,
    **options: object,
) -> Iterator[Door]:
    values = {"an_hour": 1_000, "proof": "false", "more": "", **options}
    (folder / "config.toml").write_text(CONFIG.format(port=mail.port, **values))
    secret = folder / "newsletter.secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    new_store(folder).close()
    app = App(str(folder / "config.toml"), {}, clock)
    behind = background(app)
    assert behind
    behind.start()
    with listening("127.0.0.1", 0) as bound:
        running = server(site(app, behind))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield Door(app, bound.getsockname()[1], behind, mail)
        finally:
            running.should_exit = True
            thread.join(PATIENCE)
            behind.stop()
            app.close()


@pytest.fixture(scope="module")
def mail() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, mail: SmtpServer) -> Iterator[Door]:
    with standing(tmp_path_factory.mktemp("door"), mail) as open_door:
        yield open_door


@pytest.fixture
def door(running: Door) -> Door:
    empty(running)
    return running


def empty(door: Door) -> None:
    with door.store.writing() as db:
        db.execute(table.delete())
        db.execute(readers.delete())
    door.mail.messages.clear()


def put(db: Connection, state: State) -> None:
    subscribe(db, ANN)
    subscribers.change(db, ANN, state=state, state_changed_at=NOON - timedelta(days=1))


def link(text: str) -> str:
    found = re.search(r"https://news\.example\.org(/\S+)", text)
    assert found, text
    return found[1]


def test_from_the_form_to_a_reader(door: Door) -> None:
    sent = door.post(TYPED)
    assert (sent.status, sent.headers["Location"], sent.text) == (303, "/subscribed", "")
    assert "mailbox" in ask(door.port, "GET", "/subscribed").text
    assert door.reader() == ("pending", "", 7), "nothing is so before it is confirmed"
    [text] = door.received(1)
    assert "harbours" not in text
    assert ANN not in text
    where = link(text)
    for method in ("GET", "HEAD", "GET"):
        assert ask(door.port, method, where).status == 200
    assert door.reader()[0] == "pending"
    page = ask(door.port, "GET", where).text
    assert "harbours" in page
    assert '<form method="post">' in page
    done = ask(door.port, "POST", where)
    assert "You are subscribed." in done.text
    assert door.reader() == ("active", "harbours", 8)
    again = ask(door.port, "POST", where)
    assert (again.status, again.text) == (200, done.text)
    assert ask(door.port, "GET", where).text == done.text
    assert done.headers["Cache-Control"] == "no-store"
    assert done.headers["X-Robots-Tag"] == "noindex"


STATES = (None, *get_args(State))


def test_the_answer_is_the_same_whoever_it_is(door: Door) -> None:
    """Byte for byte, but for the time of day; what is sent differs."""
    answers = []
    for state in STATES:
        empty(door)
        if state:
            with door.store.writing() as db:
                put(db, state)
        answer = door.post(TYPED)
        answers.append((answer.status, answer.text, _constant(answer)))
        with door.store.reading() as db:
            asked = [(row.purpose, row.state) for row in db.execute(table.select())]
        confirmed = [Purpose.CONFIRM] if state in {None, "pending", "unsubscribed"} else []
        expected = [Purpose.LINK] if state == "active" else confirmed
        assert [purpose for purpose, _ in asked] == expected, state
    assert len(set(answers)) == 1


def _constant(answer: Answer) -> tuple[tuple[str, str], ...]:
    return tuple(item for item in answer.headers.items() if item[0] != "date")


@pytest.mark.heavy
@given(
    state=st.sampled_from(STATES),
    interests=st.text(max_size=1_200),
    hour=st.sampled_from(["0", "7", "23", "24", "-1", "x", ""]),
    zone=st.sampled_from(["UTC", "America/New York", "Nowhere", ""]),
    trap=st.sampled_from(["", "spam"]),
)
@settings(max_examples=60)
def test_whatever_is_typed_the_answer_tells_nothing_of_the_state(
    running: Door, state: State | None, interests: str, hour: str, zone: str, trap: str
) -> None:
    typed = {"address": ANN, "interests": interests, "hour": hour, "timezone": zone}
    answers = []
    for here in (state, None):
        empty(running)
        if here:
            with running.store.writing() as db:
                put(db, here)
        answer = running.post({**_encodable(typed), "website": trap})
        answers.append((answer.status, answer.text, _constant(answer)))
    assert answers[0] == answers[1]
    assert answers[0][0] in {303, 422}


def _encodable(typed: dict[str, str]) -> dict[str, str]:
    return {name: text.encode("utf-8", "replace").decode() for name, text in typed.items()}


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("address", "no address", "look at it once more"),
        ("address", "", "look at it once more"),
        ("address", "=1+1@example.org", "look at it once more"),
        ("interests", "x" * 1_001, "shorten"),
        ("interests", "bad\u202ename", "shorten"),
        ("timezone", "Atlantis", "from the list"),
        ("hour", "24", 'name="hour" aria-invalid="true"'),
        ("hour", "²", 'name="hour" aria-invalid="true"'),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(
    door: Door, field: str, text: str, says: str
) -> None:
    answer = door.post({**TYPED, "interests": 'a "quoted" <b>', field: text})
    assert answer.status == 422
    assert says in answer.text
    page = document_fromstring(answer.text)
    if field != "interests":
        assert page.get_element_by_id("interests").value == 'a "quoted" <b>'
    if field != "address":
        assert page.get_element_by_id("address").value == ANN
    if field != "timezone":
        assert page.get_element_by_id("timezone").value == "Europe/Lisbon"
    with door.store.reading() as db:
        assert subscribers.counts(db) == {}


def test_who_fills_in_what_nobody_sees_is_told_the_same_and_gets_nothing(door: Door) -> None:
    answer = door.post({**TYPED, "website": "https://spam.example"})
    assert (answer.status, answer.headers["Location"]) == (303, "/subscribed")
    with door.store.reading() as db:
        assert subscribers.counts(db) == {}


def test_one_a_day_and_three_a_week(sqlite: Store) -> None:
    asked = signup.checked(**TYPED)
    assert isinstance(asked, signup.SignUp)
    defaults = Defaults("UTC", 7)
    midnight = NOON - timedelta(hours=12)
    sent = [
        signup.sign_up(sqlite, asked, defaults, midnight + timedelta(hours=hours), b"x")
        for hours in range(0, 24 * 8, 6)
    ]
    days = [sum(sent[start : start + 4]) for start in range(0, len(sent), 4)]
    assert sum(sent) == 4
    assert sent[0]
    assert max(days) == 1
    assert sum(sent[: 4 * 6]) == 3


def test_an_old_link_brings_nobody_back_who_left_after_it(door: Door) -> None:
    door.post(TYPED)
    where = link(door.received(1)[0])
    ask(door.port, "POST", where)
    with door.store.writing() as db:
        reader = subscribers.find(db, ANN)
        assert reader
        subscriber_states.leave(db, reader.id, NOON + timedelta(minutes=1))
    for method in ("GET", "POST"):
        assert ask(door.port, method, where).status == 404
    assert door.reader()[0] == "unsubscribed"


def test_who_left_comes_back_by_asking_and_confirming(door: Door) -> None:
    with door.store.writing() as db:
        put(db, "unsubscribed")
        subscribers.change(db, ANN, language="de")
    door.post(TYPED)
    where = link(door.received(1)[0])
    assert door.reader() == ("unsubscribed", "", 7)
    for method in ("GET", "POST"):
        answer = ask(door.port, method, where)
        assert answer.status == 200
        assert '<html lang="de"' in answer.text
    assert door.reader() == ("active", "harbours", 8)


@pytest.mark.parametrize("state", ["bounced", "complained"])
def test_no_link_makes_who_bounced_or_complained_active(door: Door, state: State) -> None:
    door.post(TYPED)
    where = link(door.received(1)[0])
    with door.store.writing() as db:
        subscribers.change(db, ANN, state=state)
    assert ask(door.port, "POST", where).status == 404
    assert door.reader()[0] == state


def test_every_wrong_link_learns_the_same_nothing(door: Door) -> None:
    door.post(TYPED)
    true = link(door.received(1)[0])
    with door.store.reading() as db:
        notice = notices.find(db, 1)
        assert notice
    other = path(b"another secret", notice)
    wrong = [true[:-1], true + "x", other, "/confirm/x", "/confirm/%00", "/confirm/" + "9" * 5_000]
    answers = [ask(door.port, method, each) for each in wrong for method in ("GET", "POST")]
    assert {(answer.status, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert door.reader()[0] == "pending"


def test_a_reader_is_sent_the_way_to_their_preferences(door: Door) -> None:
    with door.store.writing() as db:
        put(db, "active")
    door.post(TYPED)
    assert link(door.received(1)[0]).startswith("/p/")
    assert door.reader() == ("active", "", 7), "what a stranger typed changes nothing"


def test_who_asks_for_their_link_is_answered_as_fast_as_everybody(door: Door) -> None:
    """While another program writes; the message then goes out at once."""
    with door.store.writing() as db:
        put(db, "active")
    bodies = [urlencode({"address": one}).encode() for one in (ANN, "nobody@example.org")]
    begun = time.monotonic()
    with door.store.writing() as db:
        subscribe(db, "bea@example.org")
        answers = [ask(door.port, "POST", "/link", body, FORM) for body in bodies]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    assert link(door.received(1)[0]).startswith("/p/")
    assert time.monotonic() - begun < 20


def test_erasing_is_asked_about_at_once(door: Door) -> None:
    with door.store.writing() as db:
        put(db, "active")
    door.post(TYPED)
    begun = time.monotonic()
    own = link(door.received(1)[0])
    assert ask(door.port, "POST", f"{own}?erase", b"", FORM).status == 200
    assert link(door.received(2)[1]).startswith("/erase/")
    assert time.monotonic() - begun < 20


def test_a_network_has_its_share_and_only_a_trusted_proxy_tells_of_another(
    tmp_path: Path, mail: SmtpServer
) -> None:
    with standing(tmp_path, mail, an_hour=2) as door:
        behind = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(3)]
        assert [door.post(TYPED, one).status for one in behind] == [303, 303, 429]
        assert door.post(TYPED, {"X-Forwarded-For": "198.51.100.1"}).status == 303
        assert door.post(TYPED, {"X-Forwarded-For": "2001:db8::1"}).status == 303
        limited = door.post(TYPED, behind[0])
        assert limited.headers["Retry-After"] == "3600"


def test_nobody_is_believed_without_a_trusted_proxy(tmp_path: Path, mail: SmtpServer) -> None:
    with standing(tmp_path, mail, an_hour=1, more="trusted_proxies = []") as door:
        headers = [{"X-Forwarded-For": f"192.{number}.2.1"} for number in range(2)]
        assert [door.post(TYPED, one).status for one in headers] == [303, 429]


def test_networks_are_what_one_household_has() -> None:
    assert network_of("192.0.2.77") == network_of("192.0.2.1") == "192.0.2.0/24"
    assert network_of("2001:db8:1:2::3") == network_of("2001:db8:1:2:f::") == "2001:db8:1:2::/64"
    assert network_of("::ffff:192.0.2.9") == "192.0.2.0/24"
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("") == ""


def test_when_too_many_wait_no_more_are_taken() -> None:
    later, gate = Later(), threading.Event()
    assert all(later(gate.wait) for _ in range(1_000))
    wait_for(lambda: later(gate.wait))  # the first is being worked on
    assert not later(gate.wait)
    gate.set()
    later.stop()


def test_the_front_page_is_small_and_names_nobody(door: Door) -> None:
    page = ask(door.port, "GET", "/")
    assert page.status == 200
    assert page.headers["Cache-Control"].startswith("public")
    assert len(page.text.encode()) + len(ask(door.port, "GET", "/site.css").text) < 30_000
    assert "Five &amp; &lt;b&gt;Counting" in page.text
    assert not re.search(r"(src|href)=\"(https?:)?//(?!news\.example\.org)", page.text)
    assert "style=" not in page.text
    chosen = document_fromstring(page.text).get_element_by_id("timezone")
    assert chosen.value == "Europe/Paris"
    fresh = ask(door.port, "GET", "/", None, {"If-None-Match": page.headers["ETag"]})
    assert fresh.status == 304


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("base_url =", "#base_url =", "base_url is empty"),
        ("from_address =", "#from_address =", "from_address is missing"),
        ("signups_an_hour", "signup = false\nsignups_an_hour", "web.signup is false"),
    ],
)
def test_where_nobody_can_sign_up_the_site_says_so(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    values = {"an_hour": 10, "proof": "false", "more": "", "port": 25}
    (tmp_path / "config.toml").write_text(CONFIG.format(**values).replace(old, new))
    (tmp_path / "newsletter.secret").write_text(SECRET)
    (tmp_path / "newsletter.secret").chmod(0o600)
    new_store(tmp_path).close()
    with closing(App(str(tmp_path / "config.toml"), {}, lambda: NOON)) as app:
        assert why in why_closed(app)
        assert (background(app) is None) == ("web.signup" not in why), "links are sent all the same"


def test_links_are_sent_where_nobody_can_sign_up(tmp_path: Path) -> None:
    with SmtpServer() as own, standing(tmp_path, own, more="signup = false") as door:
        with door.store.writing() as db:
            put(db, "active")
        assert ask(door.port, "POST", "/subscribe", b"address=x", FORM).status == 404
        typed = urlencode({"address": ANN}).encode()
        assert ask(door.port, "POST", "/link", typed, FORM).status == 200
        assert "/p/" in link(door.received(1)[0])


@pytest.mark.heavy
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]),
    where=st.sampled_from(["/", "/subscribe", "/subscribed", "/confirm/", "/zone.js"]),
    tail=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40),
    body=st.binary(max_size=300),
)
@settings(max_examples=300)
def test_nothing_asked_for_is_a_fault_of_ours(
    running: Door, method: str, where: str, tail: str, body: bytes
) -> None:
    answer = ask(running.port, method, where + quote(tail), body or None, FORM)
    assert answer.status < 500
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_those_who_never_confirm_are_forgotten(sqlite: Store) -> None:
    asked = signup.checked(**TYPED)
    assert isinstance(asked, signup.SignUp)
    with sqlite.writing() as db:
        subscribe(db, "entered@example.org")
        subscribers.change(db, "entered@example.org", state="pending", state_changed_at=NOON)
    signup.sign_up(sqlite, asked, Defaults("UTC", 7), NOON, b"x")
    later = NOON + timedelta(days=5)
    signup.sign_up(sqlite, asked, Defaults("UTC", 7), later, b"x")
    with sqlite.writing() as db:
        assert subscriber_states.forget_pending(db, later) == 0, "they asked again"
        assert subscriber_states.forget_pending(db, later + timedelta(seconds=1)) == 1
        assert subscribers.find(db, ANN) is None
        assert subscribers.find(db, "entered@example.org"), "the operator's own stay"
        assert db.execute(table.select()).first() is None


def test_stopping_works_off_what_was_asked_for(tmp_path: Path) -> None:
    """The threads are ended in the order in which one feeds the other."""
    with TemporaryDirectory() as folder, SmtpServer() as own:
        with standing(Path(folder), own) as door:
            for number in range(20):
                body = urlencode({**TYPED, "address": f"r{number}@example.org"}).encode()
                assert ask(door.port, "POST", "/subscribe", body, FORM).status == 303
        store = Store(f"sqlite:///{folder}/newsletter.db")
        with store.reading() as db:
            assert subscribers.counts(db) == {"pending": 20}
        store.close()
