"""What composing needs."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from newsletter.domain.model import SelectionSettings
from newsletter.storage import Store


@dataclass(frozen=True)
class Rules:
    """What composing goes by; ``domain`` stands in the Message-IDs, and the similarity index is
    kept as files in ``index_cache``, where there is one."""

    store: Store
    taste: SelectionSettings
    catch_up: timedelta
    domain: str
    language: str = "en"
    index_cache: Path | None = None
