"""``newsletter insights`` and ``note``: the editor's hand, seen in preview at once, and what was
composed stays as it was."""

from typing import Any

import pytest

from tests.cli.conftest import INSIGHTS, House

DAY = "2026-03-14"
LAST = INSIGHTS[17]


def number(house: House, *words: str) -> str:
    [found] = house("insights", "search", *words, "--json").json
    return str(found["id"])


def texts(house: House, *words: str) -> list[str]:
    return [pick["text"] for pick in house("explain", "--json", *words).json["picks"]]


def unpicked(house: House) -> str:
    picked = texts(house)
    return next(text for text in INSIGHTS if text not in picked)


def test_search_finds_by_all_words_and_by_nothing_else(stocked: House) -> None:
    [found] = stocked("insights", "search", "SOIL", "tomato", "--json").json
    assert (found["text"], found["day"], found["blocked"]) == (LAST, DAY, False)
    assert LAST.rstrip(".") in stocked("insights", "search", "tomatoes").out
    assert stocked("insights", "search", "tomatoes", "choirs").out.startswith("nothing holds")
    assert stocked("insights", "search", "%", "--json").json == []
    assert len(stocked("insights", "search", "e", "--most", "3", "--json").json) == 3


def test_what_is_pinned_leads_for_everybody_and_only_on_its_date(stocked: House) -> None:
    text = unpicked(stocked)
    pinned = number(stocked, *text.split()[:4])
    assert stocked("insights", "pin", pinned, "--date", DAY).code == 0
    stocked.subscribe("ann@example.org", options=["--interests", "choirs"])
    for whose in ((), ("--to", "ann@example.org")):
        assert texts(stocked, *whose)[0] == text
        assert "pinned by the editor" in stocked("explain", *whose).out
    assert texts(stocked, "--date", "2026-03-15")[0] != text
    assert stocked("insights", "pin", pinned, "--undo").code == 0
    assert text not in texts(stocked)
    assert stocked("insights", "pin", pinned, "--undo").code == 2


def test_what_was_sent_is_not_sent_again_for_being_pinned(stocked: House) -> None:
    stocked.subscribe("ann@example.org")
    first = texts(stocked, "--to", "ann@example.org")[0]
    assert stocked("send").code == 0
    pinned = number(stocked, *first.split()[:5])
    assert stocked("insights", "pin", pinned, "--date", "2026-03-15").code == 0
    assert first not in texts(stocked, "--to", "ann@example.org", "--date", "2026-03-15")
    stocked.subscribe("new@example.org")
    assert texts(stocked, "--to", "new@example.org", "--date", "2026-03-15")[0] == first


def test_what_is_older_than_the_window_can_be_pinned(house: House) -> None:
    old = "Harbour clocks were once set by a ball that fell at noon."
    house.drop("old.json", old, published="2025-11-01")
    house.stock()
    assert old not in texts(house)
    assert house("insights", "pin", number(house, "harbour", "clocks"), "--date", DAY).code == 0
    assert texts(house)[0] == old


def test_what_could_not_be_picked_that_day_is_not_pinned(stocked: House) -> None:
    stocked.drop("later.json", "Harbour clocks are set by radio now.", published="2026-03-20")
    later = stocked.drop("gone.json", "Harbour clocks were set by ear.")
    assert stocked("ingest").code == 0
    early = stocked("insights", "pin", number(stocked, "radio"), "--date", "2026-03-19")
    assert (early.code, "is dated 2026-03-20, after" in early.stderr) == (2, True)
    gone = number(stocked, "by ear")
    later.write_text('{"insights": ["Harbour clocks were set by hand."]}', encoding="utf-8")
    assert stocked("ingest").code == 0
    assert "no brief says" in stocked("insights", "pin", gone).stderr


def test_no_more_are_pinned_than_an_issue_has(stocked: House) -> None:
    for insight_id in range(1, 6):
        assert stocked("insights", "pin", str(insight_id)).code == 0
    refused = stocked("insights", "pin", "6")
    assert refused.code == 2
    assert "5 are pinned for 2026-03-14" in refused.stderr
    assert stocked("insights", "pin", "5").code == 0, "that one is"
    assert "every pick was pinned by the editor" in stocked("explain").out


def test_what_is_blocked_is_picked_for_nobody(stocked: House) -> None:
    first = texts(stocked)[0]
    blocked = number(stocked, *first.split()[:5])
    assert stocked("insights", "block", blocked).code == 0
    assert first not in texts(stocked)
    assert "(blocked)" in stocked("insights", "search", *first.split()[:5]).out
    assert "is blocked" in stocked("insights", "pin", blocked).stderr
    assert stocked("insights", "block", blocked, "--undo").code == 0
    assert texts(stocked)[0] == first


def test_corrected_words_are_shown_and_its_own_are_kept(stocked: House) -> None:
    first = texts(stocked)[0]
    edited = number(stocked, *first.split()[:5])
    right = "Corrected: it is 'quite' otherwise."
    assert stocked("insights", "edit", edited, right).code == 0
    assert texts(stocked)[0] == right
    stocked.subscribe("ann@example.org")
    assert stocked("send").code == 0
    stocked("insights", "edit", edited, "Corrected once more.")
    shown = stocked("preview", "--to", "ann@example.org", "--text", "--out", "-").out
    assert "Corrected: it is “quite” otherwise." in shown, "what was composed is what is sent"
    assert "once more" not in shown
    seen = stocked("insights", "show", edited, "--json").json
    assert (seen["insight"]["text"], seen["insight"]["correction"]) == (
        first,
        "Corrected once more.",
    )
    assert [change["words"] for change in seen["changes"]] == [right, "Corrected once more."]
    assert seen["issues"] == [{"day": DAY, "state": "sent", "readers": 1}]
    assert stocked("insights", "edit", edited, "--undo").code == 0
    assert first not in texts(stocked, "--to", "ann@example.org", "--date", "2026-03-15")


def test_a_note_opens_the_issues_of_its_date_that_are_composed_later(stocked: House) -> None:
    stocked.subscribe("ann@example.org")
    text = ["preview", "--to", "ann@example.org", "--text", "--out", "-"]
    assert stocked("note", "Today:\n we  wait.", "--date", DAY).out == (
        "2026-03-14 opens with: Today: we wait.\n"
    )
    before = stocked(*text).out
    assert "\nToday: we wait.\n" in before
    assert "Today: we wait." in stocked("preview", "--out", "-").out, "and the house issue"
    assert stocked("send").code == 0
    assert "; 1 issue composed before stay" in stocked("note", "Too late.").out
    assert stocked(*text).out == before
    assert stocked("note", "--json").json == {"date": DAY, "note": "Too late.", "composed": 0}
    assert stocked("note", "--clear").code == 0
    assert stocked("note").out == "2026-03-14 has no note\n"
    assert "we wait" not in stocked(*text, "--date", "2026-03-15").out


def test_the_audit_says_of_which_date_a_note_is_and_nothing_of_looking(stocked: House) -> None:
    stocked("note", "Today we wait.")
    stocked("note")
    assert [(line["action"], line["about"]) for line in stocked("audit", "--json").json] == [
        ("note", DAY)
    ]


def test_show_tells_where_it_was_said_and_what_was_done(stocked: House) -> None:
    stocked("insights", "block", "1")
    shown: Any = stocked("insights", "show", "1", "--json").json
    assert shown["insight"]["blocked"] is True
    [said] = shown["mentions"]
    assert (said["podcast"], said["role"], said["origin"]) == ("Harbour Talk", "lead", "takeaway")
    [change] = shown["changes"]
    assert (change["action"], change["at"]) == ("block", "2026-03-14T12:00:00+00:00")
    assert change["who"]
    printed = stocked("insights", "show", "1").out
    assert "blocked: it is picked for nobody" in printed
    assert f"block by {change['who']}" in printed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("insights", "show", "999"), "there is no insight 999"),
        (("insights", "block", "999"), "there is no insight 999"),
        (("insights", "edit", "999", "x"), "there is no insight 999"),
        (("insights", "show", "one"), "is no number of an insight"),
        (("insights", "block", "1", "--undo"), "1 is not blocked"),
        (("insights", "edit", "1"), "give the corrected words, or --undo"),
        (("insights", "edit", "1", "x", "--undo"), "give the corrected words, or --undo"),
        (("insights", "edit", "1", "--undo"), "own words already"),
        (("insights", "edit", "1", "x" * 5_001), "write at most 5,000"),
        (("insights", "edit", "1", "a\0b"), "NUL"),
        (("insights", "pin", "1", "--date", "2025-03-14"), "is over in every time zone"),
        (("note", "x", "--date", "2025-03-14"), "is over in every time zone"),
        (("note", "x", "--clear"), "or --clear to take it away"),
        (("note", "--clear"), "has no note"),
    ],
)
def test_a_slip_is_told_and_changes_nothing(
    stocked: House, words: tuple[str, ...], said: str
) -> None:
    before = stocked.dump()
    refused = stocked(*words)
    assert refused.code == 2
    assert said in refused.stderr
    assert stocked.dump() == before


def test_a_language_without_a_catalogue_is_a_mistake_that_names_those_there_are(
    stocked: House,
) -> None:
    stocked.environment["NEWSLETTER_NEWSLETTER__LANGUAGE"] = "pt-BR"
    refused = stocked("preview")
    assert refused.code == 2
    assert "there is no catalogue of 'pt-BR': write one of de, en, es, fr" in refused.stderr


def test_reasons_speak_the_newsletters_language(stocked: House) -> None:
    stocked.environment["NEWSLETTER_NEWSLETTER__LANGUAGE"] = "de"
    for name in ("Ebb", "Flow"):
        stocked.drop(f"{name}.json", "Buoys are painted for the dusk.", podcast=name)
    assert stocked("ingest").code == 0
    picks = stocked("explain", "--json").json["picks"]
    assert "Zwei Podcasts sagten das: Ebb und Flow." in [pick["reason"] for pick in picks]
