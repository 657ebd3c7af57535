"""What mail programs can do: the data that travel with the program."""

import json

from newsletter.rendering.lint.caniemail import CaniemailData, Feature
from newsletter.resources import resource


def read_caniemail() -> CaniemailData:
    """From newsletter/support.json, which says where it came from."""
    data = json.loads(resource("support.json").read_text(encoding="utf-8"))
    uses: dict[str, tuple[str, ...]] = {}
    for slug, feature in data["features"].items():
        for use in feature["uses"]:
            uses[use] = (*uses.get(use, ()), slug)
    features = {
        slug: Feature(feature["title"], feature["lacking"])
        for slug, feature in data["features"].items()
    }
    return CaniemailData(features, uses)
