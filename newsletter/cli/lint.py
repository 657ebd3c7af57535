"""``newsletter lint``: whether mail programs can show a template. Needs no network and no Node."""

from argparse import Namespace
from pathlib import Path

from newsletter.bootstrap import App
from newsletter.bootstrap.rendering import templates_folder
from newsletter.cli.output import say, say_json
from newsletter.services.lint_templates import lint_templates


def lint(app: App, args: Namespace) -> int:
    folder = templates_folder(app) if app.config or app.path.exists() else None
    findings = lint_templates(folder, Path(args.template) if args.template else None)
    if args.json:
        say_json([{"rule": finding.rule, "what": finding.what} for finding in findings])
    else:
        for finding in findings:
            say(f"{finding.rule}: {finding.what}")
        say(f"{len(findings) or 'no'} finding{'s' * (len(findings) != 1)}")
    return 1 if findings else 0
