"""Killed while what was approved is composed anew, let go and sent."""

import random
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.killing.house import KillHouse
from tests.killing.sink import Sink
from tests.killing.test_killed import hold


@pytest.mark.heavy
def test_killed_after_an_approval(tmp_path: Path) -> None:
    with Sink(pace=0.002, hold=4) as sink:
        house = KillHouse(tmp_path, sink, 1200)
        house.configure("[returns]", "[schedule]\napproval = true\n[returns]")
        # Not due yet, at whatever hour this runs: what is an hour late is sent unapproved.
        house.ask(f"UPDATE subscriber SET timezone = 'UTC', hour = {min(23, house.now.hour + 1)}")  # noqa: S608
        house.compose()
        assert house.call("note", "Said in time.", "--date", house.date) == 0
        assert house.call("approve") == 0
        assert house.call("note", "Said too late.", "--date", house.date) == 0
        house.kill_all_day(random.Random(3), 4)
        sink.go.set()
        house.finish()
        hold(house.check(commands=1))
        assert house.tally.kills >= 4
        for _, taken in sink.record.messages:
            part = message_from_bytes(taken, policy=policy.default).get_body(("plain",))
            assert part is not None
            text = part.get_content()
            assert "Said in time." in text
            assert "Said too late." not in text
