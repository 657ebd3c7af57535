"""The properties that every issue must have, a function for each.

A property is a function ``(page) -> faults`` and a line in ``PROPERTIES``.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from newsletter.rendering.lint.page import Page, style
from newsletter.rendering.lint.schemes import unreadable

Check = Callable[[Page], Iterator[str]]

_MOST_HTML = 80_000
_MOST_STYLE = 16_000
_MOST_PREHEADER = 90
_LEAST_TEXT = 16
_LEAST_TARGET = 44
_FILLER = "\u034f\u200c\u00a0\u00ad\u2007\ufeff \n"
_GENERIC = {"serif", "sans-serif", "monospace", "system-ui"}
_FORBIDDEN = (
    "script form link iframe frame object embed base video audio svg canvas input button".split()
)
_VAGUE = {"here", "click here", "more", "read more", "link", "this"}
_WRAPPER = "//body//*[@role='article']"


def document(page: Page) -> Iterator[str]:
    """Doctype, language and direction, title."""
    if not page.html.startswith("<!DOCTYPE html>"):
        yield "begin with <!DOCTYPE html>, in capitals: some programs look for just that"
    wrappers = page.all(_WRAPPER)
    if len(wrappers) != 1 or not wrappers[0].get("aria-label"):
        yield 'one element of the body is the role="article" and has an aria-label'
    for element in (page.root, *wrappers[:1]):
        if not element.get("lang") or element.get("dir") not in {"ltr", "rtl"}:
            yield f"<{element.tag}> needs lang and dir (programs drop <html>: say it twice)"
    if not (page.root.findtext(".//title") or "").strip():
        yield "<title> is empty"


def metas(page: Page) -> Iterator[str]:
    """The <meta> elements without which programs guess."""
    named = {meta.get("name"): meta.get("content") or "" for meta in page.all("//meta[@name]")}
    if [meta.get("charset", "").lower() for meta in page.all("//meta[@charset]")] != ["utf-8"]:
        yield '<meta charset="utf-8"> is missing'
    if "width=device-width" not in named.get("viewport", ""):
        yield "the viewport does not follow the device's width"
    if re.search(r"user-scalable\s*=\s*(no|0)|maximum-scale", named.get("viewport", "")):
        yield "the viewport keeps readers from zooming"
    for name in ("format-detection", "x-apple-disable-message-reformatting"):
        if name not in named:
            yield f'<meta name="{name}"> is missing'
    for name in ("color-scheme", "supported-color-schemes"):
        if named.get(name) != "light dark":
            yield f'<meta name="{name}" content="light dark"> is missing'


def preheader(page: Page) -> Iterator[str]:
    """Hidden, first, short, and followed by what keeps the page's own text away."""
    first = next((element for element in page.all(f"{_WRAPPER}/*")), None)
    if first is None or style(first).get("display") != "none":
        yield "the first element of the article is the preheader, with display:none"
        return
    text = str(first.text_content())
    words = text.rstrip(_FILLER)
    if len(words) > _MOST_PREHEADER:
        yield f"the preheader has {len(words)} letters, and inboxes show {_MOST_PREHEADER}"
    if words and len(text) - len(words) < 100:
        yield "the preheader is not filled up: inboxes would go on with the page's text"


def layout(page: Page) -> Iterator[str]:
    """Tables that say they are layout, 600 pixels wide, and Outlook's own around them."""
    for table in page.all("//table[not(@role='presentation')]"):
        yield f'line {table.sourceline}: a table without role="presentation" is read out as data'
    if not any(style(table).get("max-width") == "600px" for table in page.all("//table")):
        yield "no table is at most 600px wide"
    inner = re.findall(r"<!--\[if [^\]]*\]>(.*?)<!\[endif\]-->", page.html, re.DOTALL)
    opened, ended = page.html.count("<!--[if"), page.html.count("<![endif]-->")
    if not opened == ended == len(inner):
        yield "an Outlook comment is opened and not ended, or ended and not opened"
    if not any(re.search(r"<table[^>]*\bwidth=.600", part) for part in inner):
        yield "Outlook for Windows ignores max-width: give it a table of 600 in [if mso]"
    for tag in ("table", "tr", "td"):
        joined = "".join(inner)
        if len(re.findall(rf"<{tag}\b", joined)) != joined.count(f"</{tag}>"):
            yield f"the <{tag}>s of the Outlook comments are not balanced"


def headings(page: Page) -> Iterator[str]:
    """One h1, and no level left out on the way down."""
    levels = [
        int(element.tag[1]) for element in page.elements if re.fullmatch("h[1-6]", element.tag)
    ]
    if levels.count(1) != 1:
        yield f"there are {levels.count(1)} <h1>: write one"
    for above, below in pairwise([0, *levels]):
        if below - above > 1:
            yield f"<h{below}> follows <h{above}>: a level is left out"


def contrast(page: Page) -> Iterator[str]:
    """Text can be read: by day, by night, and where only Outlook knows of the night."""
    yield from unreadable(page)


def darkness(page: Page) -> Iterator[str]:
    """There are rules for dark mode, and they win over style attributes."""
    dark = [rule for rule in page.rules if "prefers-color-scheme: dark" in rule.media]
    if not dark:
        yield "there are no rules for prefers-color-scheme: dark"
    for rule in dark:
        for name, value in rule.declarations.items():
            if "!important" not in value:
                yield f"{name} of {', '.join(rule.selectors)} needs !important to have any effect"
    if "[data-ogsc]" not in page.styles:
        yield "there are no rules under [data-ogsc] for Outlook's dark mode"


def type_sizes(page: Page) -> Iterator[str]:
    """Body text can be read at arm's length, in a font that is there."""
    for element in page.elements:
        size = _pixels(style(element).get("font-size", ""))
        if size and size < _LEAST_TEXT and _is_shown(element):
            yield f"line {element.sourceline}: text of {size:g}px; write at least {_LEAST_TEXT}px"
        family = style(element).get("font-family", "")
        if family and family.rpartition(",")[2].strip() not in _GENERIC:
            yield f"line {element.sourceline}: end font-family with serif or sans-serif"
    for element in page.all("//body//p | //body//h1 | //body//h2 | //body//h3"):
        if not _inherited(element, "font-size"):
            yield f"line {element.sourceline}: <{element.tag}> has no font-size"


def links(page: Page) -> Iterator[str]:
    """Underlined, large enough for a thumb, and saying where they lead."""
    for link in page.all("//a[@href]"):
        declared, where = style(link), f"line {link.sourceline}: the link"
        if "underline" not in declared.get("text-decoration", ""):
            yield f"{where} has no underline"
        if not str(link.text_content()).strip() or link.text_content().strip().lower() in _VAGUE:
            yield f"{where} does not say where it leads"
        if (
            declared.get("display") not in {"inline-block", "block"}
            or _height(link) < _LEAST_TARGET
        ):
            yield f"{where} is less than {_LEAST_TARGET}px high: pad it, as an inline-block"


def addresses(page: Page) -> Iterator[str]:
    """Absolute, and nothing is fetched until a reader follows a link."""
    for element in page.elements:
        for name in ("href", "src", "background", "action", "poster", "srcset"):
            if (address := element.get(name)) is not None and not _may_stand(name, address):
                yield f"line {element.sourceline}: {name}={address!r} is relative, or is fetched"
    if match := re.search(r"url\s*\(|@import|@font-face", page.html, re.IGNORECASE):
        yield f"{match[0]} asks somebody else for something"


def elements(page: Page) -> Iterator[str]:
    for element in page.elements:
        if element.tag in _FORBIDDEN:
            yield f"line {element.sourceline}: <{element.tag}> is dropped, or makes mail suspect"
        if element.tag == "img" and element.get("alt") is None:
            yield f"line {element.sourceline}: <img> has no alt"
        for name in element.attrib:
            if name.startswith("on"):
                yield f"line {element.sourceline}: {name} is a script"


def size(page: Page) -> Iterator[str]:
    """Gmail clips at 102 kB and drops style sheets over 16 kB, or with an @ inside @media."""
    if (length := len(page.html.encode())) > _MOST_HTML:
        yield f"the page has {length:,} bytes, and programs clip it: at most {_MOST_HTML:,}"
    if (length := len(page.styles.encode())) > _MOST_STYLE:
        yield f"the style sheets have {length:,} bytes: at most {_MOST_STYLE:,}"
    for rule in page.rules:
        if rule.media.count("@") > 1:
            yield f"{rule.media}: Gmail drops the whole style sheet for an @ inside @media"


PROPERTIES: Mapping[str, Check] = {
    check.__name__: check
    for check in (
        document, metas, preheader, layout, headings, contrast, darkness, type_sizes, links,
        addresses, elements, size,
    )
}  # fmt: skip


def _may_stand(name: str, address: str) -> bool:
    """Links lead anywhere on the web, or to a mailbox; pictures travel in the message."""
    parts = urlsplit(address)
    if name == "href":
        return (parts.scheme in {"https", "http"} and bool(parts.netloc)) or (
            parts.scheme == "mailto"
        )
    return parts.scheme == "cid"


def _is_shown(element: Any) -> bool:
    return all(
        style(relative).get("display") != "none" for relative in (element, *element.iterancestors())
    )


def _inherited(element: Any, name: str) -> str:
    family = (element, *element.iterancestors())
    return next((value for relative in family if (value := style(relative).get(name))), "")


def _height(link: Any) -> float:
    """A line and what pads it, above and below."""
    above, below = _vertical(style(link).get("padding", "0"))
    return _pixels(_inherited(link, "line-height")) + above + below


def _vertical(padding: str) -> tuple[float, float]:
    sides = [_pixels(side) for side in padding.split()] or [0.0]
    return sides[0], sides[2] if len(sides) > 2 else sides[0]


def _pixels(value: str) -> float:
    match = re.match(r"([\d.]+)px", value)
    return float(match[1]) if match else 0.0
