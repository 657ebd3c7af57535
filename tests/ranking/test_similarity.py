from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.corpus import Corpus
from newsletter.ranking.similarity import Index, compare, shared, terms
from newsletter.ranking.similarity import index as rooms
from newsletter.ranking.similarity.index import Asked
from newsletter.ranking.similarity.probability import _parts, features_between, probability
from newsletter.ranking.similarity.sparse_rows import SparseRows

KETTLE = "A kettle descaled monthly boils a litre forty seconds sooner, says the repair guild."
RESTATED = "Descale the kettle every month and it boils a litre about forty seconds sooner."
FERRY = "Ferries that leave on the hour lose more passengers to missed trains than to weather."
WORDS = "kettle ferry boil harbour litre 40 train the of a descale chip chips".split()
TEXTS = st.lists(
    st.one_of(
        st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join),
        st.sampled_from([KETTLE, RESTATED, FERRY, "", "!!! ...", "漢字 と かな"]),
    ),
    max_size=8,
)


def index(texts: list[str], language: str = "en") -> Index:
    return Index.build(range(len(texts)), texts, language)


def probabilities(new: str, earlier: list[str], language: str = "en") -> dict[int, float]:
    found = compare(index(earlier, language), [new])
    return dict(zip(found.row.tolist(), found.probability.tolist(), strict=True))


def test_the_same_words_are_nearly_sure_and_strangers_are_not() -> None:
    found = probabilities(KETTLE, [KETTLE.upper(), RESTATED, FERRY])
    assert found[0] > 0.99
    assert 0.5 < found[1] < found[0]
    assert found.get(2, 0) < 0.1


def test_texts_without_a_word_resemble_nothing() -> None:
    assert probabilities("!!!", ["...", "?"]) == {}
    assert probabilities("!!!", [KETTLE]) == {}
    assert probabilities(KETTLE, []) == {}
    assert len(compare(index([KETTLE]), []).new) == 0


def test_terms_are_normalised_stemmed_and_keep_digits() -> None:
    assert terms("CHIPS’ Price") == terms("chip price")
    assert terms("Kettles boiling 40") == ["kettl", "boil", "40"]


def test_a_language_chooses_its_stemmer_and_an_unknown_one_the_characters() -> None:
    assert terms("Häuser Haus", "de-AT") == ["haus", "haus"]
    assert terms("talot", "xx") == ["tal", "alo", "lot"]
    found = probabilities("Maji ya moto", ["maji ya moto sana", "ndege mkubwa"], "sw")
    assert found[0] > 0.5
    assert 1 not in found


def test_the_shared_words_are_told_as_they_were_written() -> None:
    (first, *_), weights = zip(*shared(index([KETTLE, FERRY]), RESTATED, KETTLE), strict=True)
    assert first in {"descale", "kettle", "month", "boils", "litre", "forty", "seconds", "sooner"}
    assert sum(weights) == pytest.approx(1)
    assert shared(index([KETTLE]), FERRY, "") == []


@given(TEXTS, TEXTS, st.sampled_from([0, 1000]))
def test_cosines_are_exact_wherever_they_matter(
    new: list[str], earlier: list[str], few: int
) -> None:
    """Also where even short lists of insights are left to the second pass."""
    one = index(earlier)
    asked = one.asked(new)
    everything = terms_of(one.rows(np.arange(len(one))), asked)
    exact: Any = cosines(terms_of(asked.rows, asked), everything) if new and earlier else []
    for number, query in enumerate(asked.queries() if earlier else ()):
        with patch.multiple(rooms, _FEW=few, _AT_LEAST=few, _NEXT=few):
            found = dict(zip(*(each.tolist() for each in one.shortlist(*query)), strict=True))
        for row, value in enumerate(exact[number]):
            assert row in found or value < 0.35
            assert found.get(row, value) == pytest.approx(value, abs=1e-6)


def cosines(
    ones: npt.NDArray[np.float64], others: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    units = [
        rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        for rows in (ones, others)
    ]
    return np.asarray(units[0] @ units[1].T)


def terms_of(rows: SparseRows, asked: Asked) -> npt.NDArray[np.float64]:
    """Every term's weight, zero included, in double precision."""
    dense = np.zeros((len(rows), max(1, len(asked.idf))))
    dense[:, : rows.width] = rows.dense()
    return np.asarray(dense * (asked.idf if len(asked.idf) else 1))


@given(TEXTS, st.lists(TEXTS, max_size=5), TEXTS)
def test_an_index_that_grew_answers_like_one_built_at_once(
    first: list[str], later: list[list[str]], new: list[str]
) -> None:
    grown, texts = index(first), list(first)
    for some in later:
        grown.append(range(len(texts), len(texts) + len(some)), some)
        texts += some
    whole = index(texts)
    assert np.array_equal(grown.ids, whole.ids)
    assert np.array_equal(grown.frequencies, whole.frequencies)
    assert np.allclose(grown.norms, whole.norms)
    ours, theirs = compare(grown, new), compare(whole, new)
    assert np.array_equal(ours.row, theirs.row)
    assert np.allclose(ours.probability, theirs.probability)


@given(TEXTS, TEXTS)
@settings(max_examples=30, deadline=None)
def test_values_are_probabilities(new: list[str], earlier: list[str]) -> None:
    found = compare(index(earlier), new)
    assert ((found.probability >= 0) & (found.probability <= 1)).all()


@given(st.lists(st.text(min_size=1).filter(str.isalnum), max_size=6, unique=True))
def test_parts_are_the_distinct_runs_of_letters_of_each_word(names: list[str]) -> None:
    found = _parts(names)
    for number, name in enumerate(names):
        word = f" {name} "
        runs = {word[at : at + size] for size in (3, 4) for at in range(len(word) - size + 1)}
        assert found.lengths[number] == len(runs)
        assert found.norms()[number] == pytest.approx(1)


def test_what_was_said_long_ago_is_restated_less_surely() -> None:
    one = Index.build(range(4), [KETTLE] * 4, days=[999, 986, 1, 0])
    found = compare(one, [RESTATED], [1000]).probability
    plain = compare(one, [RESTATED]).probability
    assert found[1] > found[2] > 0.1
    assert found[[0, 1, 3]] == pytest.approx(plain[[0, 1, 3]])
    assert compare(one, [KETTLE], [1000]).probability.min() > 0.9


@pytest.mark.parametrize(
    "most", [500, *(pytest.param(size, marks=pytest.mark.heavy) for size in (2_000, 10_000))]
)
def test_a_limit_means_the_same_whatever_the_size_of_the_archive(most: int) -> None:
    """Unrelated insights by the thousand move the probability of a restatement little."""
    values = []
    for size in (100, most):
        texts = [RESTATED, *corpus(size)]
        found = compare(index(texts), [KETTLE])
        values.append(dict(zip(found.row.tolist(), found.probability.tolist(), strict=True))[0])
    assert min(values) > 0.5
    assert values[1] - values[0] < 0.2


@pytest.mark.heavy
@pytest.mark.parametrize("asked", [4, 20])
def test_beyond_the_shortlist_nothing_is_a_twin(asked: int) -> None:
    """What the shortlist's end loses: here is every pair that it left out."""
    texts = [*corpus(2_000), RESTATED]
    one, new = index(texts), [KETTLE, *corpus(asked, seed=2)]
    pairs = compare(one, new)
    every = np.repeat(np.arange(len(new)), len(one)), np.tile(np.arange(len(one)), len(new))
    values = probability(features_between(one, new, *every)).reshape(len(new), -1)
    values[pairs.new, pairs.row] = 0
    assert values.max() < 0.1


def corpus(size: int, seed: int = 1) -> list[str]:
    return Corpus(seed).insights(size)
