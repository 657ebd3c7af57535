import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.domain.slug import slug, slug_of_insight


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Salt & Steel", "salt-steel"),
        ("Don’t stop: 3.5 miles", "dont-stop-3-5-miles"),
        ("Crème brûlée", "creme-brulee"),
        ("Straße", "strasse"),
        ("ملح وحديد", "ملح-وحديد"),
        ("塩と鉄", "塩と鉄"),
        ("__init__ ../..%2e", "init-2e"),
        ("!!! 🚢", ""),
    ],
)
def test_slugs(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_a_long_one_ends_with_a_word() -> None:
    assert slug("word " * 100, 12) == "word-word"
    assert slug("x" * 100, 12) == "x" * 12


def test_an_insight_without_letters_has_one_too() -> None:
    assert slug_of_insight("🚢🚢") == "-"


@given(st.text())
@example("𝑨")
def test_a_slug_is_its_own_slug_and_safe_in_a_path(text: str) -> None:
    made = slug(text)
    assert slug(made) == made
    assert not set(made) & set("/?#%&<>\"' .\n\0")
    assert len(made) <= 60
