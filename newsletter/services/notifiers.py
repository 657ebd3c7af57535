"""How the operator is told: by mail, or by a command."""

import logging
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path

from newsletter.domain.errors import DeliveryError
from newsletter.mail.channels import Channel, Envelope

log = logging.getLogger("newsletter")

_COMMAND_SECONDS = 60


@dataclass(frozen=True)
class Alert:
    subject: str
    text: str


Notifier = Callable[[Alert], bool]
"""Returns whether somebody was told; why not stands in the log."""


@dataclass(frozen=True)
class MailNotifier:
    """``sender`` and ``to`` are bare addresses, ``domain`` is the sender's in ASCII."""

    newsletter_name: str
    from_address: str
    sender: str
    domain: str
    to: str
    channel: Channel
    sign: Callable[[bytes], bytes] | None
    clock: Callable[[], datetime]

    def __call__(self, alert: Alert) -> bool:
        raw = self._message(alert)
        signed = self.sign(raw) if self.sign else raw
        try:
            self.channel.send(Envelope(self.sender, self.to, signed))
        except DeliveryError as error:
            log.error("the alert could not be mailed: %s", error)  # noqa: TRY400
            return False
        finally:
            self.channel.close()
        return True

    def _message(self, alert: Alert) -> bytes:
        message = EmailMessage()
        message["From"], message["To"] = self.from_address, self.to
        message["Subject"] = f"{' '.join(self.newsletter_name.split())}: {alert.subject}"
        message["Date"] = format_datetime(self.clock())
        message["Message-ID"] = make_msgid(domain=self.domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(f"{alert.text}\n")
        return message.as_bytes(policy=SMTP)


@dataclass(frozen=True)
class CommandNotifier:
    """Runs without a shell, in ``folder``; its output is discarded."""

    command: Sequence[str]
    folder: Path

    def __call__(self, alert: Alert) -> bool:
        try:
            subprocess.run(
                self.command,
                cwd=self.folder,
                input=f"{alert.text}\n".encode(),
                capture_output=True,
                check=True,
                timeout=_COMMAND_SECONDS,
            )
        except (OSError, subprocess.SubprocessError) as error:
            log.error("alerts.command failed: %s", error)  # noqa: TRY400
            return False
        return True
