"""Messages that are no issues: fit for every mail program, in the language of who gets them."""

import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from newsletter.domain.notices import Notice, Purpose
from newsletter.mail.message import notice_message
from newsletter.rendering.caniemail_data import read_caniemail
from newsletter.rendering.lint import Page, caniemail, inlined
from newsletter.rendering.lint.properties import PROPERTIES
from newsletter.rendering.notice import render_notice
from newsletter.rendering.templates import read_templates
from tests.builders import NOON
from tests.golden import head

SOURCES = read_templates(None)
LANGUAGES = ("", "de", "es", "fr")


def notice(purpose: Purpose, language: str = "") -> Notice:
    end = NOON + timedelta(hours=48)
    return Notice(7, 1, "ann@example.org", purpose, NOON, end, language=language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", Purpose)
def test_every_mail_program_can_show_it(purpose: Purpose, language: str) -> None:
    """By the rules that issues are held to; a button has a colour of its own for a line below."""
    page = Page(render_notice(notice(purpose, language), head()).html)
    findings = [finding for check in PROPERTIES.values() for finding in check(page)]
    assert [re.sub(r"line \d+: ", "", one) for one in findings] == ["the link has no underline"]


def test_what_some_programs_cannot_do_is_what_an_issue_does_without() -> None:
    page = Page(render_notice(notice(Purpose.CONFIRM), head()).html)
    excused = caniemail.enhancements(SOURCES["issue.html"])
    faults = caniemail.check(page, excused, read_caniemail())
    assert [fault for fault in faults if "is not used" not in fault] == []
    assert list(inlined.check(SOURCES["notice.html"])) == []


@pytest.mark.parametrize("purpose", Purpose)
def test_it_speaks_the_readers_own_language(purpose: Purpose) -> None:
    parsed = {
        language: message_from_bytes(
            notice_message(notice(purpose, language), head()), policy=policy.default
        )
        for language in LANGUAGES
    }
    assert len({one["Subject"] for one in parsed.values()}) == len(LANGUAGES)
    for language, one in parsed.items():
        html = one.get_body(("html",))
        assert html
        assert f'<html lang="{language or "en"}"' in html.get_content()
    other = notice_message(notice(purpose, "xx"), head())
    assert other == notice_message(notice(purpose), head()), "where there are no such words"
