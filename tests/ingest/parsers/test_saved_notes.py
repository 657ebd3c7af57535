"""Notes that an app saved as a page: what says when they were written, and what is to be done."""

import pytest

from newsletter.domain.model import Brief
from tests.ingest.parsers import parse

ONE = "Ports forgive the first day, and the second costs more than the voyage."
TWO = "A pilot who knows the sandbank saves more fuel than a new engine does."


def page(body: str) -> Brief:
    return parse("a.html", f"<html><body>{body}</body></html>".encode())


def texts(body: str) -> list[str]:
    return [each.text for each in page(body).mentions]


@pytest.mark.parametrize("day", ["3 May 2025", "Saturday, 3 May 2025"])
def test_an_hour_below_a_day_is_when_the_notes_were_written(day: str) -> None:
    body = f"<p>Quays</p><p>{day}</p><p>06:30</p><p>Podcast: Kettle</p><p>Key points</p>"
    brief = page(f"{body}<ul><li>{ONE}</li></ul>")
    assert (brief.published, brief.mentions[0].at) == (None, None)


def test_where_it_was_copied_from_is_its_address() -> None:
    link = "<a href='https://quays.example/7'>https://quays.example/7</a>"
    brief = page(f"<h1>Quays</h1><p>{ONE}</p><h2>Tasks</h2><cite>From &lt;{link}&gt; </cite>")
    assert brief.url == "https://quays.example/7"
    assert [each.text for each in brief.mentions] == [ONE]


@pytest.mark.parametrize("time", ["\N{CLOCK FACE ONE OCLOCK} 3:05", "⏱️3:05", "(min. 3)", "3:05"])
def test_a_time_behind_a_quote(time: str) -> None:
    [said] = page(f"<blockquote>“{ONE}” {time}</blockquote>").mentions
    assert (said.text, said.at) == (ONE, 180 if "min" in time else 185)


@pytest.mark.parametrize(
    "task",
    [
        "<ul><li><input type='checkbox'> {}</li></ul>",
        "<ul><li><label><input type='checkbox' disabled>{}</label></li></ul>",
        "<div><en-todo checked='false'></en-todo>{}</div>",
        "<h2>Later</h2><ul><li>call the pilot</li></ul><p>{}</p>",
        "<h2>あとで</h2><p>{}</p>",
    ],
)
def test_what_is_to_be_done_is_no_insight(task: str) -> None:
    assert texts(f"<p>{ONE}</p>{task.format(TWO)}") == [ONE]


@pytest.mark.parametrize(
    "beside",
    [
        "<nav><input type='checkbox'></nav><p>{}</p>",
        "<ul><li><input type='checkbox' checked>{}</li></ul>",
        "<h2>Later</h2><p>{}</p>",
    ],
)
def test_what_is_no_task(beside: str) -> None:
    assert texts(f"<p>{ONE}</p>{beside.format(TWO)}") == [ONE, TWO]


@pytest.mark.parametrize(
    "remark",
    [
        "Dozed off near the end, so the last berth is missing here.",
        "I listened to it on the ferry, with the engine far too loud for that.",
        "散歩中に聴いた。風が強かった。",
        "Today's guest is Ada Brook, who has steered ferries since she was twelve.",
        "(0:00) Sand in the harbour (4:10) Who pays the pilots (9:59) Engines. And more of that.",
        "Host Ada Brook, guest Tomas Lind (a pilot of the second harbour in Ostend).",
        "La semana pasada escuché el episodio 7 de Kettle podcast, sobre pilotos y arena.",
    ],
)
def test_what_tells_of_the_episode_or_of_who_listened(remark: str) -> None:
    assert texts(f"<p>{ONE}</p><p>{remark}</p><p>{TWO}</p>") == [ONE, TWO]


def test_people_whom_a_line_names_by_what_they_are() -> None:
    brief = page(f"<h1>Quays</h1><p>Host Ada Brook, guest Tomas Lind (a pilot).</p><p>{ONE}</p>")
    assert brief.speakers == ("Ada Brook", "Tomas Lind")
    assert page(f"<h1>Quays</h1><p>Guest Room Design</p><p>{ONE}</p>").speakers == ()


def test_a_show_in_quotation_marks_with_a_number() -> None:
    brief = page(f"<h1>番組「港の朝」第12回</h1><p>話し手：森野つぐみ（船長）、谷</p><p>{ONE}</p>")
    assert (brief.podcast, brief.episode) == ("港の朝", "第12回")
    assert brief.speakers == ("森野つぐみ", "谷")


def test_words_of_somebody_are_quotes_and_what_follows_is_none() -> None:
    words = "港は急ぐ船を覚えないが、待つ船は忘れない。"
    [said] = page(f"<b>森野さんの言葉</b><p>「{words}」</p><p>いい声の人だった。</p>").mentions
    assert (said.text, said.origin) == (words, "quote")
