import pytest

from newsletter.domain.errors import UsageError
from newsletter.ingest.feeds.opml import feeds_of_opml

OPML = b"""<?xml version="1.0"?><opml version="1.0"><head><title>Mine</title></head><body>
<outline text="News"><outline type="rss" text="A &amp; B" xmlUrl="https://a.example/f?x=1&amp;y=2"/>
<outline type="rss" xmlurl="HTTP://B.example:80/feed" /></outline>
<outline type="rss" xmlUrl="https://a.example/f?x=1&amp;y=2"/>
<outline text="no feed" htmlUrl="https://c.example/"/><outline xmlUrl="javascript:x"/>
"""


def test_feeds_in_folders_each_once_though_the_end_is_missing() -> None:
    opml = feeds_of_opml(OPML, "mine.opml")
    assert list(opml.feeds) == ["https://a.example/f?x=1&y=2", "http://b.example/feed"]
    assert opml.cut_off


@pytest.mark.parametrize("end", [b"</body></opml>", b"</body></OPML >\n<!-- made by an app -->"])
def test_a_file_with_its_end_was_not_cut_off(end: bytes) -> None:
    assert not feeds_of_opml(OPML + end, "mine.opml").cut_off


@pytest.mark.parametrize(
    "data", [b"", b"<opml/>", b"not XML", b"\x00\xff", b"<rss><channel/></rss>"]
)
def test_what_names_no_feed_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"mine\.opml names no feed"):
        feeds_of_opml(data, "mine.opml")


def test_a_sign_that_was_typed_as_it_is_stays_in_the_address() -> None:
    data = b"<opml><body><outline xmlUrl='http://amp.example/f?a=1&b=2&copy;=3'/></body></opml>"
    assert feeds_of_opml(data, "mine.opml").feeds == ["http://amp.example/f?a=1&b=2%C2%A9=3"]


@pytest.mark.parametrize(
    "half",
    [
        b"<outl",
        b"<outline xmlUrl='https://d.exam",
        b"<outline text='a > b' xmlUrl='https://d.exam",
        b'<outline text="a > b" xmlUrl="https://d.example/feed" typ',
    ],
)
def test_the_tag_in_which_a_file_was_cut_off_names_no_feed(half: bytes) -> None:
    opml = feeds_of_opml(OPML + half, "mine.opml")
    assert (opml.feeds, opml.cut_off) == (feeds_of_opml(OPML, "mine.opml").feeds, True)


def test_a_cut_in_the_first_tag_leaves_no_feed() -> None:
    with pytest.raises(UsageError, match="names no feed"):
        feeds_of_opml(b"<opml><body><outline xmlUrl='https://d.exam", "mine.opml")
