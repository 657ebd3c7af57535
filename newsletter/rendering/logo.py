"""The operator's logo: a small PNG that travels in every message."""

import struct
from pathlib import Path

from newsletter.domain.errors import ConfigError
from newsletter.rendering.branding import Logo

_MOST_BYTES = 40_000
_TALLEST, _WIDEST = 48, 240
_HEADER = struct.Struct(">8s4x4sII")


def read_logo(path: Path) -> Logo:
    """Shown at half its pixels, or smaller, so that it is sharp on a phone; else ConfigError."""
    try:
        png = path.read_bytes()
    except OSError as error:
        finding = f"newsletter.logo: {path} cannot be read ({error.strerror})"
        raise ConfigError(finding, "name a PNG that is there, or remove the key") from error
    if len(png) > _MOST_BYTES:
        raise ConfigError(
            f"newsletter.logo: {path} has {len(png):,} bytes and goes into every message",
            f"make it smaller than {_MOST_BYTES:,}",
        )
    width, height = _size(png, path)
    scale = min(0.5, _TALLEST / height, _WIDEST / width)
    return Logo(png, max(1, round(width * scale)), max(1, round(height * scale)))


def _size(png: bytes, path: Path) -> tuple[int, int]:
    """The pixels that the header chunk tells of (PNG, section 11.2.1)."""
    if len(png) >= _HEADER.size:
        signature, chunk, width, height = _HEADER.unpack_from(png)
        if signature == b"\x89PNG\r\n\x1a\n" and chunk == b"IHDR" and width and height:
            return width, height
    raise ConfigError(f"newsletter.logo: {path} is no PNG picture", "save it as one")
