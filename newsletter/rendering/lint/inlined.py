"""The style sheets of the source, which a rendered page has in its elements only."""

import re
from collections.abc import Iterator

_SHEET = re.compile(r"<style\b(?![^>]*data-premailer)[^>]*>(.*?)</style>", re.DOTALL | re.I)
_COUNTS = re.compile(r":(?:first|last|only|nth)-[a-z-]+", re.I)


def check(source: str) -> Iterator[str]:
    """Selectors that count siblings: a loop's body stands once in a template."""
    for sheet in _SHEET.finditer(source):
        for selector in _COUNTS.finditer(source, *sheet.span(1)):
            line = source.count("\n", 0, selector.start()) + 1
            yield f"line {line}: {selector[0]} cannot tell the turns of a loop apart: write a class"
