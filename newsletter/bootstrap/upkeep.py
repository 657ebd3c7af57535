"""Once a day, besides pruning: who never confirmed is forgotten, who is silent is asked."""

import logging

from newsletter.bootstrap import App
from newsletter.domain.text import counted
from newsletter.services.prune import forget_unconfirmed
from newsletter.services.sunset import SunsetReport, SunsetRules, sunset_step

log = logging.getLogger("newsletter")


def upkeep(app: App) -> None:
    """Raises SchemaChanged where another program has migrated the database."""
    app.store.verify()
    now = app.clock()
    gone = forget_unconfirmed(app.store, app.settings.web.pending_days, now)
    if gone:
        log.info("forgot %s who did not confirm", counted(gone, "reader"))
    done = sunset_step(app.store, sunset_rules(app), now)
    if done != SunsetReport():
        log.info("%s", done)


def sunset_rules(app: App) -> SunsetRules:
    section = app.settings.returns.sunset
    return SunsetRules(section.months, section.a_day)
