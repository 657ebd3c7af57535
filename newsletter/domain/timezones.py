"""Time zones and hours as people write them, with advice where one is wrong."""

import re
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from newsletter.domain.errors import UsageError

_EXAMPLE = "write one such as Europe/Paris"
_OFFSET = re.compile(r"(?:UTC|GMT|Etc/GMT|Etc/UTC)?\s*([+-])\s*([0-9]{1,2})(?::?([0-9]{2}))?", re.I)
_WINTER, _SUMMER = datetime(2026, 1, 1), datetime(2026, 7, 1)  # noqa: DTZ001 - local to a zone


@cache
def zones() -> frozenset[str]:
    """The names of all time zones; zoneinfo.available_timezones takes ten times as long."""
    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())


@cache
def zones_by_region() -> dict[str, tuple[str, ...]]:
    """The zones that clocks differ in, by the first part of their names: what a person chooses
    from. The other names are older ones, or stand for the same clock."""
    table = (files("tzdata") / "zoneinfo" / "zone1970.tab").read_text(encoding="utf-8")
    names = sorted(line.split("\t")[2] for line in table.splitlines() if line[:1] not in ("#", ""))
    regions: dict[str, list[str]] = {}
    for name in names:
        regions.setdefault(name.partition("/")[0], []).append(name)
    return {region: tuple(zones) for region, zones in regions.items()}


def respelt(name: str) -> str:
    """The right spelling, if only capitals or spaces are wrong; otherwise the name unchanged."""
    return name if name in zones() else _by_folded_name().get(_folded(name), name)


def zone_fault(name: str) -> str:
    """Why this is not a zone, and what to write; "" if it is one."""
    if name in zones():
        return ""
    return f"no zone is called {name!r}: {_advice(name)}"


@cache
def summer_warning(name: str) -> str:
    """A warning for fixed offsets such as "EST", which has no summer time; "" for places."""
    zone = ZoneInfo(name)
    winter, summer = _WINTER.replace(tzinfo=zone), _SUMMER.replace(tzinfo=zone)
    offset = winter.utcoffset() or timedelta()
    is_place = winter.tzname() != name and not name.startswith("Etc/GMT")
    if is_place or not offset or offset != summer.utcoffset():
        return ""
    hours, way = abs(offset) / timedelta(hours=1), "ahead of" if offset > timedelta() else "behind"
    return (
        f"{name} is {hours:g} h {way} UTC all year and never changes for summer:"
        " if it should, write a place such as America/New_York"
    )


def parse_hour(text: str) -> int:
    """A number in plain digits, not necessarily from 0 to 23. Raises UsageError."""
    if not re.fullmatch("-?[0-9]{1,9}", text):
        raise UsageError(f"hour {text!r} is no number from 0 to 23")
    return int(text)


def _advice(name: str) -> str:
    if offset := _OFFSET.fullmatch(name.strip()):
        return _advice_for_offset(*offset.groups(default="00"))
    likely = respelt(name)
    if likely == name:
        close = get_close_matches(_folded(name), _by_folded_name(), n=1, cutoff=0.75)
        likely = _by_folded_name()[close[0]] if close and len(name) > len("CEST") else name
    return _EXAMPLE if likely == name else f"did you mean {likely}?"


def _advice_for_offset(sign: str, hours: str, minutes: str) -> str:
    """The signs in the names of fixed zones are reversed: Etc/GMT-1 is ahead of UTC."""
    way, opposite = ("ahead of", "-") if sign == "+" else ("behind", "+")
    fixed = f"Etc/GMT{opposite}{int(hours)}"
    advice = "an offset does not change for summer, so write a place such as Europe/Paris"
    if int(minutes) or fixed not in zones() or not int(hours):
        return advice
    return f"{advice}, or {fixed} (the sign is reversed) for {int(hours)} h {way} UTC all year"


@cache
def _by_folded_name() -> dict[str, str]:
    """Zones by their whole names, and by the last part of a name if no other zone has it."""
    whole = {_folded(name): name for name in zones()}
    cities: dict[str, list[str]] = {}
    for name in sorted(zones()):
        cities.setdefault(_folded(name.rpartition("/")[2]), []).append(name)
    return {city: names[0] for city, names in cities.items() if len(names) == 1} | whole


def _folded(name: str) -> str:
    return name.strip().replace(" ", "_").casefold()
