"""How bad a bounce is: from the codes and the words, never from who reports it."""

from newsletter.domain.returns import Severity
from newsletter.returns import status_codes
from newsletter.returns.words import of_words

_CAREFUL = (Severity.POLICY, Severity.SOFT, Severity.HARD)
"""Where codes and words differ, the first of these counts: HARD needs all that is said."""


def severity(status: str, words: str) -> Severity:
    """``status`` is what the report says (RFC 3463), ``words`` what the remote server said, with
    its own codes."""
    enhanced = [status, *status_codes.enhanced(words)]
    said = {of_words(words), *map(status_codes.of_enhanced, enhanced)}
    said.update(map(status_codes.of_basic, status_codes.basic(words)))
    return next((verdict for verdict in _CAREFUL if verdict in said), Severity.UNSURE)


def least_final(severities: list[Severity]) -> Severity:
    """Of several recipients' verdicts in one report."""
    order = (Severity.POLICY, Severity.SOFT, Severity.UNSURE, Severity.HARD)
    return next((verdict for verdict in order if verdict in severities), Severity.UNSURE)
