import json
import shutil
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import pytest

from tests.cli.conftest import INSIGHTS, ROOT, House

SEEDS = ROOT.parent / "shared" / "seeds"


def counts(house: House, *words: str) -> dict[str, tuple[int, int]]:
    """Of a thing: (new, total)."""
    report = house("ingest", "--json", *words).json
    names = ("briefs", "insights", "mentions", "rejected")
    return {name: (report[name]["new"], report[name]["total"]) for name in names}


def test_counts_are_reported_new_and_in_total(house: House) -> None:
    house.drop("one.json", *INSIGHTS[:3])
    summary = (
        "1 brief (+1), 3 insights (+3), 3 mentions (+3), 0 rejected (+0); 0 paragraphs dropped"
    )
    assert summary in house("ingest").out
    house.drop("two.json", *INSIGHTS[2:4])
    summary = "2 briefs (+1), 4 insights (+1), 5 mentions (+2), 0 rejected (+0)"
    assert summary in house("ingest").out
    assert "2 briefs (+0), 4 insights (+0), 5 mentions (+0)" in house("ingest").out


def test_an_insight_is_corrected_and_withdrawn_as_the_documents_say(house: House) -> None:
    path, second = house.drop("one.json", *INSIGHTS[:3]), house.drop("two.json", INSIGHTS[8])
    assert insights(house) == {*INSIGHTS[:3], INSIGHTS[8]}
    house.drop("one.json", "Keepers logged the weather well.", INSIGHTS[1])
    assert insights(house) == {"Keepers logged the weather well.", INSIGHTS[1], INSIGHTS[8]}
    path.write_text('{"insights": []}')
    assert insights(house) == {INSIGHTS[8]}, "a file without any says nothing any more"
    house.drop("one.json", "Keepers logged the weather well.", INSIGHTS[1])
    insights(house)
    path.write_text('{"insights": [')
    assert INSIGHTS[1] in insights(house), "a broken file holds what it said before"
    path.unlink()
    assert INSIGHTS[1] in insights(house), "to delete it withdraws nothing"
    house.drop("one.json", "Keepers logged the weather well.", INSIGHTS[1])
    insights(house)
    house.drop("one.json", INSIGHTS[8])
    assert insights(house) == {INSIGHTS[8]}
    assert second.exists()


def insights(house: House) -> set[str]:
    """What a day can choose from, once the inbox was read."""
    house("ingest")
    with closing(connect(house.folder / "newsletter.db")) as db:
        return {text for (text,) in db.execute("SELECT text FROM insight WHERE date IS NOT NULL")}


def test_the_same_as_json(house: House) -> None:
    house.drop("one.json", *INSIGHTS[:3])
    (house.folder / "inbox/two.txt").write_bytes(b"\xff\xfe\x00")
    report = house("ingest", "--json").json
    assert report["briefs"] == {"new": 1, "total": 1}
    assert report["insights"] == report["mentions"] == {"new": 3, "total": 3}
    (rejected,) = report["rejected"]["files"]
    assert rejected["path"] == str(house.folder / "inbox/two.txt")
    assert "UTF-16" in rejected["reason"]
    assert report["left"] == []


def test_folders_and_files_can_be_named_from_anywhere(house: House, elsewhere: Path) -> None:
    shutil.move(house.drop("one.json", *INSIGHTS[:2]), elsewhere / "one.json")
    (elsewhere / "deep/er").mkdir(parents=True)
    shutil.move(house.drop("two.json", *INSIGHTS[2:5]), elsewhere / "deep/er/two.json")
    assert counts(house, "one.json")["insights"] == (2, 2)
    assert counts(house, "deep", "one.json")["insights"] == (3, 5)
    assert counts(house)["insights"] == (0, 5)


def test_a_path_named_twice_counts_once(house: House) -> None:
    path = house.drop("one.json", *INSIGHTS[:2])
    assert counts(house, str(path), str(path.parent), str(path))["briefs"] == (1, 1)


def test_a_path_that_is_not_there_is_told(house: House) -> None:
    done = house("ingest", "no/such/folder")
    assert (done.code, done.stdout) == (2, b"")
    assert "no/such/folder: No such file or directory" in done.stderr


def test_an_inbox_that_is_missing_is_told(house: House) -> None:
    (house.folder / "inbox").rmdir()
    done = house("ingest")
    assert done.code == 2
    assert f"the inbox {house.folder / 'inbox'} is missing: create it" in done.stderr


def test_rejected_files_are_named_with_the_line_and_the_others_go_on(house: House) -> None:
    house.drop("good.json", *INSIGHTS[:2])
    bad = house.folder / "inbox/bad.json"
    bad.write_text(
        '{\n "insights": [\n  "Half an',
    )
    done = house("ingest")
    assert done.code == 1
    assert "1 brief (+1)" in done.out
    assert "1 rejected (+1)" in done.out
    assert f"  rejected  {bad}, line 3: " in done.out
    again = house("ingest")
    assert again.code == 0, "it is known, and not read again until it changes"
    assert "1 rejected (+0)" in again.out
    bad.write_text(json.dumps({"insights": [INSIGHTS[5]]}))
    assert counts(house) == {
        "briefs": (1, 2),
        "insights": (1, 3),
        "mentions": (1, 3),
        "rejected": (0, 0),
    }


def test_a_rejected_file_that_is_named_is_read_again(house: House) -> None:
    bad, good = house.folder / "inbox/bad.json", house.drop("good.json", *INSIGHTS[:2])
    bad.write_text('{"insights": 5}')
    first, again = house("ingest", str(bad), str(good)), house("ingest", str(bad), str(good))
    assert (first.code, again.code) == (1, 1)
    said = [line for line in first.out.splitlines() if line.startswith("  rejected  ")]
    assert said
    assert again.out.splitlines()[1:] == said
    assert house("ingest", str(bad.parent)).code == 0, "not for all that a folder ever had"
    assert house("ingest").code == 0
    house.environment["NEWSLETTER_INBOX__PATH"] = str(bad)
    assert house("ingest").code == 0, "an inbox of one file is not named each time"


def test_dropped_paragraphs_are_counted_and_listed_on_request(house: House) -> None:
    page = f"{INSIGHTS[0]}\n\nGet your free personalized podcast brief\n\n{INSIGHTS[1]}\n"
    path = house.folder / "inbox/page.txt"
    path.write_text(page)
    done = house("ingest", "--dropped")
    assert "1 paragraph dropped as boilerplate" in done.out
    assert f"{path}:3  Get your free personalized podcast brief" in done.out
    (paragraph,) = house("ingest", "--dropped", "--json").json["dropped"]
    assert paragraph == {
        "path": str(path),
        "line": 3,
        "text": "Get your free personalized podcast brief",
    }
    assert "dropped" not in house("ingest", "--json").json


def test_the_seeds_give_the_known_counts(house: House, elsewhere: Path) -> None:
    if not SEEDS.is_dir():
        pytest.skip(f"the seeds are not at {SEEDS}")
    whole = {"briefs": (5, 5), "insights": (30, 30), "mentions": (55, 55), "rejected": (0, 0)}
    nothing_new = {name: (0, total) for name, (_, total) in whole.items()}
    assert counts(house, str(SEEDS)) == whole
    assert counts(house, str(SEEDS)) == nothing_new
    for number, seed in enumerate(sorted(SEEDS.glob("*.txt"), reverse=True)):
        text = seed.read_text(encoding="utf-8").replace("'", "’").replace("\n", "\r\n")
        (elsewhere / f"{number}.txt").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert counts(house, ".") == nothing_new


def test_a_file_still_being_written_is_left_and_named(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.drop("whole.json", *INSIGHTS[:3])
    path = house.folder / "inbox/half.txt"
    path.write_text("The first words. ")

    def grow() -> None:
        """Between two looks, whoever writes it gets on."""
        with path.open("a") as file:
            file.write("More of it comes. ")

    with monkeypatch.context() as patch:
        for command in ("ingest", "send"):
            patch.setattr(f"newsletter.cli.{command}.pause", grow)
        done = house("ingest")
        as_json = house("ingest", "--json").json
        sent = house("send")
    assert done.code == 1
    assert "1 brief (+1)" in done.out
    assert f"  left      {path}: still being written" in done.out
    assert as_json["left"] == [str(path)]
    assert f"{path} is still being written" in sent.stderr
    path.write_text(INSIGHTS[4])
    assert counts(house)["briefs"] == (1, 2)


@pytest.mark.parametrize(
    "name", ["two\nlines.txt", "\x1b[2J\x1b[31mred.txt", "\x9b31m.txt", "\u202e.txt"]
)
def test_a_file_name_cannot_steer_the_terminal(house: House, name: str) -> None:
    try:
        (house.folder / "inbox" / name).write_text("")
    except OSError:
        pytest.skip("this file system takes no such names")
    for words in (["ingest"], ["status"], ["send"], ["ingest", "--json"], ["status", "--json"]):
        done = house(*words)
        shown = done.out + done.stderr
        assert all(letter.isprintable() or letter == "\n" for letter in shown)
        assert not any(line.startswith("lines.txt") for line in shown.splitlines())
    shown = name.encode("unicode_escape").decode()
    assert f"{house.folder / 'inbox'}/{shown}: the file is empty" in house("status").out


def test_a_name_that_is_no_unicode_is_shown(house: House) -> None:
    try:
        (house.folder / "inbox/caf\udce9.txt").write_text("")
    except OSError:
        pytest.skip("this file system takes no such names")
    assert "caf\\xe9.txt: the file is empty" in house("ingest").out
    assert house("status", "--json").json["rejected"][0]["path"].endswith("caf\\xe9.txt")
