"""The colours that a page shows in each scheme, computed as a mail program computes them."""

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Any

from cssselect import SelectorError
from lxml.cssselect import CSSSelector

from newsletter.rendering.colour import READABLE, contrast
from newsletter.rendering.lint.page import Declarations, Page, Rule, style

_OUTLOOK = re.compile(r"^\[data-ogs[cb]\]\s+")
_COLOUR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})(?![0-9a-f])")
_WHITE, _BLACK = "#ffffff", "#000000"

Shown = Mapping[Any, Mapping[str, str]]


def unreadable(page: Page) -> Iterator[str]:
    """Light is also what shows where rules for the dark are ignored."""
    for scheme, shown in schemes(page).items():
        for text, ink, paper in dict.fromkeys(_inks(page, shown)):
            if not (ink and paper):
                yield f"{scheme}: the colour of “{text}” is not written #rrggbb"
            elif (ratio := contrast(ink, paper)) < READABLE:
                yield f"{scheme}: “{text}”, {ink} on {paper}, has a contrast of {ratio:.2f}: 4.5"


def figures(page: Page) -> dict[str, dict[tuple[str, str], float]]:
    """Scheme to (ink, paper) to contrast: what docs/design.md tells."""
    return {
        scheme: {(ink, paper): contrast(ink, paper) for _, ink, paper in _inks(page, shown)}
        for scheme, shown in schemes(page).items()
    }


def schemes(page: Page) -> dict[str, Shown]:
    """Scheme to element to what its style says there."""
    plain = {element: style(element) for element in page.elements}
    night = [rule for rule in page.rules if "prefers-color-scheme: dark" in rule.media]
    outlook = [rule for rule in page.rules if any(map(_OUTLOOK.match, rule.selectors))]
    return {
        "light": plain,
        "dark": _overridden(page, plain, night),
        "dark in Outlook": _overridden(page, plain, outlook),
    }


def _overridden(page: Page, plain: Mapping[Any, Declarations], rules: list[Rule]) -> Shown:
    changed: dict[Any, dict[str, str]] = {}
    for rule in rules:
        for selector in rule.selectors:
            for element in _matching(page, _OUTLOOK.sub("", selector)):
                changed.setdefault(element, {}).update(_strong(rule.declarations))
    return {element: ChainMap(changed.get(element, {}), plain[element]) for element in plain}


def _strong(declared: Declarations) -> Declarations:
    return {name: value for name, value in declared.items() if "!important" in value}


def _matching(page: Page, selector: str) -> list[Any]:
    try:
        return page.all(CSSSelector(selector).path)
    except SelectorError:
        return []  # a pseudo-class of a later CSS: it changes no colour that we know of


def _inks(page: Page, shown: Shown) -> Iterator[tuple[str, str, str]]:
    """(the beginning of a text, its colour, what it stands on)."""
    for element in page.all("//body//*[normalize-space(text())]"):
        family = (element, *element.iterancestors())
        if any(shown[relative].get("display") == "none" for relative in family):
            continue
        text = " ".join(str(element.text_content()).split())[:30]
        paper = _first(family, shown, "background-color", _WHITE)
        yield text, _first(family, shown, "color", _BLACK), paper


def _first(family: tuple[Any, ...], shown: Shown, name: str, default: str) -> str:
    value = next(
        (declared for relative in family if (declared := shown[relative].get(name))), default
    )
    colour = _COLOUR.search(value)
    return colour[0] if colour else ""
