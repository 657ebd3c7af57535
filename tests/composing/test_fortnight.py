"""Simulated days over a change to summer time: ten zones, restarts, two schedulers."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from newsletter.domain.due import due_at
from newsletter.storage import Store
from newsletter.storage.schema import delivery, subscriber
from tests.builders import subscribe
from tests.delivery.conftest import House

ZONES = {
    "America/New_York": 2,  # 8 March 2026: two o'clock does not exist
    "America/Los_Angeles": 7,
    "America/St_Johns": 2,
    "America/Sao_Paulo": 23,
    "Europe/London": 7,
    "Africa/Casablanca": 3,
    "Asia/Kolkata": 6,
    "Asia/Kathmandu": 0,
    "Australia/Lord_Howe": 1,
    "Pacific/Auckland": 8,
}
TICK = timedelta(hours=1)


@pytest.mark.heavy
def test_a_fortnight(house: House) -> None:
    live(house, datetime(2026, 2, 28, 12, tzinfo=UTC), days=14)


@pytest.mark.heavy
def test_the_days_around_the_change(house: House) -> None:
    live(house, datetime(2026, 3, 7, 12, tzinfo=UTC), days=3)


def live(house: House, start: datetime, days: int) -> None:
    with house.store.writing() as db:
        for zone, hour in ZONES.items():
            subscribe(db, f"{zone.split('/')[1].lower()}@example.org", zone, hour, since=start)
    house.now, end = start, start + timedelta(days=days)
    tick = 0
    while house.now < end:
        if house.now.hour == 3 and house.now.minute == 0:
            house.receive(8, start=house.now.timetuple().tm_yday * 8, on=house.now.date())
        _restart(house, tick)
        if tick == days * 11:
            house.now += timedelta(hours=3)  # the machine sleeps
        house.tick()
        if tick % 3 == 0:
            replace(house, owner="a second scheduler, by mistake").tick()
        house.now += TICK
        tick += 1
    _check(house, start, days)


def _restart(house: House, tick: int) -> None:
    """Now and then the machine is started anew."""
    if tick % 25 == 0:
        url = house.store.engine.url.render_as_string(hide_password=False)
        house.store.close()
        house.store = Store(url, create=True)
        house.owner = f"sender {tick}"


def _check(house: House, start: datetime, days: int) -> None:
    end = start + timedelta(days=days)
    query = select(subscriber, delivery).join(delivery, delivery.c.subscriber_id == subscriber.c.id)
    with house.store.reading() as db:
        rows = db.execute(query).mappings().all()
    served = Counter((row[subscriber.c.address], row[delivery.c.date]) for row in rows)
    assert set(served.values()) == {1}
    expected = {
        (f"{zone.split('/')[1].lower()}@example.org", day)
        for zone, hour in ZONES.items()
        for day in (start.date() + timedelta(n) for n in range(days + 2))
        if start < due_at(day, hour, zone) < end
    }
    assert set(served) == expected
    sent = Counter(house.channel.recipients)
    assert sent == Counter(
        row[subscriber.c.address] for row in rows if row[delivery.c.state] == "sent"
    )
    assert {row[delivery.c.state] for row in rows} <= {"sent", "skipped"}
    assert {row[delivery.c.reason] for row in rows if row[delivery.c.state] == "skipped"} <= {
        "too_few"
    }
    assert len([row for row in rows if row[delivery.c.state] == "sent"]) > len(ZONES) * (days - 2)
