"""``newsletter ingest --explain FILE``: what is made of each paragraph, and by which rule."""

from argparse import Namespace

from newsletter.bootstrap import App
from newsletter.bootstrap.ingest_explain import explain
from newsletter.cli.output import say, say_json, table
from newsletter.domain.errors import UsageError
from newsletter.ingest.explain import Explained
from newsletter.ingest.parsers.paragraphs import Paragraph


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


def _about(explained: Explained) -> dict[str, object]:
    about = explained.about
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
    paragraphs = [
        {
            "line": each.line,
            "verdict": each.verdict,
            "rule": each.rule,
            "text": each.text,
            "origin": each.origin if each.verdict == "insight" else None,
            "speaker": each.speaker,
            "at": each.at,
            "link": each.link,
        }
        for each in explained.paragraphs
    ]
    return {
        "path": explained.path,
        "dialect": explained.dialect,
        **_about(explained),
        "rejected": explained.reason,
        "line": explained.line,
        "paragraphs": paragraphs,
    }


def _print_explained(explained: Explained) -> None:
    say(f"{explained.path}: {explained.dialect or 'not read'}")
    for name, value in _about(explained).items():
        if value:
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            say(f"  {name}: {shown}")
    rows = [
        (str(each.line), str(each.verdict), each.rule, _beside(each) + each.text)
        for each in explained.paragraphs
    ]
    table(rows, indent="  ")
    if explained.reason:
        where = f", line {explained.line}" if explained.line else ""
        say(f"rejected{where}: {explained.reason}")


def _beside(paragraph: Paragraph) -> str:
    """The second and the speaker before the words of an insight."""
    if paragraph.verdict != "insight":
        return ""
    at = paragraph.at
    second = "" if at is None else f"[{at // 3600}:{at // 60 % 60:02}:{at % 60:02}] "
    return second + (f"{paragraph.speaker}: " if paragraph.speaker else "")
