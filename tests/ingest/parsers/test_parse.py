"""Every file is read or rejected with a reason: nothing else comes out of ``parse``."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import normalise
from newsletter.ingest.parsers import SUFFIXES
from tests.ingest.parsers import parse

INSIGHT = "Moss keeps time for cathedrals: it grows on the side where the gutter leaks."


@pytest.mark.parametrize(
    ("name", "data", "line", "says"),
    [
        ("a.xyz", b"x", None, ".txt, .md, .markdown, .json"),
        ("a.pdf", b"x", None, "save or export it as Markdown, HTML or plain text"),
        ("a.docx", b"PK", None, "a text document: save or export it"),
        ("a.zip", b"PK", None, "an archive: unpack it in the inbox"),
        ("a.xlsx", b"PK", None, "a spreadsheet: export it as CSV"),
        ("a.adoc", b"= T", None, "save or export it as Markdown"),
        ("a.opml", b"<opml><body/></opml>", None, "no OPML: it has no <outline> in its <body>"),
        (
            "a.opml",
            b'<opml><body><outline text="a"><outline xmlUrl="https://a.example"/></outline></body></opml>',
            None,
            "`newsletter sources add FILE`",
        ),
        ("a.enex", b"<en-export/>", None, "no Evernote export: there is no <note> in it"),
        ("a", b"x", None, "its name must end in"),
        ("a.txt", b"", None, "empty"),
        ("a.json", b"\xef\xbb\xbf \r\n\t", None, "empty"),
        ("a.txt", b"one\r\ntwo\0", 2, "binary: a NUL byte is no text; save or export it as"),
        ("a.txt", INSIGHT.encode("utf-16"), None, "UTF-16: save the file as UTF-8"),
        ("a.md", b"\xfe\xff\0M", None, "UTF-16"),
        ("a.txt", b"one\rtwo\r\nMoss gr\xfcn.", 3, "byte 0xFC is not UTF-8"),
        ("a.txt", b"Related\n\nSubscribe to our newsletter.\n", None, "2 paragraphs were dropped"),
        ("a.md", b"# Moss\n", None, "no insight in it: 1 paragraph was dropped"),
        ("a.json", b'{"insights": []}', None, "no insight in it"),
        ("a.txt", b"x" * 4001, None, "no insight in it: 1 paragraph was dropped"),
        ("a.md", b"---\na: " + b"[" * 5_000 + b"\n---\nMoss.", 2, "too deeply"),
        ("a.json", b'{"insights": [], "x": ' + b"[" * 1_000_000, None, "too deeply"),
    ],
)
def test_what_cannot_be_read(name: str, data: bytes, line: int | None, says: str) -> None:
    with pytest.raises(BriefRejected) as caught:
        parse(name, data)
    assert says in caught.value.reason
    assert caught.value.line == line


@pytest.mark.parametrize(
    "page",
    [
        "---\npublished: {}\n---\nMoss.",
        "---\n{}: [\n---\nMoss.",
        "---\na: !{}!b c\n---\nMoss.",
        '---\na: "\\x{}"\n---\nMoss.',
        "---\n%{}\n---\nMoss.",
        "---\nspeakers: {{a: {}}}\n---\nMoss.",
        '{{"insights": ["Moss."], "published": "2026-99-99T{}"}}',
        '{{"insights": ["Moss."], "published": "{}"}}',
        '{{"insights": [{{"{}": 1}}]}}',
        '{{"insights": {{"{}": 1}}}}',
    ],
)
def test_a_reason_repeats_80_characters_of_a_value_at_most(page: str) -> None:
    text = page.format("z" * 8_000)
    with pytest.raises(BriefRejected) as caught:
        parse("a.json" if text.startswith("{") else "a.md", text.encode())
    assert "z" * 81 not in caught.value.reason
    assert len(caught.value.reason) < 240


@pytest.mark.parametrize("name", ["a.txt", "a.TXT", "/x.d/a.Md", "a.b.markdown"])
def test_the_suffix_chooses_the_parser(name: str) -> None:
    assert [mention.text for mention in parse(name, INSIGHT.encode()).mentions] == [INSIGHT]


def test_four_thousand_characters_still_fit() -> None:
    assert len(parse("a.txt", b"x" * 3999 + b".").mentions[0].text) == 4000


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.org", "a.html"])
def test_what_is_too_long_is_left_out_and_the_rest_of_the_file_stays(name: str) -> None:
    brief = parse(name, b"Moss keeps the rain.\n\n" + b"<p>" + b"y" * 4001 + b"</p>\n")
    assert [mention.text for mention in brief.mentions] == ["Moss keeps the rain."]
    assert len(brief.dropped) == 1


def test_the_operators_phrases_are_dropped() -> None:
    page = f"Moss, brought to a page near the sea by hand.\n\n{INSIGHT}\n".encode()
    brief = parse("a.txt", page, ["moss, brought to * by hand"])
    assert [mention.text for mention in brief.mentions] == [INSIGHT]
    assert len(parse("a.txt", page).mentions) == 2


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example", "http://", "https://a b", "http://[", "//a.example", "x" * 3, 'http://a"'],
)
def test_only_web_addresses_are_kept(url: str) -> None:
    page = f"---\nurl: '{url}'\n---\n{INSIGHT}".encode()
    brief = parse("a.md", page)
    assert (brief.url, brief.dropped[0].line) == ("", 2)


def test_the_examples_of_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "brief-files.md").read_text("utf-8")
    examples = re.findall(r"^~~~(\w+)\n(.*?)^~~~$", page, re.MULTILINE | re.DOTALL)
    briefs = {suffix: parse(f"a.{suffix}", text.encode()) for suffix, text in examples}
    assert sorted(briefs) == ["json", "md", "txt"]
    assert {tuple(mention.role for mention in brief.mentions) for brief in briefs.values()} == {
        ("lead", "related"),
        ("lead", "lead", "related"),
    }
    assert [brief.published is not None for brief in briefs.values()] == [False, True, True]


def survives(suffix: str, data: bytes) -> None:
    """It is rejected, or what it gives can be stored: clean Unicode, each insight once."""
    try:
        brief = parse(f"a{suffix}", data, ["*a*b*"])
    except BriefRejected:
        return
    words = [mention.text for mention in brief.mentions]
    for text in [*words, brief.title, *brief.topics, *(note.text for note in brief.dropped)]:
        assert text.encode().decode() == text == " ".join(text.split())
        assert "\0" not in text
    assert 0 < len(set(map(normalise, words))) == len(words)
    assert all(note.line >= 1 for note in brief.dropped)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(data=st.binary(max_size=300))
def test_any_bytes(suffix: str, data: bytes) -> None:
    survives(suffix, data)


# fmt: off
PIECES = st.sampled_from([
    "---\n", "title: ", "url: ", "[", "]", "{", "}", '"', "'", "\\", "\\ud800", "&a ", "*a", "\n",
    "- ", "# ", "**", "_", "`", "```\n", "(12:34)", "<!--", "-->", ":", ",", "  ", "|", ">", "!",
    '{"insights": [', '"text": ', "Moss grows slowly.", "\u202e", "\x85", "\u2028", "2026-01-01",
    "\ufeff", "published: ", "%YAML 9", "!!python/object:x ", "? ", "Related", "\x07", "1e400",
])
# fmt: on


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(pieces=st.lists(PIECES | st.text(max_size=5), max_size=30))
def test_any_pieces_of_the_formats(suffix: str, pieces: list[str]) -> None:
    survives(suffix, "".join(pieces).encode("utf-8", "replace"))


@given(pieces=st.lists(PIECES, max_size=12))
def test_any_front_matter(pieces: list[str]) -> None:
    survives(".md", f"---\n{''.join(pieces)}\n---\n{INSIGHT}\n".encode())
