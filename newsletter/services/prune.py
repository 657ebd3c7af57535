"""Old explanations go; who was sent what, and when, stays."""

from datetime import datetime, timedelta

from newsletter.storage import Store, pruning
from newsletter.storage.pruning import Pruned

__all__ = ["Pruned", "prune"]


def prune(store: Store, keep_days: int, now: datetime) -> Pruned:
    return pruning.prune(store, now - timedelta(days=keep_days))
