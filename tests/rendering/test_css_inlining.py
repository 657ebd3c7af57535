import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from html import escape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment
from lxml import html as dom

from newsletter.domain.errors import ConfigError
from newsletter.language.words import words
from newsletter.rendering import rendered_email, renderer
from newsletter.rendering.css_inlining import _premail, inline
from newsletter.rendering.templates import read_templates
from tests.golden import READER, STATES, head

PAGE = """<!DOCTYPE html>
<html><head><title>{title}</title><style>{css}</style></head><body>{body}</body></html>"""


def page(body: str, css: str = "p { color: red }", title: str = "t") -> str:
    return PAGE.format(body=body, css=css, title=title)


def tree(element: Any) -> tuple[Any, ...]:
    """The document as nested tuples; comments and white space between elements count too."""
    tag = element.tag if isinstance(element.tag, str) else "comment"
    inside = [tree(child) for child in element]
    return (tag, dict(element.attrib), element.text or "", element.tail or "", inside)


@cache
def _as_written() -> Environment:
    return renderer._environment(read_templates(None), words())


@pytest.mark.parametrize("state", STATES)
def test_inlining_the_template_gives_what_inlining_the_message_gives(state: str) -> None:
    values = rendered_email._values(STATES[state], READER, head(), "https://a.example/u/1")
    raw = _as_written().get_template("issue.html")
    late = _premail(raw.render(subject="Subject", **values))
    early = head().renderer.render("issue.html", subject="Subject", **values)
    assert tree(dom.document_fromstring(early)) == tree(dom.document_fromstring(late))


def test_the_css_is_in_the_elements_once_and_the_dark_rules_stay() -> None:
    inlined = inline(read_templates(None)["issue.html"])
    assert inlined.startswith("<!DOCTYPE html>\n<html")
    assert inlined.count("<style>") == 2
    assert "prefers-color-scheme: dark" in inlined
    assert "data-premailer" not in inlined
    assert re.search(r"<h1 class=.name. [^>]*style='[^']*font-size:38px", inlined)


@pytest.mark.parametrize(
    "body",
    [
        '<p title="{{ x }}" {% if x %}lang="{{ x }}"{% endif %}>{{ "}}" }}</p>',
        '<p>{% if x == ">" %}{{ x }}{% else %}no{% endif %}{# a > comment #}</p>',
        '<a href="/{{ x | urlencode }}/{% if x %}a{% else %}b{% endif %}#c">{{ x }}</a>',
        "<!--[if mso]>{% if x %}<table width='{{ x }}'>{% endif %}<![endif]-->",
        "<table>{% for y in [1, 2] %}<tr><td>{{ y }}</td></tr>{% endfor %}</table>",
        "<textarea>{% if x %}{{ x }}{% endif %}</textarea>",
        "<p>{%- if x -%} {{- x -}} {%- endif -%}</p>",
        "<p>j0jt0e {{ x }} J1Jt0e</p>",
        "<p>&#123;&#123; x }} &#123;{{ x }} {&#37; if %}</p>",
    ],
)
@pytest.mark.parametrize("x", ["", "<&>\"' j0jt0e"])
def test_jinja_says_the_same_after_inlining(body: str, x: str) -> None:
    template = page(body, title="{% if x %}{{ x }}{% endif %}.")
    environment = Environment(autoescape=True)
    late = _premail(environment.from_string(template).render(x=x))
    early = environment.from_string(inline(template)).render(x=x)
    assert tree(dom.document_fromstring(early)) == tree(dom.document_fromstring(late))


@settings(deadline=None)  # the first example imports premailer
@given(st.text(alphabet="{}%#-+j0te1<>!&;a'\"\n "))
def test_raw_text_stays_text_whatever_it_looks_like(text: str) -> None:
    template = page("<p>{% raw %}." + escape(text) + ".{% endraw %}</p>")
    rendered = Environment(autoescape=True).from_string(inline(template)).render()
    document: Any = dom.document_fromstring(rendered)
    [paragraph] = document.iter("p")
    assert paragraph.text_content() == f".{text}."
    assert paragraph.get("style") == "color:red"


def test_a_colour_that_jinja_fills_in_is_inlined_wherever_it_is_used() -> None:
    inlined = inline(page("<p>a</p><p>b</p>", css="p { color: {{ accent }} }"))
    assert inlined.count('style="color:{{ accent }}"') == 2


def test_a_tag_that_inlining_would_lose_is_an_error() -> None:
    lost = page("<p>a</p>", css="{% if dark %} p { color: red } {% endif %}")
    with pytest.raises(ConfigError, match=r"lost \{% if dark %\}"):
        inline(lost)


def test_important_rules_stay_important_and_nothing_is_fetched() -> None:
    remote = '<link rel="stylesheet" href="http://127.0.0.1:9/none.css">'
    inlined = inline(page(f"{remote}<p>a</p>", css="p { color: red !important }"))
    assert 'style="color:red !important"' in inlined


def test_several_threads_at_once() -> None:
    templates = [page(f"<p>{{{{ x{n} }}}}</p>", css=f"p {{ margin: {n}px }}") for n in range(1, 9)]
    with ThreadPoolExecutor(4) as threads:
        for n, inlined in enumerate(threads.map(inline, templates), start=1):
            assert f'<p style="margin:{n}px">{{{{ x{n} }}}}</p>' in inlined
