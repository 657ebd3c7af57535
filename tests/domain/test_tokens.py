import base64
import re
import string
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.tokens import (
    delivery_id,
    link_token,
    linked,
    notice_return_path,
    noticed,
    return_path,
    subscriber_id,
    token,
)

SECRET = b"a secret of the tests"
ids = st.integers(min_value=0, max_value=2**63 - 1)
secrets = st.binary(min_size=1, max_size=64)


@given(secrets, ids)
def test_a_token_names_its_subscriber(secret: bytes, number: int) -> None:
    assert subscriber_id(secret, token(secret, number)) == number


@given(ids)
def test_a_token_needs_no_quoting_in_a_url_and_stays_short(number: int) -> None:
    text = token(SECRET, number)
    assert len(text) <= 42
    assert all(letter.isascii() and (letter.isalnum() or letter in "-_.") for letter in text)


def test_a_token_is_the_same_for_ever() -> None:
    """Links in messages sent years ago keep working: this value never changes."""
    assert token(SECRET, 17) == "17.wS6eLiRJ6RL-ZwvpaFwE9g"


@given(st.text())
def test_no_text_raises_or_passes(text: str) -> None:
    assert subscriber_id(SECRET, text) is None
    assert subscriber_id(SECRET, f"17.{text}") is None


@given(ids, st.data())
def test_a_token_changed_anywhere_is_nobodys(number: int, data: st.DataObject) -> None:
    true = token(SECRET, number)
    at = data.draw(st.integers(0, len(true) - 1))
    letter = data.draw(st.characters().filter(lambda letter: letter != true[at]))
    assert subscriber_id(SECRET, true[:at] + letter + true[at + 1 :]) is None
    assert subscriber_id(SECRET, true + letter) is None
    assert subscriber_id(SECRET, letter + true) is None


def test_every_character_counts_the_last_one_too() -> None:
    """22 characters of base64 hold four bits more than the signature: these are checked as well."""
    true = token(SECRET, 17)
    alphabet = f"{string.ascii_letters}{string.digits}-_."
    changed = {
        true[:at] + letter + true[at + 1 :] for at in range(len(true)) for letter in alphabet
    }
    assert {text for text in changed if subscriber_id(SECRET, text) is not None} == {true}
    same_bits = {c for c in alphabet[:-1] if decoded(true[:-1] + c) == decoded(true)}
    assert len(same_bits) > 1, "the case that this is about"


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.partition(".")[2] + "==")


@given(secrets, secrets, ids)
def test_another_secret_is_another_token(first: bytes, second: bytes, number: int) -> None:
    assert (subscriber_id(second, token(first, number)) == number) == (
        first.rstrip(b"\0") == second.rstrip(b"\0")
    )


def test_the_id_cannot_be_exchanged() -> None:
    signature = token(SECRET, 17).partition(".")[2]
    assert subscriber_id(SECRET, f"18.{signature}") is None
    assert subscriber_id(SECRET, f"017.{signature}") is None
    assert subscriber_id(SECRET, f"١٧.{signature}") is None


@given(ids)
def test_a_return_path_is_an_address_of_the_same_domain_in_small_letters(number: int) -> None:
    longest = "b" * 27
    local, _, domain = return_path(SECRET, f"{longest}@news.example.org", number).partition("@")
    assert domain == "news.example.org"
    assert len(local) <= 64
    assert local == local.lower()
    assert re.fullmatch(rf"{longest}\+{number}\.[a-z2-7]{{16}}", local)


def test_a_return_path_is_the_same_for_ever_and_no_unsubscribe_token() -> None:
    assert return_path(SECRET, "b@example.org", 17) == "b+17.ocx4etxk5r4z5232@example.org"
    code = return_path(SECRET, "b@example.org", 17).partition("@")[0].partition("+")[2]
    assert subscriber_id(SECRET, code) is None
    assert return_path(b"another secret", "b@example.org", 17) != return_path(
        SECRET, "b@example.org", 17
    )


def test_a_link_is_for_one_purpose_these_numbers_and_until_its_end() -> None:
    noon = datetime(2026, 3, 5, 12, tzinfo=UTC)
    text = link_token(SECRET, "confirm", 17, 4, until=noon)

    assert linked(SECRET, "confirm", text, noon - timedelta(seconds=1)) == (17, 4)
    assert linked(SECRET, "confirm", text, noon) is None
    assert linked(SECRET, "erase", text, noon - timedelta(days=1)) is None
    assert linked(b"another", "confirm", text, noon - timedelta(days=1)) is None
    later = text.replace(f".{int(noon.timestamp())}.", ".0.")
    assert linked(SECRET, "confirm", later, noon) is None
    assert linked(SECRET, "confirm", link_token(SECRET, "confirm", 5), noon) == (5,)


@given(st.text())
def test_no_other_text_is_a_link(text: str) -> None:
    assert linked(SECRET, "confirm", text, datetime(2026, 3, 5, tzinfo=UTC)) is None


def test_a_link_whose_end_no_clock_has_is_none() -> None:
    assert (
        linked(SECRET, "x", "1.99999999999." + 22 * "A", datetime(2026, 3, 5, tzinfo=UTC)) is None
    )


@given(secrets, ids)
def test_a_return_path_names_its_delivery_in_any_case(secret: bytes, number: int) -> None:
    address = return_path(secret, "bounces@news.example.org", number)
    assert delivery_id(secret, address) == number
    assert delivery_id(secret, address.upper()) == number


@given(secrets, st.integers(0, 36**7 - 1), st.integers(0, 36**10 - 1))
def test_the_return_path_of_a_notice_names_it_and_fits(secret: bytes, number: int, at: int) -> None:
    address = notice_return_path(secret, "b" * 27 + "@news.example.org", number, at)
    assert noticed(secret, address) == noticed(secret, address.upper()) == (number, at)
    assert len(address.partition("@")[0]) <= 64
    assert delivery_id(secret, address) is None
    assert noticed(secret, return_path(secret, "b@news.example.org", number)) is None
    assert noticed(secret + b"x", address) is None
    letters = "a" if address[-20] != "a" else "b"
    assert noticed(secret, address[:-20] + letters + address[-19:]) is None


def test_the_return_path_of_a_notice_is_the_same_for_ever() -> None:
    path = notice_return_path(SECRET, "b@example.org", 17, 1_772_712_000_000_000)
    assert path == "b+nh-hgdgneqdc0.pkjfefkpon442izm@example.org"


@given(st.text())
def test_no_other_text_is_the_return_path_of_a_notice(text: str) -> None:
    assert noticed(SECRET, text) is None
    assert noticed(SECRET, f"b+n1-1.{text}@example.org") is None


@given(st.text(), ids)
def test_no_other_address_is_a_return_path(text: str, number: int) -> None:
    true = return_path(SECRET, "bounces@example.org", number)
    assert delivery_id(SECRET, text) is None
    assert delivery_id(b"another secret", true) is None
    assert delivery_id(SECRET, true.replace("@", "a@")) is None


def test_a_return_path_may_be_rewritten_by_a_forwarder() -> None:
    true = return_path(SECRET, "bounces@example.org", 17)
    forwarded = f"SRS0=ab1=cd=example.org={true}"
    assert delivery_id(SECRET, forwarded) == 17
