"""Eight times the text costs about eight times the work, whatever stands in it.

Time is compared with time, of this process alone: never with a clock.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest

from newsletter.domain.errors import BriefRejected
from tests.ingest.parsers import parse

_TIMES = 8
_RATIO = 3 * _TIMES  # a square would take 8 times 8
_TOO_SHORT = 0.02  # seconds: what is done so soon is no square, and its ratio says nothing
_MAX_BYTES = 1_000_000  # the default of inbox.max_bytes
_INSIGHT, _SMALL, _LARGE = 11_900, 32_000, _MAX_BYTES - 100

SUFFIXES = (".md", ".txt", ".json", ".jsonl", ".csv", ".html")
Page = tuple[str, str, str]

# fmt: off
MARKDOWN = (
    ("", "# ", "# a", "- a", "- ", "> ", "1. ", "| ", "**", "_", "~~", "[", "![", "[a](", "[a]: ",
     "<", "<!--", "`", "```", "\\", "&", "(1:02", "more ", "a\n=", "---\na: ", "a:: ",
     "[[", "12:34 ", "> [!a] ", "<details>", "# Quotes\n> ", "## Highlights\n- ",
     "Created with ", "\n---\na:"),
    (" ", "\t", "\u00a0", "\u2028", "\x0c", "\n", "#", "*", "_", "~", "`", "``a", "[", "]", "[a](",
     "[a][", "](", "![a](b)", "(", "<", "<a", "&", "&amp;", "\\", "!", "|", "=", "-", "- ", "> ",
     "1. ", ".", '"', ":", "a", "é", "*a ", "*a **b", "a_", "- a\n", "> a\n", "# a\n", "| a\n",
     "[a]: b\n", '[a]: b "\n', "**a**\n", "  - a\n", "a\n---\n", "<!--", "-->", "you ",
     "https://a.b ", "[[a", "==a", "((a", "%%", "a: b\n", "- a: b\n", "a:: b\n", "12:34 ", "<a>",
     "- 12:34 a\n", "> — A\n", "— A ", "#a ", "<details>\n", "</details>\n", "A: a b.\n\n", "“a",
     "[12:34](b) ", "- Summary:\n",
     "  Transcript:\n", "\t- a\n", "[a | b](", "A Bc "),
    ("", "x", " #x", "]", ")", "*", "\n---\nA.", "</details>", " — A", "]] #a"),
)
TEXT = (
    ("", "- ", "a ", "1. "),
    (" ", "\t", "\u00a0", "\u2028", "\n", "a", ".", '"', "-", "- ", "a\n", ", a\n", "A.\n",
     "you ", "our ", "https://a.b ", "!", ":", "©", "by A "),
    ("", "x", ".", ":"),
)
JSON = (
    ("", '{"insights": [', '{"insights": ["', '{"a": ', '["', "{"),
    (" ", "\t", "\n", "[", "{", "]", '"', "\\", "\\u", '"a",', "1", ",", ":", '{"a":1},', "é",
     "a", "you "),
    ("", '"', '"]}', "]}", "}"),
)
ROWS = (
    ("", '{"text": "a"}\n', '{"highlights": [', '{"text": "', "["),
    (" ", "\n", '{"text": "a."}\n', '{"a": 1}\n', '"', "[", "{", "a",
     '"a",', "\\n", "(12:34) ", "- a\\n"),
    ("", "}", '"}', "]}"),
)
CSV = (
    ("text\n", "text,at\n", "quote;link\n", 'highlight\n"', "text\n,"),
    (" ", "\n", ",", ";", '"', '""', "a", "a\n", "a,b\n", '"a\nb"\n', "Summary:\n", "[a](b) "),
    ("", '"', "\n", ",1"),
)
HTML = (
    ("", "<p>", "<ul>", "<article>", "<div class='menu'>", "<h2>Quotes</h2><p>", "<a href='b'>"),
    (" ", "\n", "a", "<p>", "<b>", "<div>", "<li>", "<br>", "<blockquote>", "<p>a.</p>",
     "<a href='b'>12:34</a> ", "<div class='share'>a", "</div>", "<", "&amp;", "<!--", "a: b<br>",
     "• a<br>", "<article>", "<table>"),
    ("", "x", "</p>", "</a>", "-->"),
)
# fmt: on
PAGES = {".md": MARKDOWN, ".txt": TEXT, ".json": JSON, ".jsonl": ROWS, ".csv": CSV, ".html": HTML}


def pages(suffix: str) -> Iterator[Page]:
    return itertools.product(*PAGES[suffix])


def work(suffix: str, text: str) -> float:
    begun = time.process_time()
    with suppress(BriefRejected):
        parse(f"a{suffix}", text.encode())
    return time.process_time() - begun


def grows_too_fast(suffix: str, page: Page, size: int) -> bool:
    """Asked again before it is believed: another process may have been in the way."""
    before, filler, after = page
    large = before + filler * (size // len(filler)) + after
    small = before + filler * (size // _TIMES // len(filler)) + after
    for _ in range(3):
        spent = work(suffix, large)
        if spent < _TOO_SHORT or any(spent <= _RATIO * work(suffix, small) for _ in range(2)):
            return False
    return True


def too_fast(suffix: str, some: Sequence[Page], size: int) -> list[Page]:
    return [page for page in some if grows_too_fast(suffix, page, size)]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_work_grows_as_the_text_does(suffix: str) -> None:
    some = list(pages(suffix))[:: 7993 if suffix == ".md" else 97]
    white = [("# a", filler, "x") for filler in " \t\u00a0\u2028\x0c"]
    assert too_fast(suffix, some + white, _SMALL) == []


@pytest.mark.heavy
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("size", "stride"), [(_INSIGHT, 11), (_SMALL, 37)])
def test_work_grows_as_the_text_does_in_many_pages(suffix: str, size: int, stride: int) -> None:
    """Marks are read in paragraphs up to 12,000 characters: a longer one can be no insight."""
    some = list(pages(suffix))[:: stride if suffix == ".md" else 1]
    assert too_fast(suffix, some, size) == []


@pytest.mark.heavy
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_work_grows_as_the_text_does_to_the_largest_file(suffix: str) -> None:
    some = list(pages(suffix))[:: 997 if suffix == ".md" else 47]
    assert too_fast(suffix, some, _LARGE) == []
