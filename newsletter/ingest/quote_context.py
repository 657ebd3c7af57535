"""What stands around a sentence and makes it nobody's claim: it was only reported, or is denied.

"Everybody says so: bread must rise twice. That's wrong." A quote of the middle would say of its
speaker the opposite of what they think.
"""

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
_FULLY = "(?:just |simply |actually |completely |totally |all |really |also )*"
_DENIED = phrases(
    r"(?:(?:and|but|well|so|now|no|nope|actually|of course|in fact),? )*(?:"
    rf"(?:that's|that is|this is|it's|it is|which is) {_FULLY}"
    r"(?:not (?:true|right|the case|how|what|so|correct)|wrong|false|nonsense|untrue|incorrect"
    r"|an? (?:myth|lie|mistake|fallacy|misconception)"
    rf"|what {_THEY}\b)"
    r"|(?:it|that) (?:isn't|is not|wasn't|doesn't|does not|couldn't)[.,!]"
    r"|i (?:don't|do not|never) (?:think so|believe (?:that|it)|agree|buy)"
    r"|i disagree|nothing could be further)",
    before="^",
    after="",
)
_FARTHEST = 120  # letters: a longer sentence before says more than who says what follows


def is_somebody_elses(before: str, after: str) -> bool:
    """Of the sentences right before and behind, "" where there is none."""
    plain = before.replace("’", "'")[-_FARTHEST:]
    return bool(_REPORTED.match(plain) or _DENIED.match(after.replace("’", "'")))
