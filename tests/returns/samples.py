"""Messages that came back, in our own words, and what each is."""

import tomllib
from pathlib import Path
from typing import Any

from newsletter.returns.ours import Ours

SECRET = b"a secret of the tests"
OURS = Ours(
    secret=SECRET,
    return_path="bounces@news.example.org",
    addresses=frozenset({"editor@example.org"}),
    domain="news.example.org",
)
_HERE = Path(__file__).parent
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((_HERE / "samples.toml").read_text())
SAMPLES = {path.stem: path.read_bytes() for path in sorted((_HERE / "samples").glob("*.eml"))}
