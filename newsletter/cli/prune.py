"""``newsletter prune``: drop old explanations, and what is needed to make old messages again."""

from argparse import Namespace

from newsletter.bootstrap import App
from newsletter.cli.output import say
from newsletter.domain.text import counted
from newsletter.services import prune as service


def prune(app: App, args: Namespace) -> int:  # noqa: ARG001
    keep_days = app.settings.store.keep_days
    pruned = service.prune(app.store, keep_days, app.clock())
    say(f"{pruned}: older than {counted(keep_days, 'day')} (store.keep_days)")
    return 0
