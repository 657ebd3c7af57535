import pytest

from newsletter.ranking.interest.abbreviations import KNOWN, defined, variants
from newsletter.ranking.interest.words import singular, words


@pytest.mark.parametrize(
    ("plural", "word"),
    [
        ("chains", "chain"), ("batteries", "battery"), ("boxes", "box"), ("glasses", "glass"),
        ("news", "news"), ("bus", "bus"), ("ties", "tie"), ("gas", "gas"), ("crisis", "crisis"),
        ("cooking", "cooking"), ("cooked", "cooked"), ("productivity", "productivity"),
    ],
)  # fmt: skip
def test_only_plurals_are_taken_off(plural: str, word: str) -> None:
    assert singular(plural) == word


def test_a_country_is_no_pronoun() -> None:
    assert words("The U.S. and the US told us.") == ["the", "US", "and", "the", "US", "told", "us"]
    assert words("A ferry’s bell, Ferries’ bells") == ["a", "ferry", "bell", "ferry", "bell"]


def test_a_short_form_is_written_out_and_back() -> None:
    assert variants("AI chips", KNOWN) == ("AI chips", "artificial intelligence chips")
    assert variants("ai chips", KNOWN) == ("ai chips", "artificial intelligence chips")
    assert variants("large language models", KNOWN) == ("large language models", "LLM")
    assert variants("U.S. ferries", KNOWN)[1] == "United States ferries"
    assert variants("tell us more", KNOWN) == ("tell us more",)
    assert variants("maid service", KNOWN) == ("maid service",)


def test_texts_define_short_forms_of_their_own() -> None:
    forms = defined(["A harbour pilot boat (HPB) waits.", "Not so (NS): wrong letters (XYZ)."])
    assert forms == {"HPB": "harbour pilot boat", "NS": "not so"}
    assert variants("HPB crews", forms) == ("HPB crews", "harbour pilot boat crews")


@pytest.mark.parametrize("text", ["(" * 5_000, "a " * 20_000 + "(AB)", "()", "(A)", ""])
def test_hostile_texts_define_nothing_and_take_no_time(text: str) -> None:
    assert defined([text]) == {}
