"""Issues that were composed, as they were."""

from datetime import date

from newsletter.domain.model import Issue
from newsletter.storage import Store, issues, public_archive


def house_issue(store: Store, day: date) -> Issue | None:
    """None where none was composed for that date."""
    with store.reading() as db:
        number = issues.house(db, day)
        return None if number is None else issues.load(db, number)


def house_dates(store: Store, until: date, most: int) -> list[date]:
    """The newest dates up to one that have a house issue, the newest first."""
    with store.reading() as db:
        return [day for day, _ in public_archive.house_dates(db, until, most)]
