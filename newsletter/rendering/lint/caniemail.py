"""Which programs can do what a page asks of them, by the data of caniemail.com.

A *use* is a small word for a thing that a page does: ``element:table``, ``property:width``. The
data say which feature a use belongs to, and how each program takes it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from newsletter.rendering.lint.page import Page, Rule, declarations

_LIST = re.compile(r"\{#-?\s*progressive enhancements\b[^\n]*\n(.*?)#\}", re.DOTALL)

# HTML 4 and CSS 1: too plain to have been tested.
_PLAIN = {
    *(f"element:{tag}" for tag in "html head meta title tbody tr td a br".split()),
    *(
        f"attribute:{name}"
        for name in "alt class colspan content href name id rowspan src style title".split()
    ),
    *(f"property:{name}" for name in "color font-family font-style".split()),
    "attribute:charset",
    "attribute:http-equiv",
}
# Words that a page is full of: only those that caniemail knows count.
_ONLY_WHERE_KNOWN = ("value:", "keyword:", "media:", "attribute:data-", "image:")


@dataclass(frozen=True, slots=True)
class Feature:
    """``lacking``: program to what it lacks, "no", "partly" or "unknown"; the others have it."""

    title: str
    lacking: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CaniemailData:
    """``uses``: use to the slugs of the features that it takes."""

    features: Mapping[str, Feature]
    uses: Mapping[str, tuple[str, ...]]


def enhancements(source: str) -> dict[str, str]:
    """Feature (or use) to the reason why it does no harm where it is missing.

    They stand in the template itself: a Jinja comment that begins "progressive enhancements", and a
    line ``feature: reason`` for each.
    """
    lines = "".join(_LIST.findall(source)).splitlines()
    pairs = (line.partition(": ") for line in lines)
    return {key.strip(): reason.strip() for key, _, reason in pairs if key.strip()}


def check(page: Page, excused: Mapping[str, str], known: CaniemailData) -> Iterator[str]:
    """Features that some program lacks without an excuse, and excuses for nothing."""
    lacking = dict(_lacking(page, known))
    for key, fault in lacking.items():
        if not excused.get(key):
            yield f"{fault}: leave it out, or say in the list of enhancements why it does no harm"
    for key in excused.keys() - lacking.keys():
        yield f"{key} stands in the list of enhancements and is not used, or can be used by all"


def _lacking(page: Page, known: CaniemailData) -> Iterator[tuple[str, str]]:
    for use in sorted(uses(page) - _PLAIN):
        slugs = known.uses.get(use, ())
        if not slugs and not use.startswith(_ONLY_WHERE_KNOWN):
            yield use, f"{use} is unknown to caniemail"
        for slug in slugs:
            if lacking := known.features[slug].lacking:
                programs = ", ".join(f"{program} ({how})" for program, how in lacking.items())
                yield slug, f"{slug}, {known.features[slug].title}: lacking in {programs}"


def uses(page: Page) -> set[str]:
    """Everything that a page asks of the program that shows it."""
    used = {"doctype"} if page.html.lstrip()[:15].lower() == "<!doctype html>" else set()
    for element in page.elements:
        used |= set(_of_element(element))
    for rule in page.rules:
        used |= set(_of_rule(rule))
    used |= {f"at:{name}" for name in re.findall(r"@([a-z-]+)", page.styles)}
    return used


def _of_element(element: object) -> Iterator[str]:
    tag, attributes = element.tag, element.attrib  # type: ignore[attr-defined]
    yield f"element:{tag}"
    yield from (f"attribute:{name}" for name in attributes)
    if tag == "meta" and attributes.get("name"):
        yield f"meta:{attributes['name']}"
    if tag == "input":
        yield f"element:input[type={attributes.get('type', 'text')}]"
    address = attributes.get("href", "")
    if address.startswith(("#", "mailto:")):
        yield f"href:{address.partition(':')[0] if ':' in address else '#'}"
    if tag == "img" and "." in attributes.get("src", ""):
        yield f"image:{urlsplit(attributes.get('src', '')).path.rpartition('.')[2].lower()[:5]}"
    yield from _of_declarations(declarations(attributes.get("style", "")))


def _of_rule(rule: Rule) -> Iterator[str]:
    yield from (f"media:{name}" for name in re.findall(r"\(\s*([a-z-]+)", rule.media))
    for selector in rule.selectors:
        yield from _of_selector(selector)
    if len(rule.selectors) > 1:
        yield "selector:grouping"
    yield from _of_declarations(rule.declarations)


_SELECTORS = {
    "class": r"\.[\w-]",
    "id": r"#[\w-]",
    "attribute": r"\[",
    "child": r">",
    "adjacent-sibling": r"\+",
    "general-sibling": r"~(?!=)",
    "universal": r"(?<![\w\]])\*",
    "descendant": r"[\w\])*]\s+[\w.#\[*:]",
    "chaining": r"[\w\]][.#]|\]\[",
    "type": r"(?:^|[\s>+~])[a-z]",
}


def _of_selector(selector: str) -> Iterator[str]:
    plain = re.sub(r"\"[^\"]*\"|'[^']*'", "", selector)
    yield from (
        f"selector:{name}" for name, pattern in _SELECTORS.items() if re.search(pattern, plain)
    )
    yield from (f"pseudo:{name}" for name in re.findall(r":([a-z-]+)", plain))


def _of_declarations(declared: Mapping[str, str]) -> Iterator[str]:
    for name, value in declared.items():
        yield f"property:{name}"
        yield f"value:{name}:{value.removesuffix('!important').strip()}"
        if "!important" in value:
            yield "important"
        plain = re.sub(r"\"[^\"]*\"|'[^']*'|#[0-9a-f]+", "", value)
        yield from (f"function:{name}" for name in re.findall(r"([a-z-]+)\(", plain))
        yield from (f"unit:{unit}" for unit in re.findall(r"(?<![\w-])-?[\d.]+([a-z]+|%)", plain))
        yield from (f"keyword:{word}" for word in re.findall(r"(?<![\w-])[a-z-]+(?![\w(-])", plain))
