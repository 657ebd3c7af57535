import json
import os
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from itertools import pairwise
from pathlib import Path

import pytest

from newsletter.ranking.signals import SIGNALS
from tests.cli.conftest import INSIGHTS, House

ANN = "ann@letters.example"
RELATED = (
    "A lighthouse needs a weather service of its own, harbour pilots say.",
    "Farmers rotate a pasture faster where the goat herd is large.",
    "Roman concrete heals its cracks as long as sea water seeps in.",
    "Singers in choirs remember their songs longer than soloists do.",
    "Old maps show wells that no army ever found.",
    "A ladder for salmon costs less than the dam beside it.",
)
BEFORE_SEVEN = datetime(2026, 3, 14, 5, tzinfo=UTC)


@pytest.fixture
def stocked(stocked: House) -> House:
    stocked.subscribe(ANN, options=["--name", "Ann", "--interests", "volcanoes, tomatoes"])
    return stocked


LOOKING = (
    ["preview"],
    ["preview", "--to", ANN],
    ["preview", "--date", "2026-03-20"],
    ["preview", "--eml", "--out", "-"],
    ["preview", "--text", "--why"],
    ["explain"],
    ["explain", "--to", ANN, "--json"],
    ["status"],
    ["send", "--dry-run"],
    ["send", "--dry-run", "--now", "--json"],
    ["subscribers", "show", ANN],
    ["subscribers", "export"],
)


@pytest.mark.parametrize("first", ["status", "send"])
def test_looking_changes_nothing(stocked: House, elsewhere: Path, first: str) -> None:
    stocked(first)
    before = stocked.dump()
    for words in LOOKING:
        assert stocked(*words).code == 0, words
        assert stocked.dump() == before, words


def test_the_path_of_what_was_written_is_printed(stocked: House, elsewhere: Path) -> None:
    for options, suffix in (([], ".html"), (["--text"], ".txt"), (["--eml"], ".eml")):
        path = elsewhere / f"preview-2026-03-14{suffix}"
        assert stocked("preview", *options).out == f"{path}\n"
        assert path.stat().st_mode & 0o777 == 0o600
    assert (elsewhere / "preview-2026-03-14.html").read_text().startswith("<!DOCTYPE html>")


def test_it_can_be_written_anywhere_and_to_standard_output(stocked: House, elsewhere: Path) -> None:
    assert stocked("preview", "--out", "mine.html").out == f"{elsewhere}/mine.html\n"
    shown = stocked("preview", "--out", "-").stdout
    assert shown == (elsewhere / "mine.html").read_bytes()
    assert sorted(path.name for path in elsewhere.iterdir()) == ["mine.html"]


def test_an_overwritten_file_becomes_the_owners_only(stocked: House, elsewhere: Path) -> None:
    old = elsewhere / "mine.html"
    old.write_text("old")
    old.chmod(0o644)
    assert stocked("preview", "--out", "mine.html").code == 0
    assert old.stat().st_mode & 0o777 == 0o600


def test_a_pipe_is_refused_and_not_waited_for(stocked: House, elsewhere: Path) -> None:
    os.mkfifo(elsewhere / "pipe")
    reader = os.open(elsewhere / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    done = stocked("preview", "--out", "pipe")
    os.close(reader)
    assert (done.code, done.stdout) == (1, b"")
    assert "pipe cannot be written: it is no regular file" in done.stderr


@pytest.mark.parametrize("place", ["no/such/folder/issue.html", "."])
def test_a_path_that_cannot_be_written_is_reported(
    stocked: House, elsewhere: Path, place: str
) -> None:
    done = stocked("preview", "--out", place)
    assert (done.code, done.stdout) == (1, b"")
    assert f"{elsewhere / place} cannot be written: " in done.stderr


def test_the_three_forms_hold_the_same_five(stocked: House) -> None:
    html = stocked("preview", "--out", "-").out
    text = stocked("preview", "--text", "--out", "-").out
    letter = message_from_bytes(
        stocked("preview", "--eml", "--out", "-").stdout, policy=policy.default
    )
    chosen = [pick["text"] for pick in stocked("explain", "--json").json["picks"]]
    assert len(chosen) == 5
    flat = " ".join(text.split())
    assert all(insight in html and insight in flat for insight in chosen)
    plain = letter.get_body(("plain",))
    assert plain
    assert plain.get_content().splitlines() == text.splitlines()


def test_a_preview_is_the_sent_message_byte_for_byte(stocked: House) -> None:
    stocked.now = BEFORE_SEVEN
    before = stocked("preview", "--eml", "--out", "-", "--to", ANN).stdout
    stocked.now += timedelta(hours=2)  # composed at the hour it is due: that is its Date
    assert stocked("send").code == 0
    (path,) = stocked.messages()
    assert path.read_bytes() == before
    stocked.now += timedelta(days=3)
    stocked.drop("later.json", *INSIGHTS[:4], published="2026-03-14", podcast="Another")
    stocked("ingest")
    words = ["preview", "--eml", "--out", "-", "--to", ANN, "--date", "2026-03-14"]
    assert stocked(*words).stdout == before
    assert f"\nTo: Ann <{ANN}>".encode() in before.replace(b"\r\n", b"\n")


def test_preview_now_equals_send_now_before_the_hour(stocked: House) -> None:
    stocked.now = BEFORE_SEVEN
    words = ["preview", "--eml", "--out", "-", "--to", ANN]
    at_once, at_its_hour = stocked(*words, "--now").stdout, stocked(*words).stdout
    assert stocked("send", "--now").code == 0
    (path,) = stocked.messages()
    assert path.read_bytes() == at_once == stocked(*words).stdout
    differing = [line for line in at_once.splitlines() if line not in at_its_hour.splitlines()]
    assert differing == [b"Date: Sat, 14 Mar 2026 05:00:00 +0000"]


def test_the_house_issue_is_stored_when_its_date_is_composed(stocked: House) -> None:
    words = ["preview", "--text", "--out", "-", "--date", "2026-03-14"]
    shown = stocked(*words).out
    stocked("send")
    stocked.drop("later.json", "Moths steer by the moon, and lamps undo them.", podcast="New")
    stocked("ingest")
    assert stocked(*words).out == shown
    stored = [line for line in stocked.dump() if line.startswith('INSERT INTO "issue"')]
    assert len(stored) == 2, "the house issue and Ann's"


def test_the_house_issues_link_unsubscribes_nobody(stocked: House) -> None:
    text = stocked("preview", "--text", "--out", "-").out
    assert ANN not in text
    assert "https://letters.example/u/0." in text


@pytest.mark.parametrize("command", ["preview", "explain", "send"])
def test_an_unknown_reader_is_told(stocked: House, command: str) -> None:
    done = stocked(command, "--to", "nobody@letters.example")
    assert (done.code, done.stdout) == (2, b"")
    assert "nobody is subscribed as nobody@letters.example" in done.stderr


def test_too_few_insights_come_with_advice(house: House, elsewhere: Path) -> None:
    house.drop("one.json", *INSIGHTS[:2])
    house("ingest")
    done = house("preview")
    assert (done.code, done.stdout) == (1, b"")
    assert "no issue for 2026-03-14: fewer than 3 insights are new" in done.stderr
    assert "newsletter ingest" in done.stderr
    assert not list(elsewhere.iterdir())
    assert house("explain").code == 0
    assert "no issue for 2026-03-14" in house("explain").out


def test_what_is_too_old_for_an_issue_is_counted_with_what_to_do(
    house: House, elsewhere: Path
) -> None:
    """A library of old notes: what no issue held yet, and what the window leaves out of it."""
    house.stock(0, 12, published="2023-02-01")
    house.subscribe(ANN)
    why = "12 insights that no issue held are older than selection.window_days = 14: raise it"
    assert f"{why}, or drop briefs into the inbox" in house("preview").stderr
    for command in (["explain"], ["status"], ["send", "--dry-run"], ["send"]):
        assert why in house(*command).out, command
    house.environment["NEWSLETTER_SELECTION__WINDOW_DAYS"] = "3650"
    assert "1 sent" in house("send", "--now").out
    del house.environment["NEWSLETTER_SELECTION__WINDOW_DAYS"]
    assert "7 insights that no issue held" in house("preview", "--date", "2026-03-15").stderr
    house.stock(12, 18)
    assert house("status", "--json").json["too_old"] == 0
    assert house("preview", "--date", "2026-03-15").code == 0


def test_why_is_explained_beside_the_preview(stocked: House, elsewhere: Path) -> None:
    done = stocked("preview", "--why", "--to", ANN)
    assert done.out.startswith(f"{elsewhere}/preview-2026-03-14.html\n")
    assert done.out.removeprefix(f"{elsewhere}/preview-2026-03-14.html\n") == (
        stocked("explain", "--to", ANN).out
    )


def test_a_browser_that_does_not_start_is_no_failure(
    stocked: House, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def no_browser(address: str) -> bool:
        opened.append(address)
        return False

    monkeypatch.setattr("webbrowser.open", no_browser)
    done = stocked("preview", "--open")
    assert (done.code, done.stderr) == (0, "warning: no browser could be started\n")
    assert opened == [(elsewhere / "preview-2026-03-14.html").as_uri()]


def test_a_date_before_the_reader_came_is_told(next_day: House) -> None:
    came = "2026-03-13"
    for words in (["--json"], []):
        done = next_day("explain", "--to", ANN, "--date", "2026-03-12", *words)
        assert (done.code, done.stdout) == (1, b"")
        assert f"{ANN} was no reader on 2026-03-12: they came on {came}" in done.stderr
    assert next_day("explain", "--to", ANN, "--date", came).code == 0
    assert next_day("explain", "--date", "2026-03-12").code == 0, "the house was always there"


def test_what_a_reader_got_before_they_came_again_is_explained(next_day: House) -> None:
    next_day("subscribers", "remove", ANN)
    next_day.now += timedelta(days=1)
    next_day("subscribers", "add", ANN, "--resubscribe")
    done = next_day("explain", "--to", ANN, "--date", "2026-03-14")
    assert done.out.startswith(f"Why these 5: {ANN}, 14 March 2026\n")


@pytest.fixture
def next_day(house: House) -> House:
    """The issue of the day before is out, and what came in since resembles its picks."""
    house.stock(0, 6)
    house.subscribe(ANN)
    house("send")
    house.now += timedelta(days=1)
    for number, text in enumerate(RELATED):
        house.drop(f"related-{number}.json", text, published="2026-03-15")
    house("ingest")
    return house


def test_explain_can_be_read(next_day: House) -> None:
    lines = next_day("explain", "--to", ANN).out.splitlines()
    assert lines[0] == f"Why these 5: {ANN}, 15 March 2026"
    assert sum(line[:2] in ("1.", "2.", "3.", "4.", "5.") for line in lines) == 5
    assert "   Harbour Talk (written by people)" in lines
    assert any(line.startswith("   score 0.") and "novelty" in line for line in lines)
    assert any(line.startswith("   echo 0.") and "sent 14 March" in line for line in lines)
    assert "Not chosen:" in lines
    assert all(len(line) <= 120 for line in lines)
    assert not any("both say" in after for line, after in pairwise(lines) if "echo 0.00" in line)


def test_explain_says_which_pick_may_not_lead(next_day: House) -> None:
    picks = next_day("explain", "--to", ANN).out.split("\n\n")[1:6]
    for pick in picks:
        nearest = re.search(r"echo (0\.\d\d)", pick)
        resembles = nearest is not None and float(nearest[1]) >= 0.05
        assert ("does not lead the issue" in pick) == resembles
    assert any("does not lead" in pick for pick in picks)


def test_explain_as_json_is_complete(next_day: House) -> None:
    explained = next_day("explain", "--to", ANN, "--json").json
    assert (explained["to"], explained["date"]) == (ANN, "2026-03-15")
    assert [pick["rank"] for pick in explained["picks"]] == [1, 2, 3, 4, 5]
    for insight in explained["picks"] + explained["runners_up"]:
        assert set(insight["signals"]) == set(SIGNALS) - {"votes"}  # nobody asked for more
        assert 0 <= insight["score"] <= 1
    echoes = [echo for insight in explained["picks"] for echo in insight["echoes"]]
    assert echoes
    assert {echo["heard"] for echo in echoes} == {"2026-03-14"}
    assert all(insight["why"] for insight in explained["runners_up"])
    sent = next_day("explain", "--to", ANN, "--json", "--date", "2026-03-14").json
    assert {insight["insight_id"] for insight in sent["picks"]}.isdisjoint(
        insight["insight_id"] for insight in explained["picks"]
    )
    assert next_day("explain", "--json").json["to"] is None


def test_control_characters_of_an_insight_are_escaped(house: House) -> None:
    for number in range(4):
        house.drop(
            f"{number}.json",
            f"Insight {number} {INSIGHTS[number]} \x1b[31mred \x9b2J \u202egnp",
            podcast="A\nshow\x1b[0m",
            episode="\x07bell",
        )
    house("ingest")
    for words in (["explain"], ["send", "--dry-run", "--now"], ["explain", "--json"]):
        shown = house(*words).out
        assert all(letter.isprintable() or letter == "\n" for letter in shown)
    assert json.loads(house("explain", "--json").out)["picks"]
