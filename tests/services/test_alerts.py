"""Each cause is told once a day, and again soon where nobody could be told."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from newsletter.delivery.returned import ReturnRules, StormRules, take
from newsletter.domain.errors import ConfigError, NewsletterError, Paused
from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.services.alerts import Alerts, alert
from newsletter.services.notifiers import Alert, CommandNotifier
from newsletter.storage import Store
from newsletter.storage.returns import Incoming
from tests.builders import NOON, subscribe
from tests.conftest import new_store
from tests.delivery.test_returned import sent


@dataclass
class Operator:
    """Who hears of it, by a clock that the test moves; ``reachable`` says whether at all."""

    store: Store
    now: datetime = NOON
    reachable: bool = True
    heard: list[Alert] = field(default_factory=list)

    def notify(self, message: Alert) -> bool:
        if self.reachable:
            self.heard.append(message)
        return self.reachable

    @property
    def alerts(self) -> Alerts:
        return Alerts(self.store, lambda: self.now, "Asia/Tokyo", 23, [self.notify])


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    store = new_store(tmp_path)
    yield Operator(store)
    store.close()


def test_a_storm_and_refusals_by_policy_are_told(operator: Operator) -> None:
    rules = ReturnRules(storms=StormRules(0.05, 2))
    with operator.store.writing() as db:
        people = [subscribe(db, f"r{number}@example.org") for number in range(3)]
        for person, severity in zip(people, ("hard", "soft", "policy"), strict=True):
            number, _ = sent(db, person)
            one = Return(ReturnKind.BOUNCE, Severity(severity), number, words="blocked, it says")
            take(db, Incoming(str(number), "mail", one), "", rules, NOON)
    alert(operator.alerts)
    assert [message.subject for message in operator.heard] == [
        "too much came back",
        "messages were refused by policy",
    ]
    assert "3 of 3 messages" in operator.heard[0].text
    assert "1 by example.org: blocked, it says" in operator.heard[1].text


BROKEN = NewsletterError("the disk is full", "free some space")


def test_a_good_day_is_no_news(operator: Operator) -> None:
    alert(operator.alerts)
    assert operator.heard == []


def test_two_causes_are_two_alerts(operator: Operator) -> None:
    alert(operator.alerts, stopped=BROKEN, ingest_error=ConfigError("the inbox is missing"))
    assert [message.subject for message in operator.heard] == [
        "a run stopped",
        "briefs cannot be read",
    ]
    assert "the disk is full: free some space" in operator.heard[0].text
    assert "the inbox is missing. What is known already goes out" in operator.heard[1].text


def test_a_cause_is_told_again_after_midnight_where_the_newsletter_is(operator: Operator) -> None:
    for hours in (0, 1, 2.9, 3.1, 4):  # 15:00 UTC is midnight in Tokyo
        operator.now = NOON + timedelta(hours=hours)
        alert(operator.alerts, stopped=BROKEN)
    assert len(operator.heard) == 2


def test_where_nobody_can_be_told_it_is_tried_again_after_a_quarter_of_an_hour(
    operator: Operator,
) -> None:
    operator.reachable = False
    alert(operator.alerts, stopped=BROKEN)
    operator.reachable = True
    operator.now += timedelta(minutes=14)
    alert(operator.alerts, stopped=BROKEN)
    assert operator.heard == []
    operator.now += timedelta(minutes=2)
    alert(operator.alerts, stopped=BROKEN)
    assert len(operator.heard) == 1


def test_a_pause_is_no_news(operator: Operator) -> None:
    alert(operator.alerts, stopped=Paused("paused"))
    assert operator.heard == []


def test_one_notifier_that_fails_keeps_no_other_from_telling(operator: Operator) -> None:
    silent = CommandNotifier(["false"], Path())
    alert(replace(operator.alerts, notifiers=[silent, operator.notify]), stopped=BROKEN)
    alert(replace(operator.alerts, notifiers=[silent, operator.notify]), stopped=BROKEN)
    assert len(operator.heard) == 1


def test_a_mistake_in_the_settings_of_alerts_stops_nothing(
    operator: Operator, caplog: pytest.LogCaptureFixture
) -> None:
    def mistaken(_: Alert) -> bool:
        raise ConfigError("alerts.to: 'desk' is no address")

    alert(replace(operator.alerts, notifiers=[mistaken]), stopped=BROKEN)
    assert "no alert could be sent: alerts.to" in caplog.text


def test_a_defect_is_told_by_its_name(operator: Operator) -> None:
    alert(operator.alerts, stopped=ZeroDivisionError("division by zero"))
    assert "ZeroDivisionError('division by zero')" in operator.heard[0].text
