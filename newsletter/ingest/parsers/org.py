"""Org mode, as Markdown: its headings, keywords, drawers, links and quotes mean the same."""

import re

from newsletter.ingest.parsers import markdown
from newsletter.ingest.parsers.paragraphs import Page

_HEADING = re.compile(r"(\*{1,6})\s+(?:(TODO|NEXT|WAITING|DONE)\s+)?(.*)$")
_TAGS = re.compile(r":[\w@:]+:")
_KEYWORD = re.compile(r"#\+([A-Za-z_]+):\s*(.*)$")
_OF_THE_FILE = re.compile(
    r"#\+(?:author|email|language|options|startup|setupfile|property|creator):", re.IGNORECASE
)
_PROPERTY = re.compile(r"\s*:([A-Za-z_-]+):\s+(\S.*)$")
_DRAWER = re.compile(r"\s*:[A-Za-z_-]+:\s*$")
_LINK = re.compile(r"\[\[([^\[\]]+)\](?:\[([^\[\]]+)\])?\]")
_BLOCK = re.compile(r"\s*#\+(begin|end)_(\w+)", re.IGNORECASE)
_STAMP = re.compile(r"[\[<]([0-9]{4}-[0-9]{2}-[0-9]{2})[^\]>]{0,60}[\]>]")


def read(text: str) -> list[Page]:
    """Line by line, so that each keeps its number. Raises BriefRejected."""
    lines, inside = [], ""
    for line in text.split("\n"):
        if block := _BLOCK.match(line):
            inside = block[2].lower() if block[1].lower() == "begin" else ""
            lines.append("```" if block[2].lower() in {"src", "example"} else "")
        else:
            lines.append(f"> {line.strip()}" if inside == "quote" else _line(line))
    return markdown.read("\n".join(lines))


def _line(line: str) -> str:
    if heading := _HEADING.match(line):
        open_task = heading[2] and heading[2] != "DONE"
        text = _LINK.sub(_linked, _stamp(_untagged(heading[3])))
        return f"- [ ] {text}" if open_task else f"{'#' * len(heading[1])} {text}"
    if _OF_THE_FILE.match(line):
        return ""
    if pair := _KEYWORD.match(line) or _PROPERTY.match(line):
        return f"{_stamp(pair[1].lower())}:: {_stamp(pair[2])}"
    return "" if _DRAWER.match(line) else _LINK.sub(_linked, _stamp(line))


def _untagged(text: str) -> str:
    words = text.rsplit(maxsplit=1)
    return words[0] if len(words) > 1 and _TAGS.fullmatch(words[1]) else text


def _stamp(text: str) -> str:
    return _STAMP.sub(r"\1", text)


def _linked(match: re.Match[str]) -> str:
    return f"[{match[2]}]({match[1]})" if match[2] else match[1]
