import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.urls import (
    feed_address,
    host_of,
    web_address,
    without_password,
    without_user,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" HTTPS://Pods.Example/Feed?a=b&c=d#top ", "https://pods.example/Feed?a=b&c=d"),
        ("http://pods.example", "http://pods.example/"),
        ("http://pods.example.:8080/x y", "http://pods.example:8080/x%20y"),
        ("https://bücher.example/é", "https://xn--bcher-kva.example/%C3%A9"),
        ("https://ann:s%40t@pods.example/", "https://ann:s%40t@pods.example/"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("https://Pods.example:443/x", "https://pods.example/x"),
        ("https://pods.example:80/x", "https://pods.example:80/x"),
        ("https://pods.example/a%2Fb", "https://pods.example/a%2Fb"),
        ("", ""),
        ("pods.example/feed", ""),
        ("//pods.example/feed", ""),
        ("https://", ""),
        ("https://:80/", ""),
        ("http://[::1", ""),
        ("http://pods.example:99999/", ""),
        ("http://pods.example:a/", ""),
        ("feed://pods.example/", ""),
        ("javascript:alert(1)", ""),
        ("https://a b/", ""),
        ("https://pods.example/" + "x" * 2000, ""),
    ],
)
def test_addresses(text: str, address: str) -> None:
    assert web_address(text) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" https://pods.example/x ", "https://pods.example/x"),
        ("feed://pods.example/x", "http://pods.example/x"),
        ("FEED:https://pods.example/x", "https://pods.example/x"),
        ("feed:http://pods.example/x", "http://pods.example/x"),
        ("feed://https://pods.example/x", "https://pods.example/x"),
        ("pcast://pods.example/x?a=feed://b", "http://pods.example/x?a=feed://b"),
        ("pcast:https://pods.example/x", "https://pods.example/x"),
        ("feed:pods.example/x", ""),
        ("feed://", ""),
        ("feed:ftp://pods.example/", ""),
        ("feeds://pods.example/x", ""),
    ],
)
def test_addresses_marked_as_feeds(text: str, address: str) -> None:
    assert feed_address(text) == address


@given(st.text() | st.text().map(lambda rest: f"http://a.example/{rest}") | st.text().map(
    lambda host: f"https://{host}/"
))  # fmt: skip
def test_an_address_is_one_and_stays_what_it_is(text: str) -> None:
    address = web_address(text)
    if address:
        assert address.isascii()
        assert address.isprintable()
        assert host_of(address)
        assert web_address(address) == address


@pytest.mark.parametrize(
    ("url", "shown", "bare"),
    [
        ("https://a.example/x", "https://a.example/x", "https://a.example/x"),
        ("https://ann@a.example/x", "https://ann@a.example/x", "https://a.example/x"),
        ("https://ann:s@a.example:8/x", "https://ann:***@a.example:8/x", "https://a.example:8/x"),
        ("feed://ann:s@a.example/x", "feed://ann:***@a.example/x", "feed://a.example/x"),
    ],
)
def test_what_is_shown_of_a_password(url: str, shown: str, bare: str) -> None:
    assert without_password(url) == shown
    assert without_user(url) == bare


def test_no_password_is_shown_of_what_was_marked_as_a_feed() -> None:
    assert without_password("feed:https://ann:s@a.example/x") == "https://ann:***@a.example/x"
