"""What keeps a spoken sentence from being quoted alone, and what makes it worth it. English.

The rules are phrases looked for in one sentence. A quote is not mended: a sentence with a slip of
the tongue is left out. How the rules were found and judged: docs/decisions/0026-quotes.md.
"""

import re

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def words(text: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]


def _any(*phrases: str, before: str = r"\b", after: str = r"\b") -> re.Pattern[str]:
    """Any of the phrases, which stand a bar apart, as whole words."""
    return re.compile(f"{before}(?:{'|'.join(phrases)}){after}", re.IGNORECASE)


_WHOLE = re.compile(r"""["“]?[A-Z0-9$£€].*[a-z0-9%)][.!]["”]?$""", re.DOTALL)
_BROKEN = re.compile(r"--|\.\.\.|…|[\[\]()*_|<>]|[—–](?=\s|$)| - |(?:,|^) ?like,", re.IGNORECASE)
_SLIPS = _any(
    "um+|uh+|er+|hmm*|mm+|ah|oh|yeah|yep|okay|ok|huh|wow|gosh|yes|haha|you know|i mean",
    r"(?:sort|kind|type)s? of(?! \w+s? (?:that|who|of)\b)|kinda|sorta|whatever|blah|et cetera|etc",
    "stuff|thingy|or something|or anything|and everything|and so on|and so forth",
    "things like that|like that|if you will|so to speak|as it were|long story short|to be honest",
    "honestly|quote unquote|let's say|let's just|say like|gonna|wanna|gotta|cuz|y'all|dude|guys?",
    r"crap|shit\w*|fuck\w*|damn|hell|literally|basically|and then like|was like|is like|are like",
    "be like|like (?:i|we|you|he|she|they|oh)",
)
_TWO_IFS = re.compile(r"\bif\b.*\bif\b", re.IGNORECASE)
_REPEATED = re.compile(r"\b(\w+),? \1\b(?<!that that)(?<!had had)", re.IGNORECASE)
_TALKING = _any(
    "(?:as|like) (?:i|we|you|he|she) (?:said|say|mentioned|told|noted|talked)",
    "(?:i|we|you)(?:'ve| have)? (?:just |already |also )?(?:said|mentioned|talked|talking|noted"
    "|asked|alluded|discussed|touched)",
    "your (?:question|point|example|book|show|podcast|listeners|vote)",
    "(?:good|great|interesting|excellent|fair) (?:question|point)|earlier|the audience|listeners?",
    "this (?:show|podcast|episode|conversation|interview|morning|afternoon|evening|week|month"
    "|year|call|room|chamber|debate|house|convention|stage)",
    "tonight|today|yesterday|tomorrow|right now|recently|just now|so far|at the moment|here|now",
    r"(?:last|next) (?:\w+ )?(?:week|month|year|night|time|summer|winter|spring|fall|decade)",
    "(?:days?|weeks?|months?|years?|decades?) ago|any longer",
    "thanks?|thank you|welcome|congratulations|sorry|please|imagine|let me|let's|think (?:about"
    "|of)",
    "ask yourself|for example|for instance|remember|say that again|going back|again",
    "but hey|, say,|hopefully|come back to|by the way|in this case|in that case|in our case"
    "|in my case|look,|listen,",
)
_ANECDOTE = _any(
    "my|mine|myself|me|i'm|i've|i'd|i'll|i(?! (?:think|believe|would argue)\\b)",
    "he|she|him|her|his|hers|himself|herself|he's|she's|he'd|she'd|us|we'd|we've",
    "we (?:had|were|was|did|got|went|built|launched|decided|started|said|found|thought|saw|made"
    "|took|came|spent|ended|tried|used to|knew|wanted|have)",
    "our (?:team|company|product|customers|users|clients|friend|opponents?|first)",
)
_OPENING = _any(
    "and|but|so|or|nor|yet|because|cause|which|then|also|well|right|okay|plus|anyway|like|too",
    "that|that's|this|it|it's|its|he|she|they|they're|they've|their|them|these",
    "those(?! (?:who|that|of|with)\\b)|here's|another|both|neither|either|such|however|therefore",
    "otherwise|instead|similarly|likewise|equally|first|firstly|second|secondly|third|lastly",
    "finally|actually|same|not|no|nope|who|where|whereas|meanwhile|thus|hence|still|else|let",
    "what a|if you look|if you've ever|often if|having|even (?:so|then|though)|maybe|perhaps"
    "|sure|exactly|absolutely|definitely|totally|certainly",
    "surely|clearly|indeed|rather|quite|further|furthermore|moreover|of course|fair|true|just|only",
    "one of (?:them|these|those|the|my|our)|one (?:other|more|example|is)|others?",
    "(?:some|most|all|many|none|each|half) of (?:them|those|these|it|that|this)",
    "some (?:are|say|do|have|of)|there's (?:this|that|also|another)|there (?:was|were)",
    "the (?:other|second|next|last|same|latter|former|first|third|rest|final|whole|only other)",
    "the (?:answer|question|story|guy|lady|book|article|paper|study|result|bill|amendment)",
    "the (?:minister|government|opposition|clause|motion|compan(?:y|ies)|team|firm|author)",
    "the (?:point is|point being|thing is|thing that i|problem (?:is|was|with that))",
    "the (?:idea (?:is|was|there)|reason (?:i|we|being|is))",
    r"what (?:happened|i|we|he|she|they|that|this|it|you're|you (?:said|just)|about|president \w+)",
    "in (?:that|this|the same|other words|addition|fact|short|the end|both|those|these)",
    "at (?:that|this)|on (?:that|the other|top)|for (?:that|this|me|us|those|these|all)",
    "with (?:that|this|those|these)|after (?:that|this|all)|since then|by (?:that|this)",
    "from (?:that|this|there)|how (?:does|do|did|is|are)|to (?:that|me|be|your|do (?:that|this"
    "|so))",
    "as (?:i|you|we|a result|for|such|opposed)|if (?:so|not|that|this|i|we (?:had|did)"
    "|anyone doubts)",
    "when (?:i|that|this|he|she|they)|once (?:that|this|it)|whether (?:it|that|this)",
    "until (?:that|then)|hey|hi|hello|mr|mrs|ms|madam|sir|don't|than",
    before='["“]?',
)
_CALLING = _any(
    r"we|we're|we'll|you're \w+ing|there(?:'s| is) nothing wrong|you see|you guys|you all"
    r"|you have (?:one|two|a candidate)|our|all the|some",
    "all of (?:the|a sudden)|what you do|you want to go|half the|a lot of the|i (?:think"
    "|believe) (?:we|that we|it)",
    before="",
    after=r"\b(?! (?:always|tend|never|often|fear|learn|forget|people)\b)",
)
_POINTING = _any(
    "this|these(?! days)",
    "(?<=, )that(?:'s| is| was|'ll)",
    "(?:and|but|because|so|think|know|mean|way|sometimes|often|usually|if|when|where|why|how|what"
    "|whether|while|then|maybe|says?|is|was|not|all) that(?:'s| is| was)",
    "(?:do|does|did|doing|done|like|about|of|for|from|with|to|than|by|on|in|at|all|know|say|see"
    "|past|over|through|into|behind|after|before|under|without|against)"
    " (?:that|this|it|them|those|these)\\b(?! (?:who|that|which|of|are|is|can|will|you|the|a|we"
    "|people)\\b)",
    "that (?:one|thing|way|point|time|kind|sort|day|book|project|company|person|moment|case|part"
    "|piece|question|issue|idea|number|process|code|model|problem|bill|team)",
    "those (?!who\\b|that\\b|of\\b|with\\b|in\\b|which\\b)\\w+|the (?:above|following|latter"
    "|former)",
    "there(?= (?:and|or|but)\\b|[.,!])|then(?=[.!])|such(?! as\\b| a\\b| an\\b)",
    "also|similarly|likewise|(?:too|as well|either)(?=[.,!])|(?:the )?others? (?:is|are)",
    "the only (?:one|other)|both of|they all|on (?:its|their) own",
)
_PRONOUN = _any("it|its|it's|they|them|their|they're|they've|ones|each one")
_DUMMY = _any(
    r"it(?:'s| is|'ll be| will be| can be| may be| becomes| gets| seems| takes| turns out"
    r"| makes sense) (?:\w+ ){0,4}?(?:to|that|for|when|if|how|who)"
)
_NO_NOUNS = frozenset(
    """when where what that this with from have think because there about would could should will
    while until unless although though some most many much more less very really just only often
    always never than then them they their your those these which whose into over under after
    before make makes made take takes need needs want wants being been does doing done find
    believe know going having getting start starts look looks like better good best people pull
    realize""".split()
)
_NOUNS_BEFORE_A_PRONOUN = 2
_PAST = _any(
    "was|were|had|did|went|came|got|said|told|took|saw|made|gave|began|became|thought|knew|felt",
    r"left|kept|brought|[a-z]{3,}(?<!ne)(?<!su)(?<!fe)ed",
)
_PRESENT = _any(
    "is|are|isn't|aren't|can|can't|cannot|will|won't|should|must|may|needs?|have to|has to|do",
    "does|don't|doesn't|makes?|means?|takes?|gets?|gives?|tends?|wants?|requires?|becomes?|comes?",
    "goes|works?|feels?|happens?|matters?|depends?|helps?|leads?|creates?|costs?|knows?|thinks?",
    "lets?|keeps?|shows?|finds?|starts?|stops?|changes?|learns?",
)
_GENERAL = _any(
    "most|every|all|everyone|everybody|everything|somebody|someone|nobody|no one|nothing|always",
    r"never|people|anyone|anybody|anything|any|companies|teams|organi[sz]ations|leaders|founders",
    r"managers|children|kids|customers|users|humans?|societ\w+|countries|businesses|engineers",
    "developers|tends? to|usually|often|rarely|generally|whenever|wherever|whoever|almost no",
    "the (?:best|worst|biggest|hardest|real|single|key|difference|secret|reason|goal|purpose"
    "|essence|way to|more|less)",
)
_MOST = _any(r"(?:most|many) (?:people|of|companies|\w+s)")
_CAUSE = _any(
    "because|leads? to|causes?|so that|therefore|which means|means|results? in|depends? on",
    "drives?|makes? (?:it|you|people|the|a|us|them|for)|allows?|enables?|helps?|forces?",
    "prevents?|requires?|comes? from|creates?|reduces?|increases?|if|when|in order to|due to",
    "the more|the less|turns? into|becomes?|lets?",
)
_NOT_BUT = re.compile(
    r"\bnot\b.*\b(?:but|it's|instead)\b|\b(?:rather|instead|whereas|than|unless|without)\b",
    re.IGNORECASE,
)
_RUN_ON = re.compile(
    r"(?!if |when|because|once|while|as |although|even|unless|until|since)[^.]*?, "
    r"(?:they|it|you|we|it's|they're|you're|we're|there's) ",
    re.IGNORECASE,
)
_MARKER = re.compile(r"(?:And so|And|So|Well|Now),? (?=[a-zA-Z])")
_ENGLISH = frozenset(
    "the and to of a in that is you it for on with are this be have not as they we but can".split()
)
_WORDS = range(9, 41)
_MOST_COMMAS = 6
_LONG_WORD = 8  # letters
_MOST_LONG_WORDS = 6


def is_english(sample: str) -> bool:
    """Whether a fifth of the words are the commonest of English: it is a third in speech."""
    said = words(sample)
    return bool(said) and sum(word in _ENGLISH for word in said) > 0.2 * len(said)


def without_marker(sentence: str) -> str:
    """Without "And", "So", "Well", "Now" or "And so" in front, and with a capital letter then."""
    marker = _MARKER.match(sentence)
    if not marker:
        return sentence
    rest = sentence[marker.end() :]
    return rest[:1].upper() + rest[1:]


def is_quotable(sentence: str) -> bool:
    """Whole, without a slip, about nobody in the room, and understood by itself.

    ``sentence`` is without its marker.
    """
    plain = sentence.replace("’", "'")
    return (
        len(sentence.split()) in _WORDS
        and _is_whole(sentence)
        and not any(rule.search(plain) for rule in _NEVER)
        and not any(rule.match(plain) for rule in (_OPENING, _CALLING, _RUN_ON))
        and not _is_narrative(plain)
        and not _says_it_twice(plain)
        and _points_within(plain)
    )


def _is_whole(sentence: str) -> bool:
    quoted = sentence.count('"') % 2 == 0 and sentence.count("“") == sentence.count("”")
    return quoted and sentence.count(",") <= _MOST_COMMAS and bool(_WHOLE.match(sentence))


def _is_narrative(sentence: str) -> bool:
    return len(_PAST.findall(sentence)) > len(_PRESENT.findall(sentence))


def _says_it_twice(sentence: str) -> bool:
    """Three words that come again: people repeat themselves before they get to the point."""
    said = words(sentence)
    threes = list(zip(said, said[1:], said[2:], strict=False))
    return len(set(threes)) < len(threes)


def _points_within(sentence: str) -> bool:
    """Whether the first pronoun, if there is one, has nouns before it to stand for."""
    plain = _DUMMY.sub("", sentence)
    pronoun = _PRONOUN.search(plain)
    return not pronoun or _nouns(plain[: pronoun.start()]) >= _NOUNS_BEFORE_A_PRONOUN


def _nouns(text: str) -> int:
    """Words that may be nouns: one of them is likely what a pronoun after it stands for."""
    said = (word for word in words(text) if len(word) > 3 and "'" not in word)
    return sum(word not in _NO_NOUNS for word in said)


def merit(sentence: str) -> float:
    """How much it claims: from 2 on it is more likely than not that a reader wants it.

    A logistic regression on sentences judged by hand, its weights rounded and its intercept left
    out: that something holds for most, is so because, is so rather than so, in words that say much.
    """
    plain = sentence.replace("’", "'")
    long_words = sum(len(word) >= _LONG_WORD for word in words(plain))
    return (
        0.2 * min(2, len(_GENERAL.findall(plain)))
        + 2.3 * len(_MOST.findall(plain))
        + 1.1 * bool(_CAUSE.search(plain))
        + 2.0 * bool(_NOT_BUT.search(plain))
        + 0.32 * min(_MOST_LONG_WORDS, long_words)
    )


_NEVER = (_BROKEN, _SLIPS, _REPEATED, _TWO_IFS, _TALKING, _ANECDOTE, _POINTING)
