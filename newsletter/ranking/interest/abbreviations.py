"""Short and long forms of the same thing: a small table, and what the texts themselves define."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

_TABLE = """
AI artificial intelligence
AGI artificial general intelligence
API application programming interface
AR augmented reality
ARR annual recurring revenue
B2B business to business
B2C business to consumer
CAC customer acquisition cost
CEO chief executive officer
CFO chief financial officer
CTO chief technology officer
CPI consumer price index
CRM customer relationship management
DEI diversity equity inclusion
DTC direct to consumer
ESG environmental social governance
ETF exchange traded fund
EU European Union
EV electric vehicle
FDA food and drug administration
GDP gross domestic product
GPU graphics processing unit
GTM go to market
HR human resources
ICP ideal customer profile
IoT internet of things
IP intellectual property
IPO initial public offering
IT information technology
KPI key performance indicator
LLM large language model
LTV lifetime value
M&A mergers and acquisitions
ML machine learning
NATO North Atlantic Treaty Organization
NFT non-fungible token
NLP natural language processing
OKR objectives and key results
PE private equity
PLG product led growth
PM product manager
PMF product market fit
PR public relations
R&D research and development
RAG retrieval augmented generation
ROI return on investment
SaaS software as a service
SEO search engine optimization
SMB small and medium business
UBI universal basic income
UI user interface
UK United Kingdom
UN United Nations
US United States
UX user experience
VC venture capital
VR virtual reality
WHO World Health Organization
"""
MEANT_IN_CAPITALS = frozenset({"AR", "IT", "PE", "PM", "PR", "US", "WHO"})
"""Written small these are other words."""

KNOWN: Mapping[str, str] = dict(line.split(maxsplit=1) for line in _TABLE.strip().splitlines())
"""Short form to long form."""

_DEFINED = re.compile(r"((?:[A-Za-z][\w-]*\s+){1,6}[A-Za-z][\w-]*)\s*\(([A-Z][A-Za-z&]{1,5})s?\)")
_PARTS = re.compile(r"\w+")
_BREAKS, _BREAK = re.compile("[ -]"), "[ -]"


def defined(texts: Iterable[str]) -> dict[str, str]:
    """What is written as "Long Form (LF)": the words before whose initials it is."""
    forms: dict[str, str] = {}
    for text in texts:
        for before, short in _DEFINED.findall(text) if "(" in text else ():
            words = _PARTS.findall(before)[-len(short) :]
            if "".join(word[0] for word in words).lower() == short.lower():
                forms.setdefault(short, " ".join(words).lower())
    return forms


def variants(phrase: str, forms: Mapping[str, str]) -> tuple[str, ...]:
    """The phrase itself first, then with each short form written out, and the other way round."""
    return tuple(dict.fromkeys((phrase, *_variants(phrase, forms))))


def _variants(phrase: str, forms: Mapping[str, str]) -> Iterator[str]:
    for short, long in forms.items():
        pattern = _short(short)
        if pattern.search(phrase):
            yield pattern.sub(long, phrase)
        elif (written_out := _long(long)).search(phrase):
            yield written_out.sub(short, phrase)


@cache
def _short(form: str) -> re.Pattern[str]:
    flags = 0 if form in MEANT_IN_CAPITALS else re.IGNORECASE
    dotted = r"\.?".join(map(re.escape, form))
    return re.compile(rf"(?<!\w){dotted}\.?(?!\w)", flags)


@cache
def _long(form: str) -> re.Pattern[str]:
    return re.compile(rf"\b{_BREAKS.sub(_BREAK, form)}s?\b", re.IGNORECASE)
