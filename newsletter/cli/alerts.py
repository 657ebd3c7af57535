"""[alerts]: the operator is told, once a day for each cause, what nobody would see by itself."""

import logging
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from newsletter.cli.app import App
from newsletter.edges.channels import Envelope
from newsletter.edges.store import marks, overview
from newsletter.editorial.domains import in_ascii
from newsletter.editorial.due import local_date, zone
from newsletter.errors import DeliveryError

log = logging.getLogger("newsletter")

_PATIENCE = 60


def alert(app: App, stopped: str) -> None:
    """Tell what is new to tell; ``stopped`` is why a run ended early, or empty."""
    chosen = app.settings.alerts
    if not (chosen.to or chosen.command):
        return
    now = app.clock()
    day = local_date(now, app.settings.newsletter.timezone)
    for cause, text in _causes(app, stopped):
        name = f"told {cause} {day}"
        with app.store.writing() as db:
            new = marks.first(db, name, now)
        if new and not _tell(app, text):
            with app.store.writing() as db:
                marks.remove(db, name)


def _causes(app: App, stopped: str) -> Iterator[tuple[str, str]]:
    """(what kind, what to say)."""
    now, zoned = app.clock(), zone(app.settings.newsletter.timezone)
    here = now.astimezone(zoned)
    if stopped:
        yield "stopped", f"A run stopped, and the rest waits: {stopped}"
    with app.store.reading() as db:
        unknown = overview.unresolved(db)
        late = overview.waiting_since(db, now - timedelta(days=1), now)
    if unknown:
        yield (
            "unknown",
            (
                f"{unknown} deliveries are unknown: the server may have the message or not. See "
                "`newsletter deliveries --state unknown`, and `newsletter deliveries resolve`."
            ),
        )
    if late and here.hour >= app.settings.alerts.late_hour:
        yield "late", f"{late} issues that are due did not go out: see `newsletter status`."


def _tell(app: App, text: str) -> bool:
    """Whether somebody was told; that it failed stands in the log."""
    chosen = app.settings.alerts
    told = [_mail(app, chosen.to, text)] if chosen.to else []
    told += [_run(chosen.command, text)] if chosen.command else []
    return any(told)


def _mail(app: App, to: str, text: str) -> bool:
    message = EmailMessage()
    message["From"], message["To"] = app.from_address, to
    message["Subject"] = f"{app.settings.newsletter.name}: {text[:60]}"
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


def _run(command: tuple[str, ...], text: str) -> bool:
    try:
        subprocess.run(command, input=f"{text}\n", text=True, check=True, timeout=_PATIENCE)
    except (OSError, subprocess.SubprocessError) as error:
        log.error("alerts.command failed: %s", error)  # noqa: TRY400
        return False
    return True
