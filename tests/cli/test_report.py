"""``newsletter report``: what it counts, and the page that it writes."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import lxml.html
import pytest

from newsletter.delivery.returned import ReturnRules, take
from newsletter.domain.model import Subscriber
from newsletter.domain.notices import Purpose, asked
from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.services.report import COMPLAINT_LIMIT, list_report
from newsletter.storage import (
    Store,
    notices,
    operator_actions,
    storms,
    subscriber_states,
)
from newsletter.storage.returns import Incoming
from tests.builders import NOON, TODAY, subscribe
from tests.cli.conftest import House
from tests.delivery.test_returned import sent

DAY = timedelta(days=1)


def back(store: Store, kind: ReturnKind, delivery: int, severity: Severity | None = None) -> None:
    one = Return(kind, severity, delivery=delivery, words="said the server")
    incoming = Incoming(f"{kind} {delivery}", "mail", one)
    with store.writing() as db:
        take(db, incoming, "", ReturnRules(), NOON)


@pytest.fixture
def life(store: Store) -> Store:
    """Four readers of two domains: one complained, one bounced, one left, one was sent nothing."""
    old = datetime(2026, 1, 1, tzinfo=UTC)
    with store.writing() as db:
        people = [subscribe(db, f"{name}@a.example", since=old) for name in ("ann", "bob", "cal")]
        people.append(subscribe(db, "dee@b.example", since=NOON - 5 * DAY))
        ids = [sent(db, person)[0] for person in people[:3]]
        sent(db, people[3], state="failed")
        subscriber_states.leave(db, people[2].id, NOON - DAY, "by the link in a message")
    back(store, ReturnKind.COMPLAINT, ids[0])
    back(store, ReturnKind.BOUNCE, ids[1], Severity.HARD)
    return store


def test_it_counts_who_came_who_left_and_what_came_back(life: Store) -> None:
    found = list_report(life, NOON, 7)
    assert [day.active for day in found.days] == [3, 4, 4, 4, 4, 3, 1]
    assert [day.joined for day in found.days] == [0, 1, 0, 0, 0, 0, 0]
    assert sorted((row["state"], row["reason"]) for row in found.leaves) == [
        ("bounced", ""),
        ("complained", ""),
        ("unsubscribed", "by the link in a message"),
    ]
    (domain,) = found.domains
    assert (domain.domain, domain.sent, domain.bounced, domain.complained) == ("a.example", 3, 1, 1)
    assert domain.complaint_share > COMPLAINT_LIMIT
    (unserved,) = found.unserved
    assert (unserved["address"], unserved["state"]) == ("dee@b.example", "failed")
    assert found.days[-1].date == TODAY.isoformat()


def test_what_nobody_proved_is_counted_nowhere(life: Store) -> None:
    """Anybody can write an address, or a Message-ID that they were sent, into a report."""
    before = list_report(life, NOON, 7)
    with life.writing() as db:
        bea = subscribe(db, "bea@a.example", since=NOON - 30 * DAY)
        number, ours = sent(db, bea)
        for kind in (ReturnKind.COMPLAINT, ReturnKind.BOUNCE):
            named = Return(kind, Severity.HARD, address=bea.address)
            by_delivery = Return(kind, Severity.HARD, message_id=ours)
            for key, one in (("a", named), ("b", by_delivery)):
                incoming = Incoming(f"{kind} {key}", "mail", one)
                taken = take(db, incoming, bea.address if key == "a" else "", ReturnRules(), NOON)
                assert taken.action == "unproved"
        assert [storm.bounced for storm in storms.measure(db, TODAY, "a.example", 1)] == [1, 1]
        shown = operator_actions.listed(db, None, [number], None)
        assert [row["came_back"] for row in shown] == [None]
    after = list_report(life, NOON, 7)
    assert after.total == replace(before.total, sent=before.total.sent + 1)
    (domain,) = after.domains
    assert (domain.bounced, domain.complained) == (1, 1)


def test_an_empty_newsletter_has_a_report(house: House, tmp_path: Path) -> None:
    assert house("report").code == 0
    file = tmp_path / "report.html"
    assert house("report", "--days", "1", "--html", str(file)).code == 0
    assert lxml.html.fromstring(file.read_text()).findall(".//svg")
    assert house("report", "--html", str(tmp_path)).code == 1
    assert house("report", "--days", "0").code == 2


def test_the_page_is_one_file_without_script_or_anything_fetched(
    stocked: House, tmp_path: Path
) -> None:
    stocked.subscribe("ann@example.org", "b&b@example.org")
    assert stocked("send").code == 0
    file = tmp_path / "report.html"
    assert stocked("report", "--html", str(file)).code == 0
    page = file.read_text()
    assert not re.search(r"<script|src=|href=|https?://|@import|url\(", page)
    assert "Gmail and Yahoo: 0.3%" in page
    assert "prefers-color-scheme: dark" in page
    assert stocked("report", "--json").json["total"]["sent"] >= 1
    assert "example.org" in stocked("report").out


def test_notices_have_figures_of_their_own_and_who_never_confirmed_is_no_leave(
    life: Store,
) -> None:
    before = list_report(life, NOON, 7)
    with life.writing() as db:
        new = Subscriber(0, "new@c.example", "UTC", 7, state="pending")
        number = subscriber_states.add_pending(db, "new@c.example", new, NOON)
        notices.ask(db, number, Purpose.CONFIRM, TODAY, NOON)
        asked_for = notices.of_subscriber(db, number)[0]
        token = (asked_for["id"], asked(asked_for["asked_at"]))
        one = Return(ReturnKind.BOUNCE, Severity.HARD, notice=token, words="gone")
        assert take(db, Incoming("n", "mail", one), "", ReturnRules(), NOON).action == "bounced"
    after = list_report(life, NOON, 7)
    assert (after.days, after.leaves) == (before.days, before.leaves)
    (row,) = after.notices
    assert (row["purpose"], row["asked"], row["bounced"]) == ("confirm", 1, 1)
