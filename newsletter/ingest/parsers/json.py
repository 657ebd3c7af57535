"""JSON briefs. The Structs here define the format; docs/brief.schema.json is made from them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, NoReturn

import msgspec
from msgspec import Meta

from newsletter.domain.errors import BriefRejected
from newsletter.domain.model import Brief, Role
from newsletter.ingest.parsers.inline import time_in
from newsletter.ingest.parsers.metadata import Facts, completed
from newsletter.ingest.parsers.paragraphs import (
    MAX_INSIGHT,
    MAX_LABEL,
    MAX_SECONDS,
    Page,
    Paragraph,
    clean,
    day,
    link,
)

_NAMED = ("podcast", "episode")
_DEEPEST = 4  # $.insights[0].topics[0]
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_BYTE = re.compile(r" \(byte ([0-9]+)\)$")
_PLACE = re.compile(r" - at `([^`]+)`$")

_TYPES = {
    "object": "an object {...}",
    "array": "a list [...]",
    "str": "text in quotes",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    " | ": " or ",
}
_TYPE = re.compile(r"\b(?:object|array|str|int|float|bool|null)\b| \| ")
_SENTENCES = {
    r"Expected `(.+)`, got `(.+)`": "it is {1}, and must be {0}",
    r"Expected `str` of length <= ([0-9]+)": "it is longer than {0} characters",
    r"Expected `float` >= ([0-9]+)": "it is less than {0}",
    r"Expected `float` <= ([0-9]+)": "it is more than {0}",
    # $.published has the only pattern.
    r"Expected `str` matching regex": "it is no date: write one like 2026-03-14",
    r"Object missing required field `(.+)`": 'it has no "{0}"',
}
"""What msgspec says, and how we say it."""

Words = Annotated[str, Meta(max_length=MAX_LABEL)]
Said = Annotated[str, Meta(max_length=MAX_INSIGHT)]


class JsonInsight(msgspec.Struct, frozen=True):
    """An insight, who said it, when, and about which topics."""

    text: Annotated[Said, Meta(description="Two or three sentences that stand on their own")]
    speaker: Annotated[Words, Meta(description="Who said it")] = ""
    at: (
        Annotated[float, Meta(ge=0, le=MAX_SECONDS, description="Seconds into the episode")] | None
    ) = None
    topics: tuple[Words, ...] = ()


class JsonBrief(msgspec.Struct, frozen=True):
    """One brief: a page of insights about one episode or theme. Unknown keys are ignored."""

    insights: Annotated[
        tuple[JsonInsight | Said, ...],
        Meta(description="What the episode says, most important first"),
    ]
    related: Annotated[
        tuple[JsonInsight | Said, ...],
        Meta(description="Insights from elsewhere that resemble these"),
    ] = ()
    podcast: Words = ""
    episode: Words = ""
    title: Words = ""
    url: Annotated[str, Meta(description="An http or https address")] = ""
    published: (
        Annotated[
            str,
            Meta(
                pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].*)?$",
                description="An ISO 8601 date, or a date and time of which the date is taken",
                examples=["2026-03-31"],
            ),
        ]
        | None
    ) = None
    speakers: tuple[Words, ...] = ()
    topics: tuple[Words, ...] = ()


def schema() -> bytes:
    """The JSON Schema (draft 2020-12) of a brief, as docs/brief.schema.json holds it."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema = msgspec.json.encode(dialect | msgspec.json.schema(JsonBrief))
    return msgspec.json.format(schema, indent=2) + b"\n"


def read(text: str) -> list[Page]:
    """Raises BriefRejected, which names the place like $.insights[2].text, or RecursionError."""
    try:
        page = msgspec.json.decode(text, type=JsonBrief)
    except msgspec.ValidationError as error:
        soft = _softened(text)
        if not soft or not (soft.insights or soft.related):
            return _other(text, error) or _misfit(text, error)
        page = soft
    except msgspec.DecodeError as error:
        _malformed(text, error)
    if not (page.insights or page.related) and (pages := _other(text)):
        return pages
    lines = places(text)
    url, dropped = link(page.url, lines.get("$.url", 1))
    published = page.published
    about = Brief(
        (),
        podcast=clean(page.podcast),
        episode=clean(page.episode),
        title=clean(page.title),
        url=url,
        published=day(published, "$.published", lines.get("$.published")) if published else None,
        speakers=_cleaned(page.speakers),
        topics=_cleaned(page.topics),
        dropped=dropped,
    )
    return [Page(_known(about, text), _paragraphs(page, lines), "JSON")]


def _known(about: Brief, text: str) -> Brief:
    """With what keys of other programs say ("show", "date") where ours do not."""
    if about.podcast:
        return about
    from newsletter.ingest.parsers.json_lines import flat

    facts = Facts()
    for key, value in flat(msgspec.json.decode(text), JsonBrief.__struct_fields__).items():
        facts.add(key, value[:MAX_LABEL])
    return completed(about, facts) if {"podcast", "episode"} & set(facts.kept) else about


def _softened(text: str) -> JsonBrief | None:
    """As language models write a brief: null for nothing, a time as text, names in one text."""
    try:
        whole = _lifted(_without_null(msgspec.json.decode(text)))
        return msgspec.convert(_as_meant(whole) if isinstance(whole, dict) else whole, JsonBrief)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def _lifted(whole: Any) -> Any:
    """With the name where an object says more of a podcast or an episode, and what else it says."""
    for key in _NAMED:
        if isinstance(whole, dict) and isinstance(whole.get(key), dict):
            whole = {**_told(whole[key], key), **whole, key: _told(whole[key], key).get(key, "")}
    return whole


def _told(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    from newsletter.ingest.parsers.json_lines import flat

    facts = Facts()
    for name, said in flat(value, ()).items():
        facts.add(name, said[:MAX_LABEL])
    if key == "podcast":
        return {key: facts.text("podcast") or facts.text("episode")}
    about = completed(Brief(()), facts)
    told = {"podcast": about.podcast, "url": about.url, "published": str(about.published or "")}
    told["episode"] = facts.text("episode")
    return {name: each for name, each in told.items() if each}


def _as_meant(whole: Mapping[str, Any]) -> dict[str, Any]:
    """Raises ValueError for a time that is none."""
    listed = {name: whole[name] for name in ("speakers", "topics") if name in whole}
    named = {name: said.split(",") for name, said in listed.items() if isinstance(said, str)}
    insights = whole.get("insights")
    timed = [_timed(each) for each in insights] if isinstance(insights, list) else insights
    return {**whole, **named, "insights": timed}


def _timed(insight: Any) -> Any:
    if not isinstance(insight, dict) or not isinstance(at := insight.get("at"), str):
        return insight
    return insight | {"at": time_in(at) if ":" in at else int(float(at))}


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_null(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_null(each) for each in value if each is not None]
    return value


def _other(text: str, misfit: msgspec.ValidationError | None = None) -> list[Page] | None:
    """JSON of another kind, which may be malformed behind the place where it is no brief."""
    from newsletter.ingest.parsers.json_lines import other_json  # few files are of that kind

    try:
        return other_json(msgspec.json.decode(text))
    except msgspec.DecodeError as error:
        return None if _PLACE.search(str(misfit)) else _malformed(text, error)
    except RecursionError:
        return None


def _misfit(text: str, error: msgspec.ValidationError) -> NoReturn:
    match = _PLACE.search(str(error))
    place = match[1] if match else "$"
    reason = _plain(_PLACE.sub("", str(error)))
    where, example = (place, "") if match else ("the file", ': write {"insights": ["..."]}')
    raise BriefRejected(f"{where}: {reason}{example}", places(text).get(place)) from error


def _plain(reason: str) -> str:
    """What msgspec says in the words of a schema, for whoever wrote the file."""
    for pattern, sentence in _SENTENCES.items():
        if match := re.match(pattern, reason):
            return sentence.format(*(_TYPE.sub(_type, group) for group in match.groups()))
    return reason


def _type(match: re.Match[str]) -> str:
    return _TYPES[match[0]]


def _malformed(text: str, error: msgspec.DecodeError) -> NoReturn:
    at = _BYTE.search(str(error))
    if not at:
        reason = r"malformed JSON: it ends too early, or half a pair like \ud83d stands alone"
        raise BriefRejected(reason, text.rstrip().count("\n") + 1) from error
    before = text.encode()[: int(at[1])]
    reason = _BYTE.sub("", str(error)).replace("JSON is malformed", "malformed JSON")
    raise BriefRejected(reason, before.count(b"\n") + 1) from error


def _paragraphs(page: JsonBrief, lines: Mapping[str, int]) -> Iterator[Paragraph]:
    lists: tuple[tuple[str, Role, Sequence[JsonInsight | str]], ...] = (
        ("insights", "lead", page.insights),
        ("related", "related", page.related),
    )
    for key, role, insights in lists:
        for index, item in enumerate(insights):
            place = f"$.{key}[{index}]"
            line = lines.get(f"{place}.text") or lines.get(place, 1)
            insight = JsonInsight(item) if isinstance(item, str) else item
            yield _paragraph(insight, role, line, page.speakers)


def _paragraph(insight: JsonInsight, role: Role, line: int, speakers: Sequence[str]) -> Paragraph:
    only_speaker = speakers[0] if role == "lead" and len(speakers) == 1 else ""
    return Paragraph(
        line,
        clean(insight.text),
        role,
        clean(insight.speaker or only_speaker),
        None if insight.at is None else int(insight.at),
        _cleaned(insight.topics),
        heading=False,
    )


def _cleaned(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(filter(None, map(clean, names)))


def places(text: str) -> dict[str, int]:
    """The line of each value, by its path as msgspec writes it: $.insights[0].text."""
    lines: dict[str, int] = {}
    steps: list[
        str | int | None
    ] = []  # in an array the index, in an object the key, None before it
    line, last = 1, 0
    for token in _TOKEN.finditer(text):
        line, last = line + text.count("\n", last, token.start()), token.start()
        _step(token[0], line, steps, lines)
    return lines


def _step(sign: str, line: int, steps: list[str | int | None], lines: dict[str, int]) -> None:
    here = steps[-1] if steps else 0
    if sign in {"]", "}"}:
        del steps[-1:]
    elif sign == ",":
        steps[-1:] = [here + 1 if isinstance(here, int) else None]
    elif here is None:
        steps[-1] = sign[1:-1]
    elif sign != ":":
        if len(steps) <= _DEEPEST:
            lines[_place(steps)] = line
        if sign in {"[", "{"}:
            steps.append(0 if sign == "[" else None)


def _place(steps: Sequence[str | int | None]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
