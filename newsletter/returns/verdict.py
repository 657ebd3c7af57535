"""What a message says, before anybody asks whose it is."""

from dataclasses import dataclass

from newsletter.domain.returns import ReturnKind, Severity


@dataclass(frozen=True, slots=True)
class Verdict:
    """As in ``Return``; ``reader`` is the one who asks to leave, by their token."""

    kind: ReturnKind
    severity: Severity | None = None
    address: str = ""
    status: str = ""
    words: str = ""
    reader: int | None = None
    forged: bool = False
