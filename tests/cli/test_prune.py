"""What is dropped after store.keep_days, and what is still told then."""

from datetime import timedelta

import pytest

from tests.cli.conftest import House

ANN = "ann@letters.example"
MONTH = timedelta(days=31)


@pytest.fixture
def old(stocked: House) -> House:
    """An issue that was sent a month ago."""
    stocked.subscribe(ANN)
    assert stocked("send").code == 0
    stocked.now += MONTH
    return stocked


def test_prune_says_what_it_dropped(old: House) -> None:
    result = old("prune")
    assert result.code == 0
    assert result.out == (
        "dropped what explains 1 issue and makes 1 message again:"
        " older than 30 days (store.keep_days)\n"
    )
    assert old("prune").out.startswith("dropped what explains 0 issues")


def test_recent_explanations_stay(old: House) -> None:
    old.environment["NEWSLETTER_STORE__KEEP_DAYS"] = "31"
    assert old("prune").out.startswith("dropped what explains 0 issues and makes 0 messages")


@pytest.mark.parametrize(
    "command", [("preview", "--eml", "--out", "-"), ("explain",), ("preview",)]
)
def test_a_pruned_issue_says_so(old: House, command: tuple[str, ...]) -> None:
    words = (*command, "--to", ANN, "--date", "2026-03-14")
    if "--out" not in command:
        assert old("explain", *words[len(command) :]).code == 0
    old("prune")
    result = old(*words)
    assert result.code == 1
    assert "dropped after store.keep_days" in result.stderr
    assert f"subscribers show {ANN}" in result.stderr


def test_dates_and_states_survive_pruning(old: House) -> None:
    old("prune")
    (row,) = old("subscribers", "show", ANN, "--json").json["deliveries"]
    assert (row["date"], row["state"]) == ("2026-03-14", "sent")
    assert "2026-03-14  sent" in old("subscribers", "show", ANN).out
    out = old("deliveries", "--date", "2026-03-14").out
    assert out.startswith("2026-03-14  sent")
    assert old("status", "--date", "2026-03-14").code == 0


def test_the_house_issue_survives_pruning(old: House) -> None:
    before = old("explain", "--date", "2026-03-14", "--json").out
    old("prune")
    assert old("explain", "--date", "2026-03-14", "--json").out == before


@pytest.mark.parametrize("days", ["2", "0", "-1"])
def test_pending_messages_are_never_pruned(house: House, days: str) -> None:
    house.environment["NEWSLETTER_STORE__KEEP_DAYS"] = days
    result = house("prune")
    assert result.code == 2
    assert "store.keep_days" in result.stderr.lower()
