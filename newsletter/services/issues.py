"""Issues that were composed, as they were."""

from datetime import date

from newsletter.domain.model import Issue
from newsletter.storage import Store, issues


def house_issue(store: Store, day: date) -> Issue | None:
    """None where none was composed for that date."""
    with store.reading() as db:
        number = issues.house(db, day)
        return None if number is None else issues.load(db, number)
