"""The YAML front matter of a Markdown file. Only its nodes are read: no object is constructed."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import NoReturn

import yaml

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief, Dropped, Origin, normalise
from newsletter.ingest.parsers import vocabulary
from newsletter.ingest.parsers.boilerplate import is_cjk
from newsletter.ingest.parsers.dates import any_day
from newsletter.ingest.parsers.inline import unlinked
from newsletter.ingest.parsers.metadata import Facts
from newsletter.ingest.parsers.paragraphs import Paragraph, clean, cut, day, label, link, spaced
from newsletter.ingest.parsers.prose import said_of_it

_MAX_LETTERS = 20_000
_DEEPEST = 20
_HEAD = re.compile(r"---[ \t]*\n|\n+---[ \t]*\n(?=[\w-]+:)")
_FOOT = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_KEY = r"^([\w][\w /-]{0,60}:[ \t]+)"
_PLAIN = re.compile(_KEY + r"(?![\[{!'\"|>])(?P<said>\S.*?)[ \t]*$", re.MULTILINE)
_ANY = re.compile(
    _KEY + r"(?:(?=(['\"]).*\2[ \t]*[^ \t\n'\"])|(?![!|>'\"]))(?P<said>\S.*?)[ \t]*$", re.MULTILINE
)
_NULL = "tag:yaml.org,2002:null"
_TRUTH = "tag:yaml.org,2002:bool"
_FIRST_LINE = 2
_LEAST_SAID = 12  # letters: a shorter one is a topic
_OF_A_SOURCE = {"url", "date", "type"}
_PODCASTS = {"podcast", "podcasts"}
_OWN = ("podcast", "episode", "title", "url", "published", "speakers", "topics")


class _Loader(yaml.SafeLoader):
    """Refuses deep nesting, and anchors and aliases, which can make a small file huge."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + _FIRST_LINE
        if event.anchor is not None:
            raise BriefRejected("front matter: YAML anchors and aliases are not read", line)
        if self.depth > _DEEPEST:
            raise BriefRejected("front matter: nested too deeply", line)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def front_matter(text: str) -> tuple[Brief, Facts, int, str]:
    """Its own keys as a Brief without mentions, what others say, and the body with its first line.

    Blank lines may stand before it, if a key follows at once.
    """
    head = _HEAD.match(text)
    foot = _FOOT.search(text, head.end()) if head else None
    blank = head.end() - len(head[0].lstrip("\n")) if head else 0
    if not head or (blank and not foot):
        return Brief(()), Facts(), 1, text
    if not foot:
        raise BriefRejected("the front matter does not end: close it with a line ---", 1)
    if foot.start() > _MAX_LETTERS:
        raise BriefRejected(f"the front matter is longer than {_MAX_LETTERS:,} characters", 1)
    # YAML counts U+0085, U+2028 and U+2029 as the ends of lines, and an editor does not.
    entries = _entries("\n" * blank + spaced(text[head.end() : foot.start()]))
    line = text.count("\n", 0, foot.start()) + 1
    return _about(entries), _facts(entries), line, text[foot.end() :]


def listed(text: str) -> list[Paragraph]:
    """The lines of the front matter, each as metadata; none of a text without it."""
    begin = text.find("---") + len("---") if _HEAD.match(text) else 0
    foot = _FOOT.search(text, begin) if begin else None
    lines = text[: foot.start()].split("\n") if foot else []
    return [
        Paragraph(number, clean(line), verdict="metadata", rule="front matter")
        for number, line in enumerate(lines, 1)
        if line.strip(" -\t")
    ]


def _facts(entries: Mapping[str, yaml.Node]) -> Facts:
    """What the keys of note apps say; the values of any other key are ignored."""
    facts = Facts()
    for key, node in entries.items():
        if key not in _OWN:
            facts.add(key, *_texts(node))
            for inner, said in _of_the_source(key, node):
                facts.add(inner, said)
            facts.tagged |= key == "tags" and bool(_PODCASTS & set(map(normalise, _texts(node))))
            facts.of_a_day |= vocabulary.is_of_days(key, _texts(node))
            facts.add_prose(said_of_it(_sentence(node)) if key == "description" else {})
            facts.said += _said(key, node)
    return facts


def _of_the_source(key: str, node: yaml.Node) -> Iterator[tuple[str, str]]:
    """``source:`` may hold the address and the date; its title may be a show's or an episode's."""
    pairs = node.value if key == "source" and isinstance(node, yaml.MappingNode) else []
    for inner, value in pairs:
        plain = isinstance(inner, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)
        if plain and inner.value in _OF_A_SOURCE:
            yield inner.value, value.value


def _said(key: str, node: yaml.Node) -> list[Paragraph]:
    """The insights of a list whose key says that it holds them: ``keyPoints``, ``takeaways``."""
    name = vocabulary.section(vocabulary.words(key))
    if name not in vocabulary.LISTED or not isinstance(node, yaml.SequenceNode):
        return []
    origin: Origin = "quote" if name == "quotes" else "takeaway"
    texts = [(each, clean(_sentence(each))) for each in node.value]
    return [
        Paragraph(_line(each), text, heading=False, rule=str(name), origin=origin)
        for each, text in texts
        if len(text) >= _LEAST_SAID or is_cjk(text)
    ]


def _sentence(node: yaml.Node) -> str:
    """``- Bread that rests: two days`` is a mapping to YAML, and was meant as a sentence."""
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    parts = [part for pair in pairs[:1] for part in pair]
    texts = [str(part.value) for part in parts if isinstance(part, yaml.ScalarNode)]
    return ": ".join(texts) if len(pairs) == 1 and len(texts) == len(parts) else ""


def _texts(node: yaml.Node) -> list[str]:
    """The text of a scalar, of each in a list, or of what has a name; ``[[page]]`` is a list in a
    list to YAML."""
    if isinstance(node, yaml.SequenceNode):
        return [text for item in node.value for text in _texts(item)]
    if isinstance(node, yaml.MappingNode):
        return [text for key, value in node.value if key.value == "name" for text in _texts(value)]
    return [str(node.value)] if isinstance(node, yaml.ScalarNode) else []


def _entries(source: str) -> Mapping[str, yaml.Node]:
    root = _composed(source)
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise BriefRejected("the front matter must be lines of `key: value`", _line(root))
    pairs = ((key, value) for key, value in root.value if isinstance(key, yaml.ScalarNode))
    return {key.value: value for key, value in pairs if value.tag != _NULL}


def _composed(source: str) -> yaml.Node | None:
    """What YAML refuses is read once more with each value of one line as text, as its writer
    meant ``title: Bread: how it rises``."""
    try:
        return yaml.compose(source, _Loader)
    except yaml.MarkedYAMLError as error:
        for values in (_PLAIN, _ANY):
            with suppress(yaml.YAMLError, BriefRejected):
                return yaml.compose(values.sub(_quoted, source), _Loader)
        mark = error.problem_mark or error.context_mark
        _malformed(error.problem or error.context, mark.line if mark else 0, error)
    except yaml.reader.ReaderError as error:
        _malformed("a character that YAML forbids", source.count("\n", 0, error.position), error)
    except (ValueError, OverflowError) as error:
        _malformed("a number or an escape out of range", 0, error)


def _quoted(match: re.Match[str]) -> str:
    return match[1].rstrip() + " '" + match["said"].replace("'", "''") + "'"


def _malformed(problem: str | None, line: int, error: Exception) -> NoReturn:
    reason = f"malformed YAML in the front matter: {cut(problem or 'it cannot be read')}"
    raise BriefRejected(reason, line + _FIRST_LINE) from error


def _about(entries: Mapping[str, yaml.Node]) -> Brief:
    url, dropped = _link(entries)
    return Brief(
        (),
        podcast=_label(entries, "podcast"),
        episode=_label(entries, "episode"),
        title=_label(entries, "title"),
        url=url,
        published=_day(entries),
        speakers=_labels(entries, "speakers"),
        topics=_labels(entries, "topics"),
        dropped=dropped,
    )


def _link(entries: Mapping[str, yaml.Node]) -> tuple[str, tuple[Dropped, ...]]:
    return link(_scalar(entries, "url"), _line(entries["url"])) if "url" in entries else ("", ())


def _day(entries: Mapping[str, yaml.Node]) -> date | None:
    if "published" not in entries or entries["published"].tag == _TRUTH:
        return None  # of a page that is public
    said = _scalar(entries, "published")
    return any_day(said) or day(said, "published", _line(entries["published"]))


def _scalar(entries: Mapping[str, yaml.Node], key: str) -> str:
    node = _unlinked(entries[key])
    if not isinstance(node, yaml.ScalarNode):
        wrong = "list" if isinstance(node, yaml.SequenceNode) else "mapping"
        raise BriefRejected(f"front matter: {key} must be text, not a {wrong}", _line(node))
    return str(node.value)


def _label(entries: Mapping[str, yaml.Node], key: str) -> str:
    text = unlinked(_scalar(entries, key)) if key in entries else ""
    return label(text, key, _line(entries[key])) if text else ""


def _labels(entries: Mapping[str, yaml.Node], key: str) -> tuple[str, ...]:
    """Names from a list, or from a text with commas."""
    if key not in entries:
        return ()
    node = _unlinked(entries[key])
    if isinstance(node, yaml.ScalarNode):
        parts = node.value.split(",")
    else:
        parts = [_name(_unlinked(item), key) for item in _items(node, key)]
    return tuple(label(unlinked(part), key, _line(node)) for part in parts if clean(part))


def _items(node: yaml.Node, key: str) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        raise BriefRejected(f"front matter: {key} must be a list of names", _line(node))
    return list(node.value)


def _unlinked(node: yaml.Node) -> yaml.Node:
    """``[[page]]`` of Obsidian, which YAML reads as a list in a list."""
    inner = node.value[0] if isinstance(node, yaml.SequenceNode) and len(node.value) == 1 else None
    if not isinstance(inner, yaml.SequenceNode) or len(inner.value) != 1:
        return node
    return inner.value[0] if isinstance(inner.value[0], yaml.ScalarNode) else node


def _name(node: yaml.Node, key: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise BriefRejected(f"front matter: {key} must be a list of names", _line(node))
    return str(node.value)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + _FIRST_LINE
