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
    pending_days = app.settings.web.pending_days
    gone = service.forget_unconfirmed(app.store, pending_days, app.clock())
    if gone:
        days = counted(pending_days, "day")
        say(f"forgot {counted(gone, 'reader')} who did not confirm in {days} (web.pending_days)")
    return 0
