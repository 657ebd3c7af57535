"""``ingest --explain FILE``: what is made of each paragraph, and why; nothing changes."""

from pathlib import Path

from tests.cli.conftest import House

PAGE = """---
podcast: Under Canvas
url: https://canvas.example/5
boilerplate: none
---
# The weight of tents

Host:: Bo Lindqvist

- [12:34] A tent is chosen by its weight and regretted for its door.

> A good pitch is the one that you did not have to argue about.
> — Bo Lindqvist

Recorded at the Tent Hall by hand.
"""


def written(house: House, text: str = PAGE, name: str = "page.md") -> Path:
    path = house.folder / name
    path.write_text(text)
    return path


def test_each_paragraph_has_its_line_verdict_and_rule(house: House) -> None:
    house.environment["NEWSLETTER_INBOX__BOILERPLATE"] = '["recorded at the * by hand"]'
    done = house("ingest", "--explain", str(written(house)))
    assert done.code == 0
    lines = [line.split(maxsplit=2) for line in done.out.splitlines()]
    assert lines[1][:1] == ["podcast:"]
    assert [(line[0], line[1]) for line in lines if line[0].isdigit()] == [
        ("2", "metadata"),
        ("3", "metadata"),
        ("4", "metadata"),
        ("6", "noise"),
        ("8", "metadata"),
        ("10", "insight"),
        ("12", "insight"),
        ("15", "noise"),
    ]
    assert "[0:12:34] A tent is chosen by its weight and regretted for its door." in done.out
    assert "Bo Lindqvist: A good pitch is the one" in done.out
    assert "boilerplate phrase  Recorded at the Tent Hall by hand." in done.out


def test_as_json(house: House) -> None:
    path = written(house)
    explained = house("ingest", "--explain", str(path), "--json").json
    assert (explained["path"], explained["dialect"]) == (str(path), "Markdown")
    assert (explained["podcast"], explained["speakers"]) == ("Under Canvas", ["Bo Lindqvist"])
    assert explained["rejected"] is None
    quote = next(each for each in explained["paragraphs"] if each["origin"] == "quote")
    assert (quote["line"], quote["verdict"], quote["rule"]) == (12, "insight", "quote")
    assert quote["speaker"] == "Bo Lindqvist"


def test_nothing_changes(house: House) -> None:
    path = written(house)
    before = house("status", "--json").json
    assert house("ingest", "--explain", str(path)).code == 0
    assert house("status", "--json").json == before


def test_it_needs_no_newsletter(house: House, tmp_path: Path) -> None:
    path = written(house)
    house.environment["NEWSLETTER_CONFIG"] = ""
    done = house.bare("ingest", "--explain", str(path))
    assert (done.code, "A tent is chosen" in done.out) == (0, True)


def test_a_file_that_would_be_rejected_says_so_and_shows_why(house: House) -> None:
    done = house("ingest", "--explain", str(written(house, "# Tents\n\n#camping\n")))
    assert done.code == 1
    assert "rejected: no insight in it: 2 paragraphs were dropped\n" in done.out
    assert "tags" in done.out
    broken = house("ingest", "--explain", str(written(house, "---\na: !{}!b c\n---\n")), "--json")
    assert broken.code == 1
    assert broken.json["rejected"].startswith("malformed YAML")
    assert broken.json["paragraphs"] == []


def test_a_transcript_is_told_as_one_with_what_to_do(house: House) -> None:
    words = "Rivers keep the oldest names, because those who come ask those who are there."
    talk = "\n\n".join(["Rivers", *("Ida Moss", words, "Rolf Kern", words) * 2])
    path = house.folder / "inbox" / "talk.txt"
    path.write_text(talk)
    why = (
        "no insight in it: 9 paragraphs were dropped, most of it a transcript, which"
        " `newsletter sources add` reads with its feed"
    )
    assert f"rejected: {why}\n" in house("ingest", "--explain", str(path)).out
    assert f"{why}; `ingest --explain` says why\n" in house("ingest").out


def test_a_file_that_is_none_and_other_options_are_wrong_usage(house: House) -> None:
    path = str(written(house))
    for words in (
        [str(house.folder)],
        [str(house.folder / "nothing.md")],
        [path, "--dropped"],
        [path, path],
    ):
        done = house("ingest", "--explain", *words)
        assert (done.code, done.out) == (2, ""), words


LIBRARY = """podcast,episode,highlight
Under Canvas,Tents,A tent is chosen by its weight and regretted for its door.
Dry Feet,Boots,A boot that fits in the shop is a size too small on the hill.
"""


def test_each_episode_of_a_library_has_its_own(house: House) -> None:
    path = str(written(house, LIBRARY, "library.csv"))
    first, *lines = house("ingest", "--explain", path).out.splitlines()
    assert first.endswith("library.csv: CSV, 2 episodes")
    names = [line.strip() for line in lines if line.startswith(("  podcast", "  episode"))]
    assert names == [
        "podcast: Under Canvas",
        "episode: Tents",
        "podcast: Dry Feet",
        "episode: Boots",
    ]
    explained = house("ingest", "--explain", path, "--json").json
    assert [each["episode"] for each in explained["episodes"]] == ["Tents", "Boots"]
    assert [each["line"] for each in explained["paragraphs"]] == [2, 3]
    assert explained["podcast"] == ""
