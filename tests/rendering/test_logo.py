import struct
from pathlib import Path

import pytest

from newsletter.domain.errors import ConfigError
from newsletter.rendering.logo import read_logo


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"rest"


@pytest.mark.parametrize(
    ("pixels", "shown"),
    [((96, 96), (48, 48)), ((40, 20), (20, 10)), ((2000, 100), (240, 12)), ((1, 4000), (1, 48))],
)
def test_it_is_shown_at_half_its_pixels_or_smaller(
    tmp_path: Path, pixels: tuple[int, int], shown: tuple[int, int]
) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(png(*pixels))
    logo = read_logo(file)
    assert ((logo.width, logo.height), logo.png) == (shown, png(*pixels))


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"GIF89a", "is no PNG picture"),
        (b"", "is no PNG picture"),
        (png(0, 9), "is no PNG picture"),
        (png(9, 9) + b"x" * 40_000, "make it smaller than 40,000"),
        (None, r"cannot be read \(No such file"),
    ],
)
def test_what_is_no_small_png_is_refused(
    tmp_path: Path, data: bytes | None, complaint: str
) -> None:
    file = tmp_path / "logo.png"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(ConfigError, match=rf"newsletter\.logo: .*{complaint}"):
        read_logo(file)
