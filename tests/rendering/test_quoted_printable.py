from binascii import b2a_qp

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from newsletter.rendering.quoted_printable import Fragment, encode
from newsletter.rendering.renderer import Renderer

letters = st.sampled_from("aZ =.&<\t\n\r\0\x0b\x0c\x1c\x85\u2028\u2029ü港🚀\ud800")
texts = st.text(letters | st.characters(), max_size=90)
pieces = st.tuples(st.sampled_from([str, Markup, Fragment]), texts).map(
    lambda piece: piece[0](piece[1])
)


def whole(text: str) -> bytes:
    """Line by line, as nobody could do it wrong."""
    lines = (f"{line}\r\n".encode("utf-8", "replace") for line in text.splitlines())
    return b"".join(map(b2a_qp, lines))


@given(st.lists(pieces | st.just("\n") | st.just(Fragment("<p>\n")), max_size=9))
def test_pieces_are_encoded_as_the_whole_is(parts: list[str]) -> None:
    text = "".join(parts)
    assert encode(parts) == whole(text)
    lines = "".join(f"{line}\r\n" for line in text.splitlines())
    assert encode(parts) == b2a_qp(lines.encode("utf-8", "replace"))


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
        assert encode(made) == whole(text)


def test_a_fragment_that_is_whole_lines_is_taken_as_it_was_encoded() -> None:
    fragment = Fragment("ein Stück = a piece\n")
    assert fragment.encoded == b"ein St=C3=BCck =3D a piece\r\n"
    fragment.encoded = b"as it was"
    assert encode(["One.\n", fragment, "Two."]) == b"One.\r\nas it wasTwo.\r\n"
    assert encode(["One: ", fragment]) == b"One: ein St=C3=BCck =3D a piece\r\n"
    assert Fragment("no line").encoded == b""
