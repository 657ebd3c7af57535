"""``newsletter prune``: drop what explains and reproduces messages that are old."""

from argparse import Namespace

from newsletter.bootstrap import App
from newsletter.cli.output import say
from newsletter.domain.text import counted
from newsletter.services import prune as service
from newsletter.services.prune import Pruned


def prune(app: App, args: Namespace) -> int:  # noqa: ARG001
    keep_days = app.settings.store.keep_days
    pruned = service.prune(app.store, keep_days, app.clock())
    say(f"{in_words(pruned)}: older than {counted(keep_days, 'day')} (store.keep_days)")
    return 0


def in_words(pruned: Pruned) -> str:
    issues, messages = counted(pruned.issues, "issue"), counted(pruned.messages, "message")
    return f"dropped what explains {issues} and makes {messages} again"
