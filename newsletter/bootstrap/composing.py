"""The parts that composing needs: its rules and the house reader."""

from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from newsletter.bootstrap import App
from newsletter.bootstrap.mail import sender_domain
from newsletter.composing.rules import Approval, Rules
from newsletter.config import Settings
from newsletter.domain.errors import ConfigError
from newsletter.domain.model import SelectionSettings, Subscriber
from newsletter.services.readers import house_reader

if TYPE_CHECKING:
    from newsletter.composing.encoder import Encoder


def selection_settings(settings: Settings) -> SelectionSettings:
    section = settings.selection
    return SelectionSettings(**{**asdict(section), "weights": asdict(section.weights)})


def compose_rules(app: App) -> Rules:
    settings = app.settings
    return Rules(
        store=app.store,
        taste=selection_settings(settings),
        catch_up=timedelta(hours=settings.schedule.catch_up_hours),
        domain=sender_domain(settings),
        language=settings.newsletter.language,
        index_cache=app.index_cache,
        encode=_encoder(app),
        approval=_approval(settings),
    )


def _approval(settings: Settings) -> Approval | None:
    section = settings.schedule
    if not section.approval:
        return None
    lead, wait = section.approval_lead_hours, section.approval_wait_hours
    return Approval(timedelta(hours=lead), timedelta(hours=wait))


def _encoder(app: App) -> "Encoder | None":
    """Raises ConfigError where its packages are not installed. Loads nothing yet."""
    if not app.settings.similarity.encoder:
        return None
    from newsletter.composing.encoder import PACKAGES, Encoder

    for package in PACKAGES:
        if find_spec(package) is None:
            raise ConfigError(
                f"similarity.encoder needs the package {package}",
                "install the newsletter anew with its extra, from the checkout:"
                " pip install --constraint constraints.txt '.[encoder]'",
            )
    return Encoder(app.index_cache.with_suffix(".vectors"))


def house_subscriber(settings: Settings, address: str = "reader@example.org") -> Subscriber:
    """The reader of the house issue, in the newsletter's own time zone."""
    return house_reader(settings.newsletter.timezone, settings.schedule.send_hour, address)
