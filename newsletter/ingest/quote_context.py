"""What stands around a sentence and makes it nobody's claim: it was only reported, or is denied.

"Everybody says so: bread must rise twice. That's wrong." A quote of the middle would say of its
speaker the opposite of what they think.
"""

from collections.abc import Sequence

from newsletter.ingest.quote_rules import phrases

_THEY = r"(?:people|they|some|many|most|everybody|everyone|critics|skeptics)"
_REPORTED = phrases(
    rf".*\b{_THEY} (?:\w+ )?(?:says?|thinks?|believes?|argues?|claims?|assumes?|tells? you)"
    r"(?: (?:so|this|that|it|the same))?[.:,]?",
    r".*\b(?:idea|myth|belief|notion|misconception|assumption|cliché)"
    r"(?: (?:is|goes|out there|here|like this|that))*[.:,]?",
    r"(?:i|we) (?:used to|always) (?:think|thought|believed?|say|said)\b.{0,40}[.:,]?",
    before="^",
    after="$",
)
_FULLY = "(?:just |simply |actually |completely |totally |all |really |also |plain )*"
_FALSE = (
    "(?:not (?:true|right|the case|correct|so)|wrong|false|nonsense|untrue|incorrect"
    "|an? (?:myth|lie|misconception|fallacy))"
)
_DENIED = phrases(
    r"(?:(?:and|but|well|so|now|no|nope|actually|of course|in fact|um|uh|yeah|we now know),? )*(?:"
    rf"(?:that|this|which)(?:'s| is| was| turns out to be) {_FULLY}{_FALSE}[.,!]"
    rf"|{_FALSE}[.!]|none of (?:that|it|this) is true"
    r"|(?:it|that) (?:isn't|is not|wasn't|doesn't|does not|couldn't)[.,!]"
    r"|i (?:don't|do not|never) (?:think so|believe (?:that|it)|agree|buy)"
    r"|i disagree|nothing could be further)",
    before="^",
    after="",
)
_FARTHEST = 120  # letters: a longer sentence before says more than who says what follows


def is_somebody_elses(before: str, after: Sequence[str]) -> bool:
    """Of the sentence right before ("" where there is none), and those behind."""
    plain = before.replace("’", "'")[-_FARTHEST:]
    denied = any(_DENIED.match(sentence.replace("’", "'")) for sentence in after)
    return denied or bool(_REPORTED.match(plain))
