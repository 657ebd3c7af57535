"""Saved pages: the main text, and nothing of what stands around it."""

import pytest

from newsletter.domain.errors import BriefRejected
from tests.ingest.parsers import parse

TEXT = "Ports forgive the first day, and the second costs more than the voyage."
OTHER = "A pilot who knows the sandbank saves more fuel than a new engine does."


def texts(body: str, head: str = "") -> list[str]:
    page = f"<html><head>{head}</head><body>{body}</body></html>"
    return [mention.text for mention in parse("a.html", page.encode()).mentions]


@pytest.mark.parametrize(
    "beside",
    [
        "<nav><p>{}</p></nav>",
        "<footer><p>{}</p></footer>",
        "<aside>{}</aside>",
        "<script>{}</script>",
        "<style>{}</style>",
        "<noscript>{}</noscript>",
        "<form><p>{}</p></form>",
        "<div class='site-menu'><p>{}</p></div>",
        "<div id='comments'><p>{}</p></div>",
        "<section class='episode-transcript'><p>{}</p></section>",
        "<details><summary>Transcript</summary><p>{}</p></details>",
        "<table><tr><td>{}</td></tr></table>",
        "<pre>{}</pre>",
        "<h2>Transcript</h2><p>{}</p>",
        "<!-- <p>{}</p> -->",
    ],
)
def test_what_stands_beside_the_text(beside: str) -> None:
    assert texts(f"<p>{TEXT}</p><p>{TEXT[:-1]}, they say.</p>{beside.format(OTHER)}")[0] == TEXT
    assert OTHER not in texts(f"<p>{TEXT}</p><p>{TEXT[:-1]}, they say.</p>{beside.format(OTHER)}")


@pytest.mark.parametrize(
    "body",
    [
        "<p>{0}</p><p>{1}</p>",
        "<div>{0}<div>{1}</div></div>",
        "<ul><li>{0}<ul><li>{1}</li></ul></li></ul>",
        "<p>{0}<br><br>{1}</p>".replace("<br><br>", "</p><p>"),
        "<p>• {0}<br>• {1}</p>",
        "<p><b>Takeaways</b></p><p>1. {0}<br/>2. {1}</p><h3>Links</h3><p>None.</p>",
        "<article><p>{0}</p><p>{1}</p></article><p>Or so the harbour master likes to say.</p>",
        "<p>{0}<p>{1}",
        "<blockquote>{0}</blockquote><blockquote><p>{1}</p></blockquote>",
    ],
)
def test_however_a_page_writes_two_insights(body: str) -> None:
    assert texts(body.format(TEXT, OTHER)) == [TEXT, OTHER]


def test_entities_marks_and_bytes_that_are_none() -> None:
    assert texts(
        "<p>Salt &amp; bread <i>cost</i> <code>{{ 7 * 7 }}</code> &lt;b&gt; in the harbour.</p>"
    ) == ["Salt & bread cost {{ 7 * 7 }} <b> in the harbour."]


@pytest.mark.parametrize(
    "page",
    ["<html></html>", "<p>", "<!-- a -->", "<script>a</script>", "<" * 5_000, "<p>" * 50_000],
)
def test_a_page_without_insights_is_rejected(page: str) -> None:
    with pytest.raises(BriefRejected):
        parse("a.html", page.encode())


def test_json_ld_wins_over_the_title() -> None:
    page = (
        "<html><head><title>Late ships | Some Site</title><script type='application/ld+json'>"
        '{"@graph": [{"@type": "PodcastEpisode", "name": "Late ships", "datePublished":'
        ' "2026-03-05", "partOfSeries": {"name": "Kettle"}, "actor": [{"name": "Kim Roe"}]},'
        ' {"@type": 5}, 7]}'
        f"</script></head><body><p>{TEXT}</p></body></html>"
    )
    brief = parse("a.html", page.encode())
    assert (brief.podcast, brief.episode, brief.speakers) == ("Kettle", "Late ships", ("Kim Roe",))
    assert str(brief.published) == "2026-03-05"


def test_data_that_is_nested_without_end_costs_only_itself() -> None:
    head = f'<script type="application/ld+json">{"[" * 5_000}</script>'
    assert texts(f"<p>{TEXT}</p>", head) == [TEXT]


def test_a_name_that_is_no_text_is_no_name() -> None:
    data = '{"@type": "PodcastEpisode", "name": {"a": 1}, "headline": "Quays"}'
    page = f'<html><head><script type="application/ld+json">{data}</script></head><p>{TEXT}</p>'
    assert parse("a.html", page.encode()).episode == "Quays"


def test_a_page_that_is_nested_too_deeply_says_so() -> None:
    with pytest.raises(BriefRejected, match="nested too deeply"):
        parse("a.html", f"{'<div>' * 400}{TEXT}".encode())


def test_what_you_will_learn_is_no_insight_where_it_only_names_it() -> None:
    page = f"<h2>What you'll learn</h2><ul><li>Why sleep matters</li><li>{TEXT}</li></ul>"
    assert texts(page) == [TEXT]


def test_a_page_may_begin_with_a_table_of_its_fields() -> None:
    page = (
        "<article><header><h1>Rye</h1><table><tr><th>Podcast</th><td>Slow Kitchen</td></tr>"
        '<tr><th>URL</th><td><a href="https://rye.example/1">listen</a></td></tr></table></header>'
        "<h2>Takeaways</h2><ul><li>Rye holds three times its weight in water.</li></ul></article>"
    )
    brief = parse("a.html", page.encode())
    assert (brief.podcast, brief.url) == ("Slow Kitchen", "https://rye.example/1")
    assert [said.text for said in brief.mentions] == ["Rye holds three times its weight in water."]


def test_an_address_among_the_fields_is_that_of_the_episode() -> None:
    link = "<a href='https://rye.example/1'>https://rye.example/1</a>"
    page = f"<h1>Rye</h1><p>Podcast: Slow Kitchen<br>{link}</p><p>{TEXT}</p>"
    brief = parse("a.html", page.encode())
    assert (brief.url, [said.text for said in brief.mentions]) == ("https://rye.example/1", [TEXT])


@pytest.mark.parametrize(
    "quote",
    [
        "<blockquote><p>{}</p><cite>Ada Brook</cite></blockquote>",
        "<blockquote><p>{}</p><p>— <cite>Ada Brook</cite></p></blockquote>",
        "<blockquote><p>{}</p><footer>— Ada Brook</footer></blockquote>",
        "<blockquote>{}<footer><cite>Ada Brook</cite></footer></blockquote>",
        "<figure><blockquote><p>{}</p></blockquote><figcaption>Ada Brook</figcaption></figure>",
    ],
)
def test_who_is_cited_said_the_quote_alone(quote: str) -> None:
    words = ("A weir is a wall that gives in at the right hour.", "Sand is a river that has time.")
    page = f"<body>{quote.format(words[0])}<blockquote><p>{words[1]}</p></blockquote></body>"
    said = [(each.text, each.speaker) for each in parse("a.html", page.encode()).mentions]
    assert said == [(words[0], "Ada Brook"), (words[1], "")]


def test_the_second_of_two_bullets_in_a_paragraph_has_no_time_of_the_first() -> None:
    page = (
        "<body><h2>Takeaways</h2><p>• A weir gives in at the right hour (12:34)<br>"
        "• Sand is a river that has time.</p></body>"
    )
    assert [each.at for each in parse("a.html", page.encode()).mentions] == [754, None]
