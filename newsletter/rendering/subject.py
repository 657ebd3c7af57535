"""The subject and the preheader: the best short claims of an issue."""

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from newsletter.domain.model import Pick
from newsletter.domain.text import clause, first_sentence, headline
from newsletter.language.words import Words

_SUBJECT, _LONG_SUBJECT = 59, 90
_PREHEADER = 90
_LONGEST_NAME = 40

# Who or what it is about was said before: nobody knows what "They" are in an inbox.
_LEANS_ON_ANOTHER = re.compile(
    r"(?:it|its|this|that|these|those|they|their|he|his|she|her|such"
    r"|es|er|sie|dies|diese|dieser|das|il|elle|ils|elles|cela|ce|eso|esto|ellos)\b",
    re.IGNORECASE,
)


def subject_and_preheader(
    picks: Sequence[Pick], name: str, day: date, words: Words
) -> tuple[str, str]:
    """The best ranked claim that is short as it stands, or its main clause; then the next. Those
    that may lead come before the others.

    A claim is never cut within a phrase: where all are too long, the subject is the newsletter's
    ``name`` with the date, and the preheader is empty. Nobody is sent an insight twice, so
    tomorrow's claim is another.
    """
    picks = sorted(picks, key=lambda pick: not pick.may_lead)
    subject, leading = _best(picks, words, _SUBJECT)
    if not subject:
        subject, leading = _best(picks, words, _LONG_SUBJECT)
    rest = [pick for pick in picks if pick is not leading]
    preheader, _ = _best(rest, words, _PREHEADER, never=subject)
    if not subject:
        subject = f"{headline(name, _LONGEST_NAME) or name} · {words.long_date(day)}"
    return subject, preheader


def _best(
    picks: Sequence[Pick], words: Words, limit: int, never: str = ""
) -> tuple[str, Pick | None]:
    """The first claim that fits and leans on no other sentence, else the first that fits."""
    second: tuple[str, Pick | None] = "", None
    for pick in picks:
        claim, leans = _claim(pick.text, limit, words, pick.citation.origin == "quote")
        if not claim or claim == never:
            continue
        if not leans:
            return claim, pick
        second = second if second[0] else (claim, pick)
    return second


@lru_cache(maxsize=4096)
def _claim(text: str, limit: int, words: Words, quote: bool) -> tuple[str, bool]:  # noqa: FBT001
    """A claim of at most ``limit`` columns, and whether it leans on another; "" where none fits.

    What was said word for word stands in quotation marks here as well.
    """
    sentence = first_sentence(text)
    claim = clause(sentence, limit)
    shown = words.quoted if quote else words.typographic
    return claim and shown(claim), bool(_LEANS_ON_ANOTHER.match(sentence))
