"""``newsletter lint``: is a template fit to be sent? Needs no network and no Node."""

from argparse import Namespace
from pathlib import Path

from newsletter.bootstrap import App
from newsletter.bootstrap.rendering import templates_folder
from newsletter.cli.output import say, say_json
from newsletter.domain.errors import ConfigError
from newsletter.rendering.caniemail_data import read_caniemail
from newsletter.rendering.lint import Finding
from newsletter.rendering.lint import lint as judged
from newsletter.rendering.sample import specimen
from newsletter.rendering.templates import places, read_template, read_templates


def lint(app: App, args: Namespace) -> int:
    findings = found(app, Path(args.template) if args.template else None)
    if args.json:
        say_json([{"rule": one.rule, "what": one.what} for one in findings])
    else:
        for one in findings:
            say(f"{one.rule}: {one.what}")
        say(f"{len(findings) or 'no'} finding{'s' * (len(findings) != 1)}")
    return 1 if findings else 0


def found(app: App, template: Path | None) -> list[Finding]:
    """About ``template`` in the place of issue.html, or about the issue.html that is sent."""
    custom = templates_folder(app) if app.config or app.path.exists() else None
    sources = read_templates(custom)
    if template is not None:
        sources["issue.html"] = read_template(template)
    html = _rendered(sources, places(custom), template)
    return judged(sources["issue.html"], html, read_caniemail())


def _rendered(sources: dict[str, str], lie: dict[str, str], template: Path | None) -> str:
    try:
        return specimen(sources, lie).html
    except ConfigError as error:
        if template is None:
            raise
        raise ConfigError(f"{template} as issue.html: {error}") from error
