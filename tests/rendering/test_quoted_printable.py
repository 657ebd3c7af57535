import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from newsletter.rendering.quoted_printable import encode
from newsletter.rendering.renderer import Renderer

letters = st.sampled_from("aZ =.&<~\t\n\0\x0b\x0c\x1c\x85\u2028\u2029ü港🚀\ud800")
texts = st.text(letters | st.characters(exclude_characters="\r"), max_size=90)
pieces = st.tuples(st.sampled_from([str, Markup]), texts).map(lambda piece: piece[0](piece[1]))


def said(text: str) -> bytes:
    """What a mail program is to read: whatever ends a line is its end, the last one's too."""
    return b"".join(f"{line}\n".encode("utf-8", "replace") for line in text.splitlines())


def read(encoded: bytes) -> bytes:
    """As Python's own decoder reads it, if the lines are as RFC 2045 wants them."""
    assert encoded.isascii()
    lines = encoded.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 76 and not line[-1:].isspace() for line in lines)
    assert b"\n" not in b"".join(lines)
    return quopri.decodestring(encoded.replace(b"\r\n", b"\n"))


@given(st.lists(pieces | st.just("\n") | st.just("<p>\n"), max_size=9))
def test_pieces_are_read_as_the_whole(parts: list[str]) -> None:
    assert read(encode(parts)) == said("".join(parts))


@given(st.integers(60, 90), st.sampled_from("aü= ."))
def test_no_line_is_too_long_wherever_a_piece_ends(length: int, letter: str) -> None:
    text = letter * length
    assert read(encode([text, "z\n"])) == said(f"{text}z")


statements = st.sampled_from(
    [
        "{{ x }}",
        "{% once %}{{ x }}{% endonce %}",
        "{% once %}\n{{ x }}\n{% endonce %}\n",
        "{% once %}{% for z in x %}{{ z }}\n{% endfor %}{% endonce %}",
        "{% if y %}{% once %}<i>{{ y }}\n{% endonce %}{% else %}{{ y }}{% endif %}",
        "{% set z %}{% once %}{{ x }}{{ y }}\n{% endonce %}{% endset %}{{ z }}",
        "{% filter upper %}{% once %}a {{ x }}{% endonce %}{% endfilter %}",
    ]
)
words = st.text(st.characters(exclude_characters="{}%#\ud800"), max_size=9) | st.just("\n")
templates = st.lists(words | statements, max_size=9).map("".join)


@given(templates, st.lists(st.tuples(texts, texts), min_size=1, max_size=3))
@pytest.mark.parametrize("name", ["a.txt", "a.html"])
def test_a_template_may_place_once_anywhere(
    name: str, template: str, values: list[tuple[str, str]]
) -> None:
    """In the middle of a line, too: the second time a fragment is put in its place."""
    renderer = Renderer({name: template})
    plain = template.replace("{% once %}", "{% if 1 %}").replace("{% endonce %}", "{% endif %}")
    without = Renderer({name: plain})
    for x, y in [*values, *values]:
        text = without.render(name, x=x, y=y)
        made = renderer.render_pieces(name, {"x": x, "y": y})
        assert "".join(made) == text
        assert read(encode(made)) == said(text)


def test_a_piece_within_a_line_ends_in_a_soft_break() -> None:
    assert encode(["ein Stück: ", "a=b", "\n", "Two.\n"]) == (
        b"ein St=C3=BCck: =\r\na=3Db=\r\n\r\nTwo.\r\n"
    )
    assert encode(["One."]) == b"One.=\r\n\r\n"
    assert encode(["ends in =\n"]) == b"ends in =3D\r\n"
    assert encode([]) == b""
