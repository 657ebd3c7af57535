"""``newsletter interests``: what a phrase finds in the archive, the best first, and why."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules
from newsletter.cli.output import say, say_json
from newsletter.domain.model import Insight
from newsletter.domain.text import headline
from newsletter.services.interests import Matches, matches


def show(app: App, args: Namespace) -> int:
    found = matches(compose_rules(app), args.phrases, 0 if args.json else args.most)
    if args.json:
        say_json([asdict(match) for match in found.best])
        return 0
    if found.wanted:
        _print_wanted(found, args.most)
    else:
        _print_rest(found.unwanted)
    _print_unwanted(found.unwanted, args.most)
    return 0


def _print_wanted(found: Matches, most: int) -> None:
    for match, words in zip(found.best[:most], found.words, strict=True):
        mark = "matches" if match.said else ""
        say(f"{match.score:.2f}  {mark:7}  {match.id}  {headline(match.text, 80)}")
        say(f"      {'':7}  {', '.join(words)}")
    if len(found.best) > most:
        say(f"and {len(found.best) - most:,} more that match less (--most N)")
    count, limit = sum(match.said for match in found.best), found.said_from
    if count:
        say(f"an email would say “You follow …” of {count:,}: from {limit} on")
    elif found.best:
        say(f"none is sure enough for an email to say “You follow …”: that begins at {limit}")
    else:
        say("nothing in the archive matches")


def _print_rest(unwanted: Sequence[Insight]) -> None:
    if unwanted:
        say("no phrase says what is wanted: that is everything but these")
    else:
        say("no phrase says what is wanted: that is everything, and nothing would be left out")


def _print_unwanted(unwanted: Sequence[Insight], most: int) -> None:
    for insight in unwanted[:most]:
        say(f"left out      {insight.id}  {headline(insight.text, 80)}")
    if len(unwanted) > most:
        say(f"and {len(unwanted) - most:,} more left out (--most N)")
