"""``newsletter related``: the earlier insights that a text, or an insight, comes nearest to."""

from argparse import Namespace
from dataclasses import asdict

from newsletter.bootstrap import App
from newsletter.cli.output import say, say_json
from newsletter.composing.related import Related, related
from newsletter.domain.due import local_date
from newsletter.domain.errors import UsageError
from newsletter.domain.text import headline
from newsletter.ranking.echoes import TELLING

_WORDS = 6


def show(app: App, args: Namespace) -> int:
    about = int(args.about) if args.about.isdecimal() else args.about
    today = local_date(app.clock(), app.settings.newsletter.timezone)
    try:
        near = related(app.rules, about, today, args.most)
    except KeyError:
        raise UsageError(f"there is no insight {about}: see `newsletter explain --json`") from None
    found = [one for one in near if one.probability >= TELLING]
    if args.json:
        say_json([asdict(one) for one in found])
    elif not found:
        say("nothing earlier resembles it")
    else:
        for one in found:
            _line(one)
    return 0


def _line(one: Related) -> None:
    say(f"{one.probability:.2f}  {one.id}  {one.date}  {headline(one.text, 80)}")
    shares = (f"{word} {share:.0%}" for word, share in one.shared[:_WORDS])
    say(f"      {', '.join(shares)}")
