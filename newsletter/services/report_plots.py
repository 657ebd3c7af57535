"""The plots of ``report``, as the page of the command and the desk have them."""

from collections.abc import Sequence

from newsletter.rendering.plots import line_plot
from newsletter.services.report import COMPLAINT_LIMIT, ListReport, share


def plots(health: ListReport, storm_percent: float) -> Sequence[str]:
    """Inline SVG: readers, complaints and bounces by day; a storm of bounces pauses the newsletter
    above ``storm_percent``."""
    labels = [day.date for day in health.days]
    limit = (f"Gmail and Yahoo: {COMPLAINT_LIMIT:.1%}", COMPLAINT_LIMIT)
    storm = (f"paused above {storm_percent:g}%", storm_percent / 100)
    complaints = [share(day.complained, day.sent) for day in health.days]
    bounces = [share(day.bounced, day.sent) for day in health.days]
    return [
        line_plot("Active readers", labels, [day.active for day in health.days]),
        line_plot("Complaints, of what was sent", labels, complaints, limit=limit, percent=True),
        line_plot("Bounces, of what was sent", labels, bounces, limit=storm, percent=True),
    ]
