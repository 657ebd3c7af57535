"""Whether mail programs can show the templates: for ``newsletter lint`` and the workbench."""

from pathlib import Path

from newsletter.rendering.caniemail_data import read_caniemail
from newsletter.rendering.lint import Finding, lint
from newsletter.rendering.sample import sample_email
from newsletter.rendering.templates import places, read_template, read_templates


def lint_templates(folder: Path | None, template: Path | None = None) -> list[Finding]:
    """Findings about issue.html as it is sent, with the operator's ``folder`` of templates.

    ``template`` is looked at in its place. Raises ConfigError if the templates cannot be rendered.
    """
    sources, paths = read_templates(folder), places(folder)
    if template is not None:
        sources["issue.html"], paths["issue.html"] = read_template(template), str(template)
    return lint(sources["issue.html"], sample_email(sources, paths).html, read_caniemail())
