"""What is kept about a reader, for the reader, and erasing it."""

from datetime import datetime
from typing import Any

from newsletter.domain.addresses import mailbox
from newsletter.domain.model import Subscriber
from newsletter.domain.tokens import erased_key
from newsletter.domain.weekdays import written
from newsletter.storage import Store, personal_data


def about(store: Store, subscriber_id: int, now: datetime) -> dict[str, Any]:
    """Everything, as JSON can hold it."""
    with store.reading() as db:
        kept = personal_data.kept(db, subscriber_id)
    kept["subscriber"]["weekdays"] = written(kept["subscriber"]["weekdays"])
    return {"as_of": now, **kept}


def erase_reader(store: Store, reader: Subscriber, secret: bytes, now: datetime) -> None:
    """For good, in the database and its journal. A backup made before has them still; put back, it
    loses them again by the journal."""
    key = mailbox(reader.address).key
    with store.writing(durable=True) as db:
        personal_data.erase(db, reader.id, erased_key(secret, key), now)
    if store.journal:
        store.journal.forget(key)
