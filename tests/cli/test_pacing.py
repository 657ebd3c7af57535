"""Real processes before a real server: together no faster than they may be, whoever is killed."""

import time
from datetime import UTC, datetime

import pytest

from tests.cli.conftest import House, noon_zone
from tests.cli.test_run import wait_for
from tests.smtp_server import SmtpServer

RATE = 20
LATE = 4
"""Seconds that the first message may need from its slot to the server, on a busy machine."""
READERS = 160


@pytest.mark.heavy
def test_two_processes_keep_the_rate_and_a_killed_one_loses_only_its_slots(
    house: House, server: SmtpServer
) -> None:
    """Only that nothing comes too soon is held to the clock: a busy machine may be late."""
    house.now = datetime.now(UTC)
    house.stock(published=f"{house.now:%Y-%m-%d}")
    zone, hour = noon_zone(house.now)
    readers = [f"r{number}@d{number % 3}.example" for number in range(READERS)]
    house.subscribe(*readers, options=["--timezone", zone, "--hour", str(hour)])
    house.smtp(server)
    house.environment["NEWSLETTER_DELIVERY__PACE__PER_SECOND"] = str(RATE)
    house.environment["NEWSLETTER_DELIVERY__LEASE_SECONDS"] = "2"
    first, second = house.process("send"), house.process("send")
    wait_for(lambda: len(server.messages) >= READERS / 4)
    first.kill()
    first.communicate(timeout=120)
    _, log = second.communicate(timeout=120)
    at = [message.at for message in server.messages]
    assert at[-1] - at[0] >= (len(at) - 1) / RATE - LATE
    time.sleep(2)
    house.process("send").communicate(timeout=120)
    taken = [message.recipient for message in server.messages]
    assert len(set(taken)) == len(taken), log
    states = {address: state for address, state, _ in house.ledger()}
    unknown = [address for address, state in states.items() if state == "unknown"]
    assert set(states.values()) <= {"sent", "unknown"}
    assert set(readers) - set(taken) <= set(unknown)
    assert len(unknown) <= 4 * 20
