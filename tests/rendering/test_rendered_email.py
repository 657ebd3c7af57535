import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from lxml import html as dom

from newsletter.domain.model import Citation, Issue
from newsletter.domain.text import first_sentence
from newsletter.domain.tokens import link_token, token
from newsletter.language.words import words as words_of
from newsletter.rendering.branding import Logo
from newsletter.rendering.colour import legible
from newsletter.rendering.rendered_email import RenderedEmail, render_email
from newsletter.rendering.templates import read_templates
from tests.golden import FOLDER, ISSUE, READER, STATES, branding, echo, pick

HEAD = branding()
WORDS = words_of()
LETTERS = {state: render_email(issue, READER, HEAD) for state, issue in STATES.items()}
every_state = pytest.mark.parametrize("state", STATES)


def page(content: RenderedEmail) -> Any:
    return dom.document_fromstring(content.html)


def joined(text: str) -> str:
    """Without any white space: wrapping moves it."""
    return "".join(text.split())


def shown(text: str) -> str:
    return joined(re.sub("[\x00-\x1f]", "\ufffd", text))


@pytest.mark.parametrize("name", ["issue.html", "issue.txt"])
def test_the_golden_issue(name: str) -> None:
    """Changed on purpose? ``python -m tests.golden`` writes it anew; review the diff."""
    made = {"issue.html": LETTERS["golden"].html, "issue.txt": LETTERS["golden"].text}
    assert made[name] == (FOLDER / name).read_text(encoding="utf-8")


@every_state
def test_both_parts_hold_the_same_texts_links_and_unsubscribe(state: str) -> None:
    content, issue = LETTERS[state], STATES[state]
    html, text = joined(page(content).text_content()), joined(content.text)
    for chosen in issue.picks:
        cited = chosen.citation
        said = WORDS.quoted if cited.origin == "quote" else WORDS.typographic
        wanted = [said(chosen.text), chosen.reason, cited.podcast, cited.episode, cited.speaker]
        wanted += [WORDS.typographic(first_sentence(earlier.text)) for earlier in chosen.related]
        for words in map(shown, [WORDS.typographic(issue.note), *wanted]):
            assert words in html
            assert words in text
    links = [link.get("href") for link in page(content).iter("a")]
    addressed = [line for line in content.text.splitlines() if re.search("://|mailto:", line)]
    assert [line.split()[-1] for line in addressed] == links
    assert links[-1] == f"https://news.example.org/u/{token(HEAD.secret, READER.id)}"


@every_state
def test_a_subject_is_one_short_line(state: str) -> None:
    subject = LETTERS[state].subject
    assert 0 < len(subject) <= 92
    assert subject.splitlines() == [subject]
    assert not subject.endswith((",", "…"))


@every_state
def test_the_page_is_sound(state: str) -> None:
    content, doc = LETTERS[state], page(LETTERS[state])
    assert content.html.startswith('<!DOCTYPE html>\n<html lang="en" dir="ltr">')
    assert len(content.html.encode()) < 80_000
    headings = [int(element.tag[1]) for element in doc.iter("h1", "h2", "h3")]
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    assert {table.get("role") for table in doc.iter("table")} == {"presentation"}
    assert not list(doc.iter("script", "form", "link", "iframe", "img", "object", "base"))
    web = "https://", "http://", "mailto:editors@news.example.org"
    assert all(link.get("href").startswith(web) for link in doc.iter("a"))
    assert not re.search(r"url\(|@import|@font-face", content.html)
    [wrapper] = doc.xpath("//*[@role='article']")
    assert (wrapper.get("lang"), wrapper.get("dir")) == ("en", "ltr")
    assert wrapper.get("aria-label") == doc.findtext(".//title") == content.subject
    paragraphs = doc.xpath(
        "//td[@class='said']"
        "/p[not(@class='hear' or @class='source' or @class='reason' or @class='say')]"
    )
    assert {p.get("dir") for p in paragraphs} <= {"auto"}
    sources = doc.xpath("//p[@class='source']")
    assert {span.get("dir") for p in sources for span in p} <= {"auto"}
    assert {span.get("dir") for span in doc.xpath("//p[@class='reason']/*")} <= {"auto"}
    assert {p.get("dir") for p in sources} <= {None}, "auto would find no letter of its own"


@every_state
def test_the_preheader_comes_first_is_hidden_and_short(state: str) -> None:
    [wrapper] = page(LETTERS[state]).xpath("//*[@role='article']")
    first = wrapper[0]
    assert "display:none" in first.get("style")
    words = first.text_content().partition("\u034f")[0]
    assert len(words) <= 92
    assert words != LETTERS[state].subject


def test_plain_text_is_wrapped_and_ends_in_one_line_break() -> None:
    for content in LETTERS.values():
        lines = content.text.splitlines()
        assert all(len(line) <= 72 or _is_long_word(line.split()[-1]) for line in lines)
        assert not content.text.startswith("\n")
        assert content.text.endswith("\n")
        assert "\n\n\n" not in content.text


def _is_long_word(word: str) -> bool:
    return len(word) > 60 or "://" in word


def test_hostile_words_arrive_as_words_and_a_bad_link_not_at_all() -> None:
    content = LETTERS["hostile"]
    assert "{{ 7*7 }}" in page(content).text_content()
    assert "49" not in page(content).text_content()
    links = [link.get("href") for link in page(content).iter("a") if link.get("class") != "vote"]
    assert links[:-4] == ["https://x.example/%22%3E%3Cscript%3E#t=5"]


def test_a_source_that_turns_the_direction_about_turns_its_own_words_alone() -> None:
    [source, *_] = page(LETTERS["hostile"]).xpath("//p[@class='source']")
    assert source.text_content().count("\u202e") == 3
    for part in source:
        assert (part.tag, part.get("dir")) == ("span", "auto")
    assert {source.text, *(part.tail for part in source)} <= {None, "\u00a0· "}


@given(st.text(min_size=1), st.text())
def test_any_text_arrives_in_both_parts_and_touches_nothing_else(text: str, second: str) -> None:
    issue = Issue(
        ISSUE.date, (pick(1, text, reason=second, related=(echo(second),)), pick(2, second))
    )
    content = render_email(issue, READER, HEAD)
    doc = page(content)
    plain = re.sub("[\x00-\x1f\x7f-\x9f]", "\ufffd", joined(WORDS.typographic(text)))
    first = doc.xpath("//td[@class='said']")[0]
    claims = first.xpath("p[starts-with(@class, 'claim') or @class='more']")
    assert joined("".join(claim.text_content() for claim in claims)) == plain
    assert len(list(doc.iter())) <= len(list(page(LETTERS["golden"]).iter()))
    assert len(content.subject.splitlines()) <= 1
    content.html.encode()
    content.text.encode()


def test_a_source_is_told_as_far_as_known() -> None:
    words = " ".join(page(LETTERS["golden"]).text_content().split())
    assert (
        "Salt & Steel · The harbour that stopped hurrying · Inês Carvalho Listen from 12:34"
        in words
    )
    assert "Night Desk · What nurses know Go to the episode" in words
    assert "Plain Machines · Tomasz Adler · at 1:02:03" in words
    unknown = page(LETTERS["unknown source"])
    assert not unknown.xpath("//*[contains(@class, 'source') or contains(@class, 'reason')]")


def test_the_beginning_of_an_episode_is_no_second_of_it() -> None:
    """As where no second is known: apps write 0 for notes on the whole episode."""
    start = Citation("Salt & Steel", url="https://saltandsteel.example/41", at=0)
    content = render_email(
        replace(ISSUE, picks=(pick(1, "Ports empty fast.", citation=start),)), READER, HEAD
    )
    for body in (content.text, page(content).text_content()):
        assert "0:00" not in body
        assert "Listen" not in body
    assert "Go to the episode" in page(content).text_content()
    article = replace(ISSUE, picks=(pick(1, "Ports.", citation=replace(start, podcast="")),))
    assert "Go to the source" in page(render_email(article, READER, HEAD)).text_content()
    nowhere = replace(ISSUE, picks=(pick(1, "Ports.", citation=replace(start, url="")),))
    assert "0:00" not in render_email(nowhere, READER, HEAD).text


def test_no_more_than_two_related_and_no_heading_that_reads_as_boilerplate() -> None:
    many = replace(ISSUE.picks[0], related=tuple(echo(f"Thought {n}. More.") for n in range(4)))
    content = render_email(Issue(ISSUE.date, (many,)), READER, HEAD)
    for body in (content.text, page(content).text_content()):
        assert "Thought 1." in body
        assert "Thought 2." not in body
        assert "More." not in body
        assert not re.search(r"^\W*related insights\W*$", body, re.IGNORECASE | re.MULTILINE)
    assert "Earlier on this" not in render_email(STATES["unknown source"], READER, HEAD).text


def test_without_a_base_url_readers_leave_by_mail() -> None:
    key = token(HEAD.secret, READER.id)
    by_mail = f"mailto:editors@news.example.org?subject=unsubscribe%20{key}"
    content = render_email(ISSUE, READER, replace(HEAD, base_url=""))
    assert f"Unsubscribe: {by_mail}" in content.text
    assert [link.get("href") for link in page(content).iter("a")][-1] == by_mail
    assert "://news.example.org" not in content.html


def test_without_reply_to_the_mail_goes_to_the_sender() -> None:
    content = render_email(ISSUE, READER, replace(HEAD, base_url="", reply_to=""))
    assert "mailto:five@news.example.org?subject=" in content.text


def test_a_trailing_slash_of_the_base_url_is_not_doubled() -> None:
    content = render_email(ISSUE, READER, replace(HEAD, base_url="https://news.example.org/five/"))
    assert "https://news.example.org/five/u/7." in content.text


def test_without_a_postal_address_there_is_no_line_for_it() -> None:
    content = render_email(ISSUE, READER, replace(HEAD, postal_address=""))
    assert "Quay Street" not in content.text + content.html
    assert content.text.splitlines()[-1].startswith("Unsubscribe: ")


def test_a_test_letter_is_marked_and_can_unsubscribe_nobody() -> None:
    real, tried = LETTERS["golden"], render_email(ISSUE, READER, HEAD, test=True)
    assert tried.subject == f"[Test] {real.subject}"
    keys = [
        token(HEAD.secret, READER.id),
        link_token(HEAD.secret, "preferences", READER.id),
        link_token(HEAD.secret, "view", READER.id, ISSUE.date.toordinal()),
    ]
    inert = re.sub(r"(?<=example\.org/v/)[^/]+", "test", real.text)
    for key in keys:
        assert key in real.html
        assert key not in tried.html
        inert = inert.replace(key, "test")
    assert tried.text == inert
    for path in ("u", "p", "view"):
        assert f"https://news.example.org/{path}/test" in tried.html
    assert set(re.findall(r"example\.org/v/([^/]+)", tried.html)) == {"test"}


def test_language_and_direction() -> None:
    doc = page(render_email(ISSUE, READER, replace(HEAD, language="ar-EG")))
    assert [(e.get("lang"), e.get("dir")) for e in doc.xpath("//*[@lang]")] == [
        ("ar-EG", "rtl")
    ] * 2


def test_an_operators_template_changes_what_is_sent() -> None:
    sources = read_templates(None) | {"subject.txt": "{{ name }}\n\n on {{ issue.date }}\n"}
    content = render_email(ISSUE, READER, branding(sources))
    assert content.subject == "The Five on 2024-03-14"


def test_the_secret_stays_out_of_templates_and_of_what_is_printed() -> None:
    nosy = branding(read_templates(None) | {"issue.txt": "{{ secret }}"})
    with pytest.raises(UndefinedError, match="'secret' is undefined"):
        render_email(ISSUE, READER, nosy)
    assert "a secret" not in repr(HEAD)


def test_the_bare_sender() -> None:
    assert HEAD.sender == "five@news.example.org"
    assert replace(HEAD, from_address="a@example.org").sender == "a@example.org"


def test_an_accent_is_made_readable_on_each_paper() -> None:
    pale = render_email(ISSUE, READER, replace(HEAD, accent="#ffee00")).html
    assert "color:#ffee00" not in pale
    assert f"color:{legible('#ffee00', '#fffdf9')}" in pale
    assert ".numeral, .listen { color: #ffee00 !important; }" in pale


def test_a_logo_is_shown_from_the_message_itself() -> None:
    logo = Logo(b"png", 60, 30)
    [image] = page(render_email(ISSUE, READER, replace(HEAD, logo=logo))).iter("img")
    assert image.get("src") == logo.url
    assert (image.get("width"), image.get("height"), image.get("alt")) == ("60", "30", "")


def test_only_a_first_issue_says_welcome() -> None:
    greeting = "Welcome, Mira Sørensen. These are the best of recent days;"
    first = LETTERS["first"]
    assert greeting in " ".join(first.text.split())
    assert greeting in page(first).text_content()
    nameless = render_email(STATES["first"], replace(READER, name=""), HEAD)
    assert "Welcome. These" in nameless.text
    assert "Welcome" not in LETTERS["golden"].html + LETTERS["golden"].text


def test_the_footer_says_what_the_reader_follows_and_has_quiet_links() -> None:
    content = LETTERS["golden"]
    words = " ".join(page(content).text_content().split())
    assert "You follow: harbours, sleep." in words
    assert "You follow: harbours, sleep." in content.text
    links = [link for link in page(content).iter("a") if link.get("class") == "quiet"]
    assert [link.text_content().strip() for link in links] == [
        "Read in a browser",
        "Reply to the editor",
        "Preferences",
        "Unsubscribe",
    ]
    assert links[1].get("href") == "mailto:editors@news.example.org"
    picky = render_email(ISSUE, replace(READER, interests="harbours, not crypto"), HEAD)
    assert "You follow: harbours." in picky.text
    nobody = render_email(ISSUE, replace(READER, interests=" , "), replace(HEAD, reply_to=""))
    assert "You follow:" not in nobody.text + nobody.html
    assert "Reply to the editor" not in nobody.text + nobody.html


def test_a_quote_is_set_as_one_and_names_its_speaker_once() -> None:
    last = page(LETTERS["golden"]).xpath("//td[@class='said']")[-1]
    shown = [element.text_content() for element in last.iter("p")]
    assert shown == [
        "“Board games teach negotiation better than case studies do.",
        "I pay for a bluff ‘within the hour’, and my students wait a year for it.”",
        "— Olu Adeyemi",
        "Table Talk\u00a0· Bluffing\u00a0· at 15:11",
        "\nMore like this · Knew it already\n",
    ]
    assert "    — Olu Adeyemi\n\n    Table Talk · Bluffing · at 15:11" in LETTERS["golden"].text


def test_a_note_stands_above_the_first_insight() -> None:
    golden = LETTERS["golden"]
    for body in (golden.text, page(golden).xpath("//table")[0].text_content()):
        words = " ".join(body.split())
        note = words.index("Two of today’s five are about waiting.")
        assert note < words.index("Ports that publish their berth plans a week ahead empty")
    silent = render_email(replace(ISSUE, note=""), READER, HEAD)
    assert not page(silent).xpath("//*[@class='note']")


def test_an_empty_reason_takes_no_room() -> None:
    content = render_email(STATES["unknown source"], READER, HEAD)
    assert "reason" not in {p.get("class") for p in page(content).iter("p")}
    assert "\n\n\n" not in content.text
