"""Whether a text can be an insight at all, wherever it came from."""

import re

from newsletter.domain.model import normalise

SHORTEST, LONGEST = 60, 600
SENTENCES = range(1, 5)

_END = re.compile(r"[.!?]+[\"'”’)]*(?:\s|$)")
_MARKUP = re.compile(
    r"</?[a-z!][^>]*>|&(?:#\d+|#x[0-9a-f]+|[a-z]{2,8});|\{\{|\{%|\}\}|%\}|\]\(|\[\[|```|\*\*|__"
    r"|^\s*(?:[#>|*•]|[-–] )|[{}\\|]|\bhttps?:|\bwww\.|\S@\S"
    r"|\b[a-z0-9-]+\.(?:com|org|net|io|fm|co)\b"
)
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]")
_FIRST_PERSON = re.compile(
    r"\b(?:i|i'm|i've|i'd|i'll|me|my|mine|myself|we|we're|we've|we'll|we'd|us|our|ours|ourselves)\b"
)
_ABOUT_ITSELF = re.compile(
    r"\b(?:transcript|segments?|excerpt|podcast|episode|interview(?:er|ee)?|the (?:speakers?|hosts?"
    r"|guests?|text|passage|conversation|discussion)|language model|as an ai|ai assistant"
    r"|json|insights?)\b"
)
_INSTRUCTION = re.compile(
    r"\b(?:(?:ignore|disregard|forget|override) (?:all|any|the|your|previous|prior|these)"
    r"|(?:previous|prior|above) (?:instructions?|prompts?)|system prompts?|jailbreak"
    r"|(?:click|tap|visit|subscribe|sign up|download|follow) (?:here|now|today|the link|us|at)"
    r"|with (?:the |my |our )?code|promo(?:tional)? codes?|discount codes?|use (?:the )?code"
    r"|unsubscribe|free trial|show notes|sponsored by|reply with|send (?:money|bitcoin)"
    r"|your password|output the|respond with)\b"
    r"|(?:\A|[.!?]\s+)(?:please|buy|order|visit|click|subscribe|call us|text us|donate|vote|join us"
    r"|sign up|download|check out|head over|go to|tell your|share this|write to)\b"
)
_QUOTED = re.compile(r'"[^"]*"')


def fault_of_form(text: str) -> str:
    """What is wrong with it, in a word; empty where nothing is."""
    if not SHORTEST <= len(text) <= LONGEST or len(_END.findall(text)) not in SENTENCES:
        return "length"
    plain = normalise(text)
    outside = _QUOTED.sub('""', plain)
    checks = {
        "markup": _HIDDEN.search(text) or _MARKUP.search(plain),
        "instruction": _INSTRUCTION.search(plain),
        "repetition": _repeats_itself(plain),
        "first person": _FIRST_PERSON.search(outside),
        "about itself": _ABOUT_ITSELF.search(outside),
    }
    return next((name for name, wrong in checks.items() if wrong), "")


def _repeats_itself(text: str) -> bool:
    """As small models do: a sentence twice, or the same few words again and again."""
    sentences = [" ".join(re.findall(r"\w+", part)) for part in _END.split(text)]
    words = re.findall(r"\w+", text)
    spoken = [sentence for sentence in sentences if sentence]
    return len(set(spoken)) < len(spoken) or len(set(words)) < 0.5 * len(words)
