"""A rendered page taken apart: its elements, its style sheets, its conditional comments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lxml import html as dom

Declarations = dict[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """``media`` is the prelude of the at-rule around it ("@media (…)"), empty where none is."""

    media: str
    selectors: tuple[str, ...]
    declarations: Declarations


class Page:
    def __init__(self, html: str) -> None:
        self.html = html
        self.root: Any = dom.document_fromstring(html)

    @cached_property
    def elements(self) -> list[Any]:
        """In the order of the page, comments left out."""
        return [element for element in self.root.iter() if isinstance(element.tag, str)]

    @cached_property
    def styles(self) -> str:
        return "\n".join(element.text or "" for element in self.root.iter("style"))

    @cached_property
    def rules(self) -> list[Rule]:
        return list(_rules(_uncommented(self.styles)))

    def all(self, path: str) -> list[Any]:
        elements: list[Any] = self.root.xpath(path)
        return elements


def declarations(style: str) -> Declarations:
    """Property to value, in lower case; the last of two counts."""
    values = {}
    for part in _parts(style):
        name, colon, value = part.partition(":")
        if colon:
            values[name.strip().lower()] = " ".join(value.split()).lower()
    return values


def style(element: Any) -> Declarations:
    return declarations(element.get("style") or "")


def _uncommented(css: str) -> str:
    return re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)


def _parts(style: str) -> list[str]:
    """Between semicolons that stand in no quotes and no brackets."""
    return re.findall(r"""(?:"[^"]*"|'[^']*'|\([^)]*\)|[^;"'(])+""", _uncommented(style))


def _rules(css: str, media: str = "") -> Iterator[Rule]:
    for prelude, body in _blocks(css):
        if "{" in body:
            yield from _rules(body, " ".join((media, prelude)).strip())
        else:
            selectors = tuple(part.strip() for part in prelude.split(","))
            yield Rule(media, selectors, declarations(body))


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """(what stands before a block, what stands in it), the outermost ones."""
    depth = start = 0
    prelude = ""
    for brace in re.finditer("[{}]", css):
        if brace[0] == "{":
            if depth == 0:
                prelude, start = " ".join(css[start : brace.start()].split()), brace.end()
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                yield prelude.rpartition(";")[2].strip(), css[start : brace.start()]
                start = brace.end()
