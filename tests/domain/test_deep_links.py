"""The second of an episode, in the form of its host; nothing else of the URL changes."""

import pytest

from newsletter.domain.deep_links import at_second

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
    "https://overcast.fm/itunes1/a": "https://overcast.fm/itunes1/a#t=754",
    "https://pca.st/episode/x1": "https://pca.st/episode/x1?t=754",
    "https://pca.st/x1": "https://pca.st/x1?t=754",
    "https://podverse.fm/episode/x1": "https://podverse.fm/episode/x1?t=754",
    "https://www.twitch.tv/videos/1": "https://www.twitch.tv/videos/1?t=754s",
    "https://vimeo.com/1": "https://vimeo.com/1#t=754s",
    "https://castro.fm/episode/x1": "https://castro.fm/episode/x1#t=754",
    # braces are of the URL, and no place for anything
    "https://youtu.be/x1?a={b}": "https://youtu.be/x1?a={b}&t=754",
    "https://pca.st/x1?a={at.__class__}{": "https://pca.st/x1?a={at.__class__}{&t=754",
    # a second of its own, and hosts that only end alike
    "https://youtu.be/x1?t=9": "https://youtu.be/x1?t=9",
    "https://www.youtube.com/embed/x1?start=9": "https://www.youtube.com/embed/x1?start=9",
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
