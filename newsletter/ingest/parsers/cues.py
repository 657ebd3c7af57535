"""Patterns that a call to action is recognised by, in normalised text, each with its weight.

ADDRESS: somebody speaks to the reader. TRADE: what publishers offer or ask for. ARGUMENT: signs of
an insight. FORMAL: a single match decides about a short paragraph.
"""

import re
from collections.abc import Sequence

Cue = tuple[int, re.Pattern[str]]


def _cue(weight: int, phrases: str, before: str = r"\b", after: str = r"\b") -> Cue:
    """Any of the phrases, which stand a comma apart."""
    either = "|".join(" ".join(phrase.split()) for phrase in phrases.split(","))
    return weight, re.compile(f"{before}(?:{either}){after}")


_POLITE = (
    r"(?:please|just|simply|now|so|go ahead and|(?:don't forget|remember|be sure|make sure) to)"
)
_CLAUSE = rf"(?:^|[.!?:;,—–-] |\band |\bor )(?:{_POLITE} )?"
_OPENING = rf"(?:^|[.!?:;—–] |\bthis, )(?:{_POLITE} )?"
_SENTENCE = r"(?:^|[.!?] )"
# No noun follows: "subscribe buttons" and "good morning routines" are things, not calls.
_VERB = (
    r"(?= (?:to|on|now|for|free|and|or|today|in|wherever|here|at|by|via|below|with|so|from|all"
    r"|everyone|there|if|using)\b|[^\w ]|$)"
)
_MEDIUM = (
    r"(?:e?mail|newsletter|letter|episode|podcast|show|brief|digest|message|issue|page|conversation"
    r"|summary|link|programme|series|season)"
)
# What "we" do as people do, and a publisher does not to a reader.
_OF_THE_MIND = (
    r"(?:(?:over|under)(?:estimate|value)|forget|remember|misjudge|mistake|confuse|fear|envy|blame"
    r"|judge|admire|forgive|trust|imagine|assume)\b"
)
# What comes of doing as an insight says; what comes of a call is that the reader can, or gets.
_OUTCOME = r"you (?!can|get|may|might|agree|'ll get|will (?:get|receive))\w+, your \w+ \w+s"

ADDRESS: Sequence[Cue] = (
    _cue(
        2,
        rf"""subscribe{_VERB}, unsubscribe, sign (?:up|in), log in, download, click, tap, upgrade,
        register,
        opt out, tune in, follow (?:us|me|along|the show|on), press (?:follow|play|the), check out,
        (?:rate|review) (?:us|this|the show|and),
        (?:forward|share|send) (?:this|it|us|the {_MEDIUM}),
        write to (?:us|[\w.-]+@),
        (?:tell|invite|refer) (?:a|your) (?:friend|colleague), pass it on, hit (?:reply|the),
        reply to this, join (?:us|our|over|more than|[0-9]), support (?:us|our|this|the show),
        leave (?:us|a (?:review|rating|comment)), become a, claim, enter your, manage your,
        update your, start your, (?:don't|never) miss, browse (?:the|our|all),
        visit (?:our|us|the|[\w-]+\.),
        come (?:and )?(?:see|hear|meet|help|join) us,
        (?:learn|find out|read|see|discover) more, head (?:over )?to,
        get (?:your|our|more|smarter|[0-9]|the (?:app|full|best|top|daily|weekly)),
        (?:read|view|watch|listen) (?:online|now|here|in|on|wherever|the full)""",
        before=_CLAUSE,
    ),
    _cue(
        1,
        """get, join, try, start, use, go, see, send, tell, read, view, listen, watch, hear, find,
        grab, help, give, pick, explore, discover, unlock, save, add, reply, share, follow, rate,
        review, leave (?:us|an?|your), support, enjoy, catch, install, open, buy, order, create,
        let,
        enter, type, cancel, apply""",
        before=_OPENING,
        after=r"\b(?!-)",
    ),
    _cue(2, "get", before=r"(?:^|[.!?:;,—–-] )(?:our )?(?:listeners|readers|subscribers|members) "),
    (
        2,
        re.compile(
            rf"\bwe(?:'ll|'ve|'re)?\b(?! {_OF_THE_MIND})(?:[^.!?]*[^.!?\w])?you(?:r|rs|rself)?\b"
        ),
    ),
    _cue(1, "our, us, we'll, we (?:may|might|will|would)"),
    _cue(
        1,
        """want, (?:if )?(?:you )?(?:like|enjoy|love)(?:d|ed|ing)?, if this, like what, looking for,
        ready to, miss(?:ed|ing), hungry for, tired of, new (?:here|to), not (?:yet )?a,
        no longer, prefer, have an?, got an?, questions, did (?:you|someone|somebody),
        you can (?:change|leave|manage|find|read|hear|reply|listen),
        your (?:free|weekly|daily|personal|subscription|trial)""",
        before=_SENTENCE,
    ),
    _cue(
        1,
        """e?mails?, newsletters?, letters?, episodes?, podcasts?, shows?, briefs?, digests?,
        messages?, issues?, pages?, conversations?""",
        before=r"\b(?:this|today's|the (?:full|whole)|these(?: \w+)?) ",
    ),
)

TRADE: Sequence[Cue] = (
    _cue(2, "inbox, unsubscribe, opt out, ad-free, free trial, days? free, show notes"),
    _cue(
        2,
        """(?:promo|discount|coupon|offer|referral) code, (?:use|with) (?:the |our )?code,
        at (?:the )?checkout""",
    ),
    _cue(2, "[0-9]% off, gift card", after=""),
    _cue(
        2,
        """apple podcasts, spotify, youtube, app store, google play, patreon, whatsapp, instagram,
        linkedin, discord, slack""",
    ),
    _cue(2, r"https?://, www\., [\w-]+\.(?:com|org|net|io|fm|example|co)\b", after=""),
    _cue(2, r"(?:^|\s)@\w{2}, \w@\w+\.\w", before="", after=""),
    _cue(
        2,
        r"""privacy policy, preferences, waiting ?list, premium, membership, members-only, paywall,
        cancel any ?time, cookie policy,
        turn on (?:\w+ )?(?:notifications|alerts)""",
    ),
    _cue(2, "personali[sz]ed, (?:top|best) (?:[0-9]+|three|five|ten)"),
    _cue(
        1,
        """free, newsletters?, podcasts?, briefs?, briefings?, digests?, insights?, episodes?, show,
        shows (?:a|each|every), summar(?:y|ies), survey, access""",
    ),
    _cue(
        1,
        """apps?, e?mails?, letters?, links?, friends?, colleagues?, sponsors?,
        transcripts?, reviews?, ratings?, stars?, accounts?, trial, contacts, spam, cookies,
        archive, somebody who, someone who""",
    ),
    _cue(
        1,
        r"""daily, weekly, (?:a|per) (?:day|week|month), (?:each|every) (?:week|morning|\w*day),
        today, tomorrow, now, here, below""",
    ),
    _cue(
        1,
        """subscri(?:be|bers?|ption), sign[ -]?up, download, listeners, readers, community, newest,
        latest, tickets?, merch, store, comments?, hiring, pro, unlock, unlimited""",
    ),
    _cue(1, r"!(?:\s|$), [$€£][0-9]", before="", after=""),
)

ARGUMENT: Sequence[Cue] = (
    _cue(1, "because, since, therefore, rather, instead, unlike, despite, although, while, but"),
    _cue(1, "than, fewer, less, twice, half, double, likely, tends?, often, rarely, most, percent"),
    _cue(2, _OUTCOME, before=r"(?:[,;:]|\band) (?:and )?(?:by \w+,? )?"),
    _cue(1, "stud(?:y|ies), research, argues?, found, companies, firms, people who, those who"),
)

FORMAL: Sequence[Cue] = (
    _cue(1, r"©, \(c\) ?[0-9]{4}, \bcopyright [0-9]{4}", before="", after=""),
    _cue(1, "you may, permission, reproduced?, quote", before=r"^copyright\b.*\b"),
    _cue(
        1,
        """all rights reserved, brought to you (?:by|in), views expressed (?:here|in|by|are),
        terms (?:and conditions )?apply""",
    ),
    _cue(1, "sponsored by, in (?:paid )?partnership with", before="^"),
    _cue(1, "made possible by", before=rf"\b(?:this|today's|our) {_MEDIUM} (?:is|was) (?:\w+ly )?"),
    _cue(
        1,
        "sponsored by, supported by, presented by, powered by",
        before=r"\b(?:this|today's|our) \w+ is (?:\w+ly )?",
    ),
    _cue(1, "this, our, a free", before=r"^you(?:'re| are) (?:receiving|getting|reading) "),
    _cue(
        1,
        "reading, listening, subscribing, watching, being, joining, your",
        before=r"^(?:many |big )?(?:thanks|thank you) (?:so much )?for ",
    ),
    _cue(
        1,
        rf"""that's (?:all|it), that (?:is|was) (?:all|it) for, see you, until next, stay tuned,
        back (?:tomorrow|next|on), good morning{_VERB}, happy \w+day,
        (?:like|love|enjoy)d? what you""",
        before="^",
    ),
    _cue(1, "contains?, includes?, are, may be", after=" affiliate links"),
    _cue(
        1,
        """suscríbete, suscríbase, abonnez-vous, abonne-toi, iscriviti, inscreva-se, abonniere,
        abonnieren sie""",
        before=r"(?:^|[.!?¡] ?)",
    ),
    _cue(
        1,
        """en los comentarios, nei commenti, nos comentários, dans les commentaires,
        in (?:die|den) kommentaren?, in the comments""",
        before=r"\b(?:cuént|déj|dej|dime|escríb|dis-moi|dites|laiss|écri|schreib|scriv|dimmi|cont|deix"
        r"|escrev|tell (?:me|us)|leave)\w*\b[^.!?]{0,40} ",
    ),
    _cue(1, "no spam", after=r"(?:[,.!]|$)"),
    _cue(1, "view, read, open, see", after=r"\b.* in your browser"),
    _cue(1, "wish(?:es)? you (?:a|all)"),
    _cue(
        1,
        "financial, investment, medical, legal, tax",
        before=r"\b(?:not|nothing|no)\b.*\b(?:is|are|as|be|constitutes?|not) ",
        after=" advice",
    ),
    _cue(1, "was, is, may", before=r"\bthis (?:transcript|summary|page) "),
    _cue(
        1,
        "automatically, a machine, machines, software, an? ai, ai",
        before=r"^(?:the|this|these) (?:transcript|summar|text|page|note)\w*(?: above| below)? "
        r"(?:was|were|is|are) .*\b",
    ),
    _cue(
        1,
        "recommendation, endorsement, solicitation",
        before=r"^nothing (?:here|(?:in|on) (?:this|our|these) \w+)\b.*\b(?:as|is|an?|any) "
        r"(?:an? )?",
    ),
    _cue(
        1,
        "(?:are|remain) (?:solely |entirely )?(?:their|his|her|my) own",
        before=r"^(?:the |all |any )?(?:views|opinions)\b.*\b(?:guest|host|speaker|author)s?\b.*\b",
        after=r"(?:$|[.;] )",
    ),
    _cue(1, "agree, consent", before=r"^by \w+ing\b.*\byou ", after=" to (?:our|the|these)"),
    _cue(1, "(?:accept|reject|allow) all cookies, manage cookies", before="^"),
    _cue(
        1,
        "useful, helpful, interesting, valuable",
        before=r"^if you(?:'ve)? (?:found|find) (?:this|it|today's \w+|(?:this|the|our) \w+) ",
        after=",",
    ),
    _cue(
        1,
        "read, used, opened, viewed, heard, reached",
        before="^you(?:'ve| have) ",
        after=r" (?:all|your|[0-9]|one|two|three)\b.*\b(?:free \w+ (?:this|for|per)|limit)\b",
    ),
    _cue(1, "hiring", before="^we(?:'re| are) (?:now |still |also )?", after="(?:[:.!]| ?[–—]|$)"),
)
