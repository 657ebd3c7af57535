"""What a reader says of a pick by the links below it. A link is all that they need."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from newsletter.domain.model import VOTE_KINDS, Vote, VoteKind
from newsletter.domain.tokens import linked
from newsletter.storage import Connection, Store, editing, insights, subscribers, votes


class VoteState(StrEnum):
    """What a link leads to; ``TAKEN_BACK`` only as the answer to ``undo``."""

    ASKED = "asked"
    REMEMBERED = "remembered"
    TAKEN_BACK = "taken back"
    GONE = "gone"
    """The reader gets no issues any more: nothing would come of it, and nothing is remembered."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """``kind`` is what the link would say of the insight of this ``text``."""

    state: VoteState
    kind: VoteKind = "more"
    text: str = ""


_UNKNOWN = Answer(VoteState.UNKNOWN)


@dataclass(frozen=True)
class VoteLinks:
    """By the token in the link. What is nobody's, or of no insight, is UNKNOWN and changes
    nothing."""

    store: Store
    secret: bytes = field(repr=False)
    clock: Callable[[], datetime]

    def look(self, token: str) -> Answer:
        """Changes nothing."""
        now = self.clock()
        if (link := self._read(token, now)) is None:
            return _UNKNOWN
        with self.store.reading() as db:
            return _look(db, *link)

    def vote(self, token: str) -> Answer:
        """Remember what the link says; the second time nothing changes."""
        now = self.clock()
        if (link := self._read(token, now)) is None:
            return _UNKNOWN
        kind, reader, insight_id = link
        with self.store.writing() as db:
            answer = _look(db, kind, reader, insight_id)
            if answer.state is VoteState.ASKED:
                votes.record(db, reader, Vote(insight_id, kind, now))
                answer = Answer(VoteState.REMEMBERED, kind, answer.text)
        return answer

    def undo(self, token: str) -> Answer:
        """Forget what the reader said of the insight by either link; the second time nothing
        changes."""
        now = self.clock()
        if (link := self._read(token, now)) is None:
            return _UNKNOWN
        kind, reader, insight_id = link
        with self.store.writing() as db:
            answer = _look(db, kind, reader, insight_id)
            if answer.state in (VoteState.ASKED, VoteState.REMEMBERED):
                votes.take_back(db, reader, insight_id)
                answer = Answer(VoteState.TAKEN_BACK, kind, answer.text)
        return answer

    def _read(self, token: str, now: datetime) -> tuple[VoteKind, int, int] | None:
        """What it says, whose it is, and of which insight."""
        for kind in VOTE_KINDS:
            match linked(self.secret, kind, token, now):
                case reader, insight_id:
                    return kind, reader, insight_id
        return None


def _look(db: Connection, kind: VoteKind, reader: int, insight_id: int) -> Answer:
    state, insight = subscribers.state_of(db, reader), insights.find(db, insight_id)
    if state is None or insight is None:
        return _UNKNOWN
    text = editing.corrections(db).get(insight_id) or insight.text
    if state not in ("active", "pending"):
        return Answer(VoteState.GONE, kind, text)
    said = votes.find(db, reader, insight_id)
    remembered = said is not None and said.kind == kind
    return Answer(VoteState.REMEMBERED if remembered else VoteState.ASKED, kind, text)
