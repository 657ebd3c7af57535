"""The parts that rendering needs: templates and branding."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.bootstrap import App
from newsletter.bootstrap.mail import from_address, sign
from newsletter.domain.errors import ConfigError
from newsletter.domain.hostnames import all_in_ascii
from newsletter.services.secret import read_secret

if TYPE_CHECKING:
    from newsletter.rendering.branding import Branding, Logo


def templates_folder(app: App) -> Path | None:
    """The operator's own folder of templates, where there is one."""
    name = app.settings.newsletter.templates
    return app.beside(name) if name else None


def secret(app: App) -> bytes:
    """The secret that signs unsubscribe links. Raises ConfigError where it is missing."""
    return read_secret(app.beside(app.settings.web.secret_file), app.path.parent)


def branding(app: App) -> "Branding":
    """The branding of ``preview`` and ``send``."""
    return replace(unsigned_branding(app), sign=sign(app))


def unsigned_branding(app: App) -> "Branding":
    """The same without the DKIM key."""
    from newsletter.rendering.branding import Branding
    from newsletter.rendering.renderer import Renderer
    from newsletter.rendering.templates import places, read_templates

    section, folder = app.settings.newsletter, templates_folder(app)
    return Branding(
        name=section.name,
        from_address=_in_ascii("from_address", from_address(app.settings)),
        reply_to=_in_ascii("reply_to", section.reply_to),
        postal_address=section.postal_address,
        base_url=_in_ascii("base_url", section.base_url),
        language=section.language,
        accent=section.accent,
        public=app.settings.web.public,
        logo=_logo(app),
        secret=secret(app),
        renderer=Renderer(read_templates(folder), places(folder), section.language),
    )


def _logo(app: App) -> "Logo | None":
    if not (name := app.settings.newsletter.logo):
        return None
    from newsletter.rendering.logo import read_logo

    return read_logo(app.beside(name))


def _in_ascii(key: str, value: str) -> str:
    try:
        return all_in_ascii(value)
    except ValueError as error:
        problem = f"newsletter.{key}: {value!r} has no real domain"
        raise ConfigError(problem, f"write it as it is registered ({error})") from error
