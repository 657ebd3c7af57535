"""What a reader says of a pick by the links below it. A link is all that they need."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from newsletter.domain.model import Subscriber, Vote, VoteKind
from newsletter.domain.tokens import VOTE, linked
from newsletter.storage import (
    Connection,
    Store,
    editing,
    insights,
    reading_history,
    subscriber_states,
    subscribers,
    votes,
)


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
    """``kind`` is what the link would say of the insight of this ``text``, ``language`` the one
    that the reader wants; "" is the newsletter's."""

    state: VoteState
    kind: VoteKind = "more"
    text: str = ""
    language: str = ""


_MOST = 2**31 - 1
"""Of an id: a database refuses a larger number."""
_UNKNOWN = Answer(VoteState.UNKNOWN)


@dataclass(frozen=True)
class VoteLinks:
    """By the token in the link, the insight and what is said of it. What is nobody's, or of an
    insight that its reader was not sent, is UNKNOWN and changes nothing."""

    store: Store
    secret: bytes = field(repr=False)
    clock: Callable[[], datetime]

    def look(self, token: str, insight_id: int, kind: str) -> Answer:
        """Changes nothing."""
        if (asked := self._asked(token, insight_id, kind)) is None:
            return _UNKNOWN
        with self.store.reading() as db:
            return _look(db, *asked)

    def vote(self, token: str, insight_id: int, kind: str) -> Answer:
        """Remember what the link says; the second time nothing changes."""
        if (asked := self._asked(token, insight_id, kind)) is None:
            return _UNKNOWN
        reader, vote = asked
        with self.store.writing() as db:
            answer = _look(db, reader, vote)
            if answer.state is VoteState.ASKED:
                votes.record(db, reader, vote)
                subscriber_states.note_sign(db, reader, vote.at)
                answer = replace(answer, state=VoteState.REMEMBERED)
        return answer

    def undo(self, token: str, insight_id: int, kind: str) -> Answer:
        """Forget what the reader said of the insight by either link; the second time nothing
        changes."""
        if (asked := self._asked(token, insight_id, kind)) is None:
            return _UNKNOWN
        reader, vote = asked
        with self.store.writing() as db:
            answer = _look(db, reader, vote)
            if answer.state in (VoteState.ASKED, VoteState.REMEMBERED):
                votes.take_back(db, reader, insight_id)
                subscriber_states.note_sign(db, reader, vote.at)
                answer = replace(answer, state=VoteState.TAKEN_BACK)
        return answer

    def _asked(self, token: str, insight_id: int, kind: str) -> tuple[int, Vote] | None:
        """Whose link it is, and what it says."""
        now = self.clock()
        match linked(self.secret, VOTE, token, now), kind:
            case (reader,), "more" | "knew" if insight_id <= _MOST:
                return reader, Vote(insight_id, kind, now)
        return None


def _look(db: Connection, reader_id: int, vote: Vote) -> Answer:
    reader, insight = subscribers.numbered(db, reader_id), insights.find(db, vote.insight_id)
    if reader is None or insight is None or not reading_history.is_of(db, reader_id, insight.id):
        return _UNKNOWN
    text = editing.corrections(db).get(insight.id) or insight.text
    return Answer(_state(db, reader, vote), vote.kind, text, reader.language)


def _state(db: Connection, reader: Subscriber, vote: Vote) -> VoteState:
    if reader.state not in ("active", "pending"):
        return VoteState.GONE
    known = votes.find(db, reader.id, vote.insight_id)
    same = known is not None and known.kind == vote.kind
    return VoteState.REMEMBERED if same else VoteState.ASKED
