"""A model's answer as claims: what it wrote, and the segments it names."""

import re
from dataclasses import dataclass
from typing import Any

import msgspec

_FENCE = re.compile(r"\A```(?:json)?\s*(.*?)\s*```\Z", re.DOTALL)
_THINKING = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Claim:
    """``segment_ids`` as they were given: they may name segments that there are not."""

    text: str
    segment_ids: tuple[int, ...]


class _Item(msgspec.Struct):
    text: str
    segment_ids: tuple[int, ...]


class NotJson(ValueError):
    """The answer is not of the form that was asked for."""


def claims(content: str) -> tuple[list[Claim], int]:
    """The claims, and how many items of the list were of another form. Raises NotJson."""
    items = _items(content)
    claims_read = [claim for claim in map(_claim, items) if claim]
    return claims_read, len(items) - len(claims_read)


def _items(content: str) -> list[Any]:
    text = _THINKING.sub("", content).strip()
    if fenced := _FENCE.match(text):
        text = fenced[1]
    try:
        value = msgspec.json.decode(text.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise NotJson(str(error)) from error
    items = value.get("insights") if isinstance(value, dict) else value
    if not isinstance(items, list):
        raise NotJson("no list of insights")
    return items


def _claim(item: Any) -> Claim | None:
    try:
        fields = msgspec.convert(item, _Item)
    except (msgspec.ValidationError, RecursionError):
        return None
    return Claim(" ".join(fields.text.split()), fields.segment_ids)
