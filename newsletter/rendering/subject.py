"""The subject and the preheader: the best short claims of an issue."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from newsletter.domain.model import Pick
from newsletter.domain.text import clause, first_sentence
from newsletter.language.words import Words

_SUBJECT, _LONG_SUBJECT = 59, 90
_PREHEADER = 90

# Who or what it is about was said before: nobody knows what "They" are in an inbox.
_LEANS_ON_ANOTHER = re.compile(
    r"(?:it|its|this|that|these|those|they|their|he|his|she|her|such"
    r"|es|er|sie|dies|diese|dieser|das|il|elle|ils|elles|cela|ce|eso|esto|ellos)\b",
    re.IGNORECASE,
)


def subject_and_preheader(
    picks: Sequence[Pick], name: str, day: date, words: Words
) -> tuple[str, str]:
    """The best ranked claim that is short as it stands, or its main clause; then the next.

    A claim is never cut within a phrase: where all are too long, the subject is the newsletter's
    ``name`` with the date, and the preheader is empty. Nobody is sent an insight twice, so
    tomorrow's claim is another.
    """
    no_claim = None, f"{name} · {words.long_date(day)}"
    leading, subject = next(_claims(picks, words, _SUBJECT, _LONG_SUBJECT), no_claim)
    rest = [pick for pick in picks if pick is not leading]
    others = (claim for _, claim in _claims(rest, words, _PREHEADER, _PREHEADER))
    return subject, next((claim for claim in others if claim != subject), "")


def _claims(
    picks: Sequence[Pick], words: Words, short: int, long: int
) -> Iterator[tuple[Pick, str]]:
    """The best first: short ones by rank, those that lean on another after them, then long ones."""
    for leaning, limit in ((False, short), (True, short), (False, long)):
        for pick in picks:
            sentence = first_sentence(pick.text)
            if bool(_LEANS_ON_ANOTHER.match(sentence)) == leaning and (
                claim := clause(sentence, limit)
            ):
                yield pick, _shown(pick, claim, words)


def _shown(pick: Pick, claim: str, words: Words) -> str:
    """What was said word for word stands in quotation marks here as well."""
    return words.quoted(claim) if pick.citation.origin == "quote" else words.typographic(claim)
