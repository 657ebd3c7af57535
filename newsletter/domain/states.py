"""The states of a delivery and of a subscriber, and every way a delivery may go between them.

The values are what the database holds, and what commands print: change none without a migration.
"""

from enum import StrEnum


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a delivery was skipped or failed."""

    TOO_FEW = "too_few"
    TOO_LATE = "too_late"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    REFUSED = "refused"
    EXPIRED = "expired"


class SubscriberState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Transition(StrEnum):
    """By the names that docs/ledger.md gives them; ``storage.transitions`` says from where to where
    each goes. They are stored nowhere."""

    REOPEN = "reopen"
    STILL_TOO_FEW = "still too few"
    STILL_TOO_LATE = "still too late"
    STILL_CANCELLED = "still cancelled"
    CLAIM = "claim"
    RELEASE = "release"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    READER_PAUSED = "reader paused"
    LEFT = "left"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ANSWER_LOST = "answer lost"
    LEASE_OVER = "lease over"
    FOUND_ACCEPTED = "found accepted"
    NEVER_OFFERED = "never offered"
    EXPIRE = "expire"
    CANCEL = "cancel"
    TOO_FEW_LEFT = "too few left"
    RESOLVE_AS_SENT = "resolve as sent"
    RESOLVE_AS_PENDING = "resolve as pending"
    REPLAYED_AS_SENT = "replayed as sent"
    REPLAYED_AS_UNKNOWN = "replayed as unknown"
