"""Prune old explanations. The record of what was sent to whom, and when, stays."""

from datetime import datetime, timedelta

from newsletter.storage import Store, pruning
from newsletter.storage.pruning import Pruned


def prune(store: Store, keep_days: int, now: datetime) -> Pruned:
    """Drop those of issues composed more than ``keep_days`` ago."""
    return pruning.prune(store, now - timedelta(days=keep_days))
