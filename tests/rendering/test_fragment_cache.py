import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup

from newsletter.domain.errors import ConfigError
from newsletter.domain.model import Citation, Issue, Pick
from newsletter.mail.message import message
from newsletter.rendering.fragment_cache import FragmentCache
from newsletter.rendering.rendered_email import render_email
from newsletter.rendering.renderer import Renderer
from tests.golden import ISSUE, POSTING, READER, STATES, branding, echo, pick

HEAD = branding()


def cache(renderer: Renderer) -> FragmentCache:
    extension = renderer._environment.extensions[FragmentCache.identifier]
    assert isinstance(extension, FragmentCache)
    return extension


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
    chosen: list[Pick], accent: str, name: str
) -> None:
    issue, head = Issue(ISSUE.date, tuple(chosen)), replace(HEAD, accent=accent, name=name)
    as_it_comes = render_email(issue, READER, head)
    cache(HEAD.renderer)._fragments.clear()
    assert render_email(issue, READER, head) == as_it_comes


def test_what_is_filled_in_again_is_the_very_same_text() -> None:
    escaped: list[str] = []
    environment = Environment(autoescape=True, extensions=[FragmentCache])

    def seen(text: str) -> str:
        escaped.append(text)
        return text

    environment.filters["seen"] = seen
    template = environment.from_string(
        "{% for x in some %}{% once %}<b>{{ x | seen }}</b>{% endonce %}{% endfor %}"
    )
    made = template.render(some=["a", "&", "a", Markup("&"), "&"])
    assert made == "<b>a</b><b>&amp;</b><b>a</b><b>&</b><b>&amp;</b>"
    assert escaped == ["a", "&", "&"]


@pytest.mark.parametrize(
    "template", ["BLOCK", "{% set x = x %}BLOCK", "{% for x in [x] %}BLOCK{% endfor %}"]
)
def test_a_fragment_is_kept_under_what_it_took_not_under_what_it_sets(template: str) -> None:
    block = "{% once %}{{ x }}{% set x = 'a' %}{{ x }}{% endonce %}{{ x }}"
    renderer = Renderer({"a.txt": template.replace("BLOCK", block)})
    for x in ["b", "a", "b", "a"]:
        assert renderer.render("a.txt", x=x) == f"{x}a{x}"


def test_fragments_begin_and_end_with_a_line() -> None:
    """So that each is encoded once; it comes out as the very object that is kept."""
    for issue in STATES.values():
        render_email(issue, READER, HEAD)
    made = render_email(ISSUE, READER, HEAD)
    known = {id(fragment) for fragment in cache(HEAD.renderer)._fragments.values()}
    for pieces in (made.text_pieces, made.html_pieces):
        fragments = [at for at, piece in enumerate(pieces) if id(piece) in known]
        assert len(fragments) > len(ISSUE.picks)
        for at in fragments:
            assert pieces[at].endswith("\n")
            assert "".join(pieces[:at])[-1:] in {"", "\n"}


def test_what_is_kept_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.rendering.fragment_cache._MAX_BYTES", 4_000)
    renderer = Renderer({"a.txt": "{% once %}{{ x }}{% endonce %}"})
    texts = [letter * 1_000 for letter in "abcab"]
    assert [renderer.render("a.txt", x=x) for x in texts] == texts
    assert 0 < len(cache(renderer)._fragments) < len({*texts})
    assert cache(renderer)._bytes <= 4_000


def test_a_fragment_without_text_is_counted_once() -> None:
    renderer = Renderer({"a.txt": "{% once %}{% if x %}{{ x }}{% endif %}{% endonce %}"})
    assert renderer.render("a.txt", x="") == ""
    counted = cache(renderer)._bytes
    assert renderer.render("a.txt", x="") == ""
    assert cache(renderer)._bytes == counted


@pytest.mark.heavy
def test_threads_make_the_same_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little is kept that each of them clears away what the others are about to look up."""
    monkeypatch.setattr("newsletter.rendering.fragment_cache._MAX_BYTES", 60_000)
    issues = [
        replace(POSTING, subscriber=replace(READER, id=number), issue=issue)
        for number in range(20)
        for issue in STATES.values()
    ]
    head = branding()
    alone = [message(issue, head) for issue in issues]
    with ThreadPoolExecutor(8) as pool:
        runs = pool.map(lambda _: [message(issue, head) for issue in issues], range(8))
        assert all(run == alone for run in runs)


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
    renderer = Renderer({"a.txt": template}, {"a.txt": "a.txt"})
    with pytest.raises(ConfigError, match=f"template a.txt, line 1: .*{why}"):
        renderer.render("a.txt", some=[1])


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{% once %}{% include 'b.txt' %}{% endonce %}", "cannot hold {% include %}"),
        (
            "{% once %}{% from 'b.txt' import x with context %}{% endonce %}",
            "cannot hold {% fromimport %}",
        ),
        ("{% once %}{% block b %}{{ some }}{% endblock %}{% endonce %}", "cannot hold {% block %}"),
        (
            "{% block b %}{{ some }}{% endblock %}{% once %}{{ self.b() }}{% endonce %}",
            "cannot use self",
        ),
        ("{% set range = some %}{% once %}{{ range }}{% endonce %}", "cannot use range"),
    ],
)
def test_what_takes_values_from_elsewhere_is_refused(template: str, why: str) -> None:
    """Its key would not have them: one reader's link would stand in another's letter."""
    with pytest.raises(ConfigError, match=re.escape(why)):
        Renderer({"a.txt": template, "b.txt": "{{ some }}"}).render("a.txt", some="x")
