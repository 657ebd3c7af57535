"""``sources`` and ``scan`` as the operator types them."""

import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from tests.cli.conftest import House
from tests.http_server import HttpServer, Page
from tests.ingest.feeds.conftest import item, rss
from tests.model_server import ModelServer, Reply, insights
from tests.model_server import Request as ModelRequest

ELSEWHERE = "https://pods.example/feed"


@pytest.fixture
def pods() -> Iterator[HttpServer]:
    with HttpServer() as running:
        running.pages["/feed"] = Page(rss(*map(item, range(5))))
        yield running


@pytest.fixture
def listener(house: House) -> House:
    """May fetch from this machine."""
    house.environment["NEWSLETTER_SOURCES__ALLOW_HOSTS"] = '["127.0.0.1"]'
    return house


def test_from_an_address_to_insights(listener: House, pods: HttpServer) -> None:
    url = pods.url("/feed")
    assert listener("sources", "list").out == "none yet: newsletter sources add URL\n"
    assert "1 feed added" in listener("sources", "add", url).out
    assert "0 feeds added, 1 followed before" in listener("sources", "add", url).out
    assert listener("sources", "list").out == f"{url}  not read yet\n"
    scanned = listener("scan")
    assert (scanned.code, scanned.stderr) == (0, "")
    assert "1 feed polled, 0 failed: 3 episodes read, 6 insights" in scanned.out
    assert "read     Harbour Talk: Episode 4: 2 insights (takeaway)" in scanned.out
    assert pods.requests[0].headers["user-agent"].startswith("newsletter/")
    assert "(feed reader; +mailto:news@letters.example)" in pods.requests[0].headers["user-agent"]
    assert "no feed is due: `newsletter sources list` says when" in listener("scan").out
    listed = listener("sources", "list", "--episodes").out
    assert f"{url}  Harbour Talk  read 2026-03-14 12:00 UTC, next 2026-03-14 13:00 UTC" in listed
    assert "2026-03-01  read  Episode 4  2 insights" in listed
    assert "3 briefs, 6 insights" in listener("status").out
    assert "waiting" not in listener("status").out


def test_where_a_feed_moved_to_is_the_same_feed(listener: House, pods: HttpServer) -> None:
    pods.pages["/old"] = Page(status=308, headers={"Location": "/feed"})
    listener("sources", "add", pods.url("/old"))
    listener("scan")
    assert "0 feeds added, 1 followed before" in listener("sources", "add", pods.url("/feed")).out
    (listed,) = listener("sources", "list", "--json").json
    assert (listed["url"], listed["location"]) == (pods.url("/old"), pods.url("/feed"))
    assert listener("sources", "remove", pods.url("/feed")).code == 0


def test_a_host_that_may_not_be_asked_is_told_at_once(house: House, pods: HttpServer) -> None:
    added = house("sources", "add", pods.url("/feed"))
    assert added.code == 0
    assert "1 feed added" in added.out
    assert 'write "127.0.0.1" into sources.allow_hosts' in added.stderr
    house.environment["NEWSLETTER_SOURCES__ALLOW_HOSTS"] = '["127.0.0.1"]'
    assert house("sources", "add", pods.url("/feed")).stderr == ""
    assert house("sources", "add", "https://nowhere.invalid/feed").stderr == ""


def test_a_feed_that_moved_to_one_that_is_followed_is_read_there_alone(
    listener: House, pods: HttpServer
) -> None:
    """Whichever of the two is asked first, and as often as it is added again."""
    pods.pages["/old"] = Page(status=301, headers={"Location": "/feed"})
    for path in ("/old", "/feed"):
        listener("sources", "add", pods.url(path))
    said = f"it moved to {pods.url('/feed')}, which is followed already"
    scanned = listener("scan")
    assert "2 feeds polled, 0 failed: 3 episodes read" in scanned.out
    assert f"ended    {pods.url('/old')}: {said}" in scanned.out
    assert f"{pods.url('/old')}  ended at 2026-03-14 12:00 UTC: {said}" in (
        listener("sources", "list").out
    )
    listener("sources", "add", pods.url("/old"))
    assert "1 feed polled, 0 failed: 0 episodes read" in listener("scan").out
    assert "0 failing, 1 ended" in listener("status").out
    assert listener("sources", "remove", pods.url("/feed")).code == 0
    assert "1 feed added" in listener("sources", "add", pods.url("/feed")).out


def test_two_feeds_that_moved_to_the_same_address_are_read_once(
    listener: House, pods: HttpServer
) -> None:
    for path in ("/a", "/b"):
        pods.pages[path] = Page(status=308, headers={"Location": "/feed"})
        listener("sources", "add", pods.url(path))
    assert "2 feeds polled, 0 failed: 3 episodes read" in listener("scan").out
    first, second = listener("sources", "list", "--json").json
    assert (first["state"], first["location"]) == ("followed", pods.url("/feed"))
    assert (second["state"], second["location"]) == ("ended", None)
    listener.now += timedelta(hours=1)
    assert "1 feed polled" in listener("scan").out


def test_json_of_each(listener: House, pods: HttpServer) -> None:
    url = pods.url("/feed")
    added = listener("sources", "add", url, "--json").json
    assert added == {"new": 1, "known": 0, "feeds": [url]}
    (checked,) = listener("sources", "check", url, "--json").json
    assert (checked["items"], len(checked["episodes"])) == (5, 1)
    scan = listener("scan", "--json").json
    (scanned,), cost = scan["feeds"], scan["cost"]
    assert cost is None
    assert (scanned["url"], scanned["outcome"]) == (url, "changed")
    assert {one["origin"] for one in scanned["episodes"][0]["insights"]} == {"takeaway"}
    (listed,) = listener("sources", "list", "--episodes", "--json").json
    assert (listed["state"], listed["title"], len(listed["episodes"])) == (
        "followed",
        "Harbour Talk",
        3,
    )
    assert listener("sources", "unread", "--json").json == []
    assert listener("sources", "remove", url, "--json").json == {"url": url, "result": "removed"}
    assert listener("sources", "list", "--json").json == []


def test_an_opml_file_is_followed(house: House, tmp_path: Path) -> None:
    names = "".join(f"<outline xmlUrl='https://{n}.example/'/>" for n in "abc")
    file = tmp_path / "mine.opml"
    file.write_text(f"<opml><body>{names}</body></opml>")
    assert "3 feeds added" in house("sources", "add", str(file)).out
    assert len(house("sources", "list").out.splitlines()) == 3


def test_an_opml_file_without_its_end_is_told(house: House, tmp_path: Path) -> None:
    file = tmp_path / "mine.opml"
    file.write_text("<opml><body><outline xmlUrl='https://a.example/'/>")
    done = house("sources", "add", str(file))
    assert (done.code, "1 feed added" in done.out) == (0, True)
    assert "cut off in the middle; the feeds before the cut are added" in done.stderr


def test_what_a_program_marked_as_a_feed_is_its_address(house: House, tmp_path: Path) -> None:
    file = tmp_path / "mine.opml"
    file.write_text("<opml><body><outline xmlUrl='feed://a.example/x'/></body></opml>")
    for named in ("feed:http://a.example/x", "pcast://a.example/x", str(file)):
        assert house("sources", "add", named).code == 0
    house.environment["NEWSLETTER_SOURCES__FEEDS"] = '["feed://b.example/"]'
    listed = house("sources", "list", "--json").json
    assert [one["url"] for one in listed] == ["http://a.example/x", "http://b.example/"]
    assert house("sources", "remove", "feed://a.example/x").code == 0


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("nowhere.opml", "neither an address nor a file"),
        ("ftp://a.example/", "neither an address nor a file"),
        (".", ". is no file"),
        ("/dev/zero", "/dev/zero is no file"),
        ("a\0b", "neither an address nor a file"),
        ("", "the address is empty"),
        ("config.toml", "names no feed"),
        ("https://a.example/mine.OPML?x=1", "download it, and name the file"),
    ],
)
def test_what_is_neither_is_refused(
    house: House, named: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(house.folder)
    refused = house("sources", "add", named)
    assert refused.code == 2
    assert said in refused.stderr


def test_an_address_that_gives_opml_is_told(listener: House, pods: HttpServer) -> None:
    pods.pages["/mine"] = Page(b"<opml><body><outline xmlUrl='https://a.example/'/></body></opml>")
    listener("sources", "add", pods.url("/mine"))
    for words in (["sources", "check"], ["scan"], ["sources", "list"]):
        assert "it is OPML, a list of feeds and no feed: download it" in listener(*words).out


def test_a_feed_that_was_cut_off_is_told_everywhere(listener: House, pods: HttpServer) -> None:
    pods.pages["/half"] = Page(rss(item(1), item(2)).removesuffix(b"</item></channel></rss>"))
    listener("sources", "add", pods.url("/half"))
    said = "it was cut off in the middle; the episodes before the cut are read"
    assert said in listener("sources", "check").out
    scanned = listener("scan")
    assert (scanned.code, said in scanned.out) == (0, True)
    assert "1 episode read" in scanned.out
    listed = listener("sources", "list").out
    assert "read 2026-03-14 12:00 UTC" in listed
    assert said in listed
    status = listener("status").out
    assert "1 feed followed, 0 failing" in status
    assert f"{pods.url('/half')}  {said}" in status


def test_the_configuration_names_feeds_too(house: House) -> None:
    key = "NEWSLETTER_SOURCES__FEEDS"
    house.environment[key] = f'["{ELSEWHERE}", "https://b.example/"]'
    house("sources", "add", "https://c.example/")
    listed = house("sources", "list", "--json").json
    assert {one["url"]: one["configured"] for one in listed} == {
        "https://c.example/": False,
        ELSEWHERE: True,
        "https://b.example/": True,
    }
    for stranger in ("foo", "", "c.example", "https://d.example/"):
        unknown = house("sources", "remove", stranger)
        assert (unknown.code, "is not followed" in unknown.stderr) == (2, True)
    assert len(house("sources", "list", "--json").json) == 3
    refused = house("sources", "remove", ELSEWHERE)
    assert (refused.code, "stands in sources.feeds" in refused.stderr) == (2, True)
    house.environment[key] = '["https://b.example/", "https://c.example/"]'
    listed = house("sources", "list", "--json").json
    assert {one["url"]: one["configured"] for one in listed} == {
        "https://c.example/": True,
        "https://b.example/": True,
    }
    house.environment[key] = "[]"
    assert house("sources", "list", "--json").json == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("FEEDS", '["pods.example/feed"]'),
        ("ALLOW_HOSTS", '["http://pods.lan/"]'),
        ("ALLOW_HOSTS", '["pods.lan:8000"]'),
        ("CONTACT", "me (at) home"),
        ("POLL_MINUTES", "1"),
    ],
)
def test_what_cannot_be_configured_is_refused(house: House, key: str, value: str) -> None:
    house.environment[f"NEWSLETTER_SOURCES__{key}"] = value
    refused = house("sources", "list")
    assert refused.code == 2
    assert f"NEWSLETTER_SOURCES__{key}" in refused.stderr


def test_nobody_is_asked_who_cannot_ask_back(house: House) -> None:
    house.environment["NEWSLETTER_NEWSLETTER__FROM_ADDRESS"] = ""
    house("sources", "add", ELSEWHERE)
    refused = house("scan")
    assert refused.code == 2
    assert "neither sources.contact nor newsletter.from_address is set" in refused.stderr


def test_a_contact_is_sent_as_it_is(listener: House, pods: HttpServer) -> None:
    listener.environment["NEWSLETTER_SOURCES__CONTACT"] = "https://letters.example/about"
    listener("sources", "check", pods.url("/feed"))
    agent = pods.requests[0].headers["user-agent"]
    assert "(feed reader; +https://letters.example/about)" in agent


def test_a_failing_feed_is_told_everywhere(listener: House, pods: HttpServer) -> None:
    pods.pages["/bad"] = Page(status=503, headers={"Retry-After": "7200"})
    listener("sources", "add", pods.url("/bad"))
    listener("sources", "add", pods.url("/feed"))
    scanned = listener("scan")
    assert scanned.code == 1
    reason = "the server answered 503 Service Unavailable"
    assert f"failed   {pods.url('/bad')}: {reason}" in scanned.out
    assert "2 feeds polled, 1 failed: 3 episodes read" in scanned.out
    since = "since 2026-03-14 12:00 UTC, next try 2026-03-14 14:"
    assert since in listener("sources", "list").out
    status = listener("status").out
    assert "Feeds        2 feeds followed, 1 failing" in status
    assert f"{pods.url('/bad')}  {since}" in status
    (failing,) = listener("status", "--json").json["failing_feeds"]
    assert (failing["url"], failing["reason"]) == (pods.url("/bad"), reason)


def test_a_feed_that_ended_says_so_until_it_is_added_again(
    listener: House, pods: HttpServer
) -> None:
    pods.pages["/old"] = Page(status=410)
    listener("sources", "add", pods.url("/old"))
    assert listener("scan").code == 0
    assert "ended at 2026-03-14 12:00 UTC" in listener("sources", "list").out
    status = listener("status").out
    assert "1 feed followed, 0 failing, 1 ended" in status
    assert f"{pods.url('/old')}  ended at 2026-03-14 12:00 UTC: the server answered 410" in status
    assert listener("status", "--json").json["failing_feeds"] == []
    listener.now += timedelta(days=30)
    assert "no feed is due" in listener("scan").out
    listener("sources", "add", pods.url("/old"))
    assert "1 feed polled" in listener("scan").out


def test_a_failing_feed_that_is_added_again_is_due_at_once(
    listener: House, pods: HttpServer
) -> None:
    pods.pages["/new"] = Page(status=503)
    listener("sources", "add", pods.url("/new"))
    listener("scan")
    pods.pages["/new"] = pods.pages["/feed"]
    assert "no feed is due" in listener("scan").out
    listener("sources", "add", pods.url("/new"))
    assert "1 feed polled, 0 failed: 3 episodes read" in listener("scan").out


def test_no_private_host_is_asked_unless_it_is_named(house: House, pods: HttpServer) -> None:
    checked = house("sources", "check", pods.url("/feed"))
    assert checked.code == 1
    assert 'write "127.0.0.1" into sources.allow_hosts' in checked.out
    assert pods.requests == []


def test_check_shows_what_would_come_and_writes_nothing(listener: House, pods: HttpServer) -> None:
    more = "<podcast:transcript url='/1.vtt' type='text/vtt'/>"
    pods.pages["/feed"] = Page(rss(item(1), item(2, more=more)))
    before = listener.dump()
    checked = listener("sources", "check", pods.url("/feed"))
    assert checked.code == 0
    assert "Harbour Talk: 2 episodes" in checked.out
    assert "newest       2026-03-01  Episode 2: 2 insights (takeaway)" in checked.out
    assert "transcripts  text/vtt" in checked.out
    assert "takeaway     Dredging a harbour every 4 years costs" in checked.out
    assert listener.dump() == before
    assert listener("sources", "check", "pods.example").code == 2
    assert (listener("sources", "check").code, listener("sources", "check").out) == (0, "")


def test_a_dry_run_writes_nothing(listener: House, pods: HttpServer) -> None:
    listener("sources", "add", pods.url("/feed"))
    before = listener.dump()
    dry = listener("scan", "--dry-run")
    assert "3 episodes read, 6 insights; nothing was written" in dry.out
    assert listener.dump() == before


@pytest.fixture
def talk(pods: HttpServer) -> str:
    """The address of a feed whose episode has a transcript and no takeaways."""
    transcript = (files("newsletter") / "samples" / "feed" / "31.vtt").read_bytes()
    link = "<podcast:transcript url='/31.vtt' type='text/vtt'/>"
    pods.pages["/31.vtt"] = Page(transcript)
    pods.pages["/talk"] = Page(rss(item(1, "<p>Tomas Brandt came by.</p>", more=link)))
    return pods.url("/talk")


def test_a_dry_run_says_what_the_writer_would_cost_and_asks_nothing(
    listener: House, talk: str
) -> None:
    with ModelServer() as model:
        listener.environment["NEWSLETTER_WRITER__URL"] = model.url
        listener.environment["NEWSLETTER_WRITER__MODEL"] = "a-model"
        listener("sources", "add", talk)
        assert "To have insights written: at most 1 call, " in listener("scan", "--dry-run").out
        assert listener("scan", "--dry-run", "--json").json["cost"]["calls"] == 1
        assert model.requests == []


def test_a_model_writes_from_a_transcript(listener: House, talk: str) -> None:
    text = (
        "A city's pressure towers hold about six hours of supply. The pumps that refill them"
        " have no batteries at all."
    )

    def answer(request: ModelRequest) -> Reply:
        said = next(n for n, _, words in request.transcript if "pressure towers" in words)
        return insights((text, [said]))

    with ModelServer(otherwise=answer) as model:
        listener.environment["NEWSLETTER_WRITER__URL"] = model.url
        listener.environment["NEWSLETTER_WRITER__MODEL"] = "a-model"
        listener("sources", "add", talk)
        assert "Episode 1: 1 insight (written)" in listener("scan").out
    (feed,) = listener("sources", "list", "--episodes", "--json").json
    assert feed["episodes"][0]["state"] == "read"


def test_a_model_that_does_not_answer_is_waited_for(listener: House, talk: str) -> None:
    listener.environment["NEWSLETTER_WRITER__URL"] = "http://127.0.0.1:1/v1"
    listener.environment["NEWSLETTER_WRITER__MODEL"] = "a-model"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", lambda _seconds: None)
        listener("sources", "add", talk)
        assert "waiting  Harbour Talk: Episode 1: the model of writer.url" in listener("scan").out
    assert "waiting    1 episode: `newsletter sources list --episodes`" in listener("status").out
    assert listener("status", "--json").json["waiting_episodes"] == 1


def test_what_cannot_be_read_can_be_looked_at(listener: House, pods: HttpServer) -> None:
    assert listener("sources", "unread").out == "all that was fetched could be read\n"
    pods.pages["/feed"] = Page(b"<html>\xff\x00")
    listener("sources", "add", pods.url("/feed"))
    listener("scan")
    assert "it is a web page, no feed" in listener("sources", "unread").out
    assert listener("sources", "unread", pods.url("/feed")).stdout == b"<html>\xff\x00"
    assert listener("sources", "unread", ELSEWHERE).code == 2


def test_a_password_is_not_shown(listener: House, pods: HttpServer) -> None:
    url = pods.url("/feed").replace("//", "//ann:hushhush@")
    pods.pages["/feed"] = Page(status=500)
    said = listener("sources", "add", url)
    outputs = [said, *(listener(*words.split()) for words in (
        "scan", "sources list", "sources list --json", "status", "status --json",
    ))]  # fmt: skip
    assert pods.requests[0].headers["authorization"].startswith("Basic ")
    assert not any("hushhush" in one.out + one.stderr for one in outputs)
    assert listener("sources", "remove", url.replace("hushhush", "***")).code == 0


def test_a_password_reaches_no_reader_and_no_file(listener: House, pods: HttpServer) -> None:
    """Links that are relative to the feed's address are not relative to the password in it."""
    url = pods.url("/feed").replace("//", "//ann:hushhush@")
    page = rss(item(1, more="<enclosure url='1.mp3'/>")).replace(b"https://pods.example/1<", b"1<")
    pods.pages["/feed"] = Page(page)
    listener("sources", "add", url)
    assert listener("scan").code == 0
    dump = [line for line in listener.dump() if 'INTO "feed"' not in line]
    assert pods.url("/1") in "".join(dump)
    sources = [line for line in dump if "hushhush" in line]
    assert [line.partition(" VALUES")[0] for line in sources] == ['INSERT INTO "file"']
    pods.pages["/feed"] = Page(b"<html>")
    listener.now += timedelta(hours=1)
    listener("scan")
    assert pods.url("/feed") in listener("sources", "unread").out
    assert "hushhush" not in listener("sources", "unread").out


def test_control_characters_in_a_feed_reach_no_terminal(listener: House, pods: HttpServer) -> None:
    pods.pages["/feed"] = Page(rss(item(1), title="A\u009b31mB &#x1b;[2J"))
    listener("sources", "add", pods.url("/feed"))
    outputs = listener("scan"), listener("sources", "list", "--episodes")
    assert not any("\x1b" in one.out or "\u009b" in one.out for one in outputs)


@pytest.mark.heavy
def test_run_scans_too_and_ends_when_it_is_told(listener: House, pods: HttpServer) -> None:
    """A feed that answers nothing keeps neither the others nor the end waiting."""
    listener.now = datetime.now(UTC)
    listener.environment["NEWSLETTER_SOURCES__TIMEOUT_SECONDS"] = "2"
    pods.pages["/slow"] = Page(stall=True)
    listener("sources", "add", pods.url("/slow"))
    listener("sources", "add", pods.url("/feed"))
    process = listener.process("run")
    end = time.monotonic() + 60
    try:
        while not pods.asked("/feed") and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, log
    assert f"feed {pods.url('/slow')}: no whole answer within 2 seconds" in log
