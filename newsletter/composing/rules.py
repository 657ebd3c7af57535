"""What composing needs."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.domain.model import SelectionSettings
from newsletter.storage import Store

if TYPE_CHECKING:
    from newsletter.ranking.interest import Encode


@dataclass(frozen=True)
class Approval:
    """Issues are composed a ``lead`` before they are due, and wait for approval; without one they
    are sent anyway when they are due for as long as ``wait``."""

    lead: timedelta
    wait: timedelta


@dataclass(frozen=True)
class Rules:
    """The settings and parts of composing. ``domain`` is that of the Message-IDs; ``index_cache``
    is the folder of the similarity index, if it is kept; ``encode`` is the encoder of interests;
    without ``approval`` nothing waits for one."""

    store: Store
    taste: SelectionSettings
    catch_up: timedelta
    domain: str
    language: str = "en"
    index_cache: Path | None = None
    encode: "Encode | None" = None
    approval: Approval | None = None

    @property
    def lead(self) -> timedelta:
        """How long before it is due an issue is composed."""
        return self.approval.lead if self.approval else timedelta(0)
