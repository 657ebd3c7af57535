"""A reader's own issue in a browser, as ``newsletter send`` sent it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from newsletter.bootstrap.rendering import branding, secret
from newsletter.cli import main
from newsletter.domain.tokens import link_token
from newsletter.rendering.branding import Logo
from newsletter.storage import subscribers
from newsletter.web.pages import Pages, as_page
from tests.builders import NOON, TODAY, subscribe
from tests.web.public_site import BASE, PublicSite, filled


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublicSite]:
    """A site whose one reader was sent today's issue, into a folder."""
    made = filled(tmp_path_factory.mktemp("sent"))
    with made.writing() as db:
        subscribe(db, hour=7, interests="harbours")
    command = ["--config", str(made.folder / "config.toml"), "send"]
    assert main(command, clock=lambda: NOON) == 0
    yield made
    made.app.close()


def body(site: PublicSite) -> str:
    [path] = (site.folder / "messages").rglob("*.eml")
    parsed = message_from_bytes(path.read_bytes(), policy=policy.default)
    html = parsed.get_body(("html",))
    assert html
    return str(html.get_content()).replace("\r\n", "\n")


def link(site: PublicSite) -> str:
    [found] = re.findall(rf'href="{BASE}(/view/[^"]+)"', body(site))
    return str(found)


def test_the_link_in_a_message_shows_the_same_html(sent: PublicSite) -> None:
    answer = sent.client.get(link(sent))
    assert answer.status_code == 200
    assert answer.text == body(sent)
    assert "ann@example.org" in answer.text


def test_the_page_is_its_readers_alone(sent: PublicSite) -> None:
    headers = sent.client.get(link(sent)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex"
    assert headers["referrer-policy"] == "no-referrer"
    assert "etag" not in headers
    assert "script-src" not in headers["content-security-policy"]


def test_no_other_token_shows_anything(sent: PublicSite) -> None:
    right = link(sent)
    key = secret(sent.app)
    wrong = [
        right[:-1] + ("A" if right[-1] != "A" else "B"),
        f"/view/{link_token(key, 'other', 1, TODAY.toordinal())}",
        f"/view/{link_token(key, 'view', 2, TODAY.toordinal())}",
        f"/view/{link_token(key, 'view', 1, TODAY.toordinal() - 1)}",
        "/view/test",
    ]
    answers = [sent.client.get(path) for path in wrong]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize("language", ["", "fr"])
def test_what_was_dropped_is_said_to_be(tmp_path: Path, language: str) -> None:
    site = filled(tmp_path)
    with site.writing() as db:
        subscribe(db)
        subscribers.change(db, "ann@example.org", language=language)
    config = ["--config", str(site.folder / "config.toml")]
    assert main([*config, "send"], clock=lambda: NOON) == 0
    with site.writing() as db:
        db.exec_driver_sql(
            "DELETE FROM explanation WHERE issue_id NOT IN (SELECT id FROM issue WHERE house)"
        )
    answer = site.client.get(link(site))
    assert answer.status_code == 410
    assert f'<html lang="{language or "en"}"' in answer.text
    assert ("no longer kept" in answer.text) == (not language)
    site.app.close()


def test_a_logo_has_an_address_in_a_browser(sent: PublicSite) -> None:
    logo = Logo(b"\x89PNG", 10, 10)
    pages = Pages(replace(branding(sent.app), logo=logo))
    assert as_page(f'<img src="{logo.url}" alt="">', pages) == '<img src="/logo.png" alt="">'
