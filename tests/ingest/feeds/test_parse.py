"""Feeds in all the shapes that podcasts publish them in, right ones and broken ones."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.episode import Chapter, Episode, TranscriptLink
from newsletter.ingest.feeds.parse import FeedRejected, parse

URL = "https://pods.example/shows/feed.xml"
SPACES = (
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    ' xmlns:podcast="https://podcastindex.org/namespace/1.0"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:psc="http://podlove.org/simple-chapters"'
)


def rss(*items: str, title: str = "Tide Tables", head: str = "", spaces: str = SPACES) -> bytes:
    body = "".join(f"<item>{item}</item>" for item in items)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {spaces}>'
        f"<channel><title>{title}</title>{head}{body}</channel></rss>"
    ).encode()


def only(data: bytes) -> Episode:
    (episode,) = parse(data, URL).episodes
    return episode


WHOLE = """
<title>Why harbours silt up</title><guid isPermaLink="false">ep-7</guid>
<link>https://pods.example/7</link><pubDate>Sat, 14 Mar 2026 23:30:00 -0500</pubDate>
<enclosure url="https://cdn.example/7.mp3" type="audio/mpeg" length="1"/>
<itunes:duration>1:02:03</itunes:duration><description>In short.</description>
<content:encoded><![CDATA[<p>Key takeaways</p><ul><li>Mud &amp; tides</li></ul>]]></content:encoded>
<podcast:transcript url="https://cdn.example/7.vtt" type="text/vtt" language="en" rel="captions"/>
<podcast:transcript url="/7.srt" type="application/srt; charset=utf-8"/>
<podcast:chapters url="7.json" type="application/json+chapters"/>
<podcast:person role="host">Ada Quay</podcast:person>
<podcast:person role="Guest">Kofi Mole</podcast:person>
<podcast:person role="audio editor">Nobody Heard</podcast:person>
<psc:chapters version="1.2"><psc:chapter start="0:01:05.5" title="Dredging"/></psc:chapters>
"""


def test_every_field_of_a_whole_item() -> None:
    feed = parse(rss(WHOLE), URL)
    assert feed.title == "Tide Tables"
    assert feed.episodes == (
        Episode(
            guid="ep-7",
            title="Why harbours silt up",
            podcast="Tide Tables",
            url="https://pods.example/7",
            enclosure="https://cdn.example/7.mp3",
            published=date(2026, 3, 15),
            notes="<p>Key takeaways</p><ul><li>Mud &amp; tides</li></ul>",
            duration=3723,
            speakers=("Ada Quay", "Kofi Mole"),
            hosts=("Ada Quay",),
            transcripts=(
                TranscriptLink("https://cdn.example/7.vtt", "text/vtt", "en"),
                TranscriptLink("https://pods.example/7.srt", "application/srt"),
            ),
            chapters=(Chapter(65, "Dredging"),),
            chapters_url="https://pods.example/shows/7.json",
        ),
    )


def test_atom() -> None:
    feed = parse(
        b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/x/">
        <title type="html">Salt &amp;amp; Stone</title>
        <entry><title>One</title><id>tag:a.example,2026:1</id><updated>2026-03-14T01:00:00Z</updated>
        <link href="one"/><link rel="enclosure" type="audio/mpeg" href="one.mp3"/>
        <summary>Short</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
        <ul><li>A longer note</li></ul></div></content></entry></feed>""",
        URL,
    )
    (episode,) = feed.episodes
    assert (feed.title, episode.guid) == ("Salt & Stone", "tag:a.example,2026:1")
    assert (episode.url, episode.enclosure) == (
        "https://a.example/x/one",
        "https://a.example/x/one.mp3",
    )
    assert episode.published == date(2026, 3, 14)
    assert "<li>A longer note</li>" in episode.notes


def test_people_of_the_channel_speak_where_an_item_names_nobody() -> None:
    head = "<podcast:person>Ada Quay</podcast:person>"
    named = "<guid>2</guid><podcast:person role='guest'>Mei Bar</podcast:person>"
    one, two = parse(rss("<guid>1</guid>", named, head=head), URL).episodes
    assert (one.speakers, one.hosts) == (("Ada Quay",), ("Ada Quay",))
    assert (two.speakers, two.hosts) == (("Mei Bar",), ())


@pytest.mark.parametrize(
    ("item", "guid"),
    [
        ("<guid>g</guid><enclosure url='/a.mp3'/><link>/p</link>", "g"),
        ("<enclosure url='/a.mp3'/><link>/p</link>", "https://pods.example/a.mp3"),
        ("<guid> </guid><link>/p</link>", "https://pods.example/p"),
    ],
)
def test_an_episode_is_itself_by_guid_else_enclosure_else_link(item: str, guid: str) -> None:
    assert only(rss(item)).guid == guid


def test_an_item_without_any_of_them_is_the_same_each_time() -> None:
    item = "<title>Bare</title><pubDate>Sat, 14 Mar 2026 23:30:00 GMT</pubDate>"
    assert only(rss(item)).guid == only(rss(item)).guid != only(rss("<title>Other</title>")).guid


def test_a_changed_enclosure_leaves_the_episode_itself() -> None:
    before = only(rss("<guid>g</guid><enclosure url='https://old.example/a.mp3'/>"))
    after = only(rss("<guid>g</guid><enclosure url='https://new.example/b.mp3'/>"))
    assert before.guid == after.guid


def test_items_that_share_a_guid_are_told_apart() -> None:
    items = [f"<guid>all</guid><enclosure url='/{number}.mp3'/>" for number in (1, 2)]
    assert len({one.guid for one in parse(rss(*items, items[0]), URL).episodes}) == 2


def test_the_newest_comes_first_and_what_has_no_date_last() -> None:
    dates = ["Mon, 02 Mar 2026 08:00:00 GMT", "", "2026-03-09T08:00:00+01:00", "yesterday", ""]
    items = [f"<guid>{n}</guid><pubDate>{text}</pubDate>" for n, text in enumerate(dates)]
    assert [one.guid for one in parse(rss(*items), URL).episodes] == ["2", "0", "1", "3", "4"]


@pytest.mark.parametrize(
    "text",
    ["", "soon", "31 Feb 2026", "Sat, 14 Mar 99999 00:00:00 GMT", "0000-00-00", "9" * 5000, "-1"],
)
def test_a_date_that_is_none_is_left_out(text: str) -> None:
    assert only(rss(f"<guid>g</guid><pubDate>{text}</pubDate>")).published is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3600", 3600), ("61:05", 3665), ("1:02:03.5", 3723), ("0", 0),
        ("", None), ("an hour", None), ("-5", None), ("nan", None), ("inf", None), ("9e99", None),
        ("1:2:3:4:5:6", None),
    ],
)  # fmt: skip
def test_durations(text: str, seconds: int | None) -> None:
    item = f"<guid>g</guid><itunes:duration>{text}</itunes:duration>"
    assert only(rss(item)).duration == seconds


def test_relative_links_go_by_the_nearest_base() -> None:
    data = rss(
        "<guid>g</guid><link>e/1</link><enclosure url='1.mp3'/><podcast:transcript url='1.vtt'/>"
    ).replace(b"<item>", b"<item xml:base='https://base.example/dir/'>")
    episode = only(data)
    assert episode.url == "https://base.example/dir/e/1"
    assert episode.enclosure == "https://base.example/dir/1.mp3"
    assert episode.transcripts == (TranscriptLink("https://base.example/dir/1.vtt"),)


@pytest.mark.parametrize(
    "bad", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "http://℀.example/x"]
)
def test_only_links_to_the_web_are_links(bad: str) -> None:
    item = f"<guid>g</guid><link>{bad}</link><enclosure url='{bad}'/>"
    episode = only(rss(f"{item}<podcast:transcript url='{bad}'/><podcast:chapters url='{bad}'/>"))
    assert (episode.url, episode.enclosure, episode.transcripts, episode.chapters_url) == (
        "", "", (), "",
    )  # fmt: skip


@pytest.mark.parametrize(
    "broken",
    [
        rss(WHOLE.replace("short", "&nbsp;short &hellip; &frobnicate; &#xFFFFFF; &#0;")),
        rss(WHOLE.replace("In short.", "Q & A <br> unclosed")),
        rss(WHOLE).replace(b"</channel></rss>", b""),
        rss(WHOLE).replace(b"</item>", b""),
        rss(WHOLE).replace(b"short", b"sh\x00o\x0br\x1ft"),
        rss(WHOLE, spaces="xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"),
        b"\n\n  " + rss(WHOLE),
        b"\xef\xbb\xbf" + rss(WHOLE),
        rss(WHOLE).replace(b'encoding="UTF-8"', b'encoding="no-such-thing"'),
        rss(WHOLE).decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        b"<!DOCTYPE rss [<!ENTITY a 'b'>]>" + rss(WHOLE).partition(b"?>")[2],
        rss(WHOLE).replace(b"podcastindex.org/namespace/1.0", b"other.example/docs/1.0.md"),
    ],
)
def test_what_is_broken_is_read_as_far_as_it_goes(broken: bytes) -> None:
    episode = only(broken)
    assert (episode.guid, episode.title) == ("ep-7", "Why harbours silt up")
    assert episode.enclosure == "https://cdn.example/7.mp3"
    assert [one.media_type for one in episode.transcripts] == ["text/vtt", "application/srt"]


@pytest.mark.parametrize(
    "end", ["</channel></rss>", "</rss>", "nnel></rss>", "</item></channel></rss>"]
)
def test_what_came_before_the_cut_is_read_and_half_an_entry_is_not(end: str) -> None:
    items = [f"<guid>{n}</guid><description>All of {n}.</description>" for n in (1, 2)]
    feed = parse(rss(*items).removesuffix(end.encode()), URL)
    assert [one.guid for one in feed.episodes] == (["1"] if "item" in end else ["1", "2"])
    assert (feed.title, feed.cut_off) == ("Tide Tables", True)


ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Tide Tables</title>
<entry><id>1</id><summary>One.</summary></entry><entry><id>2</id><summary>Two.</summary></entry></feed>"""


@pytest.mark.parametrize("length", range(60, len(ATOM) + 1, 7))
def test_an_atom_feed_that_is_cut_anywhere(length: int) -> None:
    data = ATOM[:length]
    feed = parse(data, URL)
    assert [one.guid for one in feed.episodes] == ["1", "2"][: data.count(b"</entry>")]
    assert feed.cut_off == (b"</feed>" not in data)


@pytest.mark.parametrize("whole", [b"<rss version='2.0'/>", rss(WHOLE) + b"\n<!-- 0.1 s -->"])
def test_what_is_whole_is_not_said_to_be_cut_off(whole: bytes) -> None:
    assert not parse(whole, URL).cut_off


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        (rss("<guid>g</guid><title>Müller’s</title>"), ""),
        (rss("<guid>g</guid><title>Müller’s</title>"), "iso-8859-1"),
        (rss("<guid>g</guid><title>Müller’s</title>").replace(b"UTF-8", b"ISO-8859-1"), ""),
        (rss("<guid>g</guid><title>M&uuml;ller&rsquo;s</title>"), ""),
        (rss("<guid>g</guid><title>Müller’s</title>").decode().encode("cp1252"), "windows-1252"),
        (rss("<guid>g</guid><title>Müller’s</title>").decode().encode("cp1252"), ""),
        (
            rss("<guid>g</guid><title>Müller’s</title>")
            .replace(b"UTF-8", b"windows-1252")
            .decode()
            .encode("cp1252"),
            "",
        ),
    ],
)
def test_letters_are_read_whatever_is_said_of_them(data: bytes, charset: str) -> None:
    assert parse(data, URL, charset).episodes[0].title == "Müller’s"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b"   ", "it is empty"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "it is a web page"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "neither RSS nor Atom"),
        (b"<?xml version='1.0'?><!-- mine --><opml><body/></opml>", "it is OPML, a list of feeds"),
        (b"/etc/passwd", "neither RSS nor Atom"),
        (b"https://pods.example/feed", "neither RSS nor Atom"),
        (bytes(range(256)) * 40, "neither RSS nor Atom"),
        (b"<rss>" + b"<a/>" * 300_001, "more than 300,000 tags"),
        (b"<rss %b>" % b" ".join(b"a%d='1'" % n for n in range(1_001)), "more than 1,000 attrib"),
        (b"<rss %b" % b" ".join(b"a%d=1" % n for n in range(1_001)), "more than 1,000 attributes"),
        (b"".join(b"<a xmlns:n%d=''>" % n for n in range(1_001)), "more than 1,000 namespaces"),
    ],
)
def test_what_is_no_feed_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(FeedRejected, match=said):
        parse(data, URL)


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("<link type='application/rss+xml' href='/f?a=1&amp;b=2' rel=\"Alternate\">", "/f?a=1&b=2"),
        ("<link rel='alternate' hreflang='de' href='/de'><link rel='icon' href='/i'>", ""),
        ("<link rel='alternate' type='application/atom+xml' href='javascript:x'>", ""),
        ("<link rel='alternate' type='application/atom+xml' data-href='/f'>", ""),
    ],
)
def test_a_page_names_its_feed(link: str, said: str) -> None:
    with pytest.raises(FeedRejected) as refused:
        parse(f"<!DOCTYPE html><html><head>{link}</head></html>".encode(), URL)
    feed = f"; its feed is https://pods.example{said}" if said else ""
    assert str(refused.value) == f"it is a web page, no feed{feed}"


def test_a_feed_without_items_is_one() -> None:
    assert parse(rss(), URL).episodes == ()


def test_entities_do_not_explode() -> None:
    lines = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
    bomb = f"<!DOCTYPE rss [<!ENTITY a0 'ha'>{lines}]>".encode()
    data = bomb + rss("<guid>g</guid><title>&a9;</title>").partition(b"?>")[2]
    assert only(data).title == "&a9;"


def test_no_file_is_opened_for_an_entity() -> None:
    head = b"<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    data = head + rss("<guid>g</guid><title>&x;</title>").partition(b"?>")[2]
    assert "root" not in only(data).title


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.heavy)])
def test_many_items(count: int) -> None:
    items = [WHOLE.replace("ep-7", f"ep-{number}") for number in range(count)]
    feed = parse(rss(*items), URL)
    assert len(feed.episodes) == count
    assert all(len(one.transcripts) == 2 for one in feed.episodes)


def test_tags_are_found_again_where_the_parsers_count_differently() -> None:
    """An item within an item: one of the two parsers sees another number of them."""
    data = rss("<guid>lost</guid>", WHOLE).replace(b"<guid>lost</guid>", b"<p><item></p>", 1)
    found = [one for one in parse(data, URL).episodes if one.guid == "ep-7"]
    assert [len(one.transcripts) for one in found] == [2]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for whole in (data, b"<rss><channel><item>" + data):
        try:
            parse(whole, URL)
        except FeedRejected:
            continue


PIECES = (
    "<item>", "</item>", "<guid>", "a&b", "<![CDATA[", "]]>", "<p>", "<enclosure url='", "'/>",
    "<podcast:transcript url='x'/>",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES)))
def test_any_pieces_of_a_feed_are_read_or_refused(pieces: list[str]) -> None:
    data = f"<rss version='2.0'><channel>{''.join(pieces)}".encode()
    guids = [episode.guid for episode in parse(data, URL).episodes]
    assert len(guids) == len(set(guids))


def test_an_address_with_a_sign_that_was_typed_as_it_is() -> None:
    tag = "<podcast:transcript url='https://a.example/t?a=1&b=2'/>"
    (transcript,) = only(rss(f"<guid>g</guid>{tag}")).transcripts
    assert transcript.url == "https://a.example/t?a=1&b=2"


@pytest.mark.heavy
@pytest.mark.parametrize("mark", ["{}", "<![CDATA[{}]]>"])
def test_a_name_without_end_costs_no_square(mark: str) -> None:
    short, long = (cost(mark.format("a" * size)) for size in (10_000, 80_000))
    assert long < 0.05 or long < 24 * short


def cost(author: str) -> float:
    begun = time.process_time()
    parse(rss(f"<guid>g</guid><author>{author}</author>"), URL)
    return time.process_time() - begun


@pytest.mark.parametrize("before", ["<!-- a -->", "Warning: a\n", "<?a?>"])
def test_lines_before_the_first_tag_cost_no_square(before: str) -> None:
    def cost_of(lines: int) -> float:
        feed = before.encode() + b"\n" * lines + rss("<guid>g</guid>")
        begun = time.process_time()
        assert len(parse(feed, URL).episodes) == 1
        return time.process_time() - begun

    short, long = cost_of(1_000), cost_of(8_000)
    assert long < 0.05 or long < 24 * short


@pytest.mark.parametrize("tag", ["title_detail", "links", "media_content", "psc_chapters"])
def test_a_tag_that_is_named_as_a_key_of_the_parser_is_none(tag: str) -> None:
    [episode] = parse(rss(f"<guid>g</guid><title>Rye</title><{tag}>a</{tag}>"), URL).episodes
    assert (episode.guid, episode.title) == ("g", "Rye")


def test_nobody_has_a_name_that_long_or_with_what_nobody_sees() -> None:
    people = f"<podcast:person>Ada\u202e\u200b Brook</podcast:person><podcast:person>{'a' * 101}"
    [episode] = parse(rss(f"<guid>g</guid>{people}</podcast:person>"), URL).episodes
    assert episode.speakers == ("Ada Brook",)
