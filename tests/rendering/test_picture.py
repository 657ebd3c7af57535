from io import BytesIO

import pytest
from PIL import Image

from newsletter.rendering.picture import SIZE, Card, draw
from tests.golden import STATES

ENGLISH = "Pain scales are set by the worst day of a life."
HOSTILE = STATES["hostile"].picks[0].text


def card(words: str, name: str = "The Five") -> Card:
    return Card(name, words, "Salt & Steel", "#a8321a")


def ink(png: bytes, box: tuple[int, int, int, int]) -> float:
    """The share of dark pixels within a box (left, top, right, bottom)."""
    with Image.open(BytesIO(png)) as image:
        assert (image.size, image.format) == (SIZE, "PNG")
        values = image.convert("L").crop(box).histogram()
    return sum(values[:128]) / sum(values)


LEFT, RIGHT = (80, 195, 500, 290), (700, 195, 1120, 290)
MASTHEAD = (80, 149, 1120, 155)


@pytest.mark.parametrize(
    "words",
    [
        ENGLISH,
        "Порты, которые публикуют планы, пустеют быстрее.",
        "Τα λιμάνια αδειάζουν γρηγορότερα.",
        "x" * 3000,
        "Việt Nam, Łódź, Çeşme",
        HOSTILE,
        "🚢🚢 lands on a quay",
    ],
)
def test_words_stand_under_the_name(words: str) -> None:
    png = draw(card(words))
    assert ink(png, LEFT) > 0.005
    assert ink(png, MASTHEAD) > 0.5
    assert ink(png, (0, 515, 79, 630)) == ink(png, (1121, 20, 1200, 630)) == 0


@pytest.mark.parametrize("state", ["right to left"])
def test_what_runs_to_the_left_stands_on_the_right(state: str) -> None:
    for pick in STATES[state].picks:
        png = draw(card(pick.text.partition(".")[0][:30]))
        assert ink(png, RIGHT) > 0.01


@pytest.mark.parametrize("words", [STATES["wide"].picks[0].text, "🚢" * 40, "", "\u202e\x00"])
def test_what_no_font_has_leaves_the_name_alone(words: str) -> None:
    """Never a row of boxes."""
    assert draw(card(words)) == draw(card(""))


def test_even_the_name_may_be_missing() -> None:
    assert ink(draw(card("塩", name="塩と鉄")), (0, 20, *SIZE)) == 0
    assert draw(card(ENGLISH, name="塩と鉄"))


def test_the_same_card_gives_the_same_bytes() -> None:
    assert draw(card(ENGLISH)) == draw(card(ENGLISH))
