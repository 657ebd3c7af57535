"""The parts that composing needs: its rules and the house reader."""

from datetime import timedelta

from msgspec.structs import asdict

from newsletter.bootstrap import App
from newsletter.bootstrap.mail import sender_domain
from newsletter.composing.rules import Rules
from newsletter.config import Settings
from newsletter.domain.model import SelectionSettings, Subscriber
from newsletter.services.readers import house_reader


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
    )


def house_subscriber(settings: Settings, address: str = "reader@example.org") -> Subscriber:
    """The reader of the house issue, in the newsletter's own time zone."""
    return house_reader(settings.newsletter.timezone, settings.schedule.send_hour, address)
