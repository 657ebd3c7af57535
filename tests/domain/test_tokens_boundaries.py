"""Every character of a token and of a return path counts, the last one as well."""

import re
import string
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.domain.tokens import (
    erased_key,
    link_token,
    linked,
    return_path,
    subscriber_id,
    token,
)

SECRET = b"a secret of the tests"
URL_SAFE = string.ascii_letters + string.digits + "-_"


@pytest.mark.parametrize("number", [0, 17, 2**63 - 1])
def test_no_other_character_at_any_place_is_accepted(number: int) -> None:
    """The last one holds two bits only: a decoder would take sixteen letters for it."""
    true = token(SECRET, number)
    for place, letter in enumerate(true):
        for replacement in set(URL_SAFE) - {letter}:
            changed = true[:place] + replacement + true[place + 1 :]
            assert subscriber_id(SECRET, changed) is None, changed


def test_nothing_may_be_missing_or_added() -> None:
    true = token(SECRET, 17)
    for wrong in (true[:-1], true[1:], true + "A", true + "\n", f" {true}", f"0{true}", ""):
        assert subscriber_id(SECRET, wrong) is None, wrong


def test_the_longest_id_is_read_and_no_longer_one() -> None:
    assert subscriber_id(SECRET, token(SECRET, 10**19 - 1)) == 10**19 - 1
    assert subscriber_id(SECRET, token(SECRET, 10**19)) is None


def test_each_delivery_has_a_return_path_of_its_own() -> None:
    paths = {return_path(SECRET, "b@example.org", number) for number in range(200)}
    assert len(paths) == 200


@pytest.mark.parametrize(
    ("seconds", "holds"), [(-1, True), (0, False), (1, False), (86_400, False)]
)
def test_a_link_that_has_ended_stays_ended(seconds: int, *, holds: bool) -> None:
    noon = datetime(2026, 3, 5, 12, tzinfo=UTC)
    text = link_token(SECRET, "confirm", 17, until=noon)
    found = linked(SECRET, "confirm", text, noon + timedelta(seconds=seconds))
    assert found == ((17,) if holds else None)


def test_an_erased_address_is_told_from_others_by_who_has_the_secret_for_ever() -> None:
    key = erased_key(SECRET, "ann@example.org")
    assert re.fullmatch("erased:[0-9a-f]{40}", key)
    assert key == "erased:5e9cc3d023ea409949ead4e5e958049b91629c50"
    others = {erased_key(SECRET, "bea@example.org"), erased_key(b"other", "ann@example.org")}
    assert len({key, *others}) == 3
