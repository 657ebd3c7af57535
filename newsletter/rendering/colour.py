"""Colours that can be read: contrast as WCAG 2.2 defines it, and an accent bent until it does."""

import re
from colorsys import hls_to_rgb, rgb_to_hls
from functools import lru_cache

READABLE = 4.5
"""The contrast that WCAG 2.2 (success criterion 1.4.3) asks of text."""

_STEPS = 200


def contrast(ink: str, paper: str) -> float:
    """From 1 to 21, of two colours written #rrggbb or #rgb."""
    lighter, darker = sorted((_luminance(ink), _luminance(paper)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=64)  # a template asks for each of its colours in every letter
def legible(colour: str, on: str, least: float = READABLE) -> str:
    """The colour itself, or the nearest lightness of its hue that can be read on ``on``."""
    hue, light, saturation = rgb_to_hls(*_channels(colour))
    end = 1.0 if contrast("#ffffff", on) > contrast("#000000", on) else 0.0
    for step in range(_STEPS + 1):
        lightness = light + (end - light) * step / _STEPS
        candidate = _written(*hls_to_rgb(hue, lightness, saturation)) if step else colour.lower()
        if contrast(candidate, on) >= least:
            break
    return candidate


def _channels(colour: str) -> tuple[float, float, float]:
    digits = colour.removeprefix("#")
    red, green, blue = re.findall(
        "..", digits if len(digits) == 6 else "".join(map(_twice, digits))
    )
    return int(red, 16) / 255, int(green, 16) / 255, int(blue, 16) / 255


def _twice(digit: str) -> str:
    return digit * 2


def _written(*channels: float) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def _luminance(colour: str) -> float:
    red, green, blue = map(_linear, _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
