"""Claims that have the words of what was said, and are stronger than it, or mixed up."""

from collections.abc import Callable

import pytest

from newsletter.ingest.writer.opposites import opposed
from newsletter.ingest.writer.pairing import swapped, turned_round
from newsletter.ingest.writer.strength import out_of_bounds, overstated, unhedged

Rule = Callable[[str, str], bool]
SAID = (
    "some bakers sell stone ovens. oak burns for nine hours in them, and birch is gone after six.\n"
    "it may be that the damp loaves crack, or so the millers claim. rye keeps as well as spelt.\n"
    "about forty towns have a mill. the old mill grinds more flour than the new bakery.\n"
    "there was less rain."
)


@pytest.mark.parametrize(
    ("rule", "claim"),
    [
        (overstated, "most bakers sell stone ovens."),
        (overstated, "bakers always sell stone ovens."),
        (overstated, "rye keeps better than spelt."),
        (unhedged, "the damp loaves crack in the oven."),
        (out_of_bounds, "more than forty towns have a mill."),
        (out_of_bounds, "at least 40 towns have a mill."),
        (out_of_bounds, "fewer than forty towns have a mill."),
        (swapped, "birch burns for nine hours in them, and oak is gone after six."),
        (turned_round, "the new bakery grinds more flour than the old mill."),
        (opposed, "the old mill grinds less flour than the new bakery."),
    ],
)
def test_what_is_nearly_right_is_noticed(rule: Rule, claim: str) -> None:
    assert rule(claim, SAID)


@pytest.mark.parametrize(
    ("rule", "claim"),
    [
        (overstated, "some bakers sell stone ovens."),
        (overstated, "the most bakers in town sell ovens."),
        (overstated, "rye keeps as well as spelt."),
        (unhedged, "millers say that damp loaves crack."),
        (unhedged, "damp loaves may crack."),
        (unhedged, "oak burns for nine hours."),
        (out_of_bounds, "forty towns have a mill, and more than that bake."),
        (swapped, "oak burns for nine hours, while birch is gone after six."),
        (swapped, "birch is gone after six hours."),
        (turned_round, "the old mill grinds more than the new bakery."),
        (turned_round, "the new bakery grinds less flour than the old mill."),
        (opposed, "the old mill grinds more flour."),
    ],
)
def test_what_is_right_stays(rule: Rule, claim: str) -> None:
    assert not rule(claim, SAID)


def test_a_bound_that_was_said_stays() -> None:
    for bound in ("more than", "at least", "fewer than", "up to"):
        assert not out_of_bounds(f"{bound} 40 towns have a mill.", f"{bound} forty towns have one.")
