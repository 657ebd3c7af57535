"""Fit the weights of interest; write them where the program reads them.

python -m benchmarks.fit_interest ../shared/data

The extra "encoder" is needed. Its vectors are kept in the folder of temporary files.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import themes
from benchmarks.themes import Themes
from newsletter.composing.encoder import Encoder
from newsletter.ranking.interest import Encode, matching
from newsletter.ranking.interest.matching import FEATURES, Matcher, Text
from newsletter.ranking.similarity import Index

Array = npt.NDArray[np.float64]

BASE_RATE = 0.1
_MOST = 250


def main() -> None:
    sets = themes.read(Path(sys.argv[1]))
    fits = {}
    for name, encode in (("WEIGHTS", None), ("WITH_ENCODER", encoder())):
        weights, intercept = regression([features(each, encode) for each in sets], sets)
        values = dict(zip(FEATURES, weights.tolist(), strict=True)) | {"intercept": intercept}
        fits[name] = values
    page = _page(fits)
    (Path(matching.__file__).parent / "weights.py").write_text(page)
    print(page)


def encoder() -> Encoder:
    return Encoder(Path(gettempdir()) / "newsletter-benchmarks.vectors")


def features(theme: Themes, encode: Encode | None = None) -> Array:
    """Shape (phrases, texts, features)."""
    numbers = range(len(theme.texts))
    index = Index.build(numbers, theme.texts)
    texts = [Text(number, text) for number, text in zip(numbers, theme.texts, strict=True)]
    matcher = Matcher(index, texts, encode)
    return np.stack([matcher.features(phrase) for phrase in theme.relevant])


def regression(features: Sequence[Array], sets: Sequence[Themes]) -> tuple[Array, float]:
    """Each set and each of its phrases has the same say, and what is relevant the base rate."""
    from sklearn.linear_model import LogisticRegression

    parts = [_drawn(*each) for each in zip(features, sets, strict=True)]
    values, label, share = (np.concatenate(part) for part in zip(*parts, strict=True))
    model = LogisticRegression(C=10, max_iter=300)
    model.fit(values, label, sample_weight=share / share.mean())
    return model.coef_[0], float(model.intercept_[0])


def _drawn(features: Array, theme: Themes) -> tuple[Array, Any, Array]:
    """All that is relevant to each phrase, and some of the rest."""
    random = np.random.default_rng(0)
    values, labels, shares = [], [], []
    for measured, relevant in zip(features, theme.relevant.values(), strict=True):
        others = random.permutation(np.flatnonzero(~relevant))[:_MOST]
        chosen = np.concatenate([np.flatnonzero(relevant), others])
        label = relevant[chosen]
        values.append(measured[chosen])
        labels.append(label)
        each = BASE_RATE / label.sum(), (1 - BASE_RATE) / max((~label).sum(), 1)
        shares.append(np.where(label, *each) / len(theme.relevant))
    return np.concatenate(values), np.concatenate(labels), np.concatenate(shares)


def _page(fits: Mapping[str, Mapping[str, float]]) -> str:
    return "\n".join(
        [
            '"""How evidence weighs in the score of interest. Written by',
            "`python -m benchmarks.fit_interest`; do not edit.",
            "",
            "Logistic regression on phrases and their texts from ArgKP (CDLA-Sharing 1.0),",
            "Perspectrum and Wikipedia's current events (CC BY-SA 4.0) and the samples, each",
            "counting the same, at a base rate of 10%. Decision 29 tells what it is worth on sets",
            "that were left out.",
            '"""',
            "",
            *(line for fit in fits.items() for line in _table(*fit)),
            "",
        ]
    )


def _table(name: str, weights: Mapping[str, float]) -> list[str]:
    lines = [f'    "{measure}": {weight:.2f},' for measure, weight in weights.items()]
    return [f"{name} = {{", *lines, "}"]


if __name__ == "__main__":
    main()
