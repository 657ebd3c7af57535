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
    assert feeds_of_opml(OPML, "mine.opml") == [
        "https://a.example/f?x=1&y=2",
        "http://b.example/feed",
    ]


@pytest.mark.parametrize(
    "data", [b"", b"<opml/>", b"not XML", b"\x00\xff", b"<rss><channel/></rss>"]
)
def test_what_names_no_feed_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"mine\.opml names no feed"):
        feeds_of_opml(data, "mine.opml")
