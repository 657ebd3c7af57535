"""``newsletter related``: the nearest earlier insights of a text or an insight, and why."""

from tests.cli.conftest import House

KETTLE = "A kettle descaled monthly boils a litre forty seconds sooner."
RESTATED = "Descale the kettle every month and it boils a litre forty seconds sooner."
FERRY = "Ferries that leave on the hour lose passengers to missed trains."


def test_the_nearest_are_shown_with_the_words_they_share(house: House) -> None:
    house.drop("one.json", KETTLE, FERRY)
    house("ingest")
    (first, *_) = house("related", RESTATED, "--json").json
    assert first["text"] == KETTLE
    assert first["probability"] > 0.5
    assert "kettle" in {word for word, _ in first["shared"]}
    assert "kettle" in house("related", RESTATED).out


def test_what_shares_a_word_by_chance_is_not_shown(house: House) -> None:
    house.drop("one.json", KETTLE, FERRY, "A litre of paint covers the hull of a small ferry once.")
    house("ingest")
    related = house("related", RESTATED, "--json").json
    assert [insight["text"] for insight in related] == [KETTLE]
    unlike = "A piano that is played on the ground floor wakes nobody."
    assert house("related", unlike).out == "nothing earlier resembles it\n"
    assert house("related", unlike, "--json").json == []


def test_an_insight_is_not_related_to_itself(house: House) -> None:
    house.drop("one.json", KETTLE, RESTATED, FERRY)
    house("ingest")
    (first, *_) = house("related", RESTATED, "--json").json
    related = house("related", str(first["id"]), "--json").json
    assert first["id"] not in {insight["id"] for insight in related}
    assert house("related", "9999").code == 2
    assert house("related", "!!!").out == "nothing earlier resembles it\n"
