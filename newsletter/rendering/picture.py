"""The picture that other programs show beside a link to an insight or an issue: 1200 x 630, PNG.

Charis SIL draws Latin and Cyrillic letters, DejaVu Sans what it has beyond them (Greek, Hebrew,
Arabic and more). Neither has Chinese, Japanese or Korean: the picture then shows the newsletter's
name alone.
"""

import unicodedata
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont, features

from newsletter.domain.text import headline
from newsletter.rendering.colour import legible

SIZE = 1200, 630
_FONTS = Path(__file__).parent / "fonts"
_BOLD, _SERIF, _SANS = "CharisSIL-Bold.ttf", "CharisSIL-Regular.ttf", "DejaVuSans.ttf"
_PAPER, _INK, _QUIET = "#fffdf9", "#1d1b18", "#5f5a52"
_MARGIN = 80
_WIDTH = SIZE[0] - 2 * _MARGIN
_TOP, _BOTTOM = 195, 510
_SIZES = (72, 64, 56, 50, 44, 38)
_LONGEST = 230
_UNSEEN = {"Cf", "Mn", "Me", "Cc"}
_RIGHT_TO_LEFT = {"R", "AL"}


class Card(NamedTuple):
    """``words`` are the picture's text, ``below`` a line under it."""

    name: str
    words: str
    below: str
    accent: str


def draw(card: Card) -> bytes:
    """The same bytes for the same card, with the same version of Pillow."""
    image = Image.new("RGB", SIZE, _PAPER)
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, 0, SIZE[0], 17), fill=legible(card.accent, _PAPER))
    words = _drawable(headline(card.words, _LONGEST))
    if words and (font := _font_of(words, _SERIF)):
        _masthead(canvas, card.name)
        _paragraph(canvas, words, font)
        _line(canvas, card.below, SIZE[1] - 92, 32, _QUIET)
    else:
        _line(canvas, card.name, 235, 110, _INK, _BOLD)
    written = BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


def _masthead(canvas: ImageDraw.ImageDraw, name: str) -> None:
    _line(canvas, name, 62, 52, _INK, _BOLD)
    canvas.rectangle((_MARGIN, 150, SIZE[0] - _MARGIN, 154), fill=_INK)


def _line(
    canvas: ImageDraw.ImageDraw, text: str, y: int, size: int, fill: str, face: str = _SERIF
) -> None:
    """In one line: smaller, and then cut, where it is too long; nothing where no font has it."""
    text = _drawable(" ".join(text.split()))
    if not text or not (name := _font_of(text, face)):
        return
    font = _font(name, size)
    while font.getlength(text) > _WIDTH and size > 26:
        size -= 4
        font = _font(name, size)
    while font.getlength(text) > _WIDTH:
        text = headline(text, max(2, len(text) * 9 // 10))
    _put(canvas, text, y, font, fill)


def _paragraph(canvas: ImageDraw.ImageDraw, words: str, face: str) -> None:
    """As large as it fits."""
    for size in _SIZES:
        font, height = _font(face, size), round(size * 1.24)
        lines = _lines(words, font)
        if len(lines) * height <= _BOTTOM - _TOP:
            break
    lines = lines[: (_BOTTOM - _TOP) // height]
    for number, line in enumerate(lines):
        _put(canvas, line, _TOP + number * height, font, _INK)


def _put(
    canvas: ImageDraw.ImageDraw, text: str, y: int, font: ImageFont.FreeTypeFont, fill: str
) -> None:
    """On the side where its script begins."""
    if _turns(text):
        canvas.text((SIZE[0] - _MARGIN, y), text, fill, font, anchor="ra", direction="rtl")
    else:
        canvas.text((_MARGIN, y), text, fill, font)


def _lines(words: str, font: ImageFont.FreeTypeFont) -> list[str]:
    """Broken at spaces; a word longer than a line is broken where the line ends."""
    lines = [""]
    for word in words.split():
        joined = f"{lines[-1]} {word}".strip()
        if font.getlength(joined) <= _WIDTH:
            lines[-1] = joined
            continue
        lines.append("")
        for letter in word:
            if lines[-1] and font.getlength(lines[-1] + letter) > _WIDTH:
                lines.append("")
            lines[-1] += letter
    return [line for line in lines if line]


def _drawable(text: str) -> str:
    """Without symbols that neither font has, such as emoji, and without what is not seen at all."""
    return " ".join("".join(letter for letter in text if not _is_left_out(letter)).split())


def _is_left_out(letter: str) -> bool:
    category = unicodedata.category(letter)
    if letter.isspace():
        return False
    if category in {"So", "Sk", "Cs", "Co", "Cn"}:
        return not any(_has_glyph(face, letter) for face in (_SERIF, _SANS))
    return category in {"Cf", "Cc"} or "\ufe00" <= letter <= "\ufe0f"


def _font_of(text: str, wanted: str) -> str:
    """The font that has all of these letters, the one wanted first; "" where none has."""
    if _turns(text) and not features.check("raqm"):
        return ""  # letters would stand apart, and in the wrong order
    return next(
        (face for face in (wanted, _SANS) if all(_has_glyph(face, each) for each in text)), ""
    )


def _turns(text: str) -> bool:
    return any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text)


@cache
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONTS / face, size)


@cache
def _has_glyph(face: str, letter: str) -> bool:
    """A font draws the same box for every letter that it lacks."""
    if letter.isspace() or unicodedata.category(letter) in _UNSEEN:
        return True
    return bytes(_font(face, 20).getmask(letter)) != _box(face)


@cache
def _box(face: str) -> bytes:
    return bytes(_font(face, 20).getmask("\U0010ffff"))
