import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.editorial.similarity import similarities, terms

KETTLE = "A kettle descaled monthly boils a litre forty seconds sooner, says the repair guild."
RESTATED = "Descale the kettle every month and it boils a litre about forty seconds sooner."
FERRY = "Ferries that leave on the hour lose more passengers to missed trains than to weather."
SENTENCES = st.lists(
    st.sampled_from([KETTLE, RESTATED, FERRY, "", "!!! ...", "漢字 と かな"]), max_size=5
)


def test_the_same_words_are_one_and_strangers_are_nought() -> None:
    (same, restated, stranger) = similarities([KETTLE], [KETTLE.upper(), RESTATED, FERRY])[0]
    assert same == pytest.approx(1)
    assert 0.5 < restated < 1
    assert stranger < 0.1


def test_texts_without_a_word_resemble_nothing() -> None:
    assert similarities(["!!!"], ["...", "?"]).tolist() == [[0, 0]]
    assert similarities(["!!!"], [KETTLE]).tolist() == [[0]]


def test_an_empty_side_has_its_own_answer() -> None:
    assert similarities([], [KETTLE]).shape == (0, 1)
    assert similarities([KETTLE], []).shape == (1, 0)
    assert similarities([], []).shape == (0, 0)


def test_terms_are_normalised_stemmed_and_keep_digits() -> None:
    assert terms("CHIPS’ Price") == terms("chip price")
    assert terms("Kettles boiling 40") == ["kettl", "boil", "40"]


@given(SENTENCES, SENTENCES)
@settings(max_examples=30, deadline=None)
def test_values_are_from_nought_to_one(new: list[str], earlier: list[str]) -> None:
    found = similarities(new, earlier)
    assert found.shape == (len(new), len(earlier))
    assert np.all((found >= 0) & (found <= 1))


@given(SENTENCES)
@settings(max_examples=30, deadline=None)
def test_resemblance_is_mutual(texts: list[str]) -> None:
    found = similarities(texts, texts)
    assert np.allclose(found, found.T, atol=1e-6)
