"""The pace is held: by one sender, by several, and no slow domain holds up the others."""

import threading
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta

import pytest

from newsletter.composing.readers import DUE
from newsletter.delivery.context import DeliveryContext, Report
from newsletter.delivery.worker_pool import deliver
from newsletter.domain.errors import Deferred, Paused
from newsletter.domain.rate_limits import RateLimits
from newsletter.domain.warm_up import WarmUp
from newsletter.mail.channels import Envelope
from newsletter.mail.channels.smtp import Smtp
from newsletter.storage import Store, operator_actions
from newsletter.storage.leases import Steady
from tests.builders import NOON, subscribe
from tests.delivery.conftest import House
from tests.smtp_server import SmtpServer

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def people(house: House, *domains: str) -> None:
    with house.store.writing() as db:
        for number, domain in enumerate(domains):
            subscribe(db, f"r{number}@{domain}")
    house.receive(12)
    house.compose()


def times(house: House) -> list[tuple[str, float]]:
    """(domain, seconds since noon) of each message, from now on."""
    found: list[tuple[str, float]] = []

    def note(envelope: Envelope) -> None:
        found.append((envelope.recipient.partition("@")[2], (house.now - NOON) / SECOND))

    house.channel.before = note
    return found


def test_a_run_ends_when_all_are_served_however_long_that_takes(house: House) -> None:
    people(house, *["alpha.example"] * 30)
    house.pace = RateLimits(per_second=0.5)
    found = times(house)
    report = house.deliver()
    assert (report.outcomes, report.ok) == (Counter(sent=30), True)
    assert all(at >= 2 * number for number, (_, at) in enumerate(found))
    assert found[-1][1] <= 58 + 0.1


def test_a_slow_domain_does_not_hold_up_the_others(house: House) -> None:
    people(house, *["slow.example"] * 20, *["fast.example"] * 200)
    house.pace = RateLimits(domains={"slow.example": 2})
    found = times(house)
    assert house.deliver().outcomes == Counter(sent=220)
    slow = [at for domain, at in found if domain == "slow.example"]
    assert max(at for domain, at in found if domain == "fast.example") <= 0.1
    assert all(at >= number / 2 for number, at in enumerate(slow))
    assert slow[-1] <= 9.5 + 0.5


def test_two_slow_domains_do_not_hold_up_each_other(house: House) -> None:
    people(house, *["one.example"] * 40, *["two.example"] * 40)
    house.pace = RateLimits(per_domain=20)
    found = times(house)
    assert house.deliver().outcomes == Counter(sent=80)
    for name in ("one.example", "two.example"):
        at = [at for domain, at in found if domain == name]
        assert 39 / 20 <= at[-1] <= 39 / 20 * 1.5


def test_the_rate_of_all_domains_together_is_kept(house: House) -> None:
    people(house, *["one.example", "two.example", "three.example"] * 20)
    house.pace = RateLimits(per_second=10, domains={"two.example": 1})
    found = times(house)
    assert house.deliver().outcomes == Counter(sent=60)
    assert all(at >= number / 10 - 1e-6 for number, (_, at) in enumerate(found))
    others = [at for domain, at in found if domain != "two.example"]
    assert others[-1] <= 6


def test_stopping_does_not_wait_for_the_next_slot(house: House) -> None:
    people(house, *["alpha.example"] * 3)
    house.pace = RateLimits(per_second=0.01)
    house.stop = lambda: bool(house.channel.taken) and house.now > NOON + SECOND / 2
    assert house.deliver().outcomes == Counter(sent=1)
    assert house.now < NOON + SECOND
    with house.store.reading() as db:
        assert operator_actions.count(db, "pending", None, None) == 2


def test_a_pause_is_seen_while_waiting_for_a_slot(house: House) -> None:
    people(house, *["alpha.example"] * 3)
    house.pace = RateLimits(per_second=0.01)

    def pause(_: Envelope) -> None:
        with house.store.writing() as db:
            operator_actions.pause(db, house.now)

    house.channel.before = pause
    report = house.deliver()
    assert isinstance(report.stopped, Paused)
    assert house.now < NOON + 3 * SECOND


def test_deferred_messages_do_not_keep_the_run_alive(house: House) -> None:
    people(house, *["alpha.example"] * 3)
    house.pace = RateLimits(per_second=1)
    house.channel.answers["r0@alpha.example"] = [Deferred("450 4.2.1 later")]
    assert house.deliver().outcomes == Counter(sent=2, pending=1)


def test_two_senders_keep_the_rate_at_a_real_server(house: House) -> None:
    """A message comes no sooner than its slot: later it may, so only that is held to the clock."""
    people(house, *["alpha.example", "beta.example"] * 20)
    reports: list[Report] = []
    with SmtpServer() as server:
        start = time.monotonic()
        senders = [
            threading.Thread(target=_send, args=(house, server, name, start, reports))
            for name in ("one", "two")
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        at = sorted(one.at for one in server.messages)
    assert sum((one.outcomes for one in reports), Counter()) == Counter(sent=40)
    assert len({one.recipient for one in server.messages}) == len(at) == 40
    assert all(one >= start + number / 40 for number, one in enumerate(at))


def _send(
    house: House, server: SmtpServer, owner: str, start: float, reports: list[Report]
) -> None:
    """A sender with a store and connections of its own; at ``start`` it was noon."""
    with closing(Store(str(house.store.engine.url))) as store:
        context = DeliveryContext(
            store=store,
            channel=lambda: Smtp(server.host, server.port, "none", per_connection=7),
            connections=2,
            branding=lambda: house.branding,
            sender=lambda _: "news@news.example",
            owner=owner,
            steady=lambda: Steady("this boot", time.monotonic()),
            stop=lambda: False,
            watch=lambda _outcomes, _total: None,
            claim=3,
            pace=RateLimits(per_second=40),
        )
        reports.append(
            deliver(context, lambda: NOON + SECOND * (time.monotonic() - start), None, DUE)
        )


def test_a_warm_up_sends_so_many_a_day_and_others_go_on(house: House) -> None:
    house.receive(30)
    with house.store.writing() as db:
        for number in range(4):
            subscribe(db, f"r{number}@gmail.example")
        subscribe(db, "bob@example.org")
    house.pace = RateLimits(warm_ups=(WarmUp(("gmail.example",), NOON.date(), (2, 3)),))
    report = house.tick()
    gmail = [one for one in house.channel.recipients if one.endswith("@gmail.example")]
    assert (len(gmail), len(house.channel.taken)) == (2, 3)
    assert report.pending == 2
    assert house.deliver().outcomes == {}, "the day has no room, and nobody waits for it"
    house.now += timedelta(hours=13)
    assert house.deliver().outcomes["sent"] == 2, "after midnight, in UTC"


@pytest.mark.heavy
def test_a_fortnight_of_warm_up_by_destination(house: House) -> None:
    """Each group by its own table and from its own day; what a day has no room for expires."""
    domains = ["gmail.com"] * 7 + ["googlemail.com"] * 2 + ["outlook.com"] * 5 + ["own.example"] * 3
    with house.store.writing() as db:
        for number, domain in enumerate(domains):
            subscribe(db, f"r{number}@{domain}")
    first = NOON.date()
    google = WarmUp(("gmail.com", "googlemail.com"), first + 2 * DAY, (1, 2, 2, 3, 4, 5, 6, 8))
    outlook = WarmUp(("outlook.com",), first + 7 * DAY, (2, 3, 4))
    house.pace = RateLimits(warm_ups=(google, outlook))
    sent = []
    for day in range(14):
        house.receive(5, start=day * 5, on=house.now.date())
        house.channel.taken.clear()
        house.compose()
        for _ in range(3):  # a tick later there is no more room than before
            house.deliver()
            house.now += timedelta(hours=1)
        to = Counter(one.recipient.rpartition("@")[2] for one in house.channel.taken)
        sent.append((to["gmail.com"] + to["googlemail.com"], to["outlook.com"], to["own.example"]))
        house.now += timedelta(hours=21)
    assert [day[0] for day in sent] == [9, 9, 1, 2, 2, 3, 4, 5, 6, 8, 9, 9, 9, 9]
    assert [day[1] for day in sent] == [5] * 7 + [2, 3, 4] + [5] * 4
    assert [day[2] for day in sent] == [3] * 14
