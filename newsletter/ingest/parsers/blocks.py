"""Markdown as blocks: each with its line, its text, and what stands around it.

markdown-it-py reads CommonMark. Notes need more than that: HTML stays text, indented lines are no
code, "•" begins a list item, and a line that is all bold is a heading.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from markdown_it.token import Token

from newsletter.domain.errors import BriefRejected
from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.boilerplate import is_heading
from newsletter.ingest.parsers.inline import DEEPEST, Inline, blocks, inline
from newsletter.ingest.parsers.lines import known_field, line_rule
from newsletter.ingest.parsers.paragraphs import clean, is_web, spaced
from newsletter.ingest.parsers.wording import is_personal

BOLD_LEVEL = 7
_BULLET = re.compile(r"^([ \t>]*)•(?=[ \t])", re.MULTILINE)
_LETTERED = re.compile(r"^([ \t]{2,})[a-z][.)](?=[ \t])", re.MULTILINE)
_CHECKBOX = re.compile(r"\[([ xX])\]\s+")
_TASK = re.compile(r"(?:TODO|DOING|DONE|LATER|NOW|WAITING|CANCELED|CANCELLED) (?=\S)")
_BOLD_LINE = re.compile(r"(\*\*|__)([^*_]+)\1:?")
_STATES = re.compile(
    r"(?!\W*(?:what|why|how|when|who|where)\b)(?=(?:\S+ ){3})[^:]*?\w "
    r"(?:(?:is|are|was|can|can['’]t|will|won['’]t|has|have|does|don['’]t|need|must)\b|[=→⇒])[^:]*",
    re.IGNORECASE,
)
"""A statement: an item in bold that is one is no heading."""
_QUOTED_LINE = re.compile(r"\s*[\"“„«][^\"“”„«»]{3,}[\"”“»](?:\s*[—–~(-][^\"“”„«»]{0,120})?\s*$")
_ONLY_A_TIME = re.compile(r"[ \t]*[0-9]{1,3}(?::[0-9]{2}){1,2}[ \t]*")
_CALLOUT = re.compile(r"\[!([\w-]{1,30})(?:\|[^\]\n]{0,30})?\][+-]?[ \t]*([^\n]*)")
_SUMMARY = re.compile(r"<summary[^<>]*>(.*?)(?:</summary>|$)", re.IGNORECASE)
_LABELS = 60  # letters in which the label of a note stands
_LONGEST_NUMBER = 3  # "1911. Nobody ..." begins with a year, not with a list's number


@dataclass(frozen=True, slots=True)
class Block:
    """Text that belongs together; ``level`` is a heading's: 1 to 6, or 7 for a bold line.

    ``depth`` is the number of lists around it, ``first`` whether it begins its item. ``callout`` is
    the type and the title of the callout that it is quoted in. ``rule`` says why it is no insight.
    ``speaker`` is who a field of its own says that said it.
    """

    line: int
    raw: str
    inline: Inline = field(default_factory=lambda: Inline(""))
    level: int = 0
    depth: int = 0
    first: bool = False
    quoted: bool = False
    callout: tuple[str, str] | None = None
    rule: str = ""
    speaker: str = ""

    @property
    def text(self) -> str:
        return self.inline.text


def markdown_blocks(body: str, start: int) -> list[Block]:
    """The blocks of a body whose first line has the number ``start``, in order.

    Raises BriefRejected where they are nested too deeply.
    """
    listed = _LETTERED.sub(r"\1-", _BULLET.sub(r"\1-", spaced(_uncommented(body))))
    source, regions = _without_regions(listed, start)
    tokens, references = blocks(source)
    top_blocks = [
        block if block.rule else replace(block, inline=inline(block.raw, references))
        for block in _blocks(tokens, source.split("\n"), start)
        if block.raw.strip()
    ]
    return sorted([*top_blocks, *regions], key=lambda block: block.line) if regions else top_blocks


@dataclass
class _Around:
    """What stands around a token: lists, and a callout or None for each quote."""

    depth: int = 0
    quotes: list[tuple[str, str] | None] = field(default_factory=list)

    def enter(self, token: Token) -> None:
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            self.depth += 1
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            self.depth -= 1
        elif token.type == "blockquote_open":
            self.quotes.append(self.quotes[-1] if self.quotes else None)
        elif token.type == "blockquote_close":
            self.quotes.pop()

    def block(self, line: int, raw: str) -> Block:
        callout = self.quotes[-1] if self.quotes else None
        return Block(line, raw, depth=self.depth, quoted=bool(self.quotes), callout=callout)


def _blocks(tokens: Sequence[Token], lines: Sequence[str], start: int) -> Iterator[Block]:
    around = _Around()
    for index, token in enumerate(tokens):
        begin, end = token.map or (0, 0)
        if token.level > DEEPEST:
            raise BriefRejected("nested too deeply to be a brief", start + begin)
        around.enter(token)
        if token.type == "inline":
            lazy = _lazy(lines[begin:end]) if around.quotes else 0
            yield from _inlines(tokens, index, around, start + begin, lazy)
        elif token.type in {"fence", "definition"}:
            written = around.block(start + begin, "\n".join(lines[begin:end]))
            yield replace(written, rule=token.type)


def _lazy(lines: Sequence[str]) -> int:
    """How many lines at the end of a quote lack its mark: to a reader they stand below it."""
    marked = [number for number, line in enumerate(lines) if line.lstrip(" \t").startswith(">")]
    return len(lines) - 1 - max([0, *marked])


def _inlines(
    tokens: Sequence[Token], index: int, around: _Around, line: int, lazy: int
) -> Iterator[Block]:
    raw, below = tokens[index].content, ""
    if lazy:
        written = raw.split("\n")
        raw, below = "\n".join(written[:-lazy]), "\n".join(written[-lazy:])
    match = _CALLOUT.match(raw) if around.quotes else None
    after = line + raw.count("\n") + 1
    if match:
        around.quotes[-1] = (match[1].lower(), clean(match[2]))
        yield replace(around.block(line, match[0]), rule="callout")
        raw, line = raw[match.end() :].lstrip("\n"), line + 1
    yield from _split(_block(tokens, index, around.block(line, raw)))
    if below:
        yield from _split(replace(around.block(after, below), quoted=False, callout=None))


def _block(tokens: Sequence[Token], index: int, block: Block) -> Block:
    opening, before = tokens[index - 1], tokens[max(0, index - 2)]
    if opening.type == "heading_open" and _is_heading(opening, block.raw):
        return replace(block, level=int(opening.tag[1]), first=before.type == "list_item_open")
    if before.type != "list_item_open":
        return block
    if len(before.info) > _LONGEST_NUMBER:
        return replace(block, raw=f"{before.info}{before.markup} {block.raw}", depth=0)
    box = _CHECKBOX.match(block.raw)
    if (box and box[1] == " ") or _TASK.match(block.raw):
        return replace(block, first=True, rule="task")
    return replace(block, raw=_CHECKBOX.sub("", block.raw, count=1), first=True)


def _is_heading(opening: Token, text: str) -> bool:
    """To CommonMark any text above a line of = or - is one; here a long text is a paragraph."""
    return opening.markup.startswith("#") or ("\n" not in text and is_heading(clean(text)))


def _split(block: Block) -> Iterator[Block]:
    """Take lines out of a paragraph that are bold, an address, or no insight by themselves."""
    if block.level or block.rule:
        yield block
        return
    lines = block.raw.split("\n")
    if len(lines) > 1 and all(map(_QUOTED_LINE.match, lines)):
        for number, text in enumerate(lines, block.line):
            yield replace(block, line=number, raw=text, first=block.first and number == block.line)
        return
    rest: list[str] = []
    special = True  # a field stands first, or beside another
    for number, text in enumerate(lines, block.line):
        below = lines[number - block.line + 1 : number - block.line + 2]
        told = known_field(text) and (special or any(map(known_field, below)))
        rule = line_rule(text) or ("field" if told else "")
        if rest and block.quoted and _ONLY_A_TIME.fullmatch(text):
            rest.append(f"({text.strip()})")  # of the words above it
            continue
        bold = not rule and _is_bold_line(text)
        level = BOLD_LEVEL if bold and not (block.depth and _STATES.fullmatch(text)) else 0
        special = bool(level or rule) or is_web(text.strip(" \t<>"))
        if special:
            yield replace(block, raw="\n".join(rest))
            block = replace(block, first=block.first and not rest)
            yield replace(block, line=number, raw=text, rule=rule, level=level)
            block, rest = replace(block, line=number + 1, first=False), []
        elif rest and _is_noted(block, text):
            yield replace(block, raw="\n".join(rest))
            block, rest = replace(block, line=number, first=False), [text]
        else:
            rest.append(text)
    yield replace(block, raw="\n".join(rest))


def _is_noted(block: Block, line: str) -> bool:
    """ "Note: ..." in a line of its own below a highlight is its reader's."""
    listed = block.depth > 0 or block.quoted
    return listed and is_personal(line[:_LABELS].replace("*", "").lstrip(" _="), remark=True)


def _is_bold_line(line: str) -> bool:
    return bool(_BOLD_LINE.fullmatch(line.strip())) and is_heading(line.strip(" *_"))


# On one line, so that two percent signs somewhere else hide nothing.
_INLINE_COMMENT = re.compile(r"(?<!%)%%(?![%\s\d])[^%\n]*[^%\s]%%(?!%)|(?<!%)%% [^%\n]* %%(?!%)")


def _uncommented(body: str) -> str:
    """Without comments of HTML (<!-- -->) and Obsidian (%% %%); their line breaks stay."""
    body = f"\n{body}"
    for opening, closing in (("<!--", "-->"), ("\n%%", "%%")):
        kept, end = [], 0
        while (begin := body.find(opening, end)) >= 0 and (
            close := body.find(closing, begin + len(opening))
        ) >= 0:
            kept += [body[end:begin], "\n" * body.count("\n", begin, close)]
            end = close + len(closing)
        body = "".join(kept) + body[end:]
    body = _INLINE_COMMENT.sub("", body[1:])
    return _org_quotes(body) if "#+begin_quote" in body.lower() else body


def _org_quotes(body: str) -> str:
    """The quotes of Logseq, which stand between two lines of their own, as block quotes."""
    lines, inside = body.split("\n"), False
    for number, line in enumerate(lines):
        text = line.lstrip(" \t-")
        if text.lower().startswith(("#+begin_quote", "#+end_quote")):
            inside = text.lower().startswith("#+begin_quote")
            lines[number] = line[: len(line) - len(text)]
        elif inside:
            text = line.lstrip(" \t")
            lines[number] = f"{line[: len(line) - len(text)]}> {text}"
    return "\n".join(lines)


def _without_regions(body: str, start: int) -> tuple[str, list[Block]]:
    """Without what stands in <details>, which is a block of its own; its line breaks stay.

    Where its summary names takeaways or quotes, only the tags are taken out.
    """
    if "</details>" not in body.lower():
        return body, []
    lines, regions = body.split("\n"), []
    for begin, end in _details(lines):
        name = next(
            (match[1] for line in lines[begin : begin + 3] if (match := _SUMMARY.search(line))), ""
        )
        if vocabulary.section(_TAG.sub("", name)) in vocabulary.LISTED:
            lines[begin : end + 1] = [_bold_summary(line) for line in lines[begin : end + 1]]
        else:
            text = clean(" ".join(lines[begin : end + 1]))
            regions.append(Block(start + begin, text, rule="details"))
            lines[begin : end + 1] = [""] * (end + 1 - begin)
    return "\n".join(lines), regions


_TAG = re.compile(r"</?(?:details|summary|b|strong|i|em|h[1-6])\b[^<>]*>", re.IGNORECASE)


def _bold_summary(line: str) -> str:
    match = _SUMMARY.search(line)
    return f"**{_TAG.sub('', match[1]).strip()}**" if match else _TAG.sub("", line)


def _details(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The first and the last line of each outermost element that is closed."""
    depth, begin = 0, 0
    for index, line in enumerate(lines):
        lower = line.lower()
        if "<details" in lower and (depth or lower.lstrip(" \t>-").startswith("<details")):
            begin = begin if depth else index
            depth += lower.count("<details")
        if depth and "</details>" in lower:
            depth = max(0, depth - lower.count("</details>"))
            if not depth:
                yield begin, index
