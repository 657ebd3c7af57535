"""Every property finds what breaks it, and nothing in the issues that we send."""

import re
from functools import cache
from pathlib import Path

import pytest

from newsletter.rendering.caniemail_data import read_caniemail
from newsletter.rendering.lint import Finding, Page, lint
from newsletter.rendering.lint.caniemail import enhancements, uses
from newsletter.rendering.lint.properties import PROPERTIES
from newsletter.rendering.lint.schemes import figures
from newsletter.rendering.rendered_email import render_email
from newsletter.rendering.sample import sample_email
from newsletter.rendering.templates import read_templates
from tests.golden import READER, STATES, head

SOURCES = read_templates(None)
SUPPORT = read_caniemail()
GOLDEN = render_email(STATES["golden"], READER, head()).html
DESIGN = Path(__file__).parents[3] / "docs" / "design.md"
MARK = '<tr><td class="masthead"'


@pytest.mark.parametrize("state", STATES)
def test_the_issues_that_we_send_have_every_property(state: str) -> None:
    page = Page(render_email(STATES[state], READER, head()).html)
    assert [finding for check in PROPERTIES.values() for finding in check(page)] == []


def test_the_bundled_template_needs_no_excuse_but_its_own() -> None:
    assert lint(SOURCES["issue.html"], sample_email(SOURCES).html, SUPPORT) == []
    assert all(len(reason) > 10 for reason in enhancements(SOURCES["issue.html"]).values())


BROKEN = [
    ("document", "<!DOCTYPE html>", "<!doctype html>"),
    ("document", '<html lang="en" dir="ltr">', "<html>"),
    ("document", 'lang="en" dir="ltr">\n<div class="preheader"', '>\n<div class="preheader"'),
    ("document", 'role="article"', ""),
    ("document", 'aria-label="Cities', 'data-label="Cities'),
    ("document", "<title>.*</title>", "<title> </title>"),
    ("metas", '<meta charset="utf-8">', ""),
    ("metas", "initial-scale=1", "initial-scale=1, user-scalable=no"),
    ("metas", "width=device-width", "width=600"),
    ("metas", '<meta name="format-detection"[^>]*>', ""),
    ("metas", '<meta name="x-apple-disable-message-reformatting">', ""),
    ("metas", '<meta name="color-scheme"[^>]*>', ""),
    ("metas", '<meta name="supported-color-schemes"[^>]*>', ""),
    ("preheader", "display:none", "display:block"),
    ("preheader", ">Ports that publish", ">Ports that publish and publish and publish"),
    ("preheader", "(&#847;&zwnj;&nbsp;)+", ""),
    ("layout", '<table role="presentation" class="row"', '<table class="row"'),
    ("layout", "max-width:600px", "max-width:700px"),
    ("layout", r"<!--\[if mso\]></td></tr></table><!\[endif\]-->", ""),
    ("layout", r"<!--\[if mso\]></td></tr></table>", "<!--[if mso]></td></tr>"),
    ("layout", 'width="600"', 'width="100%"'),
    ("headings", "<h1(.*)</h1>", r"<p\1</p>"),
    ("headings", "<h2", "<h4"),
    ("headings", MARK, f"<tr><td><h1>Another</h1></td></tr>{MARK}"),
    ("contrast", "color:#5f5a52", "color:#bbbbbb"),
    ("contrast", "color: #b3aca0", "color: #555555"),
    ("contrast", r"\[data-ogsc\] \.name.*", ""),
    ("contrast", "color:#1d1b18", "color:black"),
    ("darkness", "prefers-color-scheme: dark", "prefers-color-scheme: light"),
    ("darkness", "#100f0e !important", "#100f0e"),
    ("darkness", r"\[data-ogsc\]", ".ogsc"),
    ("type sizes", "font-size:16px", "font-size:15px"),
    ("type sizes", "Arial, sans-serif", "Arial"),
    ("type sizes", "font-size:38px; ", ""),
    ("links", "text-decoration:underline", "text-decoration:none"),
    ("links", "Go to the episode", "here"),
    ("links", "padding:10px 0", "padding:9px 0"),
    ("links", "display:inline-block; padding:10px 0", "padding:10px 0"),
    ("addresses", "https://nightdesk.example/nurses", "/nurses"),
    ("addresses", "https://nightdesk.example/nurses", "javascript:go()"),
    ("addresses", MARK, f'<tr><td><img src="https://a.example/p.gif" alt=""></td></tr>{MARK}'),
    ("addresses", "</style>", "@import 'x.css';</style>"),
    ("addresses", "padding:18px 0 0", "background:url(https://a.example/b.png)"),
    *(
        ("elements", MARK, f"<tr><td><{tag}></{tag}></td></tr>{MARK}")
        for tag in ("script", "form", "iframe", "button", "svg", "video")
    ),
    ("elements", "</title>", '</title><link rel="stylesheet" href="https://a.example/a.css">'),
    ("elements", MARK, f'<tr><td><img src="cid:a@b"></td></tr>{MARK}'),
    ("elements", '<td class="date"', '<td class="date" onclick="go()"'),
    ("size", "The Five</h1>", f"{'x' * 80_000}</h1>"),
    ("size", "</style>", f"{'.a { color: red } ' * 1000}</style>"),
    ("size", "  .footer { b", "  @media (hover) { .a { color: red } } .footer { b"),
    ("support", "display:inline-block", "display:grid"),
    ("support", "vertical-align:top", "position:absolute"),
    ("support", "max-width:600px", "max-width:min(600px, 100%)"),
    ("support", "font-size:22px", "font-size:2vmax"),
    ("support", r"  \.folio \{", "  .folio:hover {"),
    ("support", MARK, f"<tr><td><meter></meter></td></tr>{MARK}"),
    ("support", '<td class="date"', '<td class="date" popover'),
    ("support", "</style>", "@supports (display: grid) { p { color: red } }</style>"),
    ("support", "</style>", "p { never-heard-of: 1 }</style>"),
]


@pytest.mark.parametrize(("rule", "old", "new"), BROKEN)
def test_what_breaks_a_property_is_found(rule: str, old: str, new: str) -> None:
    broken = re.sub(old, new, GOLDEN)
    assert broken != GOLDEN
    findings = set(lint(SOURCES["issue.html"], broken, SUPPORT)) - golden_findings()
    assert rule in {finding.rule for finding in findings}


@cache
def golden_findings() -> set[Finding]:
    return set(lint(SOURCES["issue.html"], GOLDEN, SUPPORT))


def test_every_property_is_broken_by_something() -> None:
    rules = {name.replace("_", " ") for name in PROPERTIES} | {"support"}
    assert {rule for rule, _, _ in BROKEN} == rules


def test_a_reason_in_the_template_excuses_and_an_idle_one_is_told() -> None:
    html = sample_email(SOURCES).html
    grid = html.replace("display:inline-block", "display:inline-block; display:grid")
    excused = "\n".join(
        (SOURCES["issue.html"], "{# progressive enhancements:", "css-display-grid: why", "#}")
    )
    assert not [
        finding for finding in lint(excused, grid, SUPPORT) if "css-display-grid" in finding.what
    ]
    [idle] = lint(excused, html, SUPPORT)
    assert idle.what.startswith("css-display-grid stands in the list of enhancements and is not")


def test_what_counts_siblings_cannot_be_put_into_a_loop() -> None:
    source = SOURCES["issue.html"]
    page = sample_email(SOURCES).html
    counting = source.replace(".claim {", ".claim:first-child, .claim:nth-child(2) {", 1)
    line = source[: source.index(".claim {")].count("\n") + 1
    selectors = [
        finding.what for finding in lint(counting, page, SUPPORT) if finding.rule == "inlining"
    ]
    assert [selector.partition(" cannot")[0] for selector in selectors] == [
        f"line {line}: :first-child",
        f"line {line}: :nth-child",
    ]
    wide = source.replace("@media (min-width: 600px) {", "td:first-child { top: 0 }", 1)
    assert "inlining" not in [finding.rule for finding in lint(wide, page, SUPPORT)], (
        "that one stays CSS"
    )


def test_what_a_loop_repeats_is_found_once() -> None:
    sources = SOURCES | {"issue.html": SOURCES["issue.html"].replace(' class="more"', "")}
    findings = lint(sources["issue.html"], sample_email(sources).html, SUPPORT)
    assert len(findings) == len(set(findings)) > 0


def test_uses_are_read_from_elements_attributes_and_style_sheets() -> None:
    used = uses(
        Page(
            "<html><style>/* p:hover */ a > b + .c#d::before, [lang] ~ * { gap: 1.5em }"
            "@media (hover) and (min-width: 5px) { p q { width: calc(1vw) !important } }</style>"
            '<body><p style="font-family: \'1px\'; color: #1em"><a href="#x">x</a>'
            '<a href="mailto:x">x</a><input type="radio"></p></body></html>'
        )
    )
    selectors = "child adjacent-sibling class id attribute general-sibling universal type"
    assert {f"selector:{name}" for name in (*selectors.split(), "grouping", "descendant")} <= used
    assert {"pseudo:before", "property:gap", "unit:em", "media:hover", "at:media"} <= used
    assert {"function:calc", "unit:vw", "important", "href:#", "href:mailto"} <= used
    assert "element:input[type=radio]" in used
    assert not {"pseudo:hover", "doctype"} & used


def test_the_figures_that_the_design_tells() -> None:
    shown = figures(Page(sample_email(SOURCES).html))
    rows = re.findall(
        r"`(#\w+)` on `(#\w+)` \| ([\d.]+) \| `(#\w+)` on `(#\w+)` \| ([\d.]+)", DESIGN.read_text()
    )
    light = {(ink, paper): float(ratio) for ink, paper, ratio, *_ in rows}
    dark = {(ink, paper): float(ratio) for *_, ink, paper, ratio in rows}
    assert light == {pair: round(ratio, 2) for pair, ratio in shown["light"].items()}
    assert dark == {pair: round(ratio, 2) for pair, ratio in shown["dark"].items()}
    assert shown["dark in Outlook"] == shown["dark"]


def test_the_sizes_that_the_design_tells() -> None:
    rows = re.findall(r"^\| ([a-z ,]+) \| .*? \| (\d+)/(\d+)", DESIGN.read_text(), re.M)
    assert len(rows) == 11
    page = sample_email(SOURCES).html
    for text, size, line in rows:
        assert f"font-size:{size}px; line-height:{line}px" in page, text


def test_the_size_that_the_design_tells() -> None:
    match = re.search(r"golden issue is (\d+) KB of HTML", DESIGN.read_text())
    assert match
    assert round(len(GOLDEN.encode()) / 1000) == int(match[1])
