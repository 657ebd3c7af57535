import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.domain.text import (
    _columns,
    clause,
    counted,
    first_sentence,
    headline,
    minutes,
    wrap,
)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One. Two.", "One."),
        ("One", "One"),
        ("", ""),
        ("Rates rose 3.5 percent. Then they fell.", "Rates rose 3.5 percent."),
        ("In the U.S. Senate nobody reads. They vote.", "In the U.S. Senate nobody reads."),
        ("The people of Z.AI ship weekly. Others wait.", "The people of Z.AI ship weekly."),
        ("Few trust Z.AI. Many use it.", "Few trust Z.AI."),
        ("Dr. Osei and J. R. Lind agree. Who else?", "Dr. Osei and J. R. Lind agree."),
        ("Tools, e.g. Hammers, break. So it goes.", "Tools, e.g. Hammers, break."),
        ("Wait... what came next was odd. True.", "Wait... what came next was odd."),
        ("Yahoo! is a name. Yes.", "Yahoo! is a name."),
        ("“Nobody reads.” Everybody writes.", "“Nobody reads.”"),
        ("Why now? Because.", "Why now?"),
        ("Why?! Because.", "Why?!"),
        ("港は空になる。船は待つ。", "港は空になる。"),
        ("「港は空だ。」船は待つ。", "「港は空だ。」"),
        ("هل ننام؟ نعم.", "هل ننام؟"),
        ("Line one\n goes on.\n\nLine two.", "Line one goes on."),
    ],
)
def test_first_sentence(text: str, first: str) -> None:
    assert first_sentence(text) == first


@given(st.text())
@example("a. " * 50)
def test_a_first_sentence_is_how_the_text_begins(text: str) -> None:
    line = " ".join(text.split())
    assert line.startswith(first_sentence(text))
    assert bool(first_sentence(text)) == bool(line)


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("Ports that plan empty early.", 59, "Ports that plan empty early"),
        ("Ports that plan, empty early", 17, "Ports that plan…"),
        ("Ports that plan: empty early", 17, "Ports that plan…"),
        ("Made in the U.S.", 59, "Made in the U.S."),
        ("Who knows?", 59, "Who knows?"),
        ("Half a list, and,", 59, "Half a list, and"),
        ("and so on,.", 60, "and so on"),
        ("and so on., ;.", 60, "and so on"),
        ("and so on,…", 60, "and so on…"),
        ("and so on, … and more", 15, "and so on…"),
        ("Ports, e.g.,", 60, "Ports, e.g."),
        ("And then...", 60, "And then..."),
        ("港は空になる、。", 60, "港は空になる"),
        ("x" * 80, 10, "xxxxxxxxx…"),
        ("港は空になる。", 59, "港は空になる"),
        ("ab" + "e\u0301" * 20, 8, "abe\u0301e\u0301…"),
        ("👩🏽‍🚀👩🏽‍🚀👩🏽‍🚀", 7, "👩🏽‍🚀…"),
    ],
)
def test_headline(text: str, limit: int, short: str) -> None:
    assert headline(text, limit) == short


@given(
    st.text() | st.text(alphabet="ab .,;:…。、(", max_size=40),
    st.integers(min_value=5, max_value=90),
)
def test_a_headline_is_one_short_line_of_the_texts_own_words(text: str, limit: int) -> None:
    short = headline(text, limit)
    assert len(short) <= limit
    assert len(short.splitlines()) <= 1
    assert not short.removesuffix("…").endswith((" ", ",", ";", ":", "、", "。"))
    assert " ".join(text.split()).startswith(short.removesuffix("…"))


WORDS = "abc de ƒgh 港は、空。AI 👩🏽‍🚀 ملح - e\u0301"


@given(st.text(alphabet=WORDS, max_size=400), st.integers(min_value=10, max_value=80))
def test_wrapping_loses_nothing_and_stays_inside(text: str, width: int) -> None:
    wrapped = wrap(text, "  ", "– ", width)
    assert "".join(wrapped.split()) == "".join(("– " * bool(text.strip()) + text).split())
    for line in wrapped.splitlines():
        assert line.startswith("  ")
        assert _columns(line) <= width or " " not in line[4:].strip()


def test_wrapping_breaks_between_words_and_between_wide_characters() -> None:
    assert wrap("one two three", width=8) == "one two\nthree"
    assert wrap("港は空になる。船", width=10) == "港は空にな\nる。船"
    assert wrap("one two three", " ", "- ", width=9) == " - one\n   two\n   three"
    assert wrap("see https://example.org/a-b-c now", width=12) == (
        "see\nhttps://example.org/a-b-c\nnow"
    )


def test_reading_time() -> None:
    assert minutes([]) == 1
    assert minutes(["word " * 220]) == 1
    assert minutes(["word " * 200, "word " * 21]) == 2
    assert minutes(["港" * 440]) == 1
    assert minutes(["港" * 441]) == 2


@pytest.mark.parametrize(
    ("sentence", "limit", "shown"),
    [
        ("Short as it stands.", 60, "Short as it stands"),
        ("Hot afternoons hurt a line twice: demand peaks as it sags.", 50,
         "Hot afternoons hurt a line twice"),
        ("Ears freeze early because the ear, not the tongue, gives up.", 50, ""),
        ("Bakers, millers, and farmers of the valley met at the old mill.", 50, ""),
        ("Fruit rots from the stem, and whoever cuts it long sells it late.", 50,
         "Fruit rots from the stem"),
        ("When a captain knows her berth, she slows, but the harbour does not.", 50, ""),
        ("A nap restores alertness, but an hour and a half of it restores more.", 50, ""),
        ("Yes: everything that was said of it then is true of it now as well.", 50, ""),
        ("It came (as the owner said: late) and was paid for by the week before.", 50, ""),
        ("港は先に空く；船長は速度を落とし、混雑の費用を払わずに済むことになる。", 30,
         "港は先に空く"),
    ],
)  # fmt: skip
def test_a_claim_is_cut_at_a_clause_or_not_at_all(sentence: str, limit: int, shown: str) -> None:
    assert clause(sentence, limit) == shown


@given(st.text(), st.integers(10, 90))
def test_a_clause_fits_and_begins_its_sentence(text: str, limit: int) -> None:
    shown = clause(text, limit)
    assert " ".join(text.split()).startswith(shown)
    assert "\n" not in shown


def test_a_clause_of_marks_that_take_no_column_is_too_long() -> None:
    assert clause("a" + "\u0300" * 60, 50)
    assert clause("a" + "\u0300" * 200, 50) == ""


def test_what_is_counted_has_its_plural() -> None:
    given = [(1, "delivery"), (2, "unknown delivery"), (0, "day"), (1_024, "brief")]
    wanted = ["1 delivery", "2 unknown deliveries", "0 days", "1,024 briefs"]
    assert [counted(*each) for each in given] == wanted
