"""Whether a template is fit to be sent: its rendered page is compared with what mail programs can
do."""

from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.rendering.lint import caniemail, inlined, properties
from newsletter.rendering.lint.caniemail import CaniemailData
from newsletter.rendering.lint.page import Page

__all__ = ["CaniemailData", "Finding", "Page", "lint"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``rule``: a property's name, "inlining", "support"; ``what``: where, what, what to do."""

    rule: str
    what: str


def lint(source: str, html: str, known: CaniemailData) -> list[Finding]:
    """What is wrong with ``html``, which the template ``source`` was rendered to.

    A finding that a loop repeats word for word is returned once.
    """
    return list(dict.fromkeys(_findings(source, Page(html), known)))


def _findings(source: str, page: Page, known: CaniemailData) -> Iterator[Finding]:
    for rule, check in properties.PROPERTIES.items():
        for text in check(page):
            yield Finding(rule.replace("_", " "), text)
    for text in inlined.check(source):
        yield Finding("inlining", text)
    for text in caniemail.check(page, caniemail.enhancements(source), known):
        yield Finding("support", text)
