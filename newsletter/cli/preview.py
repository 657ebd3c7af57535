"""``newsletter preview`` and ``explain``: what would be sent, and why. They change nothing."""

import os
import webbrowser
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from textwrap import wrap

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules, house_subscriber, selection_settings
from newsletter.bootstrap.rendering import branding
from newsletter.cli.ingest import warn_of_unread
from newsletter.cli.output import say, say_bytes, say_json, warn
from newsletter.cli.status import what_is_too_old
from newsletter.domain.due import gets_issue, next_due_of
from newsletter.domain.errors import NewsletterError, UsageError
from newsletter.domain.model import ORIGINS, Issue, Pick, ScheduledEmail
from newsletter.domain.text import day_month, headline
from newsletter.mail.message import message
from newsletter.rendering.rendered_email import render_email
from newsletter.services.preview import refuse_before_they_came, scheduled_for
from newsletter.services.wording import local_time

_WIDTH = 88
_BY_CHANCE = 0.02
"""Below it, words that two insights have in common say nothing."""


def preview(app: App, args: Namespace) -> int:
    if args.serve:
        from newsletter.cli.workbench import serve

        return serve(app, args)
    if args.out == "-" and (args.open or args.why):
        raise UsageError("--out - excludes --open and --why: give --out a file")
    scheduled = _scheduled(app, args, at_once=args.now)
    if not scheduled.issue.picks:
        raise NewsletterError(_no_issue(app, scheduled.issue.date))
    data, suffix = _render(app, scheduled, args)
    if args.out == "-":
        say_bytes(data)
    else:
        path = Path(args.out or f"preview-{scheduled.issue.date}{suffix}").absolute()
        _write(path, data)
        say(str(path))
        if args.open and not webbrowser.open(path.as_uri()):
            warn("no browser could be started")
    if args.why:
        _explain(app, scheduled, args.to)
    return 0


def _scheduled(app: App, args: Namespace, *, at_once: bool = False) -> ScheduledEmail:
    house = house_subscriber(app.settings)
    rules = compose_rules(app)
    scheduled = scheduled_for(rules, house, app.clock(), args.to, args.date, at_once=at_once)
    _warn_of_other_day(scheduled, app.clock())
    warn_of_unread(app)
    return scheduled


def _warn_of_other_day(scheduled: ScheduledEmail, now: datetime) -> None:
    """Of a date whose issue this reader does not get: shown all the same, as if they did."""
    reader, day = scheduled.subscriber, scheduled.issue.date
    if not gets_issue(day, reader.weekdays, reader.paused_until):
        due = next_due_of(reader, now)
        when = local_time(due, reader.timezone)
        warn(f"{reader.address} gets no issue on {day:%A} {day}: the next is due {due:%A} {when}")


def _render(app: App, scheduled: ScheduledEmail, args: Namespace) -> tuple[bytes, str]:
    if args.eml:
        return message(scheduled, branding(app)), ".eml"
    email = render_email(scheduled.issue, scheduled.subscriber, branding(app))
    return (email.text.encode(), ".txt") if args.text else (email.html.encode(), ".html")


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


def _no_issue(app: App, day: date) -> str:
    minimum = app.settings.selection.minimum
    few = f"no issue for {day}: fewer than {minimum} insights are new (selection.minimum)"
    or_else = f"{old}, or " if (old := what_is_too_old(app, day)) else ""
    return f"{few}; {or_else}drop briefs into the inbox and run `newsletter ingest`"


def explain(app: App, args: Namespace) -> int:
    if args.to and args.date:
        refuse_before_they_came(app.store, args.to, args.date)
    scheduled = _scheduled(app, args)
    if args.json:
        to = scheduled.subscriber.address if args.to else None
        say_json({"to": to, **asdict(scheduled.issue)})
    else:
        _explain(app, scheduled, args.to)
    return 0


def _explain(app: App, scheduled: ScheduledEmail, to: str | None) -> None:
    issue, weights = scheduled.issue, selection_settings(app.settings).weights
    if not issue.picks:
        say(_no_issue(app, issue.date))
    else:
        whose = scheduled.subscriber.address if to else "the house issue"
        say(f"Why these {len(issue.picks)}: {whose}, {issue.date:%-d %B %Y}")
    for pick in issue.picks:
        _explain_pick(pick, weights)
    _explain_runners_up(issue, weights)


def _explain_pick(pick: Pick, weights: Mapping[str, float]) -> None:
    say()
    _paragraph(pick.text, f"{pick.rank}. ")
    source = " · ".join(part for part in (pick.citation.podcast, pick.citation.episode) if part)
    say(f"   {source or 'source unknown'} ({ORIGINS[pick.citation.origin]})")
    say(f"   score {pick.score:.2f}: {_parts(pick.signals, weights)}")
    for echo in pick.echoes:
        when = f"sent {day_month(echo.heard)}" if echo.heard else "earlier"
        say(f"   echo {echo.similarity:.2f}, {when}: {headline(echo.text, 60)}")
        if echo.shared and echo.similarity >= _BY_CHANCE:
            say(f"      both say {', '.join(f'{word} {share:.0%}' for word, share in echo.shared)}")
    if not pick.may_lead:
        say("   does not lead the issue: it may restate what was sent")
    for line in filter(None, (pick.pinned and "pinned by the editor", pick.reason)):
        say(f"   {line}")


def _explain_runners_up(issue: Issue, weights: Mapping[str, float]) -> None:
    if issue.runners_up:
        say()
        say("Not chosen:")
    for runner_up in issue.runners_up:
        _paragraph(headline(runner_up.text, 120), " - ")
        say(f"   score {runner_up.score:.2f}: {_parts(runner_up.signals, weights)}")
        say(f"   {runner_up.why}")


def _paragraph(text: str, mark: str) -> None:
    for line in wrap(text, _WIDTH, initial_indent=mark, subsequent_indent="   "):
        say(line)


def _parts(signals: Mapping[str, float], weights: Mapping[str, float]) -> str:
    """Each signal with its weight: what the score is the mean of."""
    return ", ".join(f"{name} {value:.2f} × {weights[name]:g}" for name, value in signals.items())
