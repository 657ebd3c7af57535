"""What the words of a block show to be no insight: it tells of the episode, or of who listened."""

from newsletter.ingest.parsers.about_itself import is_reference
from newsletter.ingest.parsers.blocks import Block
from newsletter.ingest.parsers.boilerplate import is_cjk, is_heading
from newsletter.ingest.parsers.lines import is_chapters
from newsletter.ingest.parsers.outline import Outline
from newsletter.ingest.parsers.prose import by_roles, was_heard
from newsletter.ingest.parsers.vocabulary import LISTED
from newsletter.ingest.parsers.wording import (
    describes,
    is_of_listening,
    is_of_the_day,
    is_personal,
    is_question,
    worded,
)


def wording_rule(block: Block, state: Outline) -> str:
    """The rule by which its words make it none; "" if there is none."""
    if rule := _aside(block, state):
        return rule
    if block.depth and block.text.endswith((":", "：")) and is_heading(block.text):
        return "heading"
    if is_reference(block.text):
        return "reference"
    if _is_short(block, state):
        return "too short"
    return "question" if is_question(block.text) else ""


def _aside(block: Block, state: Outline) -> str:
    """What is told of the episode, or of who listened."""
    told = state.section in LISTED
    if not told and not state.place and _describes(block):
        return "about the episode"
    if is_chapters(block.raw):
        return "chapters"
    beside = state.quoted or state.section in {"highlights", "quotes"}
    below = block.depth > 1 or (block.depth > 0 and not block.first)
    alone = not (block.depth or block.quoted or told)
    personal = is_personal(block.text, remark=below or beside)
    return "personal note" if personal or (alone and is_of_listening(block.text)) else ""


def _describes(block: Block) -> bool:
    if describes(block.text):
        return True
    return not block.depth and (bool(by_roles(block.text)) or was_heard(block.raw))


def _is_short(block: Block, state: Outline) -> bool:
    """A list item of a word or two, or a line of a diary: "08:15 AM Coffee with Ben"."""
    if is_cjk(block.text):
        return False
    words = worded(block.text)
    if is_of_the_day(block.raw) and words <= 6 and state.section not in LISTED:
        return True
    return bool(block.depth or block.quoted) and words <= 2 and len(block.text) <= 25
