"""Who matches what: small cases in words of our own, and what must hold for any."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.ranking.interest import SAID_FROM, Matcher, Text, parse
from newsletter.ranking.interest.words import words
from newsletter.ranking.similarity import Index

GRID = "A power line sags on hot afternoons: the grid carries less electricity when coolers run."
SHOES = (
    "Running shoes with a plate of carbon give back energy, and a racer saves one step in fifty."
)
RADIATION = (
    "The core of the reactor was cooked by radiation until its steel was as brittle as glass."
)
RECIPE = "Fry the onions slowly: a good stew is a recipe of patience, butter and a heavy pan."
CHIPS = "Each chip of a car comes from three factories; the supply chain snaps at the first flood."
FOOD = "When the wolves left the valley, the food chain broke and deer ate every sapling."
MINDS = "Artificial intelligence reads the scans of a night shift before any doctor does."
MODELS = "An AI that answers letters still forgets what it was told a page ago."
HOURS = (
    "Teams without meetings before noon raise their productivity by a tenth, and go home earlier."
)
WARES = "The shop sells its product by the metre, and a product that is returned is sold as cord."
TREES = "Street trees along a hot avenue cool the flats behind them by two degrees."
TARIFF = "The US raised its tariff on steel, and shipyards ordered abroad."
LETTERS = "Tell us what you liked, and the hosts will read it to us on air."
FOUNDER = "A founder knows product-market fit by the churn: it falls before revenue rises."
FAILURES = "Old systems fail quietly, and new systems fail in front of everybody."
COINS = "Bitcoin miners and other crypto traders moved to the dam when power was cheap."
EVERYTHING = [
    GRID, SHOES, RADIATION, RECIPE, CHIPS, FOOD, MINDS, MODELS, HOURS, WARES, COINS,
    TREES, TARIFF, LETTERS, FOUNDER, FAILURES,
    "A choir that sings at dusk keeps the village awake.",
    "Moss on a roof holds rain for a day and keeps the tiles cool.",
]  # fmt: skip


def matcher(
    texts: Sequence[str] = EVERYTHING, topics: Mapping[str, tuple[str, ...]] | None = None
) -> Matcher:
    index = Index.build(range(len(texts)), texts)
    return Matcher(
        index, [Text(n, text, (topics or {}).get(text, ())) for n, text in enumerate(texts)]
    )


@pytest.fixture(scope="module")
def everything() -> Matcher:
    return matcher()


def score(asked: Matcher, phrase: str, text: str) -> float:
    return float(asked.scores(phrase)[EVERYTHING.index(text)])


@pytest.mark.parametrize(
    ("phrase", "about", "other"),
    [
        ("productivity", HOURS, WARES),
        ("AI", MINDS, GRID),
        ("AI", MODELS, GRID),
        ("artificial intelligence", MODELS, WARES),
        ("chip supply chains", CHIPS, FOOD),
        ("food chains", FOOD, CHIPS),
        ("cooking", RECIPE, RADIATION),
        ("energy grids", GRID, SHOES),
        ("electricity", GRID, SHOES),
        ("cryptocurrency", COINS, GRID),
        ("cooking", RECIPE, TREES),
        ("urban trees", TREES, FOOD),
        ("US", TARIFF, LETTERS),
        ("United States", TARIFF, LETTERS),
        ("PMF", FOUNDER, WARES),
        ("product-market fit", FOUNDER, WARES),
    ],
)
def test_a_theme_and_not_a_word(everything: Matcher, phrase: str, about: str, other: str) -> None:
    assert score(everything, phrase, about) > score(everything, phrase, other)
    assert score(everything, phrase, other) < SAID_FROM


@pytest.mark.parametrize(
    ("phrase", "about"),
    [
        ("chip supply chains", FOOD),
        ("food chains", CHIPS),
        ("AI products", WARES),
        ("human systems", FAILURES),
        ("new music", FAILURES),
    ],
)
def test_one_word_of_a_phrase_is_never_said(everything: Matcher, phrase: str, about: str) -> None:
    assert score(everything, phrase, about) < SAID_FROM


def test_two_that_say_the_same_are_no_company() -> None:
    again = RADIATION.replace("The core of the reactor", "The middle of a reactor")
    alone = score(matcher(), "cooking", RADIATION)
    with_twin = matcher([*EVERYTHING, again]).scores("cooking")
    assert with_twin[EVERYTHING.index(RADIATION)] == pytest.approx(alone, abs=0.05)
    assert with_twin[-1] < SAID_FROM


def test_the_words_that_speak_for_a_match(everything: Matcher) -> None:
    shared = everything.shared("supply chains of chips", EVERYTHING.index(CHIPS))
    assert {"chip", "supply", "chain"} <= set(shared)
    assert "the" not in everything.shared("stew", EVERYTHING.index(CHIPS))
    assert everything.shared("chips at sea", EVERYTHING.index(CHIPS))[0] == "chip"
    assert "at" not in everything.shared("chips at sea", EVERYTHING.index(CHIPS))
    assert everything.shared("at the", EVERYTHING.index(CHIPS))[:2] == ("the", "at")
    assert "in" not in everything.shared("ferries in Rome", EVERYTHING.index(SHOES))


def test_no_function_word_is_learned() -> None:
    alike = (
        "A ferry does its six crossings less quickly whenever the tide is among the highest.",
        "Whenever the tide turns, six of the less nimble ferries do what a tug does among rocks.",
    )
    asked = matcher([*alike, *EVERYTHING])
    for place in range(len(alike)):
        learned = set(asked.shared("tide", place))
        assert learned & {"tide", "ferry"}
        assert learned.isdisjoint(words("does six less whenever among"))


def test_letters_and_numbers_speak_for_nothing_but_themselves() -> None:
    crusts = "Crusts brown from 140 °C on.", "A wet crust stays at 100 °C, and browns at 140 °C."
    asked = matcher([*crusts, *EVERYTHING])
    assert {"c", "140"}.isdisjoint(asked.shared("crusts", 1))
    assert "140" in asked.shared("crusts of 140 degrees", 1)


def test_its_own_topic_counts_as_its_words() -> None:
    topics = {CHIPS: ("semiconductors",), GRID: ("semiconductors and more",)}
    with_topics, without = matcher(topics=topics), matcher()
    for text, more in ((CHIPS, True), (GRID, False), (FOOD, False)):
        before, after = (score(each, "semiconductor", text) for each in (without, with_topics))
        assert (after > before + 0.2) is more


def test_a_podcast_is_followed_by_its_name() -> None:
    texts = [Text(1, CHIPS, (), "Grid Lines"), Text(2, GRID, (), "Lines")]
    asked = Matcher(Index.build([1, 2], [CHIPS, GRID]), texts)
    assert asked.scores("grid lines")[0] >= SAID_FROM
    assert asked.scores("grid lines")[1] < SAID_FROM


def test_a_negative_takes_out_what_mentions_it(everything: Matcher) -> None:
    phrases = parse("power, not crypto")
    assert everything.unwanted(phrases).nonzero()[0].tolist() == [EVERYTHING.index(COINS)]
    assert everything.interest(phrases)[EVERYTHING.index(COINS)] == 0
    assert everything.interest(parse("power"))[EVERYTHING.index(COINS)] > 0


def test_earlier_phrases_weigh_more(everything: Matcher) -> None:
    first, second = (everything.interest(parse(text)) for text in ("stew, choir", "choir, stew"))
    place = EVERYTHING.index(RECIPE)
    assert first[place] > second[place] > 0
    assert everything.best(parse("choir, stew"), place) == "stew"


def test_the_shape_of_a_phrase_does_not_matter(everything: Matcher) -> None:
    plain = everything.scores("chip supply chains")
    assert np.array_equal(everything.scores("Chip Supply-Chains"), plain)


@pytest.mark.parametrize("phrase", ["", "!!!", "\ud800", "(", "[a-z", "a" * 5_000, "的 的", "\\b"])
def test_any_phrase_has_an_answer(everything: Matcher, phrase: str) -> None:
    scores = everything.scores(phrase)
    assert scores.shape == (len(EVERYTHING),)
    assert scores.max() < SAID_FROM


@pytest.mark.parametrize("texts", [[], [""], ["", CHIPS, ""]])
def test_any_texts_have_an_answer(texts: list[str]) -> None:
    asked = matcher(texts)
    assert asked.scores("chip supply chains").shape == (len(texts),)
    assert asked.unwanted(parse("not chips")).tolist() == [text == CHIPS for text in texts]


@pytest.mark.parametrize("language", ["de", "xx"])
def test_another_language_is_matched_by_its_terms(language: str) -> None:
    texts = ["Die Stromnetze tragen im Sommer weniger.", "Der Chor singt am Abend im Dorf."]
    asked = Matcher(Index.build([1, 2], texts, language), [Text(1, texts[0]), Text(2, texts[1])])
    scores = asked.scores("Stromnetze")
    assert scores[0] > scores[1]
    assert asked.shared("Stromnetze", 0)


phrases = st.one_of(
    st.sampled_from(["chips", "food chains", "AI", "us", "the"]), st.text(max_size=30)
)


@given(phrase=phrases, order=st.permutations(range(len(EVERYTHING))))
@settings(max_examples=25, deadline=None)
def test_scores_lie_in_range_and_do_not_hang_on_the_order(phrase: str, order: list[int]) -> None:
    plain = matcher().scores(phrase)
    assert ((plain >= 0) & (plain <= 1)).all()
    index = Index.build(range(len(EVERYTHING)), EVERYTHING)
    turned = Matcher(index, [Text(place, EVERYTHING[place]) for place in order]).scores(phrase)
    assert turned == pytest.approx(plain[order], abs=2e-6)


def test_an_unrelated_insight_changes_little() -> None:
    more = matcher([*EVERYTHING, "Bees dance on the comb to tell where the lime trees bloom."])
    for phrase in ("chip supply chains", "energy grids", "AI"):
        assert more.scores(phrase)[:-1] == pytest.approx(matcher().scores(phrase), abs=0.05)
