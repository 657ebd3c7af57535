"""What keeps spoken sentences from being quoted alone. English.

The rules are phrases looked for in one sentence or two that follow one another. A quote is not
mended: a sentence with a slip of the tongue is left out. What makes a quote worth it is in
``quote_merit``. How they were found and judged: docs/decisions/0055-whole-quotes.md.
"""

import re
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def words(text: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]


def phrases(*given: str, before: str = r"\b", after: str = r"\b") -> re.Pattern[str]:
    """Any of the phrases, which stand a bar apart, as whole words."""
    return re.compile(f"{before}(?:{'|'.join(given)}){after}", re.IGNORECASE)


_WHOLE = re.compile(r"""["“]?[A-Z0-9$£€].*[a-z0-9%)][.!]["”]?$""", re.DOTALL)
_BROKEN = re.compile(
    r"--|\.\.\.|…|[\[\]()*_|<>]|[—–](?=\s|$)| - |(?:,|^) ?(?:like|say|look|listen),", re.IGNORECASE
)
_SLIPS = phrases(
    "um+|uh+|er+|hmm*|mm+|ah|oh|yeah|yep|okay|ok|huh|wow|gosh|yes|haha|hey|you know|i mean|i guess",
    "kinda|sorta|whatever|blah|et cetera|etc|stuff|thingy|or something|or anything|if you will",
    "and like (?:if|when|you|it|the|that|they|there)",
    "and everything|and so on|and so forth|things like that|like that|so to speak|as it were",
    "long story short|to be honest|honestly|quote unquote|let's say|let's just say|say like",
    r"gonna|wanna|gotta|cuz|y'all|dude|guys?|crap|shit\w*|f\w?[ua]ck\w*|fricking|damn|hell|literally",
    "and then like|(?:was|is|are|you're|it's|be|there's|in|of|have|get|so|to|do) like",
    "like (?:i'm|i|we|he|she|they|oh|really|this|a|the)(?<!it's like a)|sort of set|just like",
    "i think in|is is|in in|has being|is by \\w+ is|(?:sort|kind)s? of (?:a|the|like|it's)",
)
_REPEATED = re.compile(
    r"\b(?!very\b|really\b|much\b|many\b|far\b|more\b)(\w+),? \1\b(?<!that that)(?<!had had)", re.I
)
_TALKING = phrases(
    "(?:as|like) (?:i|we|you|he|she) (?:said|say|mentioned|told|noted|talked)",
    "(?:i|we|you)(?:'ve| have)? (?:just |already |also )?(?:said|mentioned|talked|talking|noted"
    "|asked|alluded|discussed|touched)|we're talking",
    "your (?:question|point|example|book|show|podcast|listeners|vote)",
    "(?:good|great|interesting|excellent|fair) (?:question|point)|earlier|the audience|listeners?",
    "this (?:show|podcast|episode|conversation|interview|morning|afternoon|evening|week|month"
    "|year|call|room|chamber|debate|house|convention|stage|framework)",
    "tonight|today|yesterday|tomorrow|right now|recently|just now|so far|at the moment|here|now",
    r"(?:last|next) (?:\w+ )?(?:week|month|year|night|time|summer|winter|spring|fall|decade)s?",
    "(?:days?|weeks?|months?|years?|decades?) ago|any longer|i was|i'm saying",
    "thanks?|thank you|welcome|congratulations|sorry|please|imagine|let me|let's"
    "|(?<!way to )think (?:about|of)",
    "(?:ignore|disregard|forget) (?:\\w+ ){0,3}?(?:instructions?|prompts?|rules)|system prompts?",
    "ask yourself|for example|for instance|remember|say that again|going back|again|number \\w+",
    "but hey|hopefully|come back to|by the way|in (?:this|that|our|my) (?:case|particular)",
    "what we call|i could|i think that (?:would|is|was|will|could|may)|"
    "the (?:one|two|three|four|five)(?! (?:who|that|of)\\b)",
)
_TOUCHY = phrases(
    "women|woman|girls?|boys|africans?|africa|asians?|arabs?|jews?|jewish|muslims?|islam|christians?"
    "|immigrants?|refugees?|migrants?|gays?|lesbians?|transgender|(?:black|white|poor|old) people",
    "kill(?:s|ed|ing)?|suicide|murder(?:s|ed)?|rapes?|vaccines?|vaccination|autism|overdose"
    "|stop(?:s|ped)? eating|starv(?:e|es|ing)|los(?:e|ing) weight|weight loss|cures? cancer",
)
"""Groups of people and dangers to life: out of its context a sentence on them may do harm."""
_MINE = phrases(
    "my|mine|myself|me|i'm|i've|i'd|i'll|i",
    "he|she|him|her|his|hers|himself|herself|he's|she's|he'd|she'd|us|we'd|we've",
    "we (?:had|were|was|did|got|went|built|launched|decided|started|said|found|thought|saw|made"
    "|took|came|spent|ended|tried|used to|knew|wanted|have|allow|offer|help)",
    "(?:we|we're|our)\\b[^.]* as an? (?:company|team|organi[sz]ation|business)",
    "our (?:team|company|product|customers|users|clients|friend|opponents?|first|goal|idea)",
)
_BELIEF = phrases("i(?: do)? (?:think|believe|would argue)(?: that)?,?")
_OURS = phrases("we|our|we're|we'll|ours|let us")
_MOST_OURS = 3
_BEFORE_THE_CLAIM = re.compile(
    r"(?:(?:i(?: do| really)?|we) (?:think|believe|would argue|would say)(?: that)?"
    r"|it turns out(?: that)?|it's (?:very,? |really,? )*(?:clear|obvious|true) that"
    r"|(?:in|at|for|with|as|before|after|over|among|because of|despite|without|classically|overall"
    r"|ideally|usually|often|sometimes|in general)\b[^,]{0,60},),? ",
    re.IGNORECASE,
)
_OPENING = phrases(
    "and|but|so|or|nor|yet|because|cause|which|then|also|well|right|okay|plus|anyway|like|too",
    "that|that's|this|he|she|they|they're|they've|their|them|these|however|therefore|otherwise",
    "those(?! (?:who|that|of|with)\\b)|here's|another|both|neither|either|such|instead|as such",
    "similarly|likewise|equally|first|firstly|second|secondly|third|lastly|finally|actually|same",
    "say|more than|typically|fortunately|for certain|"
    "not|no(?! (?:one|matter|amount)\\b)|nope|who|where|whereas|meanwhile|thus|hence|still|else",
    "let|what a|if you look|if you've ever|often if|even (?:so|then|though)|maybe|perhaps|sure",
    "exactly|absolutely|definitely|totally|certainly|surely|clearly|indeed|rather|quite|further",
    "furthermore|moreover|of course|fair|true|just|only|now|today|to me|for me|i|my|we|our|us",
    "one(?! of the (?:best|biggest|most|hardest|great)\\b)|two|three|others?|part of|something",
    "(?:some|most|all|many|none|each|half) of (?:them|those|these|it|that|this|what|the|us)",
    "some (?:are|say|do|have|of)|if (?:so|not|that|this|i|we|it|they|he|she|instead)",
    "when (?:i|that|this|he|she|they|we|it)|once (?:that|this|it)|whether (?:it|that|this)",
    "until (?:that|then)|hi|hello|mr|mrs|ms|madam|sir|than|as (?:i|you|we|a result|for|opposed)",
    "the (?:answer|question|story|guy|lady|book|article|paper|study|result|bill|amendment|other"
    "|second|next|last|same|latter|former|first|third|rest|final|whole|minister|government"
    "|opposition|clause|motion|team|firm|author|idea|thing|point|fact|original|technical)",
    r"what (?:happened|i|we|he|she|they|that|this|it|you're|you (?:said|just)|about|president \w+)",
    "in (?:that|this|the same|other words|addition|fact|short|the end|both|those|these)",
    "(?:at|on|for|with|by|from|to|after|since) (?:that|this|those|these|then|there|me|it|all)",
    "how (?:does|do|did|is|are|about)|all of (?:the|a sudden)|what you do|half the",
    r"you're \w+ing|you(?! (?:just )?don't [^.]*, you\b) (?:have|want to go|see|can see|all|guys|do"
    "|don't|just|need|could|said|had|would|hear|get)|a lot of (?:the|people)|your(?! best)|all the",
    r"the only way to \w+ is|the way (?:things|it)|if there",
    "its|(?:it|it's)(?! takes?\\b| (?:is )?only when\\b"
    "| (?:doesn't seem like it's|is|isn't|not|much|far|a lot|way|always|very|so| )*"
    "(?:easy|easier|hard|harder|better|worse|cheaper|impossible|rare) (?:to|for)\\b)",
    r"there(?!'s (?:this|an?) (?:idea|notion|concept|term|phenomenon) |'s more\b)",
    before='["“]?',
)
_THE = re.compile(
    r"the (?!more|less|better|best|worst|hardest|biggest|easiest|only way|way|difference between"
    r"|opposite|key|secret|reason|goal|purpose|human|world)"
    r"(?:[\w-]+ ){0,4}?(?!of|that|who|between|behind|to)"
    r"(?:is|are|was|were|has|have|can|will|would|do|does|don't|doesn't|sort|get|gets|\w+s|\w+ed)\b",
    re.IGNORECASE,
)
_POINTING = phrases(
    "this(?! idea called)|these(?! days)|(?<=, )that(?:'s| is| was|'ll)|(?:on|which|what) that",
    "(?:and|but|because|so|think|know|mean|way|sometimes|often|usually|if|when|where|why|how|what"
    "|whether|while|then|maybe|says?|is|was|not|all) that(?:'s| is| was)",
    "(?:do|does|did|doing|done|like|about|of|for|from|with|to|than|by|on|in|at|all|know|say|see"
    "|past|over|through|into|behind|after|before|under|without|against|leave|store)"
    " (?:that|this|it|them|those|these)\\b(?! (?:who|that|which|of|are|is|can|will|you|the|a|we"
    "|people|takes)\\b)",
    "that (?:one|thing|way|point|time|kind|sort|day|book|project|company|person|moment|case|part"
    "|piece|question|issue|idea|number|process|code|model|problem|bill|team|level|video|higher)",
    "those (?!who\\b|that\\b|of\\b|with\\b|in\\b|which\\b)\\w+|the (?:above|following|latter"
    "|former)",
    "similar(?! to\\b)|(?:do|does|doing|did|done) that|so maybe",
    "that(?= (?:pretty|very|really|easily|to|in|at|on|for|and|or|but|as|by|with|well)\\b|[.,!?])",
    "there(?= (?:and|or|but|is that)\\b|[.,!])|then(?=[.!])|such(?! as\\b| a\\b| an\\b)",
    "is the (?:first|second|third|fourth|last|next)(?=[.,])",
    "also|similarly|likewise|(?:too|as well|either)(?=[.,!])|(?:the )?others? (?:is|are)",
    "the (?:only )?(?:one|others?)(?! (?:who|that|hand|side)\\b)|both of|they all",
)
_LATER = phrases(
    "right|okay|yeah|i|i'm|i've|how|what|who|where|why|do|does|is|are|the (?:second|third|other"
    "|first|next|last)|another|that's (?:exactly|right|true|accurate|fair|a|what|how|why|sort|just)"
    "|that's|which|like|it's like|it's sort|they're like|he|she|we|our|now|imagine|take|let",
    before=r"(?:(?:and|but|so|because|now) )*",
)
_SINGULAR = phrases("it|its|it's")
_PLURAL = phrases("they|them|their|they're|they've|themselves")
_PLURAL_NOUN = re.compile(
    r"\b(?:(?!affects|means|makes|takes|gets)\w{3,}(?<!s)(?<!u)(?<!i)s|people|children|men|women"
    r"|everyone|everybody|someone|somebody|anyone|anybody|nobody|person|folks|who"
    r"|(?:each|most|many)(?! \w+s\b)|police|data|team|company|government)\b",
    re.IGNORECASE,
)
_DUMMY = phrases(
    r"it(?:'s| is|'ll be| will be| can be| may be| becomes| gets| seems| takes| turns out"
    r"| makes sense) (?:\w+,? ){0,4}?(?:to|that|for|when|if|how|who)"
)
_NO_NOUNS = frozenset(
    """when where what that this with from have think because there about would could should will
    while until unless although though some most many much more less very really just only often
    always never than then them they their your those these which whose into over under after
    before make makes made take takes need needs want wants being been does doing done find
    believe know going having getting start starts look looks like better good best people pull
    realize affects overall things certain assess typically something""".split()
)
_NOUNS_BEFORE_IT = 2
_LAST_WORD = re.compile(r"\b\w+\s*$")  # a verb, as in "charge it"
PAST = phrases(
    "was|were|had|did|went|came|got|said|told|took|saw|made|gave|began|became|thought|knew|felt",
    r"left|kept|brought|[a-z]{3,}(?<!ne)(?<!su)(?<!fe)ed",
)
PRESENT = phrases(
    "is|are|isn't|aren't|can|can't|cannot|will|won't|should|must|may|needs?|have to|has to|do",
    "does|don't|doesn't|makes?|means?|takes?|gets?|gives?|tends?|wants?|requires?|becomes?|comes?",
    "goes|works?|feels?|happens?|matters?|depends?|helps?|leads?|creates?|costs?|knows?|thinks?",
    "lets?|keeps?|shows?|finds?|starts?|stops?|changes?|learns?|says|called|supposed|has|have",
)
_MARKER = re.compile(
    "(?:(?:and|but|so|well|now|in fact|of course|i mean|yes|right|exactly|on the other hand)[,.]? "
    ")+(?=[a-z])",
    re.I,
)
_ENGLISH = frozenset(
    "the and to of a in that is you it for on with are this be have not as they we but can".split()
)
_LEAST_WORDS, _MOST_WORDS = 9, (42, 60)
_LEAST_LATER = 4
_LEAST_ENGLISH = 0.08
_ANSWERED = phrases("well|because|it's|the answer", before="")
_ENDS_OPEN = re.compile(r"\b(?:know|have|experimenting|it|that)[.!]$")
_MOST_COMMAS = 5


def is_english(sample: str, share: float = 0.2) -> bool:
    """Whether a ``share`` of the words are the commonest of English: it is a third in speech."""
    said = words(sample)
    return bool(said) and sum(word in _ENGLISH for word in said) > share * len(said)


def without_marker(sentence: str) -> str:
    """Without "And", "So", "In fact" and their like in front, and with a capital letter then."""
    marker = _MARKER.match(sentence)
    rest = sentence[marker.end() :] if marker else sentence
    return rest[:1].upper() + rest[1:]


def claim(sentence: str) -> str:
    """What stands after "I think", "It turns out that" and phrases of place and time."""
    rest = sentence
    while matched := _BEFORE_THE_CLAIM.match(rest):
        rest = rest[matched.end() :]
    return rest[:1].upper() + rest[1:]


_REFUSED = _BROKEN, _SLIPS, _REPEATED, _TALKING, _TOUCHY


def stands_alone(sentences: Sequence[str]) -> bool:
    """Whole, without a slip, about nobody in the room, and understood by themselves.

    The first of ``sentences`` is without its marker.
    """
    plain = [sentence.replace("’", "'") for sentence in sentences]
    text = " ".join(plain)
    return (
        _is_of_a_length(plain)
        and all(map(_is_whole, _without_answered(plain)))
        and not any(map(_ENDS_OPEN.search, plain))
        and not any(rule.search(text) for rule in _REFUSED)
        and is_english(text, _LEAST_ENGLISH)
        and not _is_personal(text)
        and opens_alone(sentences[0])
        and not any(_LATER.match(sentence) for sentence in plain[1:])
        and _points_within(text)
        and len(PAST.findall(text)) <= len(PRESENT.findall(text))
    )


def _without_answered(sentences: Sequence[str]) -> Sequence[str]:
    """A question may come first, if its answer follows."""
    asked = len(sentences) > 1 and sentences[0].endswith("?") and _ANSWERED.match(sentences[1])
    return sentences[1:] if asked else sentences


def _is_of_a_length(sentences: Sequence[str]) -> bool:
    counts = [len(sentence.split()) for sentence in sentences]
    return _LEAST_WORDS <= sum(counts) <= _MOST_WORDS[len(counts) - 1] and all(
        count >= _LEAST_LATER for count in counts
    )


def _is_whole(sentence: str) -> bool:
    quoted = sentence.count('"') % 2 == 0 and sentence.count("“") == sentence.count("”")
    return quoted and sentence.count(",") <= _MOST_COMMAS and bool(_WHOLE.match(sentence))


def _is_personal(text: str) -> bool:
    """About who speaks, or what he does with others: a belief is none of it."""
    return bool(_MINE.search(_BELIEF.sub("", text))) or len(_OURS.findall(text)) > _MOST_OURS


def opens_alone(sentence: str) -> bool:
    """Whether nothing before it need be known. ``sentence`` is without its marker."""
    plain = sentence.replace("’", "'")
    opening = claim(plain)
    return not (
        _OPENING.match(opening) or _THE.match(opening) or _POINTING.search(_DUMMY.sub("", plain))
    )


def _points_within(text: str) -> bool:
    """Whether the first "it" and the first "they" have words before them to stand for."""
    plain = _DUMMY.sub("", text)
    it, they = _SINGULAR.search(plain), _PLURAL.search(plain)
    return (not it or _nouns(_LAST_WORD.sub("", plain[: it.start()])) >= _NOUNS_BEFORE_IT) and (
        not they or _may_be_they(plain[: they.start()], they[0].lower())
    )


def _may_be_they(before: str, they: str) -> bool:
    """The people in "people know them" are somebody else."""
    least = 2 if they == "them" else 1
    return len(_PLURAL_NOUN.findall(_LAST_WORD.sub("", before))) >= least


def _nouns(text: str) -> int:
    """Words that may be nouns: one of them is likely what a pronoun after it stands for."""
    said = (word for word in words(text) if len(word) > 3 and "'" not in word)
    return sum(word not in _NO_NOUNS for word in said)
