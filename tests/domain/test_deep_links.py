"""The second of an episode, in the form of its host; nothing else of the URL changes."""

import pytest

from newsletter.domain.deep_links import at_second, own_at_second

AT = 754

LINKS = {
    # audio files and pages that are not known: a media fragment
    "https://cdn.example.org/41.mp3": "https://cdn.example.org/41.mp3#t=754",
    "https://cdn.example.org/41.mp3?key=a%2Fb": "https://cdn.example.org/41.mp3?key=a%2Fb#t=754",
    "https://show.example.org/41/": "https://show.example.org/41/#t=754",
    "https://show.example.org/41#notes": "https://show.example.org/41#notes",
    "https://show.example.org/41#": "https://show.example.org/41#t=754",
    # https://support.google.com/youtube/answer/57741
    "https://www.youtube.com/watch?v=x1": "https://www.youtube.com/watch?v=x1&t=754",
    "https://m.youtube.com/watch?v=x1#more": "https://m.youtube.com/watch?v=x1&t=754#more",
    "https://youtu.be/x1": "https://youtu.be/x1?t=754",
    "https://youtu.be/x1?si=ab": "https://youtu.be/x1?si=ab&t=754",
    "https://music.youtube.com/watch?v=x1": "https://music.youtube.com/watch?v=x1&t=754",
    "https://open.spotify.com/episode/x1": "https://open.spotify.com/episode/x1?t=754",
    "https://open.spotify.com/episode/x1?si=a": "https://open.spotify.com/episode/x1?si=a&t=754",
    "https://podcasts.apple.com/us/podcast/a/id1?i=2": (
        "https://podcasts.apple.com/us/podcast/a/id1?i=2&t=754"
    ),
    "https://overcast.fm/+AbC-1_d": "https://overcast.fm/+AbC-1_d/12:34",
    "https://overcast.fm/+AbC/": "https://overcast.fm/+AbC/12:34",
    "https://overcast.fm/+AbC/1:02:03": "https://overcast.fm/+AbC/12:34",
    # its pages of shows and episodes from a catalogue know no second
    "https://overcast.fm/itunes1/a": "https://overcast.fm/itunes1/a",
    "https://pca.st/episode/x1": "https://pca.st/episode/x1?t=754",
    "https://pca.st/x1": "https://pca.st/x1?t=754",
    "https://podverse.fm/episode/x1": "https://podverse.fm/episode/x1?t=754",
    "https://www.twitch.tv/videos/1": "https://www.twitch.tv/videos/1?t=754s",
    "https://vimeo.com/1": "https://vimeo.com/1#t=754s",
    "https://castro.fm/episode/x1": "https://castro.fm/episode/x1#t=754",
    # braces are of the URL, and no place for anything
    "https://youtu.be/x1?a={b}": "https://youtu.be/x1?a={b}&t=754",
    "https://pca.st/x1?a={at.__class__}{": "https://pca.st/x1?a={at.__class__}{&t=754",
    # where somebody stood when they shared it
    "https://youtu.be/x1?t=9": "https://youtu.be/x1?t=754",
    "https://youtu.be/x1?t=1m9s&si=ab": "https://youtu.be/x1?t=754&si=ab",
    "https://youtu.be/x1?si=ab&t=9&t=8&u=1": "https://youtu.be/x1?si=ab&t=754&u=1",
    "https://www.youtube.com/watch?v=x1#t=9": "https://www.youtube.com/watch?v=x1&t=754",
    "https://www.youtube.com/embed/x1?start=9": "https://www.youtube.com/embed/x1?start=754",
    "https://open.spotify.com/episode/x1?t=9": "https://open.spotify.com/episode/x1?t=754",
    "https://www.twitch.tv/videos/1?t=0h1m9s": "https://www.twitch.tv/videos/1?t=754s",
    "https://vimeo.com/1#t=9s": "https://vimeo.com/1#t=754s",
    "https://cdn.example.org/41.mp3#t=9,12": "https://cdn.example.org/41.mp3#t=754",
    "https://cdn.example.org/41.mp3#t=9&auto": "https://cdn.example.org/41.mp3#t=754&auto",
    # no second: a parameter that only ends alike, one of an unknown page, a name within a page
    "https://youtu.be/x1?list=9": "https://youtu.be/x1?list=9&t=754",
    "https://forum.example.org/topic?t=9": "https://forum.example.org/topic?t=9#t=754",
    "https://show.example.org/41#t=top": "https://show.example.org/41#t=top",
    # hosts that only end alike
    "https://notyoutube.com/watch?v=x1": "https://notyoutube.com/watch?v=x1#t=754",
    "": "",
}


@pytest.mark.parametrize(("url", "link"), LINKS.items())
def test_the_link_leads_to_the_second_in_the_form_of_its_host(url: str, link: str) -> None:
    assert at_second(url, AT) == link


@pytest.mark.parametrize("url", LINKS)
def test_without_a_second_it_is_the_url(url: str) -> None:
    assert at_second(url, None) == url


@pytest.mark.parametrize(
    ("at", "clock"), [(0, "0:00"), (59, "0:59"), (3600, "1:00:00"), (3723, "1:02:03")]
)
def test_overcast_reads_a_clock(at: int, clock: str) -> None:
    assert at_second("https://overcast.fm/+a", at) == f"https://overcast.fm/+a/{clock}"


@pytest.mark.parametrize(
    ("own", "link"),
    [
        ("https://youtu.be/x1?t=30", "https://youtu.be/x1?t=754"),
        ("https://youtu.be/x1?t=754s", "https://youtu.be/x1?t=754"),
        ("https://cdn.example.org/41.mp3#t=30", "https://cdn.example.org/41.mp3#t=754"),
        # it leads there by itself, or the host's "t" is not known to be one
        ("https://clips.example.org/c7", "https://clips.example.org/c7"),
        ("https://clips.example.org/c7?t=30", "https://clips.example.org/c7?t=30"),
        ("https://youtu.be/x1", "https://youtu.be/x1"),
    ],
)
def test_an_address_of_its_own_names_no_other_second(own: str, link: str) -> None:
    assert own_at_second(own, AT) == link


@pytest.mark.parametrize("at", [None, 0])
def test_without_a_second_beside_it_its_own_stays(at: int | None) -> None:
    assert own_at_second("https://youtu.be/x1?t=30", at) == "https://youtu.be/x1?t=30"
