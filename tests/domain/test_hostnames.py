import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.hostnames import all_in_ascii, in_ascii


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("Bücher.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("News.Example.ORG", "News.Example.ORG"),
    ],
)
def test_a_domain(written: str, wanted: str) -> None:
    """IDNA 2008: the standard library's codec makes strasse of the second."""
    assert in_ascii(written) == wanted


@given(st.text())
def test_what_is_no_domain_raises_a_value_error_and_nothing_else(text: str) -> None:
    try:
        assert in_ascii(text).isascii()
    except ValueError:
        assert not text.isascii()


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("five@bücher.example", "five@xn--bcher-kva.example"),
        ("Die Fünf <fünf@bücher.example>", "Die Fünf <fünf@xn--bcher-kva.example>"),
        ("https://bücher.example/für/alle", "https://xn--bcher-kva.example/für/alle"),
        ("http://bücher.example:8025", "http://xn--bcher-kva.example:8025"),
        ("https://news.example.org/@ü", "https://news.example.org/@ü"),
        ("", ""),
    ],
)
def test_a_domain_within_an_address(written: str, wanted: str) -> None:
    assert all_in_ascii(written) == wanted
