"""What a listener noted on highlights is no insight; notes that stand alone are read."""

import json

import pytest

from newsletter.ingest.parsers import briefs

ONE = "A pilot who knows the sandbank saves more fuel than a new engine does."
TWO = "Ports forgive the first day, and the second costs more than the voyage."
MINE = "The harbour office should hear about these pilots before the summer."
READWISE = (
    "# Sand\n\n## Metadata\n- Author: [[Kettle]]\n- Full Title: Sand\n- Category: #podcasts\n"
)
ABOUT = {"podcast": "Kettle", "episode": "Sand"}
PAGE = "---\npodcast: Kettle\nepisode: Sand\n---\n\n"


def said(name: str, page: str) -> list[str]:
    return [each.text for brief in briefs(name, page.encode()) for each in brief.mentions]


@pytest.mark.parametrize(
    "note",
    [
        f"    - Note: {MINE}",
        f"    - My note: {MINE}",
        f"    - .note {MINE}",
        f"- Note: {MINE}",
        f"- **My note:** {MINE}",
    ],
)
@pytest.mark.parametrize("head", [READWISE, PAGE])
def test_a_note_in_a_list_of_highlights(head: str, note: str) -> None:
    page = f"{head}\n## Highlights\n- {ONE}\n{note}\n- {TWO}\n"
    assert said("a.md", page) == [ONE, TWO]


@pytest.mark.parametrize(
    "note",
    [
        f"\nNote: {MINE}\n",
        f"\n**My note:** {MINE}\n",
        f"\nComment: {MINE}\n",
        f">\n> Note: {MINE}\n",
        f"> *Note:* {MINE}\n",
    ],
)
@pytest.mark.parametrize("quote", [f"> {ONE}\n", f"> [!quote] Ada Brook\n> {ONE}\n"])
def test_a_note_below_a_quote(quote: str, note: str) -> None:
    assert said("a.md", f"{PAGE}{quote}{note}") == [ONE]
    assert said("a.md", f"{READWISE}\n## Highlights\n\n{quote}{note}") == [ONE]


def test_a_note_in_a_callout_of_its_own() -> None:
    assert said("a.md", f"{PAGE}> [!quote]\n> {ONE}\n\n> [!note] Mine\n> {MINE}\n") == [ONE]


@pytest.mark.parametrize("note", ["**note**: ", "My note: ", ".note ", "Note: ", "note:: "])
def test_a_note_in_the_item_of_a_highlight(note: str) -> None:
    assert said("a.md", f"podcast:: Kettle\n\n- {ONE}\n  {note}{MINE}\n- {TWO}\n") == [ONE, TWO]


@pytest.mark.parametrize(
    "value",
    [
        [{**ABOUT, "highlight": ONE, "my_note": MINE}, {**ABOUT, "note": MINE}],
        {**ABOUT, "highlights": [{"text": ONE}], "notes": [{"text": MINE}]},
        {**ABOUT, "highlights": [ONE], "notes": [MINE]},
        {**ABOUT, "highlights": [{"text": ONE, "notes": [{"text": MINE}]}]},
        [
            {"uri": "https://kettle.example/7", "text": MINE, "target": [{"selector": marked}]}
            for marked in ([{"type": "TextQuoteSelector", "exact": ONE}], [])
        ],
    ],
)
def test_a_note_in_json(value: object) -> None:
    assert said("a.json", json.dumps(value)) == [ONE]


def test_a_note_in_a_column() -> None:
    page = f"podcast,episode,quote,my note\nKettle,Sand,{ONE},{MINE}\nKettle,Sand,,{MINE}\n"
    assert said("a.csv", page) == [ONE]


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("a.md", f"{PAGE}- Note: {MINE}\n"),
        ("a.md", f"{PAGE}## Notes\n\n- {MINE}\n"),
        ("a.csv", f"podcast,episode,my note\nKettle,Sand,{MINE}\n"),
        ("a.json", json.dumps({**ABOUT, "notes": [MINE]})),
        ("a.json", json.dumps([{"uri": "https://kettle.example/7", "text": MINE, "target": [{}]}])),
    ],
)
def test_notes_alone_are_read(name: str, page: str) -> None:
    (text,) = said(name, page)
    assert text.endswith(MINE)


def test_what_a_listener_says_below_a_highlight_and_marks_in_it() -> None:
    page = f"{PAGE}## Takeaways\n\n- {ONE.replace('fuel', '^^fuel^^')}\n  - me: {MINE}\n"
    assert said("a.md", page) == [ONE]
