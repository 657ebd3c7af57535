"""CSS into style attributes, once per template: the one module that knows premailer.

Inlining a finished message costs 10 ms each; inlining the *template* gives the same document for
every reader. Raw Jinja does not survive an HTML parser, so its tags are replaced before and put
back afterwards.
"""

import logging
import re
from collections import Counter
from itertools import count
from pathlib import Path
from threading import Lock

from jinja2 import Environment

from newsletter.domain.errors import ConfigError
from newsletter.domain.model import digest

INLINED = ("issue.html", "notice.html")
"""The templates that are mail: mail programs look at style attributes alone."""
BUNDLED = {name: Path(__file__).with_name(f"{Path(name).stem}.inlined.html") for name in INLINED}
"""The bundled ones, inlined beforehand: premailer takes a quarter of a second at every start.

The first line is the digest of the source. `make golden` writes the files, a test compares them.
"""
_ONE_AT_A_TIME = Lock()
_LEXER = Environment(autoescape=True, keep_trailing_newline=True)
_ENDS = {"block_end", "variable_end", "comment_end"}
_RAW = {"raw_begin", "raw_end"}

# Where a comment would not be a comment: in comments (Outlook's conditional ones), in elements
# whose content is text, and in tags.
_NO_PLACE_FOR_COMMENTS = (
    r"<!--.*?-->"
    r"|<(?P<element>title|style|script|textarea)\b.*?</(?P=element)\s*>"
    r"""|<[a-zA-Z/!](?:"[^"]*"|'[^']*'|[^'">])*>"""
)
_HTML_ATTRIBUTES = ["align", "valign", "bgcolor", "width", "height"]


def inline(template: str) -> str:
    """The template with the CSS of its ``<style>`` elements in style attributes.

    ``<style data-premailer="ignore">`` stays as it is. A Jinja block must hold whole elements, and
    no selector may count siblings (``:first-child``): a loop's body stands once in a template.
    Raises ConfigError where a Jinja tag would be lost. Safe to call from several threads.
    """
    source = digest(template)
    for path in BUNDLED.values():
        made_of, _, inlined = path.read_text(encoding="utf-8").partition("\n")
        if made_of == source:
            return inlined
    return inline_now(template)


def inline_now(template: str) -> str:
    """The same, with premailer in any case."""
    prefix = next(word for n in count() if (word := f"j{n}j") not in template.lower())
    document, tags = _swap_out(template, prefix)
    return _swap_back(_premail(document), prefix, tags)


def _swap_out(template: str, prefix: str) -> tuple[str, list[str]]:
    """Jinja's tags become lower-case words, and statements between elements HTML comments."""
    pieces: list[str] = []
    tags: list[str] = []
    statements: set[str] = set()
    for is_tag, source in _pieces(template):
        token = f"{prefix}t{len(tags)}e"
        pieces.append(token if is_tag else source)
        if is_tag:
            tags.append(source)
            statements |= set() if source.startswith("{{") else {token}
    places = re.compile(f"{_NO_PLACE_FOR_COMMENTS}|(?P<token>{prefix}t\\d+e)", re.DOTALL | re.I)
    return places.sub(
        lambda place: f"<!--{place[0]}-->" if place["token"] in statements else place[0],
        "".join(pieces),
    ), tags


def _pieces(template: str) -> list[tuple[bool, str]]:
    """(is a Jinja tag, source) in order, as Jinja's own lexer sees them; raw blocks are data."""
    pieces: list[tuple[bool, str]] = []
    tag = ""
    for _, lexeme, source in _LEXER.lex(template):
        if lexeme in _RAW:
            continue
        if lexeme == "data":
            pieces.append((False, source))
            continue
        tag += source
        if lexeme in _ENDS:
            pieces.append((True, tag))
            tag = ""
    return pieces


def _premail(document: str) -> str:
    from premailer import Premailer

    with _ONE_AT_A_TIME:  # premailer and cssutils are not thread-safe
        return str(
            Premailer(
                document,
                allow_network=False,
                strip_important=False,
                disable_validation=True,
                disable_basic_attributes=_HTML_ATTRIBUTES,
                cssutils_logging_level=logging.CRITICAL,
            ).transform(pretty_print=False)
        )


def _swap_back(document: str, prefix: str, tags: list[str]) -> str:
    seen: Counter[int] = Counter()

    def source(match: re.Match[str]) -> str:
        number = match["comment"] or match["word"]
        if number is None:
            return "{{ '{' }}"  # a brace that was text (raw, or an entity) stays text
        seen[int(number)] += 1
        return tags[int(number)]

    token = f"{prefix}t(?P<{{}}>\\d+)e"
    placeholder = f"<!--{token.format('comment')}-->|{token.format('word')}"
    text_brace = rf"\{{(?=[{{%#]|(?:<!--)?{prefix})"
    inlined = re.sub(f"{placeholder}|{text_brace}", source, document)
    for number, tag in enumerate(tags):
        if not seen[number]:
            raise ConfigError(
                f"inlining the CSS of a template lost {tag}",
                "it stands where no HTML can, or in a rule that no element uses",
            )
    return inlined
