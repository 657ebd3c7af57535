"""Is a template fit to be sent? Its rendered page is held to what readers' programs can do."""

from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.editorial.lint import inlined, properties, support
from newsletter.editorial.lint.page import Page
from newsletter.editorial.lint.support import Support

__all__ = ["Finding", "Page", "Support", "lint"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``rule``: a property's name, "inlining", "support"; ``what``: where, what, what to do."""

    rule: str
    what: str


def lint(source: str, html: str, known: Support) -> list[Finding]:
    """What is wrong with ``html``, which the template ``source`` was rendered to.

    What a loop repeats, word for word, is found once.
    """
    return list(dict.fromkeys(_findings(source, Page(html), known)))


def _findings(source: str, page: Page, known: Support) -> Iterator[Finding]:
    for rule, check in properties.PROPERTIES.items():
        for what in check(page):
            yield Finding(rule.replace("_", " "), what)
    for what in inlined.check(source):
        yield Finding("inlining", what)
    for what in support.check(page, support.enhancements(source), known):
        yield Finding("support", what)
