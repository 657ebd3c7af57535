"""The forms in which people say what holds in general, and those that only sound like it. English.

A sentence that can be understood alone is seldom worth it. These are the forms of those that were
kept: one of ``STRONG`` is enough, one of ``WEAK`` is not. How they were found and judged:
docs/decisions/0061-forms-of-a-claim.md.
"""

import re
from collections.abc import Mapping, Sequence

from newsletter.ingest.quote_rules import claim, phrases

_BE = r"is|are|isn't|aren't|means?|makes?|can|can't|cannot|does|doesn't|don't|do|gives?|takes?"
_DO = r"helps?|allows?|requires?|creates?|leads?|lets?|keeps?|causes?|forces?|works?"
_PEOPLE_DO = r"wants?|knows?|needs?|thinks?|has|have|tr(?:y|ies)|starts?|gets?|rush(?:es)?|ends? up"
_ANYBODY = (
    r"(?:no one|nobody|nothing|everyone|everybody|every \w+|(?:almost |nearly )?(?:most|all)"
    r"|many|few|any \w+|anybody|anyone|people|humans|companies|customers|children)"
)
_BEST = (
    "(?:best|worst|biggest|hardest|easiest|fastest|only|main|right|wrong|key|real|surest"
    "|most common|greatest)"
)

_MORE = r"(?:more|less|fewer|better|worse|\w{3,}er)"
_PART = "(?:parts?|ways?|reasons?|signs?|forms?|mistakes?|marks?|sources?|skills?|tests?|keys?)"

STRONG: Mapping[str, re.Pattern[str]] = {
    "not this, but that": phrases(
        r"(?!if|when|unless).*?\b(?:not|\w+n't|never)\b[^.;,]{3,70}[,;] (?:but (?:rather|to|because"
        r"|about|by|in order|it's|that)\b|it's |it is |they're |you )"
        r"(?!not\b|will\b|can\b|should\b|need\b|\w+n't\b).*",
        r"[^,]*\w, not (?:the|a|an|just|because|to|from|about|by|in)\b [\w' -]+[.].*",
        before="^",
        after="",
    ),
    "not this. That": phrases(
        r"((?:\w+ )?\w+) .*?\b(?:not|\w+n't)\b[^.]{3,90}[.] (?:it|it's|they|they're|\1)",
        before="^",
    ),
    "rather": phrases(
        "rather than|instead of|as opposed to",
        rf"{_MORE} (?:[\w'-]+ ){{1,6}}(?<!more )(?<!less )(?<!fewer )than (?!(?:that|this|it)[.,])",
        r"(?:better|worse|(?!other)\w{3,}er) than (?!(?:that|this|it)[.,])",
        r"(?:more|less) than (?!(?:the|an?|\d+|one|two|half|just|enough)\b)",
    ),
    "because": phrases(
        r"(?:\S+ ){4,}(?<![.?!] )because(?: \S+){4,}|(?:\S+ ){3,}so that(?: \S+){3,}",
        before="^",
        after="",
    ),
    "the best": phrases(
        rf"(?:the|one of the) (?:\w+ )?{_BEST} (?:\w+ )?(?:to|of(?! course)|in|for|with|about"
        r"|between|that|people|you) [^,.]{3,90}? (?:is|are)",
        before="^",
    ),
    "part of": phrases(
        r"\w{3,}ing [^,.]{2,70}? (?:is|are) (?:an?|one of the|the) (?:\w+ ){0,3}"
        rf"{_PART} (?:of|for|to)",
        before="^",
    ),
    "nobody unless": phrases(
        r"(?:no one|nobody|nothing|no \w+) [^.]{5,100}? (?:if|unless|until|without|because)",
        before="^",
    ),
    "the more": phrases(
        r"the (?:more|less|longer|fewer|\w+er) .{4,80}, the (?:more|less|fewer|\w+er)", before="^"
    ),
}

WEAK: Mapping[str, re.Pattern[str]] = {
    "if": phrases(
        r"(?:if|when|whenever|unless|until|once|as soon as) (?:you|people|a|an|the|your|someone"
        r"|somebody|everyone|everybody|everything|nobody|no one|\w+s)\b[^.]{5,150}?,",
        before="^",
        after="",
    ),
    "everybody": phrases(
        rf"{_ANYBODY}(?: [\w'-]+){{0,4}}? (?:{_BE}|{_DO}|{_PEOPLE_DO})", before="^"
    ),
    "doing": phrases(
        rf"(?!during|according|being good)\w{{3,}}ing (?:[^,.]{{2,90}}? )?(?:{_BE}|{_DO})",
        before="^",
    ),
    "what it is": phrases(
        r"(?:an? |the )?(?!that|this|these|those|there|what|it|he|she|they|you|here|which)"
        r"[\w'-]+(?: [\w'-]+){0,3} (?:is|are) (?:an?|something that|using|what|when|always|never)",
        before="^",
    ),
    "do not": phrases(r"(?:don't|never|always) (?!even|know|have|mean)\w+", before="^"),
    "you can": phrases(
        "you (?:can't|cannot|can|never|just don't|don't get|only get|don't need)", before="^"
    ),
    "it takes": phrases(
        r"it(?:'s| is) (?:[\w']+ ){0,3}?(?:easy|easier|hard|harder|better|worse|cheaper|impossible"
        r"|rare) (?:to|for)|it's only when|it takes",
        before="^",
    ),
}

_EMPTY = phrases(
    # what is still to come, or was told elsewhere
    r"(?:one of |the )?(?:two|three|four|five|six|seven|\d|several|many|a few|a couple of|lots of"
    r"|different|a number of|all kinds of) (?:[\w-]+ )?(?:things|traps|ways|reasons|buckets|pieces"
    r"|parts|types|kinds|phases|steps|points|tips|examples|components|facets|levels|sets|aspects"
    r"|categories|questions|factors|options)",
    "there(?: are| is|'s) (?:many|a lot|lots|some|several|various|all)",
    r"in other words|in short|in addition|example|the book|say something like|notice|guess what",
    # praise without a reason
    r"(?:is|are|'s) (?:[\w']+ ){0,2}?(?:important|critical|huge|key|great|essential|crucial|cool"
    "|fun|awesome|amazing|fine|okay|nice|good|interesting|fascinating|different|helpful|useful"
    "|valuable|powerful|exciting)(?=[.,!]| because| here)",
    r"doesn't need to|not that (?:big|bad|hard|great|much)|there where|such a",
    after="",
)
_RUN_ON = re.compile(r"[.!?] +[a-z]")


def forms(sentences: Sequence[str], known: Mapping[str, re.Pattern[str]]) -> frozenset[str]:
    """Which of the ``known`` ones the first sentence has; a reason may stand in the second."""
    opening = " ".join([claim(sentences[0]), *sentences[1:2]])
    return frozenset(name for name, form in known.items() if form.search(opening))


def is_empty(sentences: Sequence[str]) -> bool:
    """Announces, praises or runs on, and claims nothing."""
    text = " ".join(sentences)
    return bool(_EMPTY.search(text) or _RUN_ON.search(text))
