"""config.example.toml names every option with its default, and nothing else."""

import re
import tomllib
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from newsletter.config import Settings, load
from newsletter.ranking.signals import SIGNALS

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"


def test_as_it_stands_it_is_the_defaults() -> None:
    assert load(EXAMPLE, {}) == Settings()


def test_every_option_stands_in_it_with_its_default() -> None:
    assert _flat(tomllib.loads(_opened(EXAMPLE.read_text()))) == _flat(to_builtins(Settings()))


def test_every_option_is_explained() -> None:
    """Somewhere above it in its section: a comment, and no option but its neighbours between."""
    for section in re.split(r"^\[", EXAMPLE.read_text(), flags=re.M)[1:]:
        assert section.startswith("delivery.folder]") or "\n# " in section, section


def test_every_signal_has_a_weight() -> None:
    weights = to_builtins(Settings())["selection"]["weights"]
    assert list(weights) == list(SIGNALS)


def _opened(text: str) -> str:
    """With the # taken from every option: prose has one space after it, options none or two."""
    return re.sub(r"^#(?! \S|$)", "", text, flags=re.M)


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, tuple[type, Any]]:
    """Dotted keys; the type stands beside the value, for 1 equals 1.0."""
    options: dict[str, tuple[type, Any]] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        plain = list(value) if isinstance(value, tuple) else value
        options |= (
            _flat(value, f"{name}.") if isinstance(value, dict) else {name: (type(plain), plain)}
        )
    return options
