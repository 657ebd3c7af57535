"""That the database cannot be reached is told once a minute."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from newsletter.services import outage
from newsletter.services.outage import Outage

pool = logging.getLogger("a pool")


@pytest.fixture
def told() -> Iterator[Outage]:
    made = Outage()
    pool.addFilter(made)
    yield made
    pool.removeFilter(made)


def fail(times: int) -> None:
    for _ in range(times):
        pool.warning("error connecting in %r: %s", "pool-1", OSError("no server:\n\tis it on?"))


def test_once_in_one_line_and_once_that_it_is_back(
    told: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.run(told.end(None))
    fail(3)
    asyncio.run(told.end(None))
    asyncio.run(told.end(None))
    fail(1)
    away = "the database: no server: is it on?; what is due waits until it is back"
    assert caplog.messages == [away, "the database is back", away]


def test_again_when_its_time_has_come(
    told: Outage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "_AGAIN", 0.0)
    fail(3)
    assert len(caplog.messages) == 3
    assert told.filter(logging.makeLogRecord({"msg": "of another kind"}))
