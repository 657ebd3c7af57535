"""Whether a text says something: a topic ("Why sleep matters") names what is talked about.

There is no grammar here, only a list of common verbs and their neighbours. A statement has more of
them than of the words that begin a clause within it ("that", "how", "which"): those clauses have a
verb of their own. What ends in a full stop is taken to be one if it does not begin like a topic. So
is a sentence of another language than English.
"""

import re

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_VERBS = frozenset(
    """is are was were am be isn't aren't wasn't weren't it's that's there's here's they're you're
    we're i'm he's she's what's has have had hasn't haven't hadn't do does did don't doesn't didn't
    can can't cannot could couldn't will won't would wouldn't should shouldn't must mustn't may
    might need needs needn't you'll they'll we'll it'll you've they've we've let's
    make makes made get gets got go goes went gone take takes took come comes came know knows knew
    think thinks thought see sees saw want wants wanted give gives gave find finds found tell tells
    told become becomes became leave leaves left feel feels felt put puts bring brings brought
    begin begins began keep keeps kept hold holds held write writes wrote stand stands stood hear
    hears heard let lets mean means meant set sets meet meets met run runs ran pay pays paid sit
    sits sat speak speaks spoke lie lies lead leads led read reads grow grows grew lose loses lost
    fall falls fell send sends sent build builds built draw draws drew break breaks broke spend
    spends spent cut cuts rise rises rose drive drives drove buy buys bought wear wears wore choose
    chooses chose eat eats ate catch catches caught sleep sleeps slept teach teaches taught sell
    sells sold win wins won beat beats forget forgets forgot cost costs hurt hurts hit hits
    look looks use uses used work works seem seems try tries tried ask asks asked call calls called
    turn turns start starts show shows showed shown help helps helped play plays move moves live
    lives believe believes happen happens provide provides include includes continue continues
    learn learns learned change changes changed follow follows stop stops stopped create creates
    created allow allows add adds open opens offer offers remember remembers consider considers
    appear appears serve serves expect expects stay stays reach reaches kill kills remain remains
    suggest suggests raise raises pass passes require requires decide decides decided pull pulls
    explain explains develop develops carry carries receive receives agree agrees support supports
    produce produces cause causes caused improve improves improved reduce reduces reduced increase
    increases increased depend depends matter matters shape shapes predict predicts affect affects
    reveal reveals prevent prevents avoid avoids protect protects boost boosts trigger triggers
    lower lowers drop drops dropped save saves earn earns fail fails failed succeed succeeds rely
    relies tend tends contain contains replace replaces beats outperform outperforms scale scales
    compound compounds drives works comes starts ends begin solves solve fix fixes treat treats
    focus focuses prioritize prioritise embrace never always don’t can’t isn’t doesn’t won’t aren’t
    invest seek practice practise track measure measures test protect limit limits own owns
    attract attracts hire hires ship ships double doubles halve halves encourage encourages enable
    enables ensures ensure exists exist influence influences link links correlate correlates
    suffer suffers deserve deserves signal signals spreads spread wins shrink shrinks""".split()
)
_CLAUSE = frozenset("that which who whom whose when where whether if because while".split())
_QUESTION = frozenset("how why what".split())
_TOPIC = re.compile(
    r"(?:the |\d+ |two |three |four |five |six |seven |ten )+(?:\w+ )?"
    r"(?:reasons?|importance|role|power|benefits?|difference|future|history|science|art|story"
    r"|impact|value|rise|truth|secrets?|ways?|keys?) (?:\w+ )?"
    r"(?:of|to|behind|for|between|about|why|how|that)"
    r"|(?:tips|advice|lessons|strategies|ways|tools|techniques|reasons|insights?|ideas|thoughts"
    r"|discussion|exploring|understanding|discussing|an? (?:look|overview|introduction))\b",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:is|was) (?:the |an? )?(?:[\w-]+ ){0,6}(?:author|host|founder|co-founder|ceo|professor"
    r"|director|president) (?:of|at)\b|^(?:guest|host|speaker|book|resource|link|mentioned)s?:"
    r"|\b(?:we|they|i) (?:also )?(?:talk|discuss|explore|cover|chat|dive|cover)(?:ed|s)?\b"
    r"|\b(?:shares|discusses|explains|talks about|tells us|reveals|describes|explores|breaks down)"
    r" (?:how|why|what|his|her|their|the|some|about)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"""[.!。！…]["'”’»)\]]*$""")
_DETERMINERS = frozenset(
    """the a an your his her their our my its it them those these this us more less better faster
    you people everyone nobody not""".split()
)
_PREPOSITIONS = frozenset(
    """of to for in on at by with from about into over under between through and or but than as
    without after before against behind toward towards per via like not instead while because if
    when where during across within beyond around up off out down only just all both half""".split()
)
_ENGLISH = (
    _VERBS
    | _CLAUSE
    | _QUESTION
    | _PREPOSITIONS.difference({"in", "a", "as", "or", "over", "under", "per", "via"})
    | {"the", "your", "their", "our", "my", "these", "those", "them"}
)
_FEWEST_WORDS = 5
_FEWEST_WIDE = 10
_WIDE = re.compile("[\u3041-\ua4cf\uac00-\ud7a3]")


def is_statement(text: str) -> bool:
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    if text.rstrip(" \"'”’)").endswith(("?", "？", "...", "…", ":")) or _ABOUT.search(text):
        return False
    if len(words) < _FEWEST_WORDS:
        return len(_WIDE.findall(text)) >= _FEWEST_WIDE
    topic = bool(_TOPIC.match(text)) or words[0] in _QUESTION
    if _SENTENCE_END.search(text) and not topic:
        return True
    return len(_ENGLISH.intersection(words)) > 1 and _has_main_verb(words, topic=topic)


def _has_main_verb(words: list[str], *, topic: bool) -> bool:
    verbs = [place for place in range(len(words)) if _is_verb(words, place)]
    if not verbs:
        return False
    before = sum(word in _CLAUSE for word in words[: verbs[0]])
    questions = sum(word in _QUESTION for word in words)
    return len(verbs) > before + questions + topic


def _is_verb(words: list[str], place: int) -> bool:
    """By the list and the word before it; or, within the text, by what can only be its object."""
    word, before = words[place], words[place - 1] if place else ""
    if before == "to" or before in _DETERMINERS - _SUBJECTS or before in _OF:
        return False
    if word in _VERBS:
        return True
    after = words[place + 1] if place + 1 < len(words) else ""
    plain = word not in _PREPOSITIONS | _DETERMINERS | _CLAUSE and not word.endswith("ing")
    return bool(before) and plain and after in _DETERMINERS


_SUBJECTS = frozenset("it you people everyone nobody those these this not".split())
_OF = frozenset("of for in on at by with from about".split())
