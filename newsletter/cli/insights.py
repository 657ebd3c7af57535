"""``newsletter insights``: find an insight, show it, pin it, block it, correct it."""

from argparse import Namespace
from dataclasses import asdict

from newsletter.bootstrap import App
from newsletter.cli.output import operator_name, say, say_json
from newsletter.domain.due import local_date
from newsletter.domain.errors import UsageError
from newsletter.domain.model import VOTE_WORDS
from newsletter.domain.text import counted, headline
from newsletter.services import insights
from newsletter.services.insights import Editor, Found, Shown
from newsletter.services.wording import local_time

_WIDTH = 80
_COMPOSED = "issues composed before stay as they are, unless they wait for approval"


def editor(app: App) -> Editor:
    return Editor(app.store, operator_name(), app.clock())


def search(app: App, args: Namespace) -> int:
    insights_found = insights.search(app.store, args.words, args.most)
    if args.json:
        say_json([asdict(insight) for insight in insights_found])
        return 0
    for insight in insights_found:
        marks = "".join(f" ({mark})" for mark in _marks(insight))
        text = headline(insight.correction or insight.text, _WIDTH)
        say(f"{insight.id:>6}  {insight.day or 'no brief  '}  {text}{marks}")
    if not insights_found:
        say("nothing holds all of these words")
    return 0


def _marks(insight: Found) -> list[str]:
    marks = {"blocked": insight.blocked, "corrected": bool(insight.correction)}
    return [mark for mark, holds in marks.items() if holds]


def show(app: App, args: Namespace) -> int:
    shown = insights.show(app.store, args.id)
    if args.json:
        say_json(asdict(shown))
    else:
        _print(shown, app.settings.newsletter.timezone)
    return 0


def _print(shown: Shown, timezone: str) -> None:
    insight = shown.insight
    say(f"{insight.id}  {insight.day or 'no brief says it any more'}")
    say(insight.text)
    if insight.correction:
        say(f"shown as: {insight.correction}")
    if insight.blocked:
        say("blocked: it is picked for nobody")
    for mention in shown.mentions:
        about = (mention.podcast, mention.episode, mention.speaker, mention.link)
        source = " · ".join(part for part in about if part) or "source unknown"
        say(f"  {mention.day}  {mention.role}, {mention.origin}: {source}")
    for standing in shown.issues:
        say(f"  {standing.day}  issue, {standing.state}: {counted(standing.readers, 'reader')}")
    for vote in shown.votes:
        words = VOTE_WORDS[vote.kind]
        say(f"  {local_time(vote.at, timezone)}  {words}: {vote.address}")
    for change in shown.changes:
        day = f" for {change.day}" if change.day else ""
        words = f": {change.words}" if change.words else ""
        say(f"  {local_time(change.at, timezone)}  {change.action}{day} by {change.who}{words}")


def pin(app: App, args: Namespace) -> int:
    day = args.date or local_date(app.clock(), app.settings.newsletter.timezone)
    if args.undo:
        composed = editor(app).unpin(args.id, day)
        done = f"{args.id} is not pinned for {day} any more"
    else:
        composed = editor(app).pin(args.id, day, app.settings.selection.count)
        done = f"{args.id} is picked on {day} for everybody who was not sent it"
    if args.json:
        say_json({"id": args.id, "date": day, "pinned": not args.undo, "composed": composed})
    else:
        say(done + as_composed(composed))
    return 0


def order(app: App, args: Namespace) -> int:
    day = args.date or local_date(app.clock(), app.settings.newsletter.timezone)
    if bool(args.ids) == args.undo:
        raise UsageError("give the numbers of the insights in their order, or --undo")
    composed = editor(app).order(day, args.ids)
    if args.json:
        say_json({"date": day, "order": args.ids, "composed": composed})
    elif args.undo:
        say(f"{day} is in the order of selection again{as_composed(composed)}")
    else:
        say(f"{day} has {', '.join(map(str, args.ids))} in this order{as_composed(composed)}")
    return 0


def as_composed(count: int) -> str:
    """What is said of issues that a change comes too late for."""
    return f"; {counted(count, 'issue')} composed before stay as they are" if count else ""


def block(app: App, args: Namespace) -> int:
    if args.undo:
        editor(app).unblock(args.id)
        done = f"{args.id} may be picked again"
    else:
        editor(app).block(args.id)
        done = f"{args.id} is picked for nobody from now on; {_COMPOSED}"
    if args.json:
        say_json({"id": args.id, "blocked": not args.undo})
    else:
        say(done)
    return 0


def edit(app: App, args: Namespace) -> int:
    words = " ".join(args.words.split())
    if bool(words) == args.undo:
        raise UsageError("give the corrected words, or --undo to show its own again")
    editor(app).edit(args.id, words)
    if args.json:
        say_json({"id": args.id, "correction": words})
    elif words:
        say(f"{args.id} is shown as: {words}")
    else:
        say(f"{args.id} is shown in its own words again")
    return 0
