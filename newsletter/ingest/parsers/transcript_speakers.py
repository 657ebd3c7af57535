"""Who speaks in the transcript that an export holds beside its takeaways, by the names in bold."""

import re
from collections.abc import Iterator, Sequence

from newsletter.ingest.parsers.blocks import Block

_TRANSCRIPT = re.compile(r"\b(?:trans[ck]ripts?|transcripción|trascrizione)\b", re.IGNORECASE)
_IN_BOLD = re.compile(
    r"(?:\*\*|<b>)([^\W\d_a-z][\w.'’-]{0,30}(?: [^\W\d_a-z][\w.'’-]{0,30}){1,3})"
    r"(?::\*\*|\*\*:|\*\* [0-9]{1,2}:[0-9]{2}|</b>)"
)
_LONGEST = 20_000
_LONGEST_HEADING = 60
_MOST = 6


def transcript_speakers(blocks: Sequence[Block]) -> list[str]:
    """Whole names, each once, in the order in which they speak; a few at most."""
    spoken = (match[1] for raw in _talk(blocks) for match in _IN_BOLD.finditer(raw[:_LONGEST]))
    return list(dict.fromkeys(spoken))[:_MOST]


def _talk(blocks: Sequence[Block]) -> Iterator[str]:
    inside = False
    for block in blocks:
        if block.level or (block.first and len(block.raw) < _LONGEST_HEADING):
            inside = bool(_TRANSCRIPT.search(block.raw))
        elif inside or _TRANSCRIPT.search(_title(block)):
            yield block.raw


def _title(block: Block) -> str:
    """Of the callout that it stands in, or of what is folded away."""
    if block.callout:
        return block.callout[1]
    return block.raw[:_LONGEST_HEADING] if block.rule == "details" else ""
