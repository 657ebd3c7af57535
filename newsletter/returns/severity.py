"""How bad a bounce is: from the codes and the words, never from who reports it."""

from newsletter.domain.returns import Severity
from newsletter.returns import status_codes
from newsletter.returns.words import of_words

_CAREFUL = (Severity.POLICY, Severity.SOFT, Severity.HARD)
"""Where codes differ, the first of these counts."""


def severity(status: str, words: str) -> Severity:
    """``status`` is the report's (RFC 3463), ``words`` are the remote server's, with its codes.

    HARD needs a code or words that say so, and none that say otherwise.
    """
    meaning = of_words(words)
    if meaning in (Severity.POLICY, Severity.SOFT):
        return meaning
    coded = _of_codes(status, words, settled=meaning is not None)
    return coded or meaning or Severity.UNSURE


def least_final(severities: list[Severity]) -> Severity:
    """Of several recipients' verdicts in one report."""
    order = (Severity.POLICY, Severity.SOFT, Severity.UNSURE, Severity.HARD)
    return next((verdict for verdict in order if verdict in severities), Severity.UNSURE)


def _of_codes(status: str, words: str, *, settled: bool) -> Severity | None:
    """Sendmail reports 5.1.1 for whatever refusal of a recipient: where the remote server gave a
    code without a status, and no words that tell (``settled``), such a status is a guess."""
    remote = status_codes.enhanced(words)
    basic = status_codes.basic(words)
    severities = {status_codes.of_enhanced(code) for code in remote}
    severities.update(map(status_codes.of_basic, basic))
    reported = status_codes.of_enhanced(status)
    guessed = reported is Severity.HARD and basic and not remote and not settled
    if not guessed:
        severities.add(reported)
    return next((verdict for verdict in _CAREFUL if verdict in severities), None)
