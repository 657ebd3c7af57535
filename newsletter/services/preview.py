"""Preview: the issue that a reader would get, or got, and a test copy of it by mail."""

from dataclasses import replace
from datetime import date, datetime

from newsletter.composing.draft import draft
from newsletter.composing.rules import Rules
from newsletter.domain.addresses import mailbox
from newsletter.domain.due import local_date
from newsletter.domain.errors import DeliveryError, NewsletterError, UsageError
from newsletter.domain.model import ScheduledEmail, Subscriber
from newsletter.mail.channels import Channel, Envelope
from newsletter.mail.message import message
from newsletter.rendering.branding import Branding
from newsletter.services.readers import find_subscriber
from newsletter.storage import Store, ledger, subscribers
from newsletter.storage.subscribers import gone_fault


def scheduled_for(
    rules: Rules,
    house: Subscriber,
    now: datetime,
    address: str | None = None,
    day: date | None = None,
    *,
    at_once: bool = False,
) -> ScheduledEmail:
    """The issue of ``address``, or the house issue, of ``day`` or of today; changes nothing.

    Without picks nothing would be sent.
    """
    reader = find_subscriber(rules.store, address) if address else house
    return draft(rules, now, reader, day, house=not address, at_once=at_once)


def refuse_before_they_came(store: Store, address: str, day: date) -> None:
    """Raises NewsletterError where the reader came after ``day``, and nothing of it is theirs."""
    reader = find_subscriber(store, address)
    with store.reading() as db:
        came = local_date(subscribers.joined(db, reader.id), reader.timezone)
        if day < came and ledger.find(db, reader.id, day) is None:
            raise NewsletterError(
                f"{reader.address} was no reader on {day}: they came on {came}, and there was no"
                " issue for them before"
            )


def address_of_copy(store: Store, text: str, where: str) -> str:
    """Where a test copy may go: anywhere but to a reader who left, bounced or complained.

    Raises UsageError; ``where`` says where the address was written.
    """
    box = mailbox(text, where)
    with store.reading() as db:
        reader = subscribers.find(db, box.key)
    if reader and gone_fault(reader):
        raise UsageError(
            f"{reader.address} is {reader.state}: they get no test copy either",
            "send it to an address of your own",
        )
    return box.address


def send_test_copy(
    scheduled: ScheduledEmail,
    to: str,
    sender: str,
    branding: Branding,
    channel: Channel,
    now: datetime,
) -> str:
    """Send one marked copy outside the ledger; returns the server's answer. Closes ``channel``."""
    if not scheduled.issue.picks:
        day = scheduled.issue.date
        raise NewsletterError(f"too little is new for {day}: there is no issue to send")
    # The copy is made now, whenever its issue was composed.
    copy = message(replace(scheduled, dated_at=now), branding, test=True)
    try:
        return channel.send(Envelope(sender, to, copy))
    except DeliveryError as error:
        raise NewsletterError(f"the test copy to {to} was not taken: {error}") from error
    finally:
        channel.close()
