"""``newsletter interests``: what a phrase finds in the archive, the best first, and why."""

from argparse import Namespace
from dataclasses import asdict

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules
from newsletter.cli.output import say, say_json
from newsletter.domain.text import headline
from newsletter.services.interests import Matches, matches


def show(app: App, args: Namespace) -> int:
    found_matches = matches(compose_rules(app), args.phrases, 0 if args.json else args.most)
    if args.json:
        say_json([asdict(match) for match in found_matches.best])
    elif not found_matches.best and not found_matches.unwanted:
        say("nothing in the archive matches")
    else:
        _print(found_matches, args.most)
    return 0


def _print(found_matches: Matches, most: int) -> None:
    for match, words in zip(found_matches.best[:most], found_matches.words, strict=True):
        mark = "matches" if match.said else ""
        say(f"{match.score:.2f}  {mark:7}  {match.id}  {headline(match.text, 80)}")
        say(f"      {'':7}  {', '.join(words)}")
    if len(found_matches.best) > most:
        say(f"and {len(found_matches.best) - most:,} more that match less (--most N)")
    count = sum(match.said for match in found_matches.best)
    limit = found_matches.said_from
    if count:
        say(f"an email would say “You follow …” of {count:,}: from {limit} on")
    else:
        say(f"none is sure enough for an email to say “You follow …”: that begins at {limit}")
    for insight in found_matches.unwanted[:most]:
        say(f"left out      {insight.id}  {headline(insight.text, 80)}")
    if len(found_matches.unwanted) > most:
        say(f"and {len(found_matches.unwanted) - most:,} more left out (--most N)")
