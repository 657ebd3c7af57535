import pytest

from newsletter.domain.interests import Phrase, parse


def test_phrases_are_parted_by_commas_or_semicolons_and_weigh_less_one_after_the_other() -> None:
    phrases = parse(" chip  supply chains; sleep ,; bread\n baking ")
    assert [phrase.text for phrase in phrases] == ["chip supply chains", "sleep", "bread baking"]
    assert [phrase.weight for phrase in phrases] == [1, 0.9, 0.82]


def test_no_phrase_weighs_less_than_half_of_the_first() -> None:
    assert parse(",".join(map(str, range(99))))[-1].weight == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(
    "written", ["not crypto", "Not  crypto", "-crypto", "- crypto", "NOT crypto"]
)
def test_a_negative_is_kept_without_its_sign(written: str) -> None:
    assert parse(f"{written}, ferries") == (Phrase("ferries"), Phrase("crypto", negative=True))


@pytest.mark.parametrize(
    "written", ["nothing new", "notaries", "not-for-profit shops", "note taking"]
)
def test_what_only_begins_like_a_negative_is_none(written: str) -> None:
    assert parse(written) == (Phrase(written),)


@pytest.mark.parametrize("written", ["", " , ,", "not ", "-", "not ,-"])
def test_nothing_is_no_phrase(written: str) -> None:
    assert all(phrase.text for phrase in parse(written))
    assert not [phrase for phrase in parse(written) if not phrase.negative and phrase.text != "not"]
