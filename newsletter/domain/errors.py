"""The tree of errors. Each message says what went wrong, where, and what to do.

NewsletterError
├── UsageError             a wrong command line (exit code 2)
│   └── NotFound           it names what is not there
├── ConfigError            a wrong or missing key of the configuration (exit code 2)
├── BriefRejected          one file cannot be read as a brief; the other files go on
├── WriterWaits            no insights can be written now; the episode's turn comes later
├── StoreError             the database cannot be used
│   └── SchemaChanged      another program has migrated it: nothing more may be done with it
└── DeliveryError          a message was not taken
    ├── Deferred           temporary: a 4xx, or the connection was lost before the final dot
    ├── Refused            permanent, about this reader: a 5xx for the address or mailbox
    ├── AnswerLost         the server may have the message, but its answer never came
    ├── ChannelDown        no connection can be opened now
    ├── SenderRefused      permanent, about us: credentials, policy, our address; stops the run
    ├── Withheld           not offered: the row is not ours any more, or the reader left
    └── Paused             not offered: the operator paused the newsletter; stops the run
"""

from datetime import datetime


class NewsletterError(Exception):
    """An error that the operator can act on; ``exit_code`` is the command's exit code.

    ``finding`` says what went wrong and ``advice`` what to do, where the two are separate.
    """

    exit_code = 1

    def __init__(self, finding: str, advice: str = "") -> None:
        super().__init__(f"{finding}: {advice}" if advice else finding)
        self.finding, self.advice = finding, advice


class UsageError(NewsletterError):
    exit_code = 2


class NotFound(UsageError):
    pass


class ConfigError(NewsletterError):
    exit_code = 2


class BriefRejected(NewsletterError):
    """``line`` counts from 1; None if the whole file is the problem."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.reason = reason
        self.line = line


class NoInsight(BriefRejected):
    """The file is whole and was read: nothing in it is an insight."""


class WriterWaits(NewsletterError):
    """A limit of the day is reached, or the model does not answer: ask again from ``until`` on.

    What was answered so far is kept. It concerns this episode alone, never the other work.
    """

    def __init__(self, text: str, until: datetime) -> None:
        super().__init__(f"{text}; it goes on from {until:%Y-%m-%d %H:%M} UTC")
        self.until = until


class StoreError(NewsletterError):
    pass


class SchemaChanged(StoreError):
    pass


class DeliveryError(NewsletterError):
    """The text is the server's answer, or the reason why there is none."""


class Deferred(DeliveryError):
    """``shared``: it concerns the whole domain of the reader, not this mailbox alone."""

    def __init__(self, text: str, *, shared: bool = False) -> None:
        super().__init__(text)
        self.shared = shared


class Refused(DeliveryError):
    """``hard``: the address does not exist (5.1.x at RCPT)."""

    def __init__(self, text: str, *, hard: bool = False) -> None:
        super().__init__(text)
        self.hard = hard


class AnswerLost(DeliveryError):
    pass


class ChannelDown(DeliveryError):
    pass


class SenderRefused(DeliveryError):
    pass


class Withheld(DeliveryError):
    pass


class Paused(DeliveryError):
    pass
