"""On labelled phrases, interest is better than TF-IDF's cosine: a lead that no change may lose."""

import numpy as np
import pytest

from benchmarks import fit_interest, interests, themes
from benchmarks.similarity import Defaults
from benchmarks.themes import Themes
from newsletter.ranking.interest.matching import SAID_FROM, score

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not interests.DATA.is_dir(), reason="../shared/data is not here"),
]


@pytest.fixture(scope="module")
def sets() -> list[Themes]:
    return themes.read(interests.DATA)


def test_every_set_is_ranked_better_than_by_cosine(sets: list[Themes]) -> None:
    for theme in sets:
        ours, _ = interests.figures(score(fit_interest.features(theme)), theme)
        defaults = Defaults(theme.texts, list(theme.relevant))
        rows = np.stack([defaults.row(place) for place in range(len(theme.relevant))])
        theirs, _ = interests.figures(rows, theme)
        assert ours > 1.15 * theirs, theme.name


def test_what_is_said_is_right_at_least_half_the_time(sets: list[Themes]) -> None:
    for theme in sets:
        said = score(fit_interest.features(theme)) >= SAID_FROM
        right = said & np.stack(list(theme.relevant.values()))
        assert right.sum() >= 0.5 * said.sum() > 0, theme.name
