"""A validation error of msgspec for the operator: the key, and what to write."""

import re
from typing import Any, get_args, get_type_hints

from msgspec import Meta

from newsletter.config.sections import Settings, default, keys


def explain_validation_error(text: str) -> tuple[str, str]:
    """A msgspec message as (key, what to do): ``selection.count`` for ``$.selection.count``."""
    problem, _, path = text.partition(" - at `$.")
    key = re.sub(r"\[.*", "", path.rstrip("`"))
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", problem):
        return _unknown(".".join(part for part in (key, unknown[1]) if part))
    if problem.startswith("Invalid enum value"):
        return key, f"write {' or '.join(map(repr, get_args(_type_of(key))))}"
    if limit := re.fullmatch(r"Expected `(int|float)` [<>]=? .*", problem):
        return key, f"expected {_TYPE_NAMES[limit[1]]} {_range(key)}"
    if problem == "Expected `int`, got `float`":
        return key, "expected a whole number, got one with a decimal point"
    sentence = re.sub(r"`(\w+)`", lambda name: _TYPE_NAMES.get(name[1], name[1]), problem)
    quotes = ": write a domain's name in quotes" * (key == _DOMAINS and "`object`" in problem)
    return key, sentence[:1].lower() + sentence[1:] + quotes


def _type_of(key: str) -> Any:
    """The annotated type of a key."""
    section, _, last = key.rpartition(".")
    return get_type_hints(type(default(section.split("."))), include_extras=True)[last]


def _range(key: str) -> str:
    """The allowed values, as a phrase."""
    limits = next(meta for meta in _type_of(key).__metadata__ if isinstance(meta, Meta))
    if limits.le is None:
        return f"from {limits.ge:g} up"
    if limits.ge is None:
        return f"above {limits.gt:g}, at most {limits.le:g}"
    return f"from {limits.ge:g} to {limits.le:g}"


_DOMAINS = "delivery.pace.domains"
_TYPE_NAMES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a section",
}


def _unknown(key: str) -> tuple[str, str]:
    """Suggests the key that was probably meant: its name in another section, or the nearest."""
    from difflib import get_close_matches

    known = list(keys(Settings()))
    last = key.rpartition(".")[2]
    same_name = [name for name in known if name.rpartition(".")[2] == last]
    near = same_name or get_close_matches(key, known, 1)
    return key, f"there is no such key; {f'did you mean {near[0]}?' if near else 'remove it'}"
