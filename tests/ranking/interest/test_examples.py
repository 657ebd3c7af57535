"""Examples become phrases that a reader can read: topics, then what the texts say that is rare."""

import numpy as np
import pytest

from newsletter.ranking.interest import Matcher, Text
from newsletter.ranking.interest.examples import phrases_like
from newsletter.ranking.similarity import Index
from tests.ranking.interest.test_matching import CHIPS, EVERYTHING, FOOD, GRID, RECIPE

INDEX = Index.build(range(len(EVERYTHING)), EVERYTHING)


@pytest.mark.parametrize("text", [GRID, RECIPE, CHIPS, FOOD])
def test_the_phrases_find_their_example_first(text: str) -> None:
    matcher = Matcher(INDEX, [Text(n, each) for n, each in enumerate(EVERYTHING)])
    phrases = phrases_like(INDEX, [text])
    assert 1 <= len(phrases) <= 5
    scores = np.sum([matcher.scores(phrase) for phrase in phrases], axis=0)
    assert scores.argmax() == EVERYTHING.index(text)


def test_words_are_in_the_example_and_in_one_phrase_only() -> None:
    words = " ".join(phrases_like(INDEX, [GRID, CHIPS])).split()
    assert len(set(words)) == len(words)
    assert all(word in (GRID + CHIPS).lower() for word in words)


def test_topics_come_first_without_commas() -> None:
    phrases = phrases_like(INDEX, [GRID], ["power, heat", "power, heat", "!"])
    assert phrases[0] == "power heat"
    assert len(phrases) > 1


@pytest.mark.parametrize("text", ["", "!!! 12 345", "of the and", "\ud800", "a" * 50_000, "的 的"])
def test_any_text_has_an_answer(text: str) -> None:
    assert len(phrases_like(INDEX, [text])) <= 5


def test_what_a_phrase_is_made_of_names_things() -> None:
    said = (
        "Elevators in America had counted longer delays again. The fastest makers of"
        " substrates simply planned ahead, and glazed tiles arrived quickly."
    )
    phrases = phrases_like(Index.build([1], [said]), [said])
    assert {"substrates", "elevators"} & set(" ".join(phrases).split())
    for wrong in ("had", "counted", "longer", "again", "fastest", "planned", "quickly", "simply"):
        assert wrong not in " ".join(phrases).split()
    assert "elevators america" not in phrases


@pytest.mark.parametrize("language", ["de", "xx"])
def test_other_languages_go_by_rarity(language: str) -> None:
    texts = ["Die Stromnetze tragen im Sommer weniger.", "Der Chor singt am Abend im Dorf."]
    index = Index.build([1, 2], texts, language)
    assert "stromnetze" in " ".join(phrases_like(index, texts[:1]))
