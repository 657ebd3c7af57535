from zoneinfo import available_timezones

import pytest

from newsletter.domain.timezones import respelt, summer_warning, zone_fault, zones


def test_the_zones_are_those_of_the_standard_library() -> None:
    assert zones() >= {"UTC", "Europe/Paris", "Asia/Kolkata", "Pacific/Chatham"}
    assert zones() <= available_timezones() | {"Factory"}


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("europe/paris", "did you mean Europe/Paris?"),
        ("AMERICA/NEW YORK", "did you mean America/New_York?"),
        ("Europe/Pariss", "did you mean Europe/Paris?"),
        ("America/NewYork", "did you mean America/New_York?"),
        ("paris", "did you mean Europe/Paris?"),
        ("Los Angeles", "did you mean America/Los_Angeles?"),
        ("utc", "did you mean UTC?"),
        ("UTC+1", "or Etc/GMT-1 (the sign is reversed) for 1 h ahead of UTC all year"),
        ("gmt -5", "or Etc/GMT+5 (the sign is reversed) for 5 h behind UTC all year"),
        ("+02:00", "or Etc/GMT-2 (the sign is reversed) for 2 h ahead of UTC all year"),
        ("-0330", "write a place such as Europe/Paris"),
        ("UTC+5:30", "write a place such as Europe/Paris"),
        ("GMT+25", "write a place such as Europe/Paris"),
        ("PST", "write one such as Europe/Paris"),
        ("Middle-earth", "write one such as Europe/Paris"),
        ("../etc/passwd", "write one such as Europe/Paris"),
        ("", "write one such as Europe/Paris"),
    ],
)
def test_what_is_no_zone_is_answered_with_what_was_probably_meant(name: str, advice: str) -> None:
    fault = zone_fault(name)
    assert fault.startswith(f"no zone is called {name!r}: ")
    assert fault.endswith(advice)


def test_every_zone_is_one_in_any_capitals() -> None:
    assert [name for name in zones() if zone_fault(name) or respelt(name.upper()) != name] == []


def test_only_fixed_offsets_are_warned_of() -> None:
    """A place without summer time is what it is: whoever writes EST may mean New York."""
    warned = {name for name in zones() if summer_warning(name)}
    assert warned >= {"EST", "MST", "HST", "Etc/GMT-1", "Etc/GMT+12"}
    assert warned <= {"EST", "MST", "HST"} | {name for name in zones() if "Etc/GMT" in name}
    assert summer_warning("EST") == (
        "EST is 5 h behind UTC all year and never changes for summer:"
        " if it should, write a place such as America/New_York"
    )
    assert [summer_warning(name) for name in ("UTC", "Etc/GMT", "Asia/Kolkata", "CET")] == [""] * 4
