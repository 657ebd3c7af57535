"""``newsletter doctor``: what can be checked here and now, and how to fix what fails."""

from argparse import Namespace
from collections.abc import Iterator

from newsletter.bootstrap import App
from newsletter.bootstrap.health import HealthChecks
from newsletter.cli.output import say, say_json
from newsletter.domain.checks import CheckResult
from newsletter.services.health import Check, run_checks


def doctor(app: App, args: Namespace) -> int:
    checks = HealthChecks(app)
    by_name = checks.by_name() | (_online(app, checks) if args.online else {})
    results = list(run_checks(by_name))
    if args.json:
        say_json([result._asdict() for result in results])
    else:
        for result in results:
            _print(result)
    return 1 if any(result.verdict == "fail" for result in results) else 0


def _print(result: CheckResult) -> None:
    say(f"{result.verdict:4}  {result.check}: {result.finding}")
    if result.advice:
        say(f"      fix: {result.advice}")


def _online(app: App, checks: HealthChecks) -> dict[str, Check]:
    """What the DNS and the model say; asked only with ``--online``."""
    from newsletter.cli import online

    def dkim() -> Iterator[CheckResult]:
        return online.dkim(app, checks.signed_message())

    return {
        "SPF": lambda: online.spf(app),
        "DKIM": dkim,
        "DMARC": lambda: online.dmarc(app),
        "MX": lambda: online.mx(app),
        "PTR": lambda: online.ptr(app),
        "model": lambda: online.model(app),
    }
