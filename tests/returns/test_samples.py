"""Every sample is understood as its label says."""

import pytest

from newsletter.returns.understand import understand
from tests.returns.samples import EXPECTED, OURS, SAMPLES


def test_every_sample_has_a_label() -> None:
    assert sorted(EXPECTED) == sorted(SAMPLES)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_sample(name: str) -> None:
    back = understand(SAMPLES[name], OURS)
    told = {field: _plain(getattr(back, field)) for field in EXPECTED[name]}
    assert told == EXPECTED[name], back
    assert back.forged == EXPECTED[name].get("forged", False)
    assert back.delivery == EXPECTED[name].get("delivery")


def _plain(value: object) -> object:
    """As TOML has it."""
    return list(value) if isinstance(value, tuple) else value
