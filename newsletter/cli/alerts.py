"""[alerts]: the operator is told, once a day for each cause, what nobody would see by itself."""

import logging
import subprocess
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from newsletter.bootstrap import App
from newsletter.domain.addresses import mailbox
from newsletter.domain.due import due_at, local_date
from newsletter.domain.errors import DeliveryError, NewsletterError, Paused
from newsletter.domain.hostnames import in_ascii
from newsletter.mail.channels import Envelope
from newsletter.storage import heartbeats, ledger, reports

log = logging.getLogger("newsletter")

_A_DAY = timedelta(days=1)
_AGAIN = timedelta(minutes=15)
"""After which it is tried again where nobody could be told: a server may be down."""
_PATIENCE = 60


def alert(app: App, stopped: Exception | None = None) -> None:
    """Tell what is new to tell; ``stopped`` is what ended a run early. Never raises."""
    if not (app.settings.alerts.to or app.settings.alerts.command):
        return
    try:
        for cause, look in _CAUSES.items():
            if _is_new(app, cause) and (text := look(app, stopped)):
                _tell_once(app, cause, text)
    except NewsletterError as error:
        log.error("nobody could be alerted: %s", error)  # noqa: TRY400


def _is_new(app: App, cause: str) -> bool:
    with app.store.reading() as db:
        return not heartbeats.told(db, cause, app.clock())


def _tell_once(app: App, cause: str, text: str) -> None:
    """Of several senders one; what could not be told is tried again after a while."""
    now, timezone = app.clock(), app.settings.newsletter.timezone
    with app.store.writing() as db:
        if heartbeats.told(db, cause, now):
            return
        heartbeats.tell(db, cause, now + _AGAIN)
    if _tell(app, cause, text):
        with app.store.writing() as db:
            heartbeats.tell(db, cause, due_at(local_date(now, timezone) + _A_DAY, 0, timezone))


def _stopped(app: App, stopped: Exception | None) -> str:  # noqa: ARG001
    """A pause is the operator's own doing."""
    if stopped is None or isinstance(stopped, Paused):
        return ""
    why = stopped if isinstance(stopped, NewsletterError) else repr(stopped)
    return f"A run stopped, and the rest waits: {why}"


def _unknown(app: App, stopped: Exception | None) -> str:  # noqa: ARG001
    with app.store.reading() as db:
        count = reports.unresolved(db)
    if not count:
        return ""
    return (
        f"Unknown: {count}. The server may have these messages or not. See `newsletter deliveries"
        " --state unknown`, then settle them with `newsletter deliveries resolve`."
    )


def late(app: App, stopped: Exception | None = None) -> str:  # noqa: ARG001
    """What fell due in the 24 hours before today's hour, and did not go out; empty before it.

    The hour is one of newsletter.timezone. Who has too few insights is not late.
    """
    now, timezone = app.clock(), app.settings.newsletter.timezone
    hour = app.settings.alerts.late_hour
    end = due_at(local_date(now, timezone), hour, timezone)
    if now < end:
        return ""
    with app.store.reading() as db:
        waiting, too_late = reports.overdue(db, end - _A_DAY, end)
        forgotten = reports.forgotten(db, end - _A_DAY, end)
        paused = ledger.paused(db)
    if not waiting + too_late + forgotten:
        return ""
    found = {"waiting": waiting, "skipped as too late": too_late, "never composed": forgotten}
    counts = ", ".join(f"{count} {what}" for what, count in found.items() if count)
    why = "The newsletter is paused: `newsletter resume`." if paused else "See `newsletter status`."
    return f"Issues due by {hour:02}:00 {timezone} that did not go out: {counts}. {why}"


_CAUSES: dict[str, Callable[[App, Exception | None], str]] = {
    "stopped": _stopped,
    "unknown": _unknown,
    "late": late,
}


def _tell(app: App, cause: str, text: str) -> bool:
    """Whether somebody was told; that it failed stands in the log."""
    chosen = app.settings.alerts
    told = [_mail(app, cause, text)] if chosen.to else []
    told += [_run(app, text)] if chosen.command else []
    return any(told)


def _mail(app: App, cause: str, text: str) -> bool:
    to = mailbox(app.settings.alerts.to, "alerts.to").address
    message = EmailMessage()
    message["From"], message["To"] = app.from_address, to
    name = " ".join(app.settings.newsletter.name.split())
    message["Subject"] = f"{name}: {_SUBJECTS[cause]}"
    message["Date"] = format_datetime(app.clock())
    message["Message-ID"] = make_msgid(domain=in_ascii(app.sender.rpartition("@")[2]))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{text}\n")
    raw = message.as_bytes(policy=SMTP)
    channel = app.channel()
    try:
        channel.send(Envelope(app.sender, to, app.signer.sign(raw) if app.signer else raw))
    except DeliveryError as error:
        log.error("the alert could not be mailed: %s", error)  # noqa: TRY400
        return False
    finally:
        channel.close()
    return True


_SUBJECTS = {
    "stopped": "a run stopped",
    "unknown": "deliveries are unknown",
    "late": "issues did not go out",
}


def _run(app: App, text: str) -> bool:
    """In the folder of the configuration, without a shell; what it says is not ours to print."""
    try:
        subprocess.run(
            app.settings.alerts.command,
            cwd=app.path.parent,
            input=f"{text}\n".encode(),
            capture_output=True,
            check=True,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.error("alerts.command failed: %s", error)  # noqa: TRY400
        return False
    return True
