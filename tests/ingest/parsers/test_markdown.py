"""Markdown: front matter, what is lead and what related, marks made plain."""

from datetime import date

import pytest

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief, Dropped
from tests.ingest.parsers import parse

ONE = "Glaciers are measured by ear. Meltwater hums, and its pitch tells how wide the channel is."
TWO = "Cheese caves were dug for gunpowder. Old magazines keep eleven degrees all the year."
THREE = "Typewriters kept their layout because repairmen knew it, not because typists did."


def read(text: str) -> Brief:
    return parse("a.md", text.encode())


def roles(brief: Brief) -> dict[str, str]:
    return {mention.text: mention.role for mention in brief.mentions}


def only(text: str) -> str:
    (mention,) = read(text).mentions
    return mention.text


def test_front_matter() -> None:
    brief = read(
        "---\ntitle: Under the ice\npodcast: 'Cold: Facts'\nepisode: 12\n"
        "url: https://cold.example/12\npublished: 2026-03-05\nspeakers: [Ada Moor, Finn Keel]\n"
        f"topics: ice, acoustics\nmood: [ignored, {{}}]\n---\n\n{ONE}\n"
    )
    assert (brief.title, brief.podcast, brief.episode) == (
        "Under the ice",
        "Cold: Facts",
        "Under the ice",
    )
    assert (brief.url, brief.published) == ("https://cold.example/12", date(2026, 3, 5))
    assert brief.speakers == ("Ada Moor", "Finn Keel")
    assert brief.topics == ("ice", "acoustics")
    assert [(mention.text, mention.speaker) for mention in brief.mentions] == [(ONE, "")]


@pytest.mark.parametrize(
    "written",
    ["2026-03-05", "'2026-03-05'", "2026-3-5", "2026-03-05T23:30:00-05:00", "2026-03-05 07:00:00"],
)
def test_published_is_the_date_as_written(written: str) -> None:
    assert read(f"---\npublished: {written}\n---\n{ONE}").published == date(2026, 3, 5)


def test_front_matter_is_optional_and_may_be_empty() -> None:
    assert read(ONE).mentions == read(f"---\n---\n{ONE}").mentions
    assert read(f"---\ntitle:\npublished: ~\n---\n{ONE}").published is None


@pytest.mark.parametrize(
    ("head", "line", "says"),
    [
        ("title: [a]", 2, "title must be text, not a list"),
        ("\npodcast: {a: b}", 3, "podcast must be text, not a mapping"),
        ("title: x\npublished: yesterday", 3, "published: 'yesterday' is no date"),
        ("published: 2026-02-30", 2, "is no date"),
        ("speakers: [[a, b]]", 2, "speakers must be a list of names"),
        ("topics: {a: b}", 2, "topics must be a list of names"),
        ("- a\n- b", 2, "key: value"),
        ("title: x\npodcast: 'unended", 4, "malformed YAML"),
        ("title: x\n\tpodcast: y", 3, "malformed YAML"),
        ('title: "\\U00110000"', 2, "malformed YAML"),
        ("title: a\nepisode: \x07", 3, "malformed YAML"),
        ("a: &x [y]\nb: [*x, *x]", 2, "anchors and aliases"),
        ("title: &x y", 2, "anchors and aliases"),
        ("a: *nothing", 2, "anchors and aliases"),
        (f"title: {'x' * 501}", 2, "title is 501 characters long: at most 500"),
    ],
)
def test_front_matter_that_cannot_be_read(head: str, line: int, says: str) -> None:
    with pytest.raises(BriefRejected) as caught:
        read(f"---\n{head}\n---\n\n{ONE}\n")
    assert says in caught.value.reason
    assert caught.value.line == line


@pytest.mark.parametrize("mark", ["\u0085", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\u00a0"])
@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("title: 'a{0}b'\nmood: {0} fine\n\tpodcast: y", 4),
        ("title: 'a{0}b'\npublished: soon", 3),
        ("title: a{0}b\nspeakers: {{}}", 3),
        ("title: a{0}b\nurl: [b]", 3),
        ("title: a{0}b\nx: &y z", 3),
        ("title: 'a{0}b\n{0}\n", 5),
        ("title: 'a{0}{0}{0}", 3),
        (f"title: a{{0}}b\nepisode: {'x' * 501}", 3),
    ],
)
def test_a_fault_is_told_at_the_line_that_an_editor_shows(mark: str, head: str, line: int) -> None:
    with pytest.raises(BriefRejected) as caught:
        read(f"---\n{head.format(mark)}\n---\n\n{ONE}\n")
    assert caught.value.line == line


def test_white_space_of_any_kind_is_read_as_a_space() -> None:
    brief = read(f"---\ntitle:\u00a0The\u2028sea\n---\n#\u00a0Ice\x0c\n\n\u2028\n{ONE}\n")
    assert brief.title == "The sea"
    assert [(note.line, note.text) for note in brief.dropped] == [(4, "Ice")]


def test_front_matter_that_does_not_end() -> None:
    with pytest.raises(BriefRejected, match="close it with a line ---"):
        read(f"---\ntitle: x\n\n{ONE}\n")


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 30)
    )
    with pytest.raises(BriefRejected, match="anchors and aliases"):
        read(f"---\n{bomb}---\n{ONE}")


def test_an_address_that_is_none_is_dropped_and_said_so() -> None:
    brief = read(f"---\ntitle: x\nurl: javascript:alert(1)\n---\n{ONE}")
    assert brief.url == ""
    assert brief.dropped == (Dropped(3, "url: javascript:alert(1)"),)


@pytest.mark.parametrize(
    "related",
    [
        "## Related",
        "## Related insights:",
        "Related\n-------",
        "**Related**",
        "__Related Insights__",
        "# More like this #",
        "Related insights",
    ],
)
def test_what_stands_under_related_is_related(related: str) -> None:
    brief = read(f"# Under the ice\n\n{ONE}\n\n- {TWO}\n\n{related}\n\n- {THREE}\n")
    assert roles(brief) == {ONE: "lead", TWO: "lead", THREE: "related"}


def test_related_ends_with_the_next_heading_of_its_rank() -> None:
    page = f"## Related\n\n### From the sea\n\n{ONE}\n\n## Also said\n\n{TWO}\n"
    assert roles(read(page)) == {ONE: "related", TWO: "lead"}


def test_a_lead_beats_a_related_of_the_same_words() -> None:
    brief = read(f"## Related\n- {ONE}\n- {TWO}\n\n## Said today\n- {ONE.upper()}\n")
    assert [(mention.text, mention.role) for mention in brief.mentions] == [
        (ONE, "lead"),
        (TWO, "related"),
    ]


def test_list_items() -> None:
    page = (
        "- Sleep is a skill\n* [x] Ice hums\n  and sings on a cold night\n"
        "1. Bread is patience\n\n   It cannot be hurried by anyone at all.\n"
    )
    assert list(roles(read(page))) == [
        "Sleep is a skill",
        "Ice hums and sings on a cold night",
        "Bread is patience",
        "It cannot be hurried by anyone at all.",
    ]


def test_a_bullet_is_a_list_item() -> None:
    assert list(
        roles(read("• Sleep is a skill\n  • Ice hums loudly on a cold night\n• Bread is patience"))
    ) == [
        "Sleep is a skill",
        "Ice hums loudly on a cold night",
        "Bread is patience",
    ]


def test_a_quote_is_no_part_of_the_paragraph_above_it() -> None:
    assert list(roles(read(f"{ONE}\n> {TWO}\n"))) == [ONE, TWO]


def test_indented_lines_are_no_code() -> None:
    assert only(f"    {ONE}") == ONE


def test_a_link_by_reference_keeps_its_words() -> None:
    brief = read(f"[Glaciers] {ONE[9:]}\n\n[glaciers]: https://cold.example/ 'Cold'\n")
    assert [mention.text for mention in brief.mentions] == [ONE]
    assert brief.dropped == (Dropped(3, "[glaciers]: https://cold.example/ 'Cold'"),)


def test_what_is_nested_too_deeply_is_refused_not_lost() -> None:
    with pytest.raises(BriefRejected, match="nested too deeply") as caught:
        read(f"{ONE}\n\n{'- ' * 30}{TWO}\n")
    assert caught.value.line == 3


def test_a_year_at_the_start_of_a_line_is_no_list_item() -> None:
    page = "The lake froze over for the last time in\n1911. Nobody living has walked across it."
    assert only(page) == page.replace("\n", " ")
    assert only("1911. Nobody knew that the lake would not freeze again.").startswith("1911.")
    assert only("It froze in winter\n11. And never again after that.").startswith("It froze")


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("**Ice** _hums_ in __spring__ and *late* autumn.", "Ice hums in spring and late autumn."),
        ("***Ice*** **_hums_** in ~~winter~~ spring.", "Ice hums in spring."),
        ("Set `max_size` to ``a ` b`` for *once*.", "Set max_size to a ` b for once."),
        ("Keep snake_case and 2 * 3 * 4 and 2*3*4 as they are.",) * 2,
        (
            "Ice, says [the _paper_](https://a.example/b_(c) 'x'), hums.",
            "Ice, says the paper, hums.",
        ),
        ('Ice, says [the _paper_](/b_(c) "x"), hums.', "Ice, says the paper, hums."),
        ("Ice [hums][1] at <https://a.example/b_c_d>.", "Ice hums at https://a.example/b_c_d."),
        ("Ice ![a glacier](ice.png) hums.", "Ice hums."),
        ("Ice hums \\*loudly\\* & clearly.", "Ice hums *loudly* & clearly."),
        ("Ice &amp; snow hum&#33;", "Ice & snow hum!"),
        ("Ice <script>alert(1)</script> hums.",) * 2,
        ("<b>Ice</b> hums {{ 7 * 7 }}.", "Ice hums {{ 7 * 7 }}."),
        ('<mark class="a">Ice</mark> <u>hums</u> if 2 <b and b> 1.', "Ice hums if 2 <b and b> 1."),
        ("A tag as `<b>` is written stays.", "A tag as <b> is written stays."),
        ("Ice <!-- who says\nso? --> hums.", "Ice hums."),
        ("Ice <!-- hums.",) * 2,
        ("Ice %%says Jo, in private%% hums.", "Ice hums."),
        ("Ice %% says Jo %% hums.", "Ice hums."),
        ("Ice shrank by 5%% and grew by 7%% later.",) * 2,
        ("Ice %% hums.",) * 2,
        ("> Ice hums\n> in spring.", "Ice hums in spring."),
        ("Ice hums  \nin\\\nspring.", "Ice hums in spring."),
        ("Ice hums&#0; in&#x202e; spring.", "Ice hums\ufffd in spring."),
    ],
)
def test_marks_become_plain_text(marked: str, plain: str) -> None:
    assert only(marked) == plain


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (f"{ONE} [12:34]", 754),
        (f"{ONE} (1:02:03)", 3723),
        (f"[00:07] {ONE}", 7),
        (f"**[75:00]** – {ONE}", 4500),
        (f"- {ONE} [12:34](https://cold.example/12?t=754)", 754),
        (ONE, None),
    ],
)
def test_time_stamps(written: str, at: int | None) -> None:
    (mention,) = read(written).mentions
    assert (mention.text, mention.at) == (ONE, at)


def test_a_time_stamp_before_the_full_stop() -> None:
    (mention,) = read("Ice hums in the spring thaw (12:34).").mentions
    assert (mention.text, mention.at) == ("Ice hums in the spring thaw.", 754)


@pytest.mark.parametrize("written", ["Ice hums [12:99].", "Ice hums [about 12:34] in spring."])
def test_what_is_no_time_stamp_stays(written: str) -> None:
    (mention,) = read(written).mentions
    assert (mention.text, mention.at) == (written, None)


def test_a_sole_speaker_said_the_leads() -> None:
    """Related insights come from elsewhere: they are not put into this speaker's mouth."""
    brief = read(f"---\nspeakers: Ada Moor\n---\n{ONE}\n\n## Related\n\n{TWO}\n")
    assert [mention.speaker for mention in brief.mentions] == ["Ada Moor", ""]


def test_what_is_left_out_is_listed_with_its_line() -> None:
    brief = read(
        f"---\ntitle: x\n---\n# Under the ice\n\n{ONE}\n\n```python\nprint('no insight.')\n```\n"
        "![a glacier](ice.png)\n\n| a | b |\n|---|---|\n\n[1]: https://a.example/\n\n* * *\n\n"
        "Join 9,000 readers of our newsletter.\n"
    )
    assert [mention.text for mention in brief.mentions] == [ONE]
    assert [(note.line, note.text) for note in brief.dropped] == [
        (4, "Under the ice"),
        (8, "```python print('no insight.') ```"),
        (11, "![a glacier](ice.png)"),
        (13, "| a | b |"),
        (14, "|---|---|"),
        (16, "[1]: https://a.example/"),
        (20, "Join 9,000 readers of our newsletter."),
    ]


@pytest.mark.parametrize(
    "piece", ["<!--", "[", "![", "`a ``b ", "*a ", "_a", "> ", "- ", "&#", "(["]
)
@pytest.mark.parametrize("times", [1, pytest.param(5, marks=pytest.mark.heavy)])
def test_hostile_repetition_is_quick(piece: str, times: int) -> None:
    """Patterns that backtrack would not come back from these."""
    lines, whole = f"{piece}\n" * 1_500 * times, piece * 20_000 * times
    for page in (piece * (11_000 // len(piece)), lines, whole):
        with pytest.raises(BriefRejected):
            read(page)


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("title: Bread: how it rises", "Bread: how it rises"),
        ("title: @bakers at night", "@bakers at night"),
        ("title: Mara's bread: it's slow", "Mara's bread: it's slow"),
        ("title: 100%: of rye", "100%: of rye"),
        ('title: "Bread" and salt', '"Bread" and salt'),
        ("title:\tRye", "Rye"),
        ("title: Rye\naliases: [Ep. 3: Rye: a grain, Ep. 3: Rye]", "Rye"),
    ],
)
def test_a_value_that_yaml_refuses_is_read_as_it_is_written(line: str, title: str) -> None:
    brief = read(f"---\n{line}\npodcast: Slow Kitchen\n---\n{ONE}\n")
    assert (brief.podcast, brief.episode) == ("Slow Kitchen", title)


def test_elements_within_a_sentence_leave_no_trace() -> None:
    page = f'{ONE[:-1]} <button class="ts" data-said="{"so " * 90}"></button><sup>1</sup>.\n'
    assert only(page) == f"{ONE[:-1]} 1."


def test_a_day_and_an_hour_in_front_are_those_of_writing() -> None:
    assert only(f"- [[2026-03-14]] 13:01 {ONE}\n") == ONE
    assert parse("a.md", f"- [[2026-03-14]] 13:01 {ONE}\n".encode()).mentions[0].at is None


def test_a_day_within_the_page_of_its_month() -> None:
    assert str(read(f"published_date: [[2026-03#14]]\n\n{ONE}\n").published) == "2026-03-14"


def test_an_address_is_no_name() -> None:
    brief = read(f"> Episode: https://kettle.example/sand\n\n{ONE}\n")
    assert (brief.episode, brief.url) == ("", "https://kettle.example/sand")


def test_a_table_on_top_may_name_show_and_episode_in_one_link() -> None:
    link = "[Table Four \\| 43: Bread](https://tablefour.example/43)"
    brief = read(f"| Ep. Link | {link}<br> |\n| --- | --- |\n| Guest | Mara Lindqvist |\n\n{ONE}\n")
    assert (brief.podcast, brief.episode) == ("Table Four", "43: Bread")


def test_a_heading_without_words_is_no_title() -> None:
    page = f"## [⬅](/)\n\n## [Sand](https://kettle.example/sand)\n\nPodcast: Kettle\n\n{ONE}\n"
    brief = read(page)
    assert (brief.episode, brief.url) == ("Sand", "https://kettle.example/sand")


def test_an_address_with_half_a_bracket_is_none() -> None:
    (mention,) = parse("a.md", f"- {ONE} [](http://[)\n".encode()).mentions
    assert "%5B" not in mention.link + read(f"[](http://[)\n\n- {ONE}\n").url


def test_a_list_of_takeaways_in_the_front_matter_is_read() -> None:
    head = f'podcastName: Slow Kitchen\nepisodeUrl: https://k.example/1\nkeyPoints:\n  - "{ONE}"\n'
    brief = read(
        f"---\n{head}keywords:\n  - ice that hums in spring\n---\n\n## Transcript\n\nHello.\n"
    )
    assert [said.text for said in brief.mentions] == [ONE]
    assert (brief.podcast, brief.url) == ("Slow Kitchen", "https://k.example/1")


def test_a_page_that_is_published_says_no_date() -> None:
    assert read(f"---\npublished: true\n---\n{ONE}\n").published is None


def test_fields_in_the_middle_of_a_paragraph_are_known_by_each_other() -> None:
    brief = read(f"Info\nPodcast: Slow Kitchen\nEpisode: Rye\n\n## Takeaways\n\n- {ONE}\n")
    assert (brief.podcast, brief.episode) == ("Slow Kitchen", "Rye")


def test_quotes_in_a_line_each_are_one_each() -> None:
    page = f'> "{ONE}" — Mara Lindqvist (~00:01:02)\n> "Moss grows on the north." — Ole Nord\n'
    said = read(page).mentions
    assert [(each.speaker, each.at) for each in said] == [
        ("Mara Lindqvist", 62),
        ("Ole Nord", None),
    ]


def test_the_head_of_a_page_is_no_episode_of_its_own() -> None:
    page = (
        "# [7: Rye](https://k.example/7)\n\n**Podcast:** Slow Kitchen\n\n---\n\n"
        f"# On rye\n\n**Podcast:** Slow Kitchen | **Episode 7**\n\n{ONE}\n"
    )
    brief = read(page)
    assert (brief.podcast, brief.url) == ("Slow Kitchen", "https://k.example/7")


def test_an_element_that_a_sentence_is_about_stays() -> None:
    page = 'Never write a link where a <button type="button"> would do.\n'
    assert only(page) == page.strip()


def test_a_takeaway_with_a_colon_is_one() -> None:
    page = f"---\ntakeaways:\n  - Bread that rests: two days are enough\n  - {ONE}\n---\n"
    assert [said.text for said in read(page).mentions] == [
        "Bread that rests: two days are enough",
        ONE,
    ]


@pytest.mark.parametrize("written", ["14.03.2026", "14 March 2026", "2026/03/14"])
def test_a_date_is_read_in_any_form_that_has_one_reading(written: str) -> None:
    assert str(read(f"---\npublished: {written}\n---\n{ONE}\n").published) == "2026-03-14"


def test_a_line_of_dashes_behind_a_quote_costs_nothing() -> None:
    page = f'"abc"{"-" * 60}{"x" * 200}\n{ONE}\n'
    assert ONE in read(page).mentions[0].text


def test_what_a_person_is_stands_in_brackets_behind_the_name() -> None:
    brief = read(f"- Speakers: Ada Brook (AB), Tomas Lind (host, Kettle)\n\n- {ONE}\n")
    assert brief.speakers == ("Ada Brook", "Tomas Lind")


def test_people_may_be_listed_with_what_they_did() -> None:
    head = "---\ncontributors:\n  - name: Ada Brook\n    roles: [host]\n  - name: Tomas Lind\n---\n"
    assert read(f"{head}- {ONE}\n").speakers == ("Ada Brook", "Tomas Lind")


def test_the_title_of_a_page_that_is_tagged_as_a_podcast_is_the_episodes() -> None:
    assert read(f"---\ntitle: Kettles\ntags: [podcast, tea]\n---\n- {ONE}\n").episode == "Kettles"
    assert read(f"---\ntitle: Kettles\ntags: [tea]\n---\n- {ONE}\n").episode == ""


def test_links_below_related_are_no_insights() -> None:
    assert (
        only(f"- {ONE}\n\n## Related\n\n- [[Ada Brook]] — guest, who sells tea and kettles\n")
        == ONE
    )


@pytest.mark.parametrize("heading", ["Tools mentioned", "Books I recommend"])
def test_what_is_recommended_is_no_insight(heading: str) -> None:
    assert only(f"- {ONE}\n\n## {heading}\n\n- Slow Tea by Ada Brook of Kettle and Sons\n") == ONE


@pytest.mark.parametrize(("source", "day"), [("출처", "날짜"), ("Nguồn", "Ngày")])
def test_fields_of_korean_and_vietnamese(source: str, day: str) -> None:
    brief = read(f"{source}: https://tea.example/1\n{day}: 2026-03-05\n\n- {ONE}\n")
    assert (brief.url, brief.published) == ("https://tea.example/1", date(2026, 3, 5))


def test_the_name_of_a_page_is_written_as_a_name() -> None:
    assert read(f"---\nguests:\n  - ada-brook\n---\n- {ONE}\n").speakers == ("Ada Brook",)


def test_a_line_break_of_html_is_no_word() -> None:
    assert only("Rye holds water <br/> three times its weight.<br>") == (
        "Rye holds water three times its weight."
    )


def test_where_a_video_is_and_when_it_was_published() -> None:
    brief = read(f"---\nvideoUrl: https://tea.example/1\nupload_date: 2026-03-05\n---\n- {ONE}\n")
    assert (brief.url, brief.published) == ("https://tea.example/1", date(2026, 3, 5))


def test_the_source_of_a_page_may_hold_its_address_and_date() -> None:
    source = "source:\n  type: talk\n  url: https://tea.example/1\n  date: '2026-03-05'\n"
    brief = read(f"---\n{source}---\n- {ONE}\n")
    assert (brief.url, brief.published) == ("https://tea.example/1", date(2026, 3, 5))


def test_a_key_that_is_no_text_is_ignored() -> None:
    assert only(f"---\nsource:\n  ? [a]\n  : b\n---\n- {ONE}\n") == ONE
