from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from starlette.requests import Request
from starlette.responses import Response

from newsletter.web.pages import Pages, public
from tests.golden import head

BODY = "the page"
CHANGED = datetime(2026, 3, 14, 12, 0, 0, 250_000, tzinfo=UTC)


def ask(**headers: str) -> Response:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": named})
    return public(request, BODY, "text/html", CHANGED)


def written(instant: datetime) -> str:
    return format_datetime(instant, usegmt=True)


def test_a_public_answer_may_be_kept_and_says_what_it_is() -> None:
    answer = ask()
    assert (answer.status_code, bytes(answer.body)) == (200, BODY.encode())
    assert answer.headers["cache-control"].startswith("public, max-age=")
    assert answer.headers["last-modified"] == "Sat, 14 Mar 2026 12:00:00 GMT"
    assert answer.headers["x-robots-tag"] == "all"
    assert answer.headers["etag"] == ask().headers["etag"]


@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}', '"other",W/{}', "*"])
def test_who_has_it_is_told_so(known: str) -> None:
    tag = ask().headers["etag"]
    answer = ask(if_none_match=known.format(tag))
    assert (answer.status_code, bytes(answer.body)) == (304, b"")
    assert answer.headers["etag"] == tag


def test_another_version_is_sent_whatever_its_date() -> None:
    """The tag decides where there is one (RFC 9110, 13.2.2)."""
    later = written(CHANGED + timedelta(days=1))
    assert ask(if_none_match='"other"', if_modified_since=later).status_code == 200


@pytest.mark.parametrize(
    ("since", "status"),
    [
        (written(CHANGED), 304),
        (written(CHANGED + timedelta(seconds=1)), 304),
        (written(CHANGED - timedelta(seconds=1)), 200),
        ("yesterday", 200),
        ("", 200),
        ("Sat, 14 Mar 2026 12:00:00", 200),
    ],
)
def test_the_date_decides_where_there_is_no_tag(since: str, status: int) -> None:
    assert ask(if_modified_since=since).status_code == status


def test_a_site_that_is_not_open_leads_nowhere() -> None:
    closed, opened = Pages(head(), open_to_all=False), Pages(head())
    values = {"title": "T", "message": "M"}
    assert "/archive" in opened.render("plain.html", **values)
    assert "/archive" not in closed.render("plain.html", **values)


def test_a_personal_page_says_noindex_itself() -> None:
    html = Pages(head()).personal("plain.html", title="T", message="M").body
    assert b'<meta name="robots" content="noindex">' in bytes(html)
