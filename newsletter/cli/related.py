"""``newsletter related``: the earlier insights that resemble a text, or another insight."""

from argparse import Namespace
from dataclasses import asdict

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules
from newsletter.cli.output import say, say_json
from newsletter.composing.related import Related, related
from newsletter.domain.due import local_date
from newsletter.domain.errors import UsageError
from newsletter.domain.text import headline

_WORDS = 6
_LISTED_FROM = 0.1


def show(app: App, args: Namespace) -> int:
    about = int(args.about) if args.about.isdecimal() else args.about
    today = local_date(app.clock(), app.settings.newsletter.timezone)
    try:
        nearest = related(compose_rules(app), about, today, args.most)
    except KeyError:
        raise UsageError(f"there is no insight {about}: see `newsletter explain --json`") from None
    likely = [insight for insight in nearest if insight.probability >= _LISTED_FROM]
    if args.json:
        say_json([asdict(insight) for insight in likely])
    elif not likely:
        say("nothing earlier resembles it")
    for insight in likely if not args.json else ():
        _print(insight)
    return 0


def _print(insight: Related) -> None:
    text = headline(insight.text, 80)
    say(f"{insight.probability:.2f}  {insight.id}  {insight.date}  {text}")
    shares = (f"{word} {share:.0%}" for word, share in insight.shared[:_WORDS])
    say(f"      {', '.join(shares)}")
