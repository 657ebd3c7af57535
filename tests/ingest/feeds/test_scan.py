"""From a feed on a real server to briefs in a real database, and what is remembered of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from importlib.resources import files

import pytest

from newsletter.domain.episode import Segment
from newsletter.domain.errors import NewsletterError
from newsletter.domain.model import Mention
from newsletter.ingest.feeds.parse import Feed, parse
from newsletter.ingest.feeds.poll_rules import LONGEST_WAIT
from newsletter.storage import Store, archive, candidates, feeds
from tests.http_server import HttpServer, Page, Request
from tests.ingest.feeds.conftest import HOUR, NOON, Scanner, item, rss, takeaways

WEEK = timedelta(days=7)
TALK = """WEBVTT

00:00:05.000 --> 00:00:19.000
<v Ines Falk>A lighthouse that is painted white is seen in daylight two miles further
than a grey one.

00:00:20.000 --> 00:00:39.000
<v Ines Falk>In 1911 the board counted 340 wrecks, and ninety percent of them happened
within five miles of a working light, because captains steered for it.
"""


class Writer:
    def write(self, _episode: object, segments: Sequence[Segment]) -> tuple[Mention, ...]:
        assert segments
        return (Mention("White lights are seen further than grey ones by day.", "lead"),)


class Tired:
    def write(self, _episode: object, _segments: object) -> tuple[Mention, ...]:
        raise NewsletterError("no tokens are left for today")


def texts(store: Store) -> list[str]:
    with store.reading() as db:
        return [one.insight.text for one in candidates.of_day(db, NOON.date(), 3650)]


def test_the_first_look_takes_the_newest_three_and_later_ones_what_is_new(
    scanner: Scanner, server: HttpServer
) -> None:
    server.pages["/feed"] = Page(rss(*map(item, range(10))))
    scanner.follow(server.url("/feed"))
    polled = scanner.only()
    assert (polled.outcome, polled.feed.title) == ("changed", "Harbour Talk")
    assert scanner.titles("read") == ["Episode 7", "Episode 8", "Episode 9"]
    assert len(scanner.titles("passed")) == 7
    server.pages["/feed"] = Page(rss(*map(item, range(12))))
    assert len(scanner.after(HOUR).only().episodes) == 2
    assert scanner.titles("read") == [f"Episode {n}" for n in (10, 11, 7, 8, 9)]
    assert scanner.after(HOUR).only().outcome == "unchanged"


def test_a_feed_that_was_cut_off_says_so_until_it_comes_whole(
    scanner: Scanner, server: HttpServer
) -> None:
    whole = rss(*map(item, (3, 2, 1)))
    half = whole[: whole.index(b"Episode 1")]
    server.pages["/feed"] = Page(half, headers={"ETag": '"1"'})
    scanner.follow(server.url("/feed"))
    polled = scanner.only()
    assert (polled.outcome, polled.feed.failures) == ("changed", 0)
    assert scanner.titles("read") == ["Episode 2", "Episode 3"]
    assert scanner.after(HOUR).only().outcome == "unchanged"
    with scanner.store.reading() as db:
        (feed,) = feeds.followed(db)
    assert "cut off in the middle" in feed.reason
    server.pages["/feed"] = Page(whole, headers={"ETag": '"1"'})
    assert scanner.after(HOUR).only().feed.reason == ""
    assert scanner.titles("read") == ["Episode 1", "Episode 2", "Episode 3"]


def test_a_brief_says_where_it_is_from(scanner: Scanner, server: HttpServer) -> None:
    server.pages["/feed"] = Page(rss(item(4)))
    scanner.follow(server.url("/feed"))
    scanner.scan()
    with scanner.store.reading() as db:
        totals = archive.totals(db)
        (candidate, _) = candidates.of_day(db, NOON.date(), 3650)
    assert (totals.briefs, totals.insights, totals.rejected) == (1, 2, 0)
    citation = candidate.citation
    assert (citation.podcast, citation.episode) == ("Harbour Talk", "Episode 4")
    assert (citation.url, citation.origin) == ("https://pods.example/4", "takeaway")
    assert candidate.insight.date == date(2026, 3, 1)


def test_a_brief_is_written_once_and_anew_when_its_notes_change(
    scanner: Scanner, server: HttpServer
) -> None:
    server.pages["/feed"] = Page(rss(item(1), item(2)))
    scanner.follow(server.url("/feed"))
    scanner.scan()
    server.pages["/feed"] = Page(rss(item(1, takeaways(7)), item(2)))
    assert [one.row.title for one in scanner.after(HOUR).only().episodes] == ["Episode 1"]
    with scanner.store.reading() as db:
        assert archive.totals(db).briefs == 2
    assert any("every 9 years" in text for text in texts(scanner.store))
    assert not any("every 3 years" in text for text in texts(scanner.store))


def test_an_episode_whose_enclosure_and_feed_moved_is_the_same(
    scanner: Scanner, server: HttpServer
) -> None:
    old = item(1, more="<enclosure url='/old/1.mp3'/>")
    server.pages["/feed"] = Page(rss(old))
    scanner.follow(server.url("/feed"))
    scanner.scan()
    server.pages["/feed"] = Page(status=301, headers={"Location": "/new/feed"})
    server.pages["/new/feed"] = Page(rss(item(1, more="<enclosure url='/new/1.mp3'/>")))
    assert scanner.after(HOUR).only().episodes == ()
    assert scanner.feed.location == server.url("/new/feed")
    scanner.after(HOUR).only()
    assert server.counts() == {"/feed": 2, "/new/feed": 2}


def test_a_feed_that_gives_all_its_items_new_guids_brings_no_flood(
    scanner: Scanner, server: HttpServer
) -> None:
    server.pages["/feed"] = Page(rss(*map(item, range(100))))
    scanner.follow(server.url("/feed"))
    scanner.scan()
    server.pages["/feed"] = Page(rss(*map(item, range(100))).replace(b"ep-", b"new-"))
    assert len(scanner.after(HOUR).only().episodes) == 20
    assert scanner.after(HOUR).only().outcome == "unchanged"
    with scanner.store.reading() as db:
        assert archive.totals(db).briefs == 20  # three of them are the same briefs as before


def test_notes_that_differ_each_time_are_read_a_few_times_only(
    scanner: Scanner, server: HttpServer
) -> None:
    scanner.follow(server.url("/feed"))
    read = 0
    for number in range(15):
        server.pages["/feed"] = Page(rss(item(1, takeaways(1) + f"<p>{number} listeners</p>")))
        read += len(scanner.only().episodes)
        scanner.after(HOUR)
    assert read == 10


def test_what_did_not_change_costs_no_more_than_a_question(
    scanner: Scanner, server: HttpServer
) -> None:
    server.pages["/feed"] = Page(
        rss(item(1)), etag='"a"', last_modified="Sat, 14 Mar 2026 10:00:00 GMT"
    )
    scanner.follow(server.url("/feed"))
    scanner.scan()
    assert scanner.after(HOUR).only().outcome == "unchanged"
    headers = server.requests[-1].headers
    assert headers["if-none-match"] == '"a"'
    assert headers["if-modified-since"] == "Sat, 14 Mar 2026 10:00:00 GMT"


def test_a_feed_is_asked_when_it_is_due_and_not_before(
    scanner: Scanner, server: HttpServer
) -> None:
    fresh = {"Cache-Control": "max-age=7200"}
    server.pages["/feed"] = Page(rss(item(1)))
    server.pages["/fresh"] = Page(rss(item(1)), headers=fresh)
    scanner.follow(server.url("/feed"), server.url("/fresh"))
    counts = []
    for minutes in (0, 59, 1, 60):
        scanner.after(timedelta(minutes=minutes)).scan()
        counts.append((len(server.asked("/feed")), len(server.asked("/fresh"))))
    assert counts == [(1, 1), (1, 1), (2, 1), (3, 2)]


def test_a_feed_that_is_gone_is_never_asked_again(scanner: Scanner, server: HttpServer) -> None:
    server.pages["/feed"] = Page(status=410)
    scanner.follow(server.url("/feed"))
    assert scanner.only().outcome == "ended"
    assert scanner.feed.ended
    assert scanner.after(WEEK).scan() == []
    assert len(server.requests) == 1


def test_gone_is_only_where_it_was_led_to_for_now(scanner: Scanner, server: HttpServer) -> None:
    server.pages["/feed"] = Page(status=302, headers={"Location": "/maintenance"})
    server.pages["/maintenance"] = Page(status=410)
    scanner.follow(server.url("/feed"))
    assert scanner.only().outcome == "failed"
    assert not scanner.feed.ended


@pytest.mark.parametrize("status", [429, 503, 404, 500])
def test_a_server_that_asks_for_time_gets_it(
    scanner: Scanner, server: HttpServer, status: int
) -> None:
    server.pages["/feed"] = Page(status=status, headers={"Retry-After": str(5 * 3600)})
    scanner.follow(server.url("/feed"))
    scanner.scan()
    assert scanner.feed.next_try == NOON + 5 * HOUR
    server.pages["/feed"] = Page(status=status, headers={"Retry-After": "99999999"})
    scanner.after(5 * HOUR).scan()
    assert scanner.feed.next_try == scanner.now + LONGEST_WAIT


def test_a_feed_that_fails_says_since_when_and_why_and_stops_no_other(
    scanner: Scanner, server: HttpServer
) -> None:
    server.pages["/bad"] = Page(status=500)
    server.pages["/good"] = Page(rss(item(1)))
    scanner.follow(server.url("/bad"), server.url("/good"))
    bad, good = scanner.scan()
    assert (bad.outcome, good.outcome) == ("failed", "changed")
    first = scanner.feed
    assert (first.failures, first.failing_since) == (1, NOON)
    assert first.reason == "the server answered 500 Internal Server Error"
    scanner.after(3 * HOUR).scan()
    second = scanner.feed
    assert (second.failures, second.failing_since) == (2, NOON)
    assert second.next_try > scanner.now + 2 * HOUR
    server.pages["/bad"] = Page(rss(item(2)))
    scanner.after(WEEK).scan()
    mended = scanner.feed
    assert (mended.failures, mended.failing_since, mended.reason) == (0, None, "")


@pytest.mark.parametrize(
    "page",
    [
        Page(b"<html>log in</html>"),
        Page(b""),
        Page(b"x" * 300_000),
        Page(stall=True),
        Page(cut=5, body=b"<rss/>"),
        Page(status=302, headers={"Location": "http://169.254.169.254/"}),
        Page(rss(item(1)), headers={"Content-Encoding": "gzip"}),
    ],
)
def test_whatever_one_feed_does_the_next_one_is_read(
    sqlite: Store, server: HttpServer, page: Page
) -> None:
    scanner = Scanner(sqlite, seconds=3.0)
    server.pages["/bad"], server.pages["/good"] = page, Page(rss(item(1)))
    scanner.follow(server.url("/bad"), server.url("/good"))
    assert [one.outcome for one in scanner.scan()] == ["failed", "changed"]


def test_a_defect_that_one_feed_brings_to_light_stops_no_other(
    scanner: Scanner, server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(data: bytes, url: str, charset: str) -> Feed:
        return parse(data, url, charset) if data != b"bad" else parse(data, url, 1 / 0)  # type: ignore[arg-type]

    monkeypatch.setattr("newsletter.ingest.feeds.poll.parse", defect)
    server.pages["/bad"], server.pages["/good"] = Page(b"bad"), Page(rss(item(1)))
    scanner.follow(server.url("/bad"), server.url("/good"))
    assert [one.outcome for one in scanner.scan()] == ["failed", "changed"]
    assert "ZeroDivisionError" in scanner.feed.reason


def test_what_cannot_be_read_is_kept_in_part_and_of_the_newest_few(
    scanner: Scanner, server: HttpServer
) -> None:
    server.pages["/feed"] = Page(b"<html>" + b"x" * 150_000)
    scanner.follow(server.url("/feed"))
    scanner.scan()
    with scanner.store.reading() as db:
        (row,) = feeds.unread(db)
        body = feeds.unread_body(db, server.url("/feed"))
    assert (row["url"], row["size"]) == (server.url("/feed"), 150_006)
    assert row["reason"] == "it is a web page, no feed"
    assert body is not None
    assert body[:7] == b"<html>x"
    assert len(body) == 100_000
    with scanner.store.writing() as db:
        for number in range(9):
            one = feeds.Unread(f"https://x.example/{number}", "odd", b"?")
            feeds.keep_unread(db, scanner.feed.id, [one], NOON + HOUR * (number + 1))
    with scanner.store.reading() as db:
        kept = [row["url"][-1] for row in feeds.unread(db)]
    assert kept == ["8", "7", "6", "5", "4"]


def with_transcript(number: int = 1, path: str = "/1.vtt", kind: str = "text/vtt") -> str:
    link = f'<podcast:transcript url="{path}" type="{kind}"/>'
    return item(number, "<p>Ines Falk came by.</p>", more=link)


def test_a_transcript_is_fetched_where_the_notes_hold_no_takeaways(
    scanner: Scanner, server: HttpServer
) -> None:
    server.pages["/feed"] = Page(
        rss(with_transcript(), item(2, more="<podcast:transcript url='/2.vtt'/>"))
    )
    server.pages["/1.vtt"] = server.pages["/2.vtt"] = Page(TALK.encode())
    scanner.follow(server.url("/feed"))
    (polled,) = scanner.scan(replace(scanner.job, writer=Writer()))
    origins = {
        one.row.title: {mention.origin for mention in one.brief.mentions}
        for one in polled.episodes
        if one.brief
    }
    assert origins == {"Episode 1": {"written"}, "Episode 2": {"takeaway"}}
    assert server.counts() == {"/feed": 1, "/1.vtt": 1}


def test_the_best_three_transcripts_are_tried_the_best_first(
    scanner: Scanner, server: HttpServer
) -> None:
    kinds = {"/t.html": "text/html", "/t.json": "application/json", "/t.vtt": "text/vtt",
             "/t.srt": "application/srt", "/t.txt": "text/plain"}  # fmt: skip
    links = "".join(f'<podcast:transcript url="{p}" type="{k}"/>' for p, k in kinds.items())
    server.pages["/feed"] = Page(rss(item(1, "<p>Hello.</p>", more=links)))
    server.pages["/t.srt"] = Page(b"\xff\xfe\x00 no transcript")
    server.pages["/t.json"] = Page(status=404)
    scanner.follow(server.url("/feed"))
    scanner.scan()
    assert [one.path for one in server.requests] == [
        "/feed", "/t.vtt", "/t.srt", "/t.json",
    ]  # fmt: skip


def test_an_episode_without_insights_is_recorded_with_the_reason_and_left(
    scanner: Scanner, server: HttpServer
) -> None:
    server.pages["/feed"] = Page(rss(item(1, "<p>Ines Falk came by.</p>"), with_transcript(2)))
    scanner.follow(server.url("/feed"))
    scanner.scan()
    rows = scanner.episodes
    assert {row.state for row in rows.values()} == {"empty"}
    assert "no insight in it" in rows["Episode 1"].reason
    assert "answered 404" in rows["Episode 2"].reason
    for _ in range(3):
        assert scanner.after(HOUR).only().episodes == ()
    assert len(server.asked("/1.vtt")) == 1


def test_a_transcript_that_cannot_be_had_for_now_is_waited_for_and_not_for_ever(
    scanner: Scanner, server: HttpServer
) -> None:
    server.pages["/feed"] = Page(rss(with_transcript()), etag='"a"')
    server.pages["/1.vtt"] = Page(status=503)
    scanner.follow(server.url("/feed"))
    asked = []
    for hour in range(40):
        before = len(server.asked("/1.vtt"))
        scanner.scan()
        asked += [hour] * (len(server.asked("/1.vtt")) - before)
        scanner.after(HOUR)
    assert asked == [0, 1, 3, 7, 15, 31]
    assert scanner.episodes["Episode 1"].state == "empty"
    assert server.requests[-1].headers["if-none-match"] == '"a"'


def test_a_transcript_that_comes_later_makes_the_brief(
    scanner: Scanner, server: HttpServer
) -> None:
    server.pages["/feed"] = Page(rss(item(1, "<p>Ines Falk came by.</p>")), etag='"a"')
    scanner.follow(server.url("/feed"))
    scanner.scan()
    server.pages["/feed"] = Page(rss(with_transcript()), etag='"b"')
    assert [one.row.title for one in scanner.after(HOUR).only().episodes] == ["Episode 1"]
    assert len(server.asked("/1.vtt")) == 1


def test_what_the_writer_cannot_do_today_it_is_asked_again(
    scanner: Scanner, server: HttpServer
) -> None:
    server.pages["/feed"] = Page(rss(with_transcript()))
    server.pages["/1.vtt"] = Page(TALK.encode())
    scanner.follow(server.url("/feed"))
    scanner.scan(replace(scanner.job, writer=Tired()))
    row = scanner.episodes["Episode 1"]
    assert (row.state, row.reason) == ("waiting", "no tokens are left for today")
    scanner.after(HOUR).scan(replace(scanner.job, writer=Writer()))
    assert scanner.episodes["Episode 1"].state == "read"


def test_where_the_writer_never_can_the_quotes_are_taken(
    scanner: Scanner, server: HttpServer
) -> None:
    server.pages["/feed"] = Page(rss(with_transcript()))
    server.pages["/1.vtt"] = Page((files("newsletter") / "samples/feed/31.vtt").read_bytes())
    scanner.follow(server.url("/feed"))
    origins = set()
    for _ in range(40):
        for polled in scanner.scan(replace(scanner.job, writer=Tired())):
            briefs = [one.brief for one in polled.episodes if one.brief]
            origins |= {mention.origin for brief in briefs for mention in brief.mentions}
        scanner.after(HOUR)
    assert origins == {"quote"}
    assert len(server.asked("/1.vtt")) == 6


def test_chapters_are_fetched_and_broken_ones_are_kept(
    scanner: Scanner, server: HttpServer
) -> None:
    link = "<podcast:chapters url='/{}.json' type='application/json+chapters'/>"
    server.pages["/feed"] = Page(rss(*(item(n, more=link.format(n)) for n in (1, 2, 3))))
    server.pages["/1.json"] = Page(b'{"version":"1.2","chapters":[{"startTime":5,"title":"Mud"}]}')
    server.pages["/2.json"] = Page(b"<html>")
    scanner.follow(server.url("/feed"))
    scanner.scan()
    assert scanner.titles("read") == ["Episode 1", "Episode 2", "Episode 3"]
    with scanner.store.reading() as db:
        assert [row["url"] for row in feeds.unread(db)] == [server.url("/2.json")]


def test_a_date_in_the_future_is_none(scanner: Scanner, server: HttpServer) -> None:
    page = rss(item(1), item(2)).replace(b"01 Mar 2026 02", b"01 Mar 2031 02")
    server.pages["/feed"] = Page(page)
    scanner.follow(server.url("/feed"))
    scanner.scan()
    with scanner.store.reading() as db:
        dates = {one.insight.date for one in candidates.of_day(db, NOON.date(), 3650)}
    assert dates == {date(2026, 3, 1), NOON.date()}


def test_a_dry_run_reads_and_writes_nothing(scanner: Scanner, server: HttpServer) -> None:
    server.pages["/feed"] = Page(rss(item(1)))
    scanner.follow(server.url("/feed"))
    before = scanner.feed
    (polled,) = scanner.scan(replace(scanner.job, dry_run=True))
    assert len(polled.episodes) == 1
    assert scanner.feed == before
    assert scanner.episodes == {}
    with scanner.store.reading() as db:
        assert archive.totals(db).briefs == 0


def test_a_scan_that_is_stopped_leaves_the_rest_for_the_next(
    scanner: Scanner, server: HttpServer
) -> None:
    server.pages["/feed"] = Page(rss(*map(item, range(3))))
    scanner.follow(server.url("/feed"))
    answers = iter([False, False, True])
    assert scanner.scan(replace(scanner.job, stop=lambda: next(answers))) == []
    assert scanner.episodes == {}
    assert scanner.only().outcome == "changed"
    assert len(scanner.titles("read")) == 3


def test_two_scans_at_once_ask_once(store: Store, server: HttpServer) -> None:
    """On either database: the second finds the feed claimed."""
    one, other = Scanner(store), Scanner(store)
    one.follow(server.url("/feed"))

    def again(_request: Request) -> Page:
        assert other.scan() == []
        return Page(rss(item(1)))

    server.pages["/feed"] = again
    assert one.only().outcome == "changed"
    assert len(server.requests) == 1


def test_a_feed_that_is_removed_while_it_is_read_stays_removed(
    store: Store, server: HttpServer
) -> None:
    scanner = Scanner(store)
    scanner.follow(server.url("/feed"))

    def removed(_request: Request) -> Page:
        with store.writing() as db:
            feeds.remove(db, feeds.followed(db)[0])
        return Page(rss(item(1)))

    server.pages["/feed"] = removed
    scanner.scan()
    with store.reading() as db:
        assert feeds.followed(db) == []
        assert archive.totals(db).briefs == 0


def test_the_briefs_of_a_removed_feed_stay_and_are_known_again(
    store: Store, server: HttpServer
) -> None:
    scanner = Scanner(store)
    server.pages["/feed"] = Page(rss(item(1), item(2)))
    scanner.follow(server.url("/feed"))
    scanner.scan()
    with store.writing() as db:
        before = archive.totals(db)
        feeds.remove(db, feeds.followed(db)[0])
        assert archive.totals(db) == before
    scanner.follow(server.url("/feed"))
    scanner.scan()
    with store.reading() as db:
        assert archive.totals(db) == before


@pytest.fixture
def watched(scanner: Scanner) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    scanner.job = replace(scanner.job, watch=lambda done, total: told.append((done, total)))
    return told


def test_progress_is_told(
    scanner: Scanner, server: HttpServer, watched: list[tuple[int, int]]
) -> None:
    scanner.follow(*(server.url(f"/{number}") for number in range(3)))
    scanner.scan()
    assert watched == [(1, 3), (2, 3), (3, 3)]
