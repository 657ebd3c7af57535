"""``python -m tests.browser.support``: writes newsletter/support.json anew.

It is taken from the npm package ``caniemail`` in tests/browser/node_modules (``make browser``).
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent / "node_modules" / "caniemail"
TARGET = Path(__file__).parents[2] / "newsletter" / "support.json"

# Family and platform in caniemail's words: the name in ours.
PROGRAMS = {
    ("gmail", "desktop-webmail"): "Gmail (web)",
    ("gmail", "mobile-webmail"): "Gmail (mobile web)",
    ("gmail", "ios"): "Gmail (iOS)",
    ("gmail", "android"): "Gmail (Android)",
    ("apple-mail", "macos"): "Apple Mail (macOS)",
    ("apple-mail", "ios"): "Apple Mail (iOS)",
    ("outlook", "windows"): "Outlook (Windows)",
    ("outlook", "macos"): "Outlook (Mac)",
    ("outlook", "outlook-com"): "Outlook (web)",
    ("yahoo", "desktop-webmail"): "Yahoo (web)",
    ("yahoo", "ios"): "Yahoo (iOS)",
    ("yahoo", "android"): "Yahoo (Android)",
    ("samsung-email", "android"): "Samsung Email",
    ("thunderbird", "macos"): "Thunderbird",
}
_HOW = {"y": "", "a": "partly", "n": "no", "u": "unknown"}
_SIDES = ("", "-top", "-right", "-bottom", "-left")
_BORDER = [f"border{side}{part}" for side in _SIDES for part in ("", "-color", "-style", "-width")]
_KINDS = {
    "pseudo-class": "pseudo",
    "pseudo-element": "pseudo",
    "selector": "selector",
    "at-media": "media",
    "at": "at",
    "unit": "unit",
    "function": "function",
}
_SEMANTIC = (
    "article aside details figcaption figure footer header main mark nav section summary time"
)

# Features whose title does not say it the way a page does.
_SPECIAL = {
    "css-border": [f"property:{name}" for name in _BORDER],
    "css-border-radius": [
        "property:border-radius",
        *(f"property:border-{v}-{h}-radius" for v in ("top", "bottom") for h in ("left", "right")),
    ],
    "css-padding": [f"property:padding{side}" for side in _SIDES],
    "css-margin": [f"property:margin{side}" for side in _SIDES],
    "css-font": ["property:font"],
    "css-overflow": [f"property:overflow{axis}" for axis in ("", "-x", "-y")],
    "css-flex-direction": ["property:flex-direction"],
    "css-flex-wrap": ["property:flex-wrap"],
    "css-variables": ["function:var"],
    "css-important": ["important"],
    "css-rgb": ["function:rgb"],
    "css-rgba": ["function:rgba"],
    "css-modern-color": [f"function:{name}" for name in ("lch", "oklch", "lab", "oklab")],
    "css-intrinsic-size": [f"keyword:{n}" for n in ("fit-content", "min-content", "max-content")],
    "css-sytem-ui": [
        "keyword:system-ui",
        *(f"keyword:ui-{name}" for name in ("serif", "sans-serif", "rounded", "monospace")),
    ],
    "css-unit-percent": ["unit:%"],
    "css-unit-calc": ["function:calc"],
    "css-unit-initial": ["keyword:initial"],
    "css-at-media-hover": ["media:hover", "media:any-hover"],
    "css-at-media-device-pixel-ratio": ["media:-webkit-device-pixel-ratio"],
    "html-doctype": ["doctype"],
    "html-h1-h6": [f"element:h{level}" for level in range(1, 7)],
    "html-lists": [f"element:{tag}" for tag in ("ul", "ol", "dl", "li", "dt", "dd")],
    "html-semantics": [f"element:{tag}" for tag in _SEMANTIC.split()],
    "html-mailto-links": ["href:mailto"],
    "html-anchor-links": ["href:#"],
    "html-meta-color-scheme": ["meta:color-scheme"],
    "html-srcset": ["attribute:srcset", "attribute:sizes"],
    "html-image-maps": ["element:map", "element:area", "attribute:usemap"],
    "html-svg": ["element:svg"],
    "html-base": ["element:base"],
    "html-address": ["element:address"],
}


def main() -> None:
    TARGET.write_text(made(), encoding="utf-8")


def made() -> str:
    data = json.loads((PACKAGE / "data" / "caniemail.json").read_text(encoding="utf-8"))
    about = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))
    features = {one["slug"]: _feature(one) for one in data["data"] if list(_uses(one))}
    source = {
        "source": "https://www.caniemail.com/ by way of the npm package caniemail",
        "version": about["version"],
        "updated": data["last_update_date"][:10],
        "licence": f"{about['license']}, see support.LICENSE",
    }
    lines = (f"{json.dumps(slug)}: {json.dumps(one)}" for slug, one in sorted(features.items()))
    head = json.dumps({"about": source, "programs": list(PROGRAMS.values())}, indent=1)
    return head.rstrip("}\n") + ',\n "features": {\n' + ",\n".join(lines) + "\n}}\n"


def _feature(one: Mapping[str, Any]) -> dict[str, Any]:
    lacking = {name: how for place, name in PROGRAMS.items() if (how := _how(one, *place))}
    return {"title": one["title"], "uses": list(_uses(one)), "lacking": lacking}


def _how(one: Mapping[str, Any], family: str, platform: str) -> str:
    """Of the newest version that was tested; empty where it is supported."""
    versions = one["stats"].get(family, {}).get(platform) or {"": "u"}
    return _HOW[list(versions.values())[-1][0]]


def _uses(one: Mapping[str, Any]) -> Iterator[str]:
    slug, title = one["slug"], one["title"].strip()
    if slug in _SPECIAL:
        yield from _SPECIAL[slug]
    elif slug.startswith("image-"):
        yield f"image:{slug.removeprefix('image-')}"
    elif slug.startswith("html-"):
        yield from _html_uses(title)
    elif slug.startswith("css-"):
        yield from _css_uses(slug.removeprefix("css-"), title)


def _html_uses(title: str) -> Iterator[str]:
    if found := re.fullmatch(r"<(\w+)(?: type=\"(\w+)\")?>(?: element)?", title):
        yield f"element:{found[1]}" + (f"[type={found[2]}]" if found[2] else "")
    elif found := re.fullmatch(r"([a-z-]+) attribute", title):
        yield f"attribute:{found[1]}"


def _css_uses(slug: str, title: str) -> Iterator[str]:
    for kind, word in _KINDS.items():
        if slug.startswith(f"{kind}-"):
            yield f"{word}:{slug.removeprefix(f'{kind}-')}"
            return
    if found := re.fullmatch(r"([a-z-]+):\s*([a-z-]+)", title):
        yield f"value:{found[1]}:{found[2]}"
    elif found := re.fullmatch(r"([a-z-]+)\(\)", title):
        yield f"function:{found[1]}"
    else:
        bare = re.sub(r" (property|CSS property|shorthand|properties)$", "", title)
        yield from (f"property:{name}" for name in re.split(r" & |, ", bare) if _is_name(name))


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[a-z-]+", text.strip()) is not None


if __name__ == "__main__":
    main()
