"""Errors in what runs on its own: they go to the log instead of ending it."""

import logging

from newsletter.domain.errors import NewsletterError

log = logging.getLogger("newsletter")


def log_error(error: Exception) -> None:
    """An error that an operator can correct is one line; a defect shows its traceback."""
    if isinstance(error, NewsletterError):
        log.error("%s", error)
    else:
        log.error("unexpected: %s", error, exc_info=error)
