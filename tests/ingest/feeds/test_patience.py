"""A feed whose servers are slow, or that edits all it has, and what waits for its next poll."""

from dataclasses import replace
from threading import Event

import pytest

from newsletter.ingest.feeds.fetch import Fetcher
from newsletter.storage import feeds
from tests.http_server import HttpServer, Page, Request
from tests.ingest.feeds.conftest import HOUR, Scanner, item, rss, takeaways

SLOW = Page(b"x" * 10_000, drip=0.05)


@pytest.fixture
def hasty(scanner: Scanner) -> Scanner:
    """For which any answer comes late."""
    scanner.job = replace(scanner.job, patience=0.0)
    return scanner


def with_links(number: int) -> str:
    links = "".join(
        f'<podcast:transcript url="/{number}-{n}.vtt" type="text/vtt"/>' for n in range(9)
    )
    chapters = f'<podcast:chapters url="/{number}.json" type="application/json"/>'
    return item(number, "<p>Ines Falk came by.</p>", more=links + chapters)


def test_what_a_slow_feed_left_is_read_at_its_next_polls_and_none_is_lost(
    hasty: Scanner, server: HttpServer
) -> None:
    server.pages["/feed"] = Page(rss(*map(item, range(5))), etag='"a"')
    hasty.follow(server.url("/feed"))
    first = hasty.only()
    assert "2 episodes wait for the next poll" in first.feed.reason
    assert (hasty.titles("read"), len(hasty.titles("passed"))) == (["Episode 4"], 2)
    assert {(row.tries, row.state) for row in first.late} == {(0, "waiting")}
    server.pages["/feed"] = Page(rss(*map(item, range(6))), etag='"b"')
    reasons = [hasty.after(HOUR).only().feed.reason for _ in range(4)]
    assert ["1 episode waits" in reason for reason in reasons] == [False, True, False, False]
    assert reasons[-2:] == ["", ""]
    assert hasty.titles("read") == [f"Episode {number}" for number in (2, 3, 4, 5)]
    assert server.requests[-1].headers["if-none-match"] == '"b"'


def test_episodes_whose_servers_never_answer_take_turns_and_of_each_three_links_are_tried(
    hasty: Scanner, server: HttpServer
) -> None:
    late = {f"/{n}-{link}.vtt": Page(status=503) for n in range(3) for link in range(9)}
    server.pages |= {**late, "/feed": Page(rss(*map(with_links, range(3))))}
    hasty.follow(server.url("/feed"))
    for episode in (2, 1, 0, 2):
        before = len(server.requests)
        hasty.scan()
        asked = [f"/{episode}.json", *(f"/{episode}-{link}.vtt" for link in range(3))]
        assert [one.path for one in server.requests[before:]] == ["/feed", *asked]
        hasty.after(HOUR)
    tries = {title: row.tries for title, row in hasty.episodes.items()}
    assert tries == {"Episode 0": 1, "Episode 1": 1, "Episode 2": 2}


def test_a_scan_that_is_told_to_end_waits_for_no_transcript_and_keeps_the_feed_due(
    scanner: Scanner, server: HttpServer
) -> None:
    stop = Event()

    def slow(_request: Request) -> Page:
        stop.set()
        return SLOW

    server.pages["/feed"] = Page(rss(with_links(1)))
    server.pages["/1-0.vtt"] = slow
    scanner.follow(server.url("/feed"))
    fetcher = Fetcher(scanner.fetcher.limits, stop=stop.is_set)
    assert scanner.scan(replace(scanner.job, fetcher=fetcher, stop=stop.is_set)) == []
    assert list(server.counts()) == ["/feed", "/1.json", "/1-0.vtt"]
    assert (scanner.episodes, scanner.feed.next_try) == ({}, scanner.now)


def test_a_feed_that_edits_all_its_notes_is_read_again_over_several_polls(
    scanner: Scanner, server: HttpServer
) -> None:
    scanner.job = replace(scanner.job, first=45)
    server.pages["/feed"] = Page(rss(*map(item, range(45))))
    scanner.follow(server.url("/feed"))
    assert len(scanner.only().episodes) == 45
    server.pages["/feed"] = Page(
        rss(*(item(number, takeaways(number + 100)) for number in range(45))), etag='"b"'
    )
    read = [[one.row.key for one in scanner.after(HOUR).only().episodes] for _ in range(4)]
    assert [len(keys) for keys in read] == [20, 20, 5, 0]
    with scanner.store.reading() as db:
        known = feeds.known_episodes(db, scanner.feed.id)
    assert {key for keys in read for key in keys} == set(known)
