"""How checks are run one after the other; each check itself is tested by ``doctor``."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from newsletter.domain.checks import CheckResult
from newsletter.domain.errors import ConfigError, StoreError
from newsletter.services import health
from newsletter.services.health import Check, run_checks


def fine(name: str) -> Check:
    return lambda: iter([CheckResult(name, "ok", "fine")])


def raising(error: Exception) -> Check:
    def check() -> Iterator[CheckResult]:
        yield from ()
        raise error

    return check


def test_what_a_check_raises_is_its_finding_and_the_others_go_on() -> None:
    checks = {"inbox": raising(ConfigError("it is missing", "create it")), "disk": fine("disk")}
    assert list(run_checks(checks)) == [
        ("inbox", "fail", "it is missing", "create it"),
        ("disk", "ok", "fine", ""),
    ]


def test_one_error_is_reported_once() -> None:
    key = ConfigError("the key cannot be read", "chmod 600 it")
    results = list(run_checks({"signature": raising(key), "server": raising(key)}))
    assert results[1] == ("server", "warn", "not checked: signature fails", "fix signature first")


@pytest.mark.parametrize("name", ["configuration", "database"])
def test_without_a_configuration_or_a_database_nothing_else_is_checked(name: str) -> None:
    checks = {name: raising(StoreError("it is broken")), "disk": fine("disk")}
    assert [result.check for result in run_checks(checks)] == [name]


def test_a_defect_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        list(run_checks({"disk": raising(ZeroDivisionError())}))


@pytest.mark.parametrize(
    ("to", "command", "verdict"),
    [
        ("", (), "warn"),
        ("desk@letters.example", (), "ok"),
        ("", ("sh", "-c", "true"), "ok"),
        ("", ("./there.sh",), "ok"),
        ("", ("./plain.txt",), "fail"),
        ("desk@letters.example", ("no-such-program",), "fail"),
    ],
)
def test_alerts_reach_somebody(
    tmp_path: Path, to: str, command: Sequence[str], verdict: str
) -> None:
    (tmp_path / "there.sh").touch(0o700)
    (tmp_path / "plain.txt").touch(0o600)
    (result,) = health.alerts(to, command, tmp_path)
    assert result.verdict == verdict
    assert bool(result.advice) == (verdict != "ok")
