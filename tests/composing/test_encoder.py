"""The real encoder where its extra is installed: what it promises, and that interests use it."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from newsletter.composing.encoder import PACKAGES, Encoder
from newsletter.ranking.interest import Matcher, Text
from newsletter.ranking.similarity import Index

pytestmark = pytest.mark.skipif(
    not all(map(find_spec, PACKAGES)), reason="the extra is missing: pip install '.[encoder]'"
)

KETTLE = "A kettle descaled monthly boils a litre forty seconds sooner."
TEA = "Hot water for tea is ready earlier once the limescale is gone."
FERRY = "Ferries that leave on the hour lose passengers to missed trains."


def test_what_means_the_same_is_near(tmp_path: Path) -> None:
    kettle, tea, ferry = Encoder(tmp_path / "kept")([KETTLE, TEA, FERRY])
    assert kettle @ tea > kettle @ ferry + 0.2
    assert np.linalg.norm(kettle) == pytest.approx(1, abs=0.01)


def test_a_vector_is_the_same_beside_any_others_and_from_the_file(tmp_path: Path) -> None:
    alone = Encoder(tmp_path / "one")([KETTLE])
    both = Encoder(tmp_path / "two")([FERRY, KETTLE, KETTLE])
    again = Encoder(tmp_path / "two")
    for row in (both[1], both[2], again([KETTLE])[0]):
        assert np.array_equal(row, alone[0])
    assert "_run" not in vars(again)  # nothing was loaded


@pytest.mark.parametrize("text", ["\ud800", "\0", "a" * 100_000, "的 的", "<b>{{ x }}</b>", "\n"])
def test_any_text_has_a_vector(tmp_path: Path, text: str) -> None:
    rows = Encoder(tmp_path / "kept")(["", text])
    assert rows.shape == (2, 384)
    assert np.isfinite(rows).all()
    assert not rows[0].any()


def test_no_texts_are_no_rows(tmp_path: Path) -> None:
    assert Encoder(tmp_path / "kept")([]).shape == (0, 384)


def test_an_interest_finds_what_shares_no_word_with_it(tmp_path: Path) -> None:
    texts = [KETTLE, TEA, FERRY]
    index = Index.build(range(3), texts)
    matcher = Matcher(index, list(map(Text, range(3), texts)), Encoder(tmp_path / "kept"))
    scores = matcher.scores("public transport by sea")
    assert scores.argmax() == 2
    assert (scores < matcher.said_from).all()
