"""``newsletter lint``: is a template fit to be sent? Needs no network and no Node."""

from argparse import Namespace
from pathlib import Path

from newsletter.cli.app import App
from newsletter.cli.output import say, say_json
from newsletter.edges.support import read_support
from newsletter.edges.templates import places, read_template, read_templates
from newsletter.editorial.lint import Finding
from newsletter.editorial.lint import lint as judged
from newsletter.editorial.specimen import specimen
from newsletter.errors import ConfigError


def lint(app: App, words: Namespace) -> int:
    findings = found(app, Path(words.template) if words.template else None)
    if words.json:
        say_json([{"rule": one.rule, "what": one.what} for one in findings])
    else:
        for one in findings:
            say(f"{one.rule}: {one.what}")
        say(f"{len(findings) or 'no'} finding{'s' * (len(findings) != 1)}")
    return 1 if findings else 0


def found(app: App, template: Path | None) -> list[Finding]:
    """About ``template`` in the place of issue.html, or about the issue.html that is sent."""
    custom = app.templates if app.config or app.path.exists() else None
    sources = read_templates(custom)
    if template is not None:
        sources["issue.html"] = read_template(template)
    html = _rendered(sources, places(custom), template)
    return judged(sources["issue.html"], html, read_support())


def _rendered(sources: dict[str, str], lie: dict[str, str], template: Path | None) -> str:
    try:
        return specimen(sources, lie).html
    except ConfigError as error:
        if template is None:
            raise
        raise ConfigError(f"{template} as issue.html: {error}") from error
