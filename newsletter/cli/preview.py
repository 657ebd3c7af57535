"""``newsletter preview`` and ``explain``: what would be sent, and why. Neither changes anything."""

import os
import webbrowser
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from textwrap import wrap

from newsletter.cli.app import App
from newsletter.cli.output import say, say_bytes, say_json, warn
from newsletter.daily.draft import draft
from newsletter.editorial.letter import letter
from newsletter.editorial.message import message
from newsletter.editorial.model import Issue, Pick, Posting
from newsletter.editorial.prose import day_month, headline
from newsletter.errors import NewsletterError, UsageError

_WIDTH = 88


def preview(app: App, words: Namespace) -> int:
    if words.serve:
        from newsletter.cli.workbench import serve

        return serve(app, words)
    if words.out == "-" and (words.open or words.why):
        raise UsageError("--out - leaves no room for --open or --why: give --out a file")
    posting = posting_of(app, words.to, words.date, at_once=words.now)
    if not posting.issue.picks:
        raise NewsletterError(_nothing(app, posting.issue.date))
    data, suffix = _render(app, posting, words)
    if words.out == "-":
        say_bytes(data)
    else:
        path = Path(words.out or f"preview-{posting.issue.date}{suffix}").absolute()
        _write(path, data)
        say(str(path))
        if words.open and not webbrowser.open(path.as_uri()):
            warn("no browser could be started")
    if words.why:
        _explain(app, posting, words.to)
    return 0


def posting_of(app: App, to: str | None, day: date | None, *, at_once: bool = False) -> Posting:
    reader = app.subscriber(to) if to else app.house()
    return draft(app.rules, app.clock(), reader, day, house=not to, at_once=at_once)


def _render(app: App, posting: Posting, words: Namespace) -> tuple[bytes, str]:
    if words.eml:
        return message(posting, app.letterhead), ".eml"
    made = letter(posting.issue, posting.subscriber, app.letterhead)
    return (made.text.encode(), ".txt") if words.text else (made.html.encode(), ".html")


def _write(path: Path, data: bytes) -> None:
    """Readable by its owner only, new or not: a link in it unsubscribes its reader."""
    if path.exists() and not path.is_file():
        raise NewsletterError(f"{path} cannot be written: it is no regular file")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.fchmod(descriptor, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        raise NewsletterError(f"{path} cannot be written: {error.strerror}") from error


def _nothing(app: App, day: date) -> str:
    minimum = app.settings.selection.minimum
    return (
        f"no issue for {day}: fewer than {minimum} insights are new (selection.minimum);"
        " drop briefs into the inbox and run `newsletter ingest`"
    )


def explain(app: App, words: Namespace) -> int:
    posting = posting_of(app, words.to, words.date)
    if words.json:
        who = posting.subscriber.address if words.to else None
        say_json({"to": who, **asdict(posting.issue)})
    else:
        _explain(app, posting, words.to)
    return 0


def _explain(app: App, posting: Posting, to: str | None) -> None:
    issue, weights = posting.issue, app.taste.weights
    if not issue.picks:
        say(_nothing(app, issue.date))
    else:
        whose = posting.subscriber.address if to else "the house issue"
        say(f"Why these {len(issue.picks)}: {whose}, {issue.date:%-d %B %Y}")
    for pick in issue.picks:
        _explain_pick(pick, weights)
    _explain_runners_up(issue, weights)


def _explain_pick(pick: Pick, weights: Mapping[str, float]) -> None:
    say()
    _paragraph(pick.text, f"{pick.rank}. ")
    said = " · ".join(part for part in (pick.citation.podcast, pick.citation.episode) if part)
    say(f"   {said or 'source unknown'}")
    say(f"   score {pick.score:.2f}: {_parts(pick.signals, weights)}")
    for echo in pick.echoes:
        when = f"sent {day_month(echo.heard)}" if echo.heard else "earlier"
        say(f"   echo {echo.similarity:.2f}, {when}: {headline(echo.text, 60)}")
        if echo.shared:
            say(f"      both say {', '.join(f'{word} {share:.0%}' for word, share in echo.shared)}")
    say(f"   {pick.reason}")


def _explain_runners_up(issue: Issue, weights: Mapping[str, float]) -> None:
    if issue.runners_up:
        say()
        say("Not chosen:")
    for one in issue.runners_up:
        _paragraph(headline(one.text, 120), " - ")
        say(f"   score {one.score:.2f}: {_parts(one.signals, weights)}")
        say(f"   {one.why}")


def _paragraph(text: str, mark: str) -> None:
    for line in wrap(text, _WIDTH, initial_indent=mark, subsequent_indent="   "):
        say(line)


def _parts(signals: Mapping[str, float], weights: Mapping[str, float]) -> str:
    """Each signal with its weight: what the score is the mean of."""
    return ", ".join(f"{name} {value:.2f} × {weights[name]:g}" for name, value in signals.items())
