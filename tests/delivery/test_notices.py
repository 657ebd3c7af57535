"""Notices over a real SMTP server: each once, whatever the server says and whoever dies."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from newsletter.delivery.context import DeliveryContext
from newsletter.delivery.notices import NoticeReport, deliver_notices
from newsletter.delivery.returned import ReturnRules, take
from newsletter.domain.addresses import mailbox
from newsletter.domain.errors import ConfigError, Paused, SenderRefused
from newsletter.domain.model import State
from newsletter.domain.notices import LASTS, Purpose, asked
from newsletter.domain.rate_limits import FREE, RateLimits
from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.domain.tokens import token
from newsletter.domain.warm_up import WarmUp
from newsletter.mail.channels.smtp import Smtp
from newsletter.rendering.branding import Branding
from newsletter.rendering.renderer import Renderer
from newsletter.rendering.templates import read_templates
from newsletter.services.signup import SignUp, sign_up
from newsletter.services.subscriptions import Defaults
from newsletter.storage import Store, notices, operator_actions, subscribers
from newsletter.storage.leases import Steady
from newsletter.storage.returns import Incoming, of_reader
from newsletter.storage.schema import notice as table
from tests.builders import NOON, TODAY, renderer, subscribe
from tests.conftest import new_store
from tests.smtp_server import DROP, SmtpServer

BRANDING = Branding(
    name="News & <b>more</b>",
    from_address="News <news@news.example>",
    reply_to="desk@news.example",
    postal_address="12 Quay Street\nPorthaven",
    secret=b"a secret for tests",
    renderer=renderer(),
    base_url="https://news.example",
)


@dataclass
class Sender:
    """Turns over this server, by a clock that the test moves."""

    store: Store
    server: SmtpServer
    now: datetime = NOON
    owner: str = "me"
    branding: Branding = BRANDING
    pace: RateLimits = FREE
    slept: float = 0.0
    sending: Callable[[], bool] = field(default=lambda: False)

    def turn(self) -> NoticeReport:
        context = DeliveryContext(
            store=self.store,
            channel=lambda: Smtp(self.server.host, self.server.port, "none", timeout=5),
            branding=lambda: self.branding,
            sender=lambda _: "unused",
            owner=self.owner,
            steady=lambda: Steady("this boot", self.now.timestamp()),
            stop=self.sending,
            watch=lambda *_: None,
            pace=self.pace,
            sleep=self._sleep,
        )
        return deliver_notices(context, lambda _: "bounces@news.example", lambda: self.now)

    def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.slept += seconds

    def ask(
        self,
        purpose: Purpose = Purpose.CONFIRM,
        address: str = "ann@example.org",
        state: State = "pending",
    ) -> int:
        with self.store.writing() as db:
            reader = subscribe(db, address)
            subscribers.change(db, address, state=state, name="Evil <b>Name</b>", interests="x")
            assert notices.ask(db, reader.id, purpose, TODAY, self.now)
        return reader.id

    def row(self, address: str = "ann@example.org") -> Any:
        with self.store.reading() as db:
            reader = subscribers.find(db, address)
            assert reader
            return notices.of_subscriber(db, reader.id)[0]

    @property
    def states(self) -> list[str]:
        with self.store.reading() as db:
            return [row.state for row in db.execute(table.select().order_by(table.c.id))]


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    store = new_store(tmp_path)
    with SmtpServer() as server:
        yield Sender(store, server)
    store.close()


def parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def test_it_is_sent_once_and_says_nothing_that_was_typed(sender: Sender) -> None:
    sender.ask()
    report = sender.turn()
    assert report.outcomes == {"sent": 1}
    assert not report.stopped
    assert sender.turn().outcomes == {}
    [received] = sender.server.messages
    assert (received.sender, received.recipient) == ("bounces@news.example", "ann@example.org")
    message = parsed(received.message)
    assert message["To"] == "ann@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == NOON
    assert message["Message-ID"].startswith("<notice.1.")
    for header in ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Precedence"):
        assert message[header] is None
    text, page = (part.get_content() for part in message.iter_parts())
    for body in (text, page):
        assert "Evil" not in body
        assert "https://news.example/confirm/1-" in body
        assert "48 hours" in body
    assert "News &amp; &lt;b&gt;more" in page
    assert re.search(r'<a class="button" href="[^"]+" style=\S*display:inline-block', page)
    assert sender.row()["state"] == "sent"
    assert [tried["state"] for tried in sender.row()["tried"]] == ["sent"]


@pytest.mark.parametrize("purpose", Purpose)
def test_each_purpose_has_a_link_and_a_subject_of_its_own(sender: Sender, purpose: Purpose) -> None:
    sender.ask(purpose, state="pending" if purpose is Purpose.CONFIRM else "active")
    assert sender.turn().outcomes == {"sent": 1}
    message = parsed(sender.server.messages[0].message)
    assert "News & <b>more</b>" in message["Subject"]
    assert message["Subject"].endswith("?") == (purpose in {Purpose.ERASE, Purpose.STILL_THERE})


def test_a_server_that_asks_to_wait_is_asked_later_until_the_link_expires(sender: Sender) -> None:
    sender.ask()
    sender.server.fail("RCPT", "451 4.7.1 greylisted", times=3)
    assert sender.turn().outcomes == {"pending": 1}
    assert sender.turn().outcomes == {}, "not before its time"
    sender.now += timedelta(minutes=8)
    assert sender.turn().outcomes == {"pending": 1}
    sender.now += timedelta(minutes=15)
    assert sender.turn().outcomes == {"pending": 1}
    assert [tried["rcpt"] for tried in sender.row()["tried"]] == ["451 4.7.1 greylisted"] * 3
    sender.now = NOON + LASTS[Purpose.CONFIRM]
    assert sender.turn().outcomes == {}
    assert sender.states == ["failed"]
    assert "expired" in sender.row()["answer"]
    assert "greylisted" in sender.row()["answer"]
    assert sender.server.messages == []


def test_the_next_try_succeeds(sender: Sender) -> None:
    sender.ask()
    sender.server.fail("DOT", "451 later")
    sender.turn()
    sender.now += timedelta(minutes=8)
    assert sender.turn().outcomes == {"sent": 1}
    assert len(sender.server.messages) == 1


def test_a_mailbox_that_does_not_exist_fails_and_an_active_reader_bounces(sender: Sender) -> None:
    sender.ask(Purpose.LINK, state="active")
    sender.server.fail("RCPT", "550 5.1.1 no such user")
    assert sender.turn().outcomes == {"failed": 1}
    with sender.store.reading() as db:
        assert subscribers.counts(db) == {"bounced": 1}


def test_silence_after_the_dot_is_unknown_and_never_sent_again(sender: Sender) -> None:
    sender.ask()
    sender.server.fail("DOT", DROP)
    assert sender.turn().outcomes == {"unknown": 1}
    sender.now += timedelta(hours=5)
    assert sender.turn().outcomes == {}
    assert len(sender.server.messages) == 1


@pytest.mark.parametrize("state", ["active", "bounced", "complained"])
def test_who_may_not_get_it_any_more_does_not(sender: Sender, state: State) -> None:
    """The last look is right before it goes."""
    sender.ask()
    with sender.store.writing() as db:
        subscribers.change(db, "ann@example.org", state=state)
    assert sender.turn().outcomes == {"skipped": 1}
    assert sender.server.messages == []


def test_a_pause_holds_it_and_it_goes_out_after(sender: Sender) -> None:
    sender.ask()
    with sender.store.writing() as db:
        operator_actions.pause(db, NOON)
    assert sender.turn().outcomes == {}
    assert sender.states == ["pending"]
    with sender.store.writing() as db:
        operator_actions.resume(db)
    assert sender.turn().outcomes == {"sent": 1}


def test_a_pause_at_the_last_moment_holds_it_too(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.ask()
    claim = notices.claim

    def claim_and_pause(db: Any, *others: Any) -> Any:
        row = claim(db, *others)
        operator_actions.pause(db, NOON)
        return row

    monkeypatch.setattr(notices, "claim", claim_and_pause)
    assert isinstance(sender.turn().stopped, Paused)
    assert (sender.states, sender.server.messages) == (["pending"], [])


def test_our_own_fault_ends_the_turn_and_loses_nothing(sender: Sender) -> None:
    for number in range(3):
        sender.ask(address=f"r{number}@example.org")
    sender.server.fail("MAIL", "550 5.7.1 not with that sender")
    report = sender.turn()
    assert isinstance(report.stopped, SenderRefused)
    assert sender.states == ["pending"] * 3
    assert sender.turn().outcomes == {"sent": 3}


def test_a_template_that_fails_sends_nothing_and_waits(sender: Sender) -> None:
    sender.ask()
    broken = {**read_templates(None), "notice.txt": "{{ nothing }}"}
    own = Renderer(broken, {"notice.txt": "notice.txt"})
    sender.branding = replace(BRANDING, renderer=own)
    with pytest.raises(ConfigError, match=r"notice\.txt"):
        sender.turn()
    assert sender.states == ["pending"]
    sender.branding = BRANDING
    sender.now += timedelta(hours=1)
    assert sender.turn().outcomes == {"sent": 1}


def test_what_a_dead_sender_left_is_unknown_only_where_it_was_offered(sender: Sender) -> None:
    for number in range(2):
        sender.ask(address=f"r{number}@example.org")
    lease = {"state": "sending", "owner": "dead", "boot": "x", "lease_until": NOON}
    with sender.store.writing() as db:
        db.execute(table.update().values(lease))
        db.execute(table.update().where(table.c.id == 1).values(offered_at=NOON))
    assert sender.turn().outcomes == {"sent": 1}
    assert sender.states == ["unknown", "sent"]
    assert [one.recipient for one in sender.server.messages] == ["r1@example.org"]


def test_a_living_sender_keeps_what_it_has(sender: Sender) -> None:
    sender.ask()
    until = NOON + timedelta(minutes=1)
    lease = {"state": "sending", "owner": "other", "boot": "x", "lease_until": until}
    with sender.store.writing() as db:
        db.execute(table.update().values(lease))
    assert sender.turn().outcomes == {}
    assert sender.states == ["sending"]


def test_the_pace_is_kept(sender: Sender) -> None:
    sender.pace = RateLimits(per_second=2)
    for number in range(4):
        sender.ask(address=f"r{number}@example.org")
    assert sender.turn().outcomes == {"sent": 4}
    assert sender.slept >= 1.4


def test_a_domain_that_asked_to_wait_holds_up_no_other(sender: Sender) -> None:
    for address in ("a@one.example", "b@one.example", "c@two.example"):
        sender.ask(address=address)
    sender.server.fail("RCPT", "421 4.7.0 too many", recipient="a@one.example")
    sender.turn()
    sender.turn()
    assert [one.recipient for one in sender.server.messages] == ["c@two.example"]
    assert sender.states == ["pending", "pending", "sent"]
    sender.now += timedelta(minutes=10)
    assert sender.turn().outcomes == {"sent": 2}


def test_what_a_warm_up_leaves_for_tomorrow_keeps_no_sender_busy(sender: Sender) -> None:
    sender.pace = RateLimits(warm_ups=(WarmUp((), NOON.date(), (1, 10)),))
    for number in range(3):
        sender.ask(address=f"r{number}@example.org")
    assert sender.turn().outcomes == {"sent": 1}
    assert sender.turn().outcomes == {}
    assert sender.slept == 0
    sender.now += timedelta(days=1)
    assert sender.turn().outcomes == {"sent": 2}


def come_back(sender: Sender, one: Return, key: str = "k") -> str:
    with sender.store.writing() as db:
        return take(db, Incoming(key, "mail", one), "", ReturnRules(), sender.now).action


def of_notice(sender: Sender, number: int = 1) -> tuple[int, int]:
    with sender.store.reading() as db:
        at = db.execute(table.select().where(table.c.id == number)).one().asked_at
    return number, asked(at)


def state(sender: Sender, address: str = "ann@example.org") -> str:
    with sender.store.reading() as db:
        reader = subscribers.find(db, address)
    assert reader
    return reader.state


@pytest.mark.parametrize("before", ["pending", "unsubscribed", "active"])
def test_an_address_whose_notice_bounced_gets_no_other(sender: Sender, before: State) -> None:
    purpose = Purpose.LINK if before == "active" else Purpose.CONFIRM
    reader = sender.ask(purpose, state=before)
    assert sender.turn().outcomes == {"sent": 1}
    bounce = Return(ReturnKind.BOUNCE, Severity.HARD, notice=of_notice(sender), words="gone")
    assert come_back(sender, bounce) == "bounced"
    assert come_back(sender, bounce, "a webhook tells it too") == "repeated"
    assert state(sender) == "bounced"
    assert sender.row()["came_back"] == "bounced"
    box = SignUp(mailbox("ann@example.org"), "", "UTC", 7)
    later = sender.now + timedelta(days=2)
    assert not sign_up(sender.store, box, Defaults("UTC", 7), later, BRANDING.secret)
    with sender.store.reading() as db:
        why = subscribers.state_since(db, reader)[1]
    assert why == ("never confirmed: gone" if before == "pending" else "gone")


def test_a_token_of_another_time_is_nobodys(sender: Sender) -> None:
    """The number may be given again, to somebody else."""
    sender.ask()
    sender.turn()
    number, at = of_notice(sender)
    bounce = Return(ReturnKind.BOUNCE, Severity.HARD, notice=(number, at - 1))
    assert come_back(sender, bounce) == "listed"
    assert state(sender) == "pending"


def test_soft_bounces_of_three_notices_are_too_many(sender: Sender) -> None:
    for number in range(3):
        with sender.store.writing() as db:
            reader = subscribers.find(db, "ann@example.org") or subscribe(db)
            subscribers.change(db, "ann@example.org", state="pending")
            notices.ask(db, reader.id, Purpose.CONFIRM, sender.now.date(), sender.now)
        sender.turn()
        soft = Return(ReturnKind.BOUNCE, Severity.SOFT, notice=of_notice(sender, number + 1))
        done = [come_back(sender, soft, f"{number} {copy}") for copy in "ab"]
        assert done == ["counted" if number < 2 else "bounced", "repeated"]
        sender.now += timedelta(days=1)


@pytest.mark.parametrize(
    ("answer", "after"),
    [("550 5.1.1 nobody", "bounced"), ("550 5.2.2 full", "pending"), ("554 no", "pending")],
)
def test_a_refusal_while_it_is_sent_counts(sender: Sender, answer: str, after: str) -> None:
    reader = sender.ask()
    sender.server.fail("RCPT", answer, recipient="ann@example.org")
    assert sender.turn().outcomes == {"failed": 1}
    assert state(sender) == after
    with sender.store.reading() as db:
        (row,) = of_reader(db, reader)
    assert (row["source"], row["kind"]) == ("smtp", "bounce")


def test_a_mailbox_that_is_full_until_the_link_is_too_old_counts_as_a_soft_bounce(
    sender: Sender,
) -> None:
    reader = sender.ask()
    while sender.states == ["pending"]:
        sender.server.fail("RCPT", "452 4.2.2 full", recipient="ann@example.org")
        sender.turn()
        with sender.store.reading() as db:
            sender.now = db.execute(table.select()).one().next_attempt_at
    assert sender.states == ["failed"]
    with sender.store.reading() as db:
        (row,) = of_reader(db, reader)
    assert (row["severity"], row["done"], row["status"]) == ("soft", "counted", "4.2.2")


def test_who_is_asked_whether_they_are_there_can_leave_by_the_message_and_reads_their_language(
    sender: Sender,
) -> None:
    reader = sender.ask(Purpose.STILL_THERE, state="active")
    with sender.store.writing() as db:
        subscribers.change(db, "ann@example.org", language="de")
    sender.turn()
    [received] = sender.server.messages
    message = parsed(received.message)
    assert message["Subject"] == "Möchten Sie News & <b>more</b> noch?"
    assert f"/u/{token(BRANDING.secret, reader)}" in message["List-Unsubscribe"]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
