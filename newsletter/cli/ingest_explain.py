"""``newsletter ingest --explain FILE``: what is made of each paragraph, and by which rule."""

from argparse import Namespace
from collections.abc import Iterable

from newsletter.bootstrap import App
from newsletter.bootstrap.ingest_explain import explain
from newsletter.cli.output import say, say_json, table
from newsletter.domain.errors import UsageError
from newsletter.domain.model import Brief
from newsletter.ingest.explain import Explained
from newsletter.ingest.parsers.paragraphs import Page, Paragraph


def ingest_explain(app: App, args: Namespace) -> int:
    if args.paths or args.dropped:
        raise UsageError(
            "--explain reads one file and changes nothing: give it no PATH, no --dropped"
        )
    explained = explain(app, args.explain)
    if args.json:
        say_json(_explained_as_json(explained))
    else:
        _print_explained(explained)
    return 1 if explained.reason else 0


def _about(page: Page) -> dict[str, object]:
    about = page.about
    return {
        "podcast": about.podcast,
        "episode": about.episode,
        "title": about.title,
        "url": about.url,
        "published": about.published,
        "speakers": list(about.speakers),
        "topics": list(about.topics),
    }


def _explained_as_json(explained: Explained) -> dict[str, object]:
    """A file of several episodes has a list of them; else what there is to say stands on top."""
    pages = [page for page in explained.pages if page.dialect]
    whole = Page(Brief(()), explained.paragraphs)
    return {
        "path": explained.path,
        "dialect": explained.dialect,
        **_page_as_json(pages[0] if len(pages) == 1 else whole, explained.paragraphs),
        **(
            {"episodes": [_page_as_json(page, page.paragraphs) for page in pages]}
            if pages[1:]
            else {}
        ),
        "rejected": explained.reason,
        "line": explained.line,
    }


def _page_as_json(page: Page, paragraphs: Iterable[Paragraph]) -> dict[str, object]:
    return {**_about(page), "paragraphs": [_paragraph_as_json(each) for each in paragraphs]}


def _paragraph_as_json(each: Paragraph) -> dict[str, object]:
    return {
        "line": each.line,
        "verdict": each.verdict,
        "rule": each.rule,
        "text": each.text,
        "origin": each.origin if each.verdict == "insight" else None,
        "speaker": each.speaker,
        "at": each.at,
        "link": each.link,
    }


def _print_explained(explained: Explained) -> None:
    pages = [page for page in explained.pages if page.paragraphs]
    recognised = sum(bool(page.dialect) for page in pages)
    episodes = f", {recognised} episodes" if recognised > 1 else ""
    say(f"{explained.path}: {explained.dialect or 'not read'}{episodes}")
    for page in pages:
        if recognised > 1:
            say("")
        _print_page(page)
    if explained.reason:
        where = f", line {explained.line}" if explained.line else ""
        say(f"rejected{where}: {explained.reason}")


def _print_page(page: Page) -> None:
    for name, value in _about(page).items():
        if value:
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            say(f"  {name}: {shown}")
    rows = [
        (str(each.line), str(each.verdict), each.rule, _beside(each) + each.text)
        for each in page.paragraphs
    ]
    table(rows, indent="  ")


def _beside(paragraph: Paragraph) -> str:
    """The second and the speaker before the words of an insight."""
    if paragraph.verdict != "insight":
        return ""
    at = paragraph.at
    second = "" if at is None else f"[{at // 3600}:{at // 60 % 60:02}:{at % 60:02}] "
    return second + (f"{paragraph.speaker}: " if paragraph.speaker else "")
