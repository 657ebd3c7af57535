from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup

from newsletter.editorial.letter import letter
from newsletter.editorial.model import Citation, Issue, Pick
from newsletter.editorial.once import Once
from newsletter.editorial.stationery import Stationery
from newsletter.errors import ConfigError
from tests.golden import ISSUE, READER, STATES, echo, letterhead, pick

HEAD = letterhead()

texts = st.sampled_from(["", "One. Two.", "<b>One</b>. Two.", "{{ rank }}", "一つ。二つ。"])
citations = st.builds(
    Citation, texts, texts, texts, st.sampled_from(["", "https://a.example/"]), st.integers(0, 9)
)


@st.composite
def picks(draw: Callable[[Any], Any]) -> Pick:
    related = (echo(draw(texts)),) * draw(st.integers(0, 2))
    made = pick(draw(st.integers(1, 5)), draw(texts), citation=draw(citations))
    return replace(made, reason=draw(texts), related=related)


@given(st.lists(picks(), max_size=5), st.sampled_from(["#a8321a", "#0044cc"]), texts)
def test_a_letter_does_not_depend_on_those_before_it(
    some: list[Pick], accent: str, name: str
) -> None:
    issue, head = Issue(ISSUE.date, tuple(some)), replace(HEAD, accent=accent, name=name)
    as_it_comes = letter(issue, READER, head)
    once = HEAD.stationery._environment.extensions[Once.identifier]
    assert isinstance(once, Once)
    once._known.clear()
    assert letter(issue, READER, head) == as_it_comes


def test_what_is_filled_in_again_is_the_very_same_text() -> None:
    asked: list[str] = []
    environment = Environment(autoescape=True, extensions=[Once])

    def seen(text: str) -> str:
        asked.append(text)
        return text

    environment.filters["seen"] = seen
    template = environment.from_string(
        "{% for x in some %}{% once %}<b>{{ x | seen }}</b>{% endonce %}{% endfor %}"
    )
    made = template.render(some=["a", "&", "a", Markup("&"), "&"])
    assert made == "<b>a</b><b>&amp;</b><b>a</b><b>&</b><b>&amp;</b>"
    assert asked == ["a", "&", "&"]


def test_fragments_begin_and_end_with_a_line() -> None:
    """So that they can be encoded each by itself."""
    for issue in STATES.values():
        letter(issue, READER, HEAD)
    once = HEAD.stationery._environment.extensions[Once.identifier]
    assert isinstance(once, Once)
    assert len(once._known) > len(STATES)
    for fragment in once._known.values():
        assert fragment.endswith("\n")
    for name in ("issue.html", "issue.txt"):
        context = HEAD.stationery._templates[name].new_context(
            {**_values(), "subject": "A subject"}
        )
        pieces = list(HEAD.stationery._templates[name].root_render_func(context))
        known = [place for place, piece in enumerate(pieces) if piece in once._known.values()]
        assert len(known) >= len(ISSUE.picks)
        assert all("".join(pieces[:place])[-1:] in {"", "\n"} for place in known)


def _values() -> dict[str, object]:
    from newsletter.editorial.letter import _values

    return _values(ISSUE, READER, HEAD, test=False)


def test_the_fragments_kept_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.editorial.once._MOST", 2)
    paper = Stationery({"a.txt": "{% once %}{{ x }}{% endonce %}"})
    assert [paper.fill("a.txt", x=x) for x in "abcab"] == list("abcab")


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{% for x in [1] %}{% once %}{{ loop.index }}{% endonce %}{% endfor %}", "LoopContext"),
        ("{% set n = namespace(a=1) %}{% once %}{{ n.a }}{% endonce %}", "Namespace"),
        ("{% once %}{{ some[0] }}{% endonce %}", "unhashable type: 'list'"),
        ("{% once %}{{ nobody }}{% endonce %}", "'nobody' is undefined"),
    ],
)
def test_what_is_no_value_is_refused(template: str, why: str) -> None:
    paper = Stationery({"a.txt": template})
    with pytest.raises(ConfigError, match=f"template a.txt: .*{why}"):
        paper.fill("a.txt", some=[1])
