"""Prune old explanations. The record of what was sent to whom, and when, stays."""

from datetime import datetime, timedelta

from newsletter.domain.notices import LASTS, Purpose
from newsletter.storage import Store, notices, pruning, subscriber_states, sunset
from newsletter.storage.pruning import Pruned

_NOTICES = timedelta(days=30)
"""How many an address was sent in a week is counted in them."""
_STILL_THERE = 2 * LASTS[Purpose.STILL_THERE]
"""Those that ask whether a reader is still there are steps on the way to an end."""


def prune(store: Store, keep_days: int, now: datetime) -> Pruned:
    """Drop those of issues composed more than ``keep_days`` ago."""
    return pruning.prune(store, now - timedelta(days=keep_days))


def forget_unconfirmed(store: Store, pending_days: int, now: datetime) -> int:
    """Readers who signed up on the web more than ``pending_days`` ago and did not confirm, and old
    notices: how many readers."""
    with store.writing() as db:
        notices.prune(db, now - _NOTICES)
        sunset.prune(db, now, _STILL_THERE)
        return subscriber_states.forget_pending(db, now - timedelta(days=pending_days))
