"""CSV, JSON Lines and lists in JSON: rows of named values."""

import json

import pytest

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Dropped
from newsletter.ingest.parsers import briefs, explain
from tests.ingest.parsers import parse

TEXT = "Ports forgive the first day, and the second costs more than the voyage."
OTHER = "A pilot who knows the sandbank saves more fuel than a new engine does."
THIRD = "A kettle that whistles is filled less often than one that clicks."


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_csv_with_any_delimiter_and_line_ending(delimiter: str, newline: str) -> None:
    rows = [
        ["text", "at", "podcast"],
        [f'"{TEXT}"', "1:02:03", "Kettle"],
        [f'"{OTHER}"', "61", "Kettle"],
    ]
    page = newline.join(delimiter.join(row) for row in rows)
    name = "a.tsv" if delimiter == "\t" else "a.csv"
    brief = parse(name, f"\ufeff{page}".encode())
    assert [(mention.text, mention.at) for mention in brief.mentions] == [(TEXT, 3723), (OTHER, 61)]
    assert brief.podcast == "Kettle"


@pytest.mark.parametrize(
    ("row", "at"),
    [
        ('{"text": "%s", "start": 61.9}', 61),
        ('{"text": "%s", "startTime": "01:01"}', 61),
        ('{"text": "%s", "start_ms": 61900}', 61),
        ('{"text": "%s", "at": -1}', None),
        ('{"text": "%s", "at": 1e300}', None),
        ('{"text": "%s", "at": "soon"}', None),
        ('{"text": "%s ([Time 0:01:01](https://a.example/1))"}', 61),
    ],
)
def test_a_second_in_any_spelling(row: str, at: int | None) -> None:
    [mention] = parse("a.jsonl", (row % TEXT).encode()).mentions
    assert (mention.text, mention.at) == (TEXT, at)


ROW = '{"show": "%s", "episode": "%s", "text": "%s", "link": "https://a.example/%s"}\n'


def test_what_rows_agree_on_is_of_the_page() -> None:
    rows = ROW % ("Kettle", "One", TEXT, 1) + ROW % ("Kettle", "One", OTHER, 2)
    brief = parse("a.ndjson", rows.encode())
    assert (brief.podcast, brief.episode, brief.url) == ("Kettle", "One", "")
    assert [mention.link[-1] for mention in brief.mentions] == ["1", "2"]


def test_each_episode_of_a_library_is_a_brief_wherever_its_rows_stand() -> None:
    rows = ROW % ("Kettle", "One", TEXT, 1) + ROW % ("Kettle", "Two", OTHER, 2)
    one, two = briefs("a.ndjson", (rows + ROW % ("KETTLE ", "One", THIRD, 1)).encode())
    assert [mention.text for mention in one.mentions] == [TEXT, THIRD]
    assert (one.podcast, one.episode, one.url) == ("Kettle", "One", "https://a.example/1")
    assert (two.podcast, two.episode, two.url) == ("Kettle", "Two", "https://a.example/2")


SHARED = "https://youtu.be/x1?t=30"


@pytest.mark.parametrize("rows", [("3:05",), ("3:05", "4:10")])
def test_a_second_of_the_episodes_address_is_not_that_of_its_rows(rows: tuple[str, ...]) -> None:
    page = "".join(f"{at},{SHARED},{text}\n" for at, text in zip(rows, (TEXT, OTHER), strict=False))
    brief = parse("a.csv", f"time,url,text\n{page}".encode())
    assert brief.url == SHARED
    assert [(each.at, each.link) for each in brief.mentions] == [(185, ""), (250, "")][: len(rows)]


def test_a_link_that_a_row_has_for_itself_knows_its_second_best() -> None:
    page = f"time,url,text\n10:42,{SHARED},{TEXT}\n10:43,https://youtu.be/x1?t=90,{OTHER}\n"
    assert [each.at for each in parse("a.csv", page.encode()).mentions] == [30, 90]


def test_rows_of_a_podcast_without_an_episode_are_parted_by_podcast() -> None:
    rows = f'{{"show": "Kettle", "text": "{TEXT}"}}\n{{"show": "Lid", "text": "{OTHER}"}}\n'
    assert [brief.podcast for brief in briefs("a.jsonl", rows.encode())] == ["Kettle", "Lid"]


def test_a_row_without_text_is_listed_with_the_first_episode_that_has_any() -> None:
    rows = '{"show": "Lid", "episode": "Nil", "at": 5}\n' + ROW % ("Kettle", "One", TEXT, 1)
    (brief,) = briefs("a.jsonl", rows.encode())
    assert (brief.episode, [note.line for note in brief.dropped]) == ("One", [1])


def test_the_title_of_an_insight_makes_no_episode() -> None:
    rows = f'{{"title": "A", "text": "{TEXT}"}}\n{{"title": "B", "text": "{OTHER}"}}\n'
    assert len(parse("a.jsonl", rows.encode()).mentions) == 2


def test_rows_that_are_no_insights_are_listed_with_their_line() -> None:
    rows = f'{{"text": "{TEXT}"}}\n\n{{"text": "Um, so.", "type": "transcript"}}\n{{"at": 5}}\n'
    assert parse("a.jsonl", rows.encode()).dropped == (Dropped(3, "Um, so."), Dropped(4, "5"))


@pytest.mark.parametrize(
    ("name", "page", "line", "says"),
    [
        ("a.csv", "name,address\nAnn,ann@a.example\n", 1, "no column of text"),
        ("a.csv", "\n\nname;address\n", 3, "no column of text"),
        (
            "a.csv",
            f'text\n{TEXT[:9]}\n"' + "x\n" * 99_000,
            3,
            "that opens in this row is never closed",
        ),
        ("a.csv", "text\n\n", None, "no insight in it"),
        ("a.jsonl", f'{{"text": "{TEXT}"}}\n{{"text": "half', 2, "each line must be whole"),
        ("a.jsonl", '{"a": ' + "[" * 100_000, None, "too deeply"),
        ("a.json", '[{"name": "Ann"}]', 1, "must be an object"),
        ("a.json", '{"items": [{"name": "Ann"}]}', None, 'it has no "insights"'),
    ],
)
def test_what_cannot_be_read(name: str, page: str, line: int | None, says: str) -> None:
    with pytest.raises(BriefRejected) as caught:
        parse(name, page.encode())
    assert says in caught.value.reason
    assert line is None or caught.value.line == line


def test_a_note_of_the_listener_is_no_insight_beside_highlights() -> None:
    rows = f'{{"highlight": "{TEXT}"}}\n{{"highlight": "", "note": "{OTHER}"}}\n'
    assert [mention.text for mention in parse("a.jsonl", rows.encode()).mentions] == [TEXT]
    alone = parse("a.jsonl", f'{{"note": "{OTHER}"}}\n'.encode())
    assert [mention.text for mention in alone.mentions] == [OTHER]


def test_the_author_of_a_podcast_is_the_podcast() -> None:
    row = f'[{{"text": "{TEXT}", "author": "Kettle", "title": "Berths", "category": "podcasts"}}]'
    brief = parse("a.json", row.encode())
    assert (brief.podcast, brief.episode) == ("Kettle", "Berths")


@pytest.mark.parametrize(
    ("column", "value", "is_show"),
    [
        ("Category", "podcasts", True),
        ("Book Category", "Podcasts", True),
        ("Source", "podcast", True),
        ("source", "snipd", True),
        ("Media Type", "Podcast Episode", True),
        ("Source", "The Podcast of Ann", False),
        ("Source", "https://podcast.example/1", False),
        ("Category", "books", False),
        ("Document tags", "podcast", False),
    ],
)
def test_the_author_of_a_book_of_a_podcast_is_the_show(
    column: str, value: str, *, is_show: bool
) -> None:
    rows = f'Highlight,Book Title,Book Author,{column}\n"{TEXT}",Berths,Ann Brook,{value}\n'
    brief = parse("a.csv", rows.encode())
    assert brief.episode == "Berths"
    assert brief.podcast == ("Ann Brook" if is_show else "")
    assert brief.speakers == (() if is_show else ("Ann Brook",))


def test_a_cell_of_a_megabyte_is_left_out_and_the_other_rows_are_read() -> None:
    brief = parse("a.csv", f'highlight\n{"x y " * 300_000}\n"{TEXT}"\n'.encode())
    assert [mention.text for mention in brief.mentions] == [TEXT]
    assert [(note.line, len(note.text)) for note in brief.dropped] == [(2, 4_000)]


@pytest.mark.parametrize("cell", ['A pipe of 5" carries more', '"A pipe of 5" carries more"'])
def test_quotation_marks_within_a_cell_are_no_reason_to_reject(cell: str) -> None:
    assert parse("a.csv", f"highlight,note\n{cell} than two do.,\n".encode()).mentions


def test_a_table_without_rows_is_told_and_not_explained() -> None:
    for read in (briefs, explain):
        with pytest.raises(BriefRejected, match="no insight in it"):
            read("a.csv", b"Highlight,Title,Author\n")


def test_takeaways_beside_an_insight_are_read_as_well() -> None:
    row = {"pod": "Kettle", "insight": TEXT, "takeaways": f"• {OTHER}\n• {THIRD}"}
    page = json.dumps([row])
    found = briefs("a.json", page.encode())
    assert {each.podcast for each in found} == {"Kettle"}
    assert sorted(said.text for each in found for said in each.mentions) == sorted(
        (TEXT, OTHER, THIRD)
    )


def test_an_item_of_a_feed_without_text_costs_no_other() -> None:
    items = [{"content_html": "<!-- nothing -->"}, {"content_html": f"<p>{TEXT}</p>"}]
    brief = parse("a.json", json.dumps({"title": "Kettle", "items": items}).encode())
    assert [said.text for said in brief.mentions] == [TEXT]


@pytest.mark.parametrize("mark", ["sep=;", '"sep=;"'])
def test_a_spreadsheet_may_say_its_delimiter(mark: str) -> None:
    brief = parse("a.csv", f"{mark}\ntext;show\n{TEXT};Kettle\n".encode())
    assert (brief.podcast, [said.text for said in brief.mentions]) == ("Kettle", [TEXT])


def test_of_two_columns_of_one_name_the_first_that_holds_anything_is_read() -> None:
    rows = f"text|text\n{TEXT}|{OTHER}\n|{THIRD}\n"
    assert [said.text for said in parse("a.csv", rows.encode()).mentions] == [TEXT, THIRD]


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-16", "UTF-8"])
def test_xml_that_names_another_encoding_is_read_as_what_it_is(encoding: str) -> None:
    text = "Käse fährt nachts, weil die Straßen dann kühl und leer sind."
    page = (
        f'<?xml version="1.0" encoding="{encoding}"?><opml version="2.0"><body>'
        f'<outline text="Käse"><outline text="{text}"/></outline></body></opml>'
    )
    assert [said.text for said in parse("a.opml", page.encode()).mentions] == [text]


def test_half_a_pair_in_a_list_is_told_as_what_it_is() -> None:
    with pytest.raises(BriefRejected, match="malformed JSON"):
        parse("a.json", b'["A kettle whistles.", "\\ud83d"]')


def test_insights_within_an_object_are_of_the_episode_around_it() -> None:
    said = [{"heading": "Quays", "detail": TEXT}, {"title": "Sand", "detail": OTHER}]
    episode = {"title": "Harbours", "published": "2026-03-14", "summary": {"overview": "On quays."}}
    episode["summary"] = {"overview": "On quays and sand.", "takeaways": said}
    shows = {"kettle": {"show": "Kettle", "episodes": [episode]}}
    for whole in ({"podcasts": shows}, shows["kettle"]):
        (brief,) = briefs("a.json", json.dumps(whole).encode())
        assert (brief.podcast, brief.episode) == ("Kettle", "Harbours")
        assert str(brief.published) == "2026-03-14"
        assert [said.text for said in brief.mentions] == [TEXT, OTHER]


def test_topics_are_read_where_they_say_something() -> None:
    whole = {"show": "Kettle", "title": "Harbours", "topics": [{"title": "Quays", "detail": TEXT}]}
    (brief,) = briefs("a.json", json.dumps(whole).encode())
    assert (brief.episode, [said.text for said in brief.mentions]) == ("Harbours", [TEXT])


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("a.opml", '<opml><body><outline text="A"><outline text="{}"/></outline></body></opml>'),
        (
            "a.enex",
            "<en-export><note><title>A</title><content>&lt;p&gt;{}&lt;/p&gt;</content></note>"
            "</en-export>",
        ),
    ],
)  # fmt: skip
def test_half_a_pair_in_xml_is_left_out(name: str, page: str) -> None:
    assert parse(name, page.format(f"&#xD800;{TEXT}").encode()).mentions[0].text == TEXT


def test_the_items_of_a_podcasts_feed_are_episodes() -> None:
    both = f"<ul><li>{TEXT}</li><li>{OTHER}</li></ul>"
    items = [
        {"title": "Sand", "url": "https://k.example/1", "content_html": both},
        {"title": "Quays", "date_published": "2026-03-14", "content_text": THIRD},
    ]
    one, two = briefs("a.json", json.dumps({"title": "Kettle", "items": items}).encode())
    assert (one.podcast, one.episode, one.url) == ("Kettle", "Sand", "https://k.example/1")
    assert (two.episode, str(two.published)) == ("Quays", "2026-03-14")


def test_a_form_may_ask_for_what_was_learnt() -> None:
    rows = f"Which podcast?,Which episode?,What did you learn?\nKettle,Sand,{TEXT[:26]}.\n"
    brief = parse("a.csv", rows.encode())
    assert (brief.podcast, brief.episode) == ("Kettle", "Sand")


def told(page: str) -> list[tuple[str, str, int]]:
    return [
        (each.podcast, each.episode, len(each.mentions)) for each in briefs("a.csv", page.encode())
    ]


def test_a_show_in_the_first_of_its_rows_alone() -> None:
    rows = ["Show,Episode,Quote", f"Kettle,Sand,{OTHER}", f',,"{TEXT}"', f",,{THIRD}"]
    assert told("\n".join(rows)) == [("Kettle", "Sand", 3)]
    more = [f"Lid,Quays,{OTHER[2:]}", f",,{THIRD[2:]}", f",Locks,{THIRD[4:]}"]
    assert told("\n".join([*rows, *more])) == [
        ("Kettle", "Sand", 3),
        ("Lid", "Quays", 2),
        ("Lid", "Locks", 1),
    ]


@pytest.mark.parametrize(
    "page",
    [
        f'Show,Episode,Quote\nKettle,Sand,{OTHER}\nLid,,{THIRD}\nTin,,"{TEXT}"\n',
        f'Show,Episode,Quote\nKettle,Sand,{OTHER}\nLid,Quays,{THIRD}\n,,"{TEXT}"\n',
        f'Show,Url,Quote\nKettle,https://a.example/1,{OTHER}\n,https://b.example/2,{THIRD}\n,,"{TEXT}"\n',
    ],
)
def test_rows_of_different_shows_are_not_filled(page: str) -> None:
    assert ("Kettle", 1) in {(podcast, count) for podcast, _, count in told(page)}
    assert sum(count for *_, count in told(page)) == 3


def test_a_csv_without_names_is_read_in_the_order_of_readwises_import() -> None:
    brief = parse(
        "a.csv", f'"{TEXT}",Harbour Talk,Ada Brook\n"{OTHER}",Harbour Talk,Ada Brook\n'.encode()
    )
    assert [said.text for said in brief.mentions] == [TEXT, OTHER]
    assert (brief.episode, brief.speakers) == ("Harbour Talk", ("Ada Brook",))


def test_a_highlight_with_a_summary_and_a_transcript_is_no_note() -> None:
    words = ("Rye holds three times its weight.", "Oats want a cold night first.")
    summary = f"Water\n\nSummary:\n* {words[0]}\n* {words[1]}\n"
    text = f"{summary}\nTranscript:\nSpeaker 2\nWell, you know, it holds a lot of it."
    row = {
        "text": text,
        "location": 432,
        "location_type": "time_offset",
        "url": "https://a.example/1",
    }
    book = {"title": "Rye", "author": "Slow Kitchen", "category": "podcasts", "highlights": [row]}
    [brief] = briefs("a.json", json.dumps({"results": [book]}).encode())
    assert [(said.text, said.at) for said in brief.mentions] == [(words[0], 432), (words[1], 432)]
