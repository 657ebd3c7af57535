"""Every message that the templates or the code can say has a translation, and no other has one."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from lxml.html import document_fromstring

from newsletter.language import CATALOGUES, SOURCE, available, base
from newsletter.rendering.rendered_email import render_email
from newsletter.rendering.renderer import Renderer
from newsletter.rendering.templates import read_templates
from newsletter.services.unsubscribe import LinkState
from newsletter.web import unsubscribe
from newsletter.web.pages import Pages
from tests.golden import READER, STATES, branding
from tests.program import ROOT, nodes_of_files_with

TRANSLATED = [language for language in available() if language != SOURCE]
_TEXT = r'"((?:[^"\\]|\\.)*)"'
_GETTEXT = re.compile(rf"{_TEXT} \| gettext")
_NGETTEXT = re.compile(rf"{_TEXT} \| ngettext\({_TEXT}")

Message = str | tuple[str, str]


def said_by_templates() -> Iterator[Message]:
    for path in filter(Path.is_file, (ROOT / "templates").iterdir()):
        source = path.read_text(encoding="utf-8")
        yield from _GETTEXT.findall(source)
        yield from _NGETTEXT.findall(source)
        assert len(re.findall(r"\bn?gettext\b", source)) == len(
            _GETTEXT.findall(source) + _NGETTEXT.findall(source)
        ), path


def said_by_code() -> Iterator[Message]:
    for _, node in nodes_of_files_with("gettext"):
        if isinstance(node, ast.Call) and _called(node) == "gettext":
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value)


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_all_that_is_said_and_nothing_else(language: str) -> None:
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    translated = {message.id: message for message in catalogue if message.id}
    assert set(translated) == {*said_by_templates(), *said_by_code()}
    for message in translated.values():
        texts = _each(message.string)
        assert texts, message.id
        assert all(texts), message.id
        assert not message.fuzzy, message.id
        assert not [str(error) for error in message.check(catalogue)]
        english = message.id if isinstance(message.id, str) else message.id[1]
        for text in texts:
            assert _holes(text) == _holes(english), message.id


def _each(text: object) -> list[str]:
    """A translation, or one for each number."""
    return [str(each) for each in (text if isinstance(text, list | tuple) else [text])]


def _holes(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


def test_there_are_four_languages_to_begin_with() -> None:
    assert available() == ("de", "en", "es", "fr")
    assert [base(tag) for tag in ("de-CH", "en", "ES-mx", "pt_BR")] == ["de", "en", "es", "pt"]


_ENGLISH = re.compile(
    r"\b(insights|min read|Listen|episode|Earlier|You get|follow|Reply|Unsubscribe|Welcome"
    r"|Thursday|March|February)\b"
)


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_english_is_left_in_an_issue(language: str) -> None:
    """Of the program's own words: the reasons and the note were written when it was composed."""
    picks = tuple(replace(pick, reason="") for pick in STATES["golden"].picks)
    issue = replace(STATES["golden"], picks=picks, note="", first=True)
    renderer = Renderer(read_templates(None), language=language)
    head = replace(branding(), language=language, renderer=renderer)
    email = render_email(issue, READER, head)
    assert _ENGLISH.findall(email.text) == []
    assert _ENGLISH.findall(" ".join(document_fromstring(email.html).itertext())) == []
    assert f'lang="{language}"' in email.html
    for state in LinkState:
        shown = document_fromstring(unsubscribe.page(Pages(head), state))
        assert not re.search(
            r"\b(the|you|link|Unsubscribe|issue)\b", shown.find("body").text_content()
        )
