"""What mail programs can do: the data that travel with the program."""

import json

from newsletter.rendering.lint.caniemail import CaniemailData, Feature
from newsletter.resources import resource


def read_caniemail() -> CaniemailData:
    """From newsletter/support.json, which says where it came from."""
    data = json.loads(resource("support.json").read_text(encoding="utf-8"))
    uses: dict[str, tuple[str, ...]] = {}
    for slug, one in data["features"].items():
        for use in one["uses"]:
            uses[use] = (*uses.get(use, ()), slug)
    found = {slug: Feature(one["title"], one["lacking"]) for slug, one in data["features"].items()}
    return CaniemailData(found, uses)
