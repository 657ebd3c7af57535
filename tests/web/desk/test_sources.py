"""Sources: files and feeds, as people who mean no good named them."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from newsletter.services import audit
from newsletter.storage import feeds
from newsletter.storage.schema import file
from tests.builders import NOON
from tests.web.desk.conftest import Browser
from tests.web.desk.day import Day, standing
from tests.web.desk.morning import HOSTILE

PAID = "https://user:secret@two.example/feed"
BRIEF = "---\npodcast: The Long Wave\n---\n\nTides turn twice a day, and sailors plan by them.\n"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with standing(tmp_path_factory.mktemp("sources")) as made:
        yield made


@pytest.fixture
def olga(day: Day) -> Browser:
    return day.browser("olga")


def test_files_and_feeds(olga: Browser) -> None:
    page = olga.get("/desk/sources").text
    shown = unescape(page)
    assert "line 17: no insight" in shown
    assert "fails since 2026-03-14 07:00 UTC" in shown
    assert f"Waves {HOSTILE}" in shown
    assert "https://user:***@two.example/feed" in shown
    assert "secret" not in page
    assert '<script>alert("1")' not in page
    found = olga.get("/desk/sources?q=tides").text
    assert ("tides.md" in found, "broken.md" in found) == (True, False)
    assert "broken.md" in olga.get("/desk/sources?only=rejected").text
    assert "No file matches." in olga.get("/desk/sources?q=nowhere").text


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "²"])
def test_no_such_page(olga: Browser, number: str) -> None:
    assert olga.get(f"/desk/sources?{urlencode({'page': number})}").status == 422
    assert olga.get(f"/desk/sources/feed/{quote(number)}").status == 404


def test_a_file_and_what_was_left_out(olga: Browser) -> None:
    page = unescape(olga.get(address("/inbox/tides.md")).text)
    assert "Subscribe today!" in page
    assert f"Insight 0 of a conversation about tides {HOSTILE}." in page
    hostile = olga.get(address(f"/inbox/{HOSTILE}.md"))
    assert (hostile.status, '<script>alert("1")' in hostile.text) == (200, False)
    assert olga.get(address("/etc/passwd")).status == 404


def address(path: str, **more: str) -> str:
    return f"/desk/sources/file?{urlencode({'source': 'here', 'path': path, **more})}"


def enter(day: Day, path: Path) -> None:
    with day.store.writing() as db:
        db.execute(
            file.insert().values(
                source="here", path=str(path), size=1, mtime_ns=1, dropped=[], seen_at=NOON
            )
        )


def test_a_file_of_the_inbox_is_explained(day: Day, olga: Browser) -> None:
    path = day.folder / "inbox" / "explained.md"
    path.write_text(BRIEF)
    enter(day, path)
    page = olga.get(address(str(path), explain="1")).text
    assert "Tides turn twice a day" in page
    assert "insight" in page


def test_a_link_that_leads_to_itself(day: Day, olga: Browser) -> None:
    path = day.folder / "inbox" / "loop.md"
    path.symlink_to(path)
    enter(day, path)
    assert olga.get(address(str(path), explain="1")).status == 200


def test_a_feed_that_fails_is_tried_again(day: Day, olga: Browser) -> None:
    number = feed_id(day, PAID)
    page = olga.get(f"/desk/sources/feed/{number}").text
    assert "Try it again" in page
    assert "secret" not in page
    olga.send(f"/desk/sources/feed/{number}/again")
    with day.store.reading() as db:
        (feed,) = [feed for feed in feeds.followed(db) if feed.url == PAID]
    assert feed.next_try == NOON
    (entry,) = audit.newest(day.store, 1)
    assert (entry["action"], entry["about"]) == ("sources add", PAID.replace("secret", "***"))


@pytest.mark.parametrize("how", ["elsewhere", "link", "up"])
def test_no_other_file_of_this_machine_is_shown(day: Day, olga: Browser, how: str) -> None:
    secret = day.folder / f"secret-{how}.md"
    secret.write_text(BRIEF.replace("Tides", "Secrets"))
    path = secret
    if how == "link":
        path = day.folder / "inbox" / "link.md"
        path.symlink_to(secret)
    if how == "up":
        path = day.folder / "inbox" / ".." / secret.name
    enter(day, path)
    page = olga.get(address(str(path), explain="1")).text
    assert "is not in the inbox" in page
    assert "Secrets turn" not in page


def test_follow_a_feed_and_stop(day: Day, olga: Browser) -> None:
    olga.send("/desk/sources/add", url=" https://new.example/feed ")
    assert "Added: the next scan" in unescape(olga.get("/desk/sources").text)
    number = feed_id(day, "https://new.example/feed")
    assert "Stop following https://new.example/feed?" in unescape(
        olga.get(f"/desk/sources/feed/{number}/remove").text
    )
    assert olga.send(f"/desk/sources/feed/{number}/remove").status == 303
    assert feed_id(day, "https://new.example/feed") is None
    about = [(row["action"], row["about"]) for row in audit.newest(day.store, 2)]
    assert about == [
        ("sources remove", "https://new.example/feed"),
        ("sources add", "https://new.example/feed"),
    ]


def feed_id(day: Day, url: str) -> int | None:
    with day.store.reading() as db:
        return next((feed.id for feed in feeds.followed(db) if feed.url == url), None)


@pytest.mark.parametrize("url", ["", "/etc/passwd", "file:///etc/passwd", "feed", "http://"])
def test_only_an_address_is_followed(day: Day, olga: Browser, url: str) -> None:
    """The command reads files of feeds; the desk must not read those of the machine."""
    answer = olga.send("/desk/sources/add", url=url)
    assert answer.status == 422
    assert "address" in answer.text


def test_an_editor_looks_on(day: Day) -> None:
    eddy = day.browser("eddy")
    assert ">Follow<" not in eddy.get("/desk/sources").text
    assert eddy.send("/desk/sources/add", url="https://x.example/").status == 403
    assert eddy.get("/desk/sources/feed/1/remove").status == 403
    assert "Stop following" not in eddy.get("/desk/sources/feed/1").text
