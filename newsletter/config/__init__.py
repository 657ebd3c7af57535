"""The configuration: config.toml and the environment, checked, as frozen settings."""

from newsletter.config.loading import PREFIX, load, settings
from newsletter.config.sections import Section, Settings

__all__ = ["PREFIX", "Section", "Settings", "load", "settings"]
