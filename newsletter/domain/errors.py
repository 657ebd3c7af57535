"""The family tree of errors. Each message says what went wrong, where, and what to do.

NewsletterError
├── UsageError             the command line asks for what cannot be (exit code 2)
├── ConfigError            a key of the configuration (exit code 2)
├── BriefRejected          one file cannot be read as a brief; the other files go on
├── StoreError             the database cannot be used
│   └── SchemaChanged      another program has migrated it: nothing more may be done with it
└── DeliveryError          a message was not taken
    ├── Deferred           not now: this message waits (4xx, or a connection lost before the dot)
    ├── Refused            not ever: this reader's address or mailbox (5xx)
    ├── AnswerLost         the server may have it, its answer never came
    ├── ChannelDown        nobody can be served now; nobody's fault
    ├── SenderRefused      our own fault: credentials, policy, address; stops the run
"""


class NewsletterError(Exception):
    """What the operator can be told in a sentence; ``exit_code`` is what the command ends with.

    ``advice`` is what to do about it, ``found`` what went wrong, where the two are told apart.
    """

    exit_code = 1

    def __init__(self, found: str, advice: str = "") -> None:
        super().__init__(f"{found}: {advice}" if advice else found)
        self.found, self.advice = found, advice


class UsageError(NewsletterError):
    exit_code = 2


class ConfigError(NewsletterError):
    exit_code = 2


class BriefRejected(NewsletterError):
    """``line`` counts from 1; None where the file as a whole is at fault."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.reason = reason
        self.line = line


class StoreError(NewsletterError):
    pass


class SchemaChanged(StoreError):
    pass


class DeliveryError(NewsletterError):
    """The text is the server's answer, or what stood in its place."""


class Deferred(DeliveryError):
    """``shared``: the server means the reader's whole domain, not this mailbox alone."""

    def __init__(self, text: str, *, shared: bool = False) -> None:
        super().__init__(text)
        self.shared = shared


class Refused(DeliveryError):
    """``hard``: there is no such address, and there will be none (5.1.x at RCPT)."""

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
