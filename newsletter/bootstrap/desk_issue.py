"""The parts of the desk's page Issue."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache, partial

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import house_subscriber
from newsletter.bootstrap.mail import bounce_address, channel
from newsletter.bootstrap.workbench import workbench
from newsletter.services.preview import address_of_copy, send_test_copy
from newsletter.services.workbench import Workbench
from newsletter.web.desk.issue import Parts

_OPENS_NOTHING = b"no link that this signs is ours"


def parts(app: App) -> Parts:
    """Templates and settings are those of the start."""
    bench = cache(partial(_bench, app))

    def at(now: datetime) -> Workbench:
        return replace(bench(), now=now)

    return Parts(
        workbench=at,
        timezone=app.settings.newsletter.timezone,
        count=app.settings.selection.count,
        asks=app.settings.schedule.approval,
        send_test=partial(_send_test, app, at),
        own=app.settings.alerts.to,
    )


def _bench(app: App) -> Workbench:
    """With links of the length they will have, which open nothing: who may look at a reader's issue
    may not unsubscribe them, nor see what they prefer."""
    bench = workbench(app)
    return replace(bench, branding=replace(bench.branding, secret=_OPENS_NOTHING))


def _send_test(
    app: App, at: Callable[[datetime], Workbench], query: Mapping[str, str], address: str
) -> str:
    """One marked copy outside the ledger; a house issue is addressed to whom it goes to."""
    to = address_of_copy(app.store, address, "the address")
    bench = replace(at(app.clock()), house=house_subscriber(app.settings, to))
    sender = bounce_address(app.settings)
    mail = channel(app)
    return send_test_copy(bench.scheduled(query), to, sender, bench.branding, mail, bench.now)
