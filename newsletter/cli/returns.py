"""``newsletter returns``: take in what came back, and list what may need a look."""

import logging
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from newsletter.bootstrap import App
from newsletter.bootstrap.returns import forward, has_mailbox, intake, new_letters
from newsletter.cli.output import say, say_bytes, say_json, table
from newsletter.domain.errors import NewsletterError, UsageError
from newsletter.mail.mailboxes import MOST, Letter
from newsletter.services.returns import FOR_THE_OPERATOR
from newsletter.services.wording import local_time
from newsletter.storage import returns as kept

log = logging.getLogger("newsletter")

_MOST_LISTED = 1_000


def returns(app: App, args: Namespace) -> int:
    if args.show is not None:
        return _show(app, args)
    if args.list or args.all:
        return _list(app, args)
    done = intake(app).take_all(_letters(app, args.path), app.clock)
    sent_on = _forward(app)
    if args.json:
        say_json(dict(sorted((done + sent_on).items())))
        return 0
    say(f"returns: {_counts(done) or 'nothing came back'}")
    if sent_on:
        say(f"replies: {_counts(sent_on)}")
    return 0


def _counts(done: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(done.items()))


def _letters(app: App, path: str | None) -> Iterable[Letter]:
    if path == "-":
        return [Letter(sys.stdin.buffer.read(MOST))]
    if path is not None:
        from newsletter.mail.mailboxes.files import letters

        return letters(Path(path))
    if not has_mailbox(app.settings):
        raise UsageError(
            "there is no mailbox to read",
            "name a file or a folder, or set returns.maildir or [returns.imap]",
        )
    return new_letters(app)


def _forward(app: App) -> Counter[str]:
    """What came back is stored by now, so a reply that cannot be forwarded yet is no failure."""
    try:
        return forward(app)
    except NewsletterError as error:
        log.warning("replies wait to be forwarded: %s", error)
        return Counter()


def _list(app: App, args: Namespace) -> int:
    since = app.clock() - timedelta(days=args.days)
    with app.store.reading() as db:
        kinds = None if args.all else FOR_THE_OPERATOR
        rows = kept.listed(db, kinds, since, _MOST_LISTED)
    if args.json:
        say_json([dict(row) for row in rows])
    elif rows:
        zone = app.settings.newsletter.timezone
        table([_cells(row, local_time(row["at"], zone)) for row in rows])
    else:
        say("nothing came back" if args.all else "nothing that needs a look")
    return 0


def _cells(row: Mapping[Any, Any], when: str) -> tuple[str, ...]:
    kind = f"{row['severity'] or ''} {row['kind']}".strip()
    whose = row["reader"] or row["address"] or "-"
    answer = row["words"] if row["status"] in row["words"] else f"{row['status']} {row['words']}"
    return str(row["id"]), when, row["source"], kind, row["done"], whose, answer.strip()


def _show(app: App, args: Namespace) -> int:
    with app.store.reading() as db:
        row = kept.find(db, args.show)
    if row is None:
        raise UsageError(f"there is no return {args.show}: `newsletter returns --list` has numbers")
    if args.json:
        say_json({name: value for name, value in row.items() if name != "body"})
    else:
        say_bytes(row["body"] if row["body"] is not None else row["headers"].encode() + b"\n")
    return 0
