"""A worker's edition of a date is made anew as soon as the editor did something."""

from newsletter.bootstrap.cluster import Editions
from newsletter.services.insights import Editor
from newsletter.storage import Store
from tests.builders import NOON, TODAY
from tests.delivery.conftest import house_in


def test_an_edition_heeds_every_act(sqlite: Store) -> None:
    house = house_in(sqlite)
    house.receive(5)
    made = Editions()
    first = made.of(house.rules, TODAY, None)
    assert made.of(house.rules, TODAY, None) is first
    Editor(sqlite, "ed", NOON).note(TODAY, "Good morning.")
    second = made.of(house.rules, TODAY, None)
    assert second.day.editing.note == "Good morning."
    assert made.of(house.rules, TODAY, second.acts) is second
    assert made.of(house.rules, TODAY, first.acts).day.editing.note == ""
