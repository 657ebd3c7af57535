"""``newsletter note``: the editor's opening line of a date."""

from argparse import Namespace

from newsletter.bootstrap import App
from newsletter.cli.insights import as_composed, editor
from newsletter.cli.output import say, say_json
from newsletter.domain.due import local_date
from newsletter.domain.errors import UsageError
from newsletter.services import insights


def note(app: App, args: Namespace) -> int:
    args.date = day = args.date or local_date(app.clock(), app.settings.newsletter.timezone)
    words = " ".join(args.words.split())
    if words and args.clear:
        raise UsageError("give the words of the note, or --clear to take it away")
    args.audited = args.audited if words or args.clear else ""
    composed = editor(app).note(day, words) if words or args.clear else 0
    stands = insights.note(app.store, day)
    if args.json:
        say_json({"date": day, "note": stands, "composed": composed})
    elif stands:
        say(f"{day} opens with: {stands}{as_composed(composed)}")
    else:
        say(f"{day} has no note{as_composed(composed)}")
    return 0
