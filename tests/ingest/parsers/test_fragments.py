"""Items of a list that name a topic, and notes that stand beside takeaways."""

import pytest

from newsletter.ingest.parsers import explain
from tests.ingest.parsers import parse

WHOLE = "Rye holds three times its weight in water, so its loaves stay moist for a week."


def rules(page: str, name: str = "a.md") -> dict[str, str]:
    (told,) = explain(name, page.encode())
    return {each.text: each.rule for each in told.paragraphs if each.verdict != "insight"}


@pytest.mark.parametrize(
    ("item", "rule"),
    [
        ("Active use of steam", "fragment"),
        ("Night time proofing and feeding", "fragment"),
        ("Steam (before the crust sets, never after)", "fragment"),
        ("ovens - https://ovens.example/compared", "reference"),
        ("Tools: scale, scraper, linen, basket, mill", "enumeration"),
    ],
)
@pytest.mark.parametrize("name", ["a.md", "a.html"])
def test_an_item_that_only_names_a_topic_is_none(item: str, rule: str, name: str) -> None:
    page = f"- {item}\n- {WHOLE}\n"
    if name.endswith(".html"):
        page = f"<ul><li>{item}</li><li>{WHOLE}</li></ul>"
    assert rules(page, name) == {item: rule}


@pytest.mark.parametrize(
    "item",
    [
        "Sleep is a skill",
        "The mill lacked spare stones",
        "Bread rises twice.",
        "Steam first: it keeps a crust soft, then shiny.",
    ],
)
def test_a_short_item_that_says_something_stays(item: str) -> None:
    assert rules(f"- {item}\n- {WHOLE}\n") == {}


def test_the_highlights_of_an_app_stay_however_short_they_are() -> None:
    page = f"# Slow Kitchen\n\n## Highlights\n\n- Steam before the crust\n- {WHOLE}\n"
    html = f"<h2>Highlights</h2><ul><li>Steam before the crust</li><li>{WHOLE}</li></ul>"
    assert "Steam before the crust" not in rules(html, "a.html")
    assert rules(page)["Steam before the crust"] == "fragment", "in free notes they are topics"


def test_notes_are_no_insights_beside_takeaways() -> None:
    note = "The sponsor of the week sells mills, and the recording was cut twice."
    page = f"## Key ideas\n\n- {WHOLE}\n\n## Notes\n\n- {note}\n"
    assert rules(page)[note] == "notes beside takeaways"
    assert note not in rules(f"## Notes\n\n- {note}\n")


def test_a_range_of_time_within_an_item_is_its_place() -> None:
    page = f"- **Rye and water** [00:59–01:21]: {WHOLE}\n"
    (mention,) = parse("a.md", page.encode()).mentions
    assert (mention.at, mention.text) == (59, f"Rye and water: {WHOLE}")


def test_a_field_that_says_none_says_nothing() -> None:
    page = f"---\nseries: none\npublicationDate: 2026-03-04\n---\n- {WHOLE}\n"
    brief = parse("a.md", page.encode())
    assert (brief.podcast, str(brief.published)) == ("", "2026-03-04")


@pytest.mark.parametrize(
    ("bold", "rule"),
    [
        ("Patience is an ingredient", "list item"),
        ("Every oven can be a slow one", "list item"),
        ("What is a sourdough", "heading"),
        ("Flour, water and salt", "heading"),
        ("What rye is: a grass", "heading"),
    ],
)
def test_a_statement_in_bold_is_an_item_and_no_heading(bold: str, rule: str) -> None:
    (page,) = explain("a.md", f"- **{bold}**\n  - {WHOLE}\n".encode())
    assert {each.text.strip("*"): each.rule for each in page.paragraphs}[bold] == rule


@pytest.mark.parametrize(("item", "stays"), [("面包与盐水", False), ("面包发酵越慢味道越好", True)])
def test_a_few_signs_of_chinese_are_a_topic(item: str, stays: bool) -> None:  # noqa: FBT001
    assert (item not in rules(f"- {item}\n- {WHOLE}\n")) is stays


def test_a_proverb_of_four_signs_is_a_takeaway() -> None:
    assert "少即是多" not in rules(f"## 要点\n\n- 少即是多\n- {WHOLE}\n")


def test_a_long_line_of_chinese_is_no_heading() -> None:
    line = "**目标：** 先让面团休息一夜，再用热石板烤出厚皮，这样面包可以保存一周"
    assert rules(f"{line}\n\n- {WHOLE}\n") == {}


def test_a_summary_in_a_list_is_takeaways_and_one_in_prose_is_none() -> None:
    items = f"- {WHOLE}\n\n## Takeaways\n\n- Steam keeps a crust soft until it is set.\n"
    assert WHOLE not in rules(f"## TL;DR\n\n{items}")
    assert rules(f"## TL;DR\n\n{items[2:]}")[WHOLE] == "summary beside takeaways"


def test_notes_in_a_list_stay_beside_highlights() -> None:
    page = (
        f"## Notes\n\n- {WHOLE}\n\n## Highlights\n\n- Steam keeps a crust soft until it is set.\n"
    )
    assert WHOLE not in rules(page)


def test_a_label_is_taken_from_the_front_of_an_insight_alone() -> None:
    page = "- Hard lessons: a loaf that is cut hot is lost, and everybody cuts it.\n"
    (mention,) = parse("a.md", page.encode()).mentions
    assert mention.text.startswith("Hard lessons: a loaf")


@pytest.mark.parametrize("item", ["Sourdough = yeast by patience", "steam → a crust that shines"])
@pytest.mark.parametrize("mark", ["{}", "**{}**"])
def test_an_equation_says_something(item: str, mark: str) -> None:
    assert item not in rules(f"- {mark.format(item)}\n- {WHOLE}\n")


@pytest.mark.parametrize(
    "item", ["what is a poolish and why cant it wait", "Is this relevant for our ovens"]
)
def test_a_question_without_its_mark_is_one(item: str) -> None:
    assert rules(f"- {item}\n- {WHOLE}\n")[item] == "question"


def test_what_is_no_question_though_it_begins_like_one() -> None:
    item = "What is measured gets managed."
    assert item not in rules(f"- {item}\n- {WHOLE}\n")


def test_a_word_that_was_marked_in_a_book_is_no_insight() -> None:
    page = f"> 📌 widespread ⏱ 2026-03-14 11:20:53\n\n> 📌 {WHOLE} ⏱ 2026-03-14 11:21:20\n"
    assert [said.text for said in parse("a.md", page.encode()).mentions] == [f"📌 {WHOLE}"]
