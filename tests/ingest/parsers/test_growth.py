"""Eight times the text costs about eight times the work, whatever stands in it.

Time is compared with time, of this process alone: never with a clock.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import pytest

from newsletter.domain.errors import BriefRejected
from newsletter.ingest.parsers import briefs

_TIMES = 8
_RATIO = 3 * _TIMES  # a square would take 8 times 8
_TOO_SHORT = 0.02  # seconds: what is done so soon is no square, and its ratio says nothing
_MAX_BYTES = 1_000_000  # a fifth of the default of inbox.max_bytes: larger ones take too long here
_INSIGHT, _SMALL, _LARGE = 11_900, 32_000, _MAX_BYTES - 100

SUFFIXES = (".md", ".txt", ".json", ".jsonl", ".csv", ".html", ".org", ".opml", ".enex")
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
     "  Transcript:\n", "\t- a\n", "[a | b](", "A Bc ",
     "## [[A]] — [[B]]\n- A b.\n", "## A — B\nhttps://a.b\n", "Show: A\n\nA b.\n\n",
     "- [[A]] https://a.b\n\t- a\n", "| Time | Quote |\n|-|-|\n| 1:00 | a b. |\n", "[a:: b] ",
     "  a. a\n", "<b a=", "<b>a", "[1:00] ", '> "abcd" - a\n', "in this episode a ", "){:a",
     "ignore a ", "### Time 1:00\n> a\n> Summary:\n> a b.\n", "- link:: http://a.b\n  a: b\n",
     "# a\nURL: http://a.b\n", '"x" - ', "- A b.\n  time:: 1:02\n", "(time:: 1:02) ", "[time:: ",
     "http://a.b?t=1 ", "> A B, 1:02\n", "~~a~~ ", "A B (1:02): a. "),
    ("", "x", " #x", "]", ")", "*", "\n---\nA.", "</details>", " — A", "]] #a"),
)
TEXT = (
    ("", "- ", "a ", "1. "),
    (" ", "\t", "\u00a0", "\u2028", "\n", "a", ".", '"', "-", "- ", "a\n", ", a\n", "A.\n",
     "you ", "our ", "https://a.b ", "!", ":", "©", "by A ", "https://a.b\n", "Show: A\n\nA b.\n",
     "A (B)\n- a\n\nA b.\n========\n", "A B  0:01\na b.\n", "A B\n"),
    ("", "x", ".", ":"),
)
JSON = (
    ("", '{"insights": [', '{"insights": ["', '{"a": ', '["', "{"),
    (" ", "\t", "\n", "[", "{", "]", '"', "\\", "\\u", '"a",', "1", ",", ":", '{"a":1},', "é",
     "a", "you ", '{"title":"a","children":[{"string":"a."}]},', '{"string":"a","children":['),
    ("", '"', '"]}', "]}", "}"),
)
ROWS = (
    ("", '{"text": "a"}\n', '{"highlights": [', '{"text": "', "["),
    (" ", "\n", '{"text": "a."}\n', '{"a": 1}\n', '"', "[", "{", "a",
     '"a",', "\\n", "(12:34) ", "- a\\n"),
    ("", "}", '"}', "]}"),
)
CSV = (
    ("text\n", "text,at\n", "podcast,episode,text\n", "quote;link\n", 'highlight\n"', "text\n,"),
    (" ", "\n", ",", ";", '"', '""', "a", "a\n", "a,b\n", '"a\nb"\n', "Summary:\n", "[a](b) "),
    ("", '"', "\n", ",1"),
)
HTML = (
    ("", "<p>", "<ul>", "<article>", "<div class='menu'>", "<h2>Quotes</h2><p>", "<a href='b'>"),
    (" ", "\n", "a", "<p>", "<b>", "<div>", "<li>", "<br>", "<blockquote>", "<p>a.</p>",
     "<a href='b'>12:34</a> ", "<div class='share'>a", "</div>", "<", "&amp;", "<!--", "a: b<br>",
     "• a<br>", "<article>", "<table>", "<table><tr><td>", "<tr><td>1:00<td>a b."),
    ("", "x", "</p>", "</a>", "-->"),
)
ORG = (
    ("", "* a", "* a\n", "#+TITLE: a\n", "#+begin_quote\n"),
    (" ", "\n", "*", "* a\n", "- a\n", ":A: b\n", "[[a][", "[[a][b]]", "#+begin_quote\n", "<2",
     ":a:", "[2025-01-01",
     "* a\n:SHOW: b\n- A b.\n"),
    ("", "x", "b", ":END:\n"),
)
OPML = (
    ("<opml><body>", "<opml><body><outline text='a'>", "<opml>", "<opml><body><outline text='"),
    ("&lt;a href=&quot;&quot;&gt;", " ", "<outline text='a b.'/>", "<outline text='a'>",
     "</outline>", "<a>", "&lt;a href=", "&"),
    ("", "</body></opml>", "'/></body></opml>"),
)
ENEX = (
    ("<en-export>", "<en-export><note><content><![CDATA[<en-note>", ""),
    (" ", "<note><title>a</title><content>&lt;p&gt;a b.</content></note>", "<note>", "<li>a.</li>",
     "<div>", "&", "]]>"),
    ("", "</en-note>]]></content></note></en-export>"),
)
# fmt: on
PAGES = dict(zip(SUFFIXES, (MARKDOWN, TEXT, JSON, ROWS, CSV, HTML, ORG, OPML, ENEX), strict=True))


def pages(suffix: str) -> Iterator[Page]:
    return itertools.product(*PAGES[suffix])


def work(suffix: str, text: str) -> float:
    begun = time.process_time()
    with suppress(BriefRejected):
        briefs(f"a{suffix}", text.encode())
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


# Files in which two things grow, or many episodes: (suffix, the page of a size).
SQUARES: dict[str, tuple[str, Callable[[int], str]]] = {
    "columns and rows": (
        ".md",
        lambda n: "|a" * (n // 4) + "|Quote|\n" + "|b|\n" * (n // 8),
    ),
    "keys and texts": (
        ".json",
        lambda n: json.dumps(
            {f"c{at}": 1 for at in range(n // 20)} | {"highlights": ["a b c."] * (n // 20)}
        ),
    ),
    "episodes with links": (
        ".md",
        lambda n: _numbered("# [A {0}](https://a.b/{0}) — B\nA b.\n", n),
    ),
    "episodes below a show": (".md", lambda n: "# [[A]]\n" + _numbered("## [[B {0}]]\nA b.\n", n)),
    "one episode, often": (".md", lambda n: "# [[A]]\n" + _numbered("## [[B]]\nA {0}.\n", n)),
    "episodes with numbers": (
        ".md",
        lambda n: _numbered("# Episode {0} https://a.b/{0}\nA b.\n", n),
    ),
    "episodes of a month": (
        ".md",
        lambda n: "# Podcasts\n" + _numbered("## Kettle 1{0}\nA b.\n", n),
    ),
    "episodes with fields": (".md", lambda n: _numbered("Show: A{0}\n\nA b.\n\n", n)),
    "names below a quote": (".md", lambda n: "> a\n\n" + "— Al\n\n" * (n // 8)),
    "tags": (".md", lambda n: "words" + " #a" * (n // 3)),
    "a ruler": (".txt", lambda n: "=" * n + "x.\n"),
}


def _numbered(page: str, size: int) -> str:
    return "".join(page.format(number) for number in range(10, size // len(page)))


@pytest.mark.heavy
@pytest.mark.parametrize("name", SQUARES)
def test_work_grows_as_the_text_does_whatever_grows_in_it(name: str) -> None:
    suffix, page = SQUARES[name]
    for _ in range(3):
        small, large = (work(suffix, page(size)) for size in (30_000, 30_000 * _TIMES))
        if large <= max(_RATIO * small, _TOO_SHORT):
            return
    pytest.fail(f"{small:.2f} seconds, and {large:.2f} for {_TIMES} times the text")
