"""The parts that alerts need: who is told, and how."""

from functools import partial

from newsletter.bootstrap import App
from newsletter.bootstrap.mail import channel, from_address, sender_address, sender_domain, sign
from newsletter.domain.addresses import mailbox
from newsletter.services.alerts import Alerts
from newsletter.services.notifiers import Alert, CommandNotifier, MailNotifier, Notifier


def alerts(app: App) -> Alerts:
    section = app.settings.alerts
    notifiers: list[Notifier] = []
    if section.to:
        notifiers.append(partial(_mail_alert, app))
    if section.command:
        notifiers.append(CommandNotifier(section.command, app.path.parent))
    timezone = app.settings.newsletter.timezone
    desk = app.settings.desk.enabled
    return Alerts(app.store, app.clock, timezone, section.late_hour, notifiers, desk)


def _mail_alert(app: App, alert: Alert) -> bool:
    """The channel is made and the key read when there is something to tell."""
    settings = app.settings
    notifier = MailNotifier(
        newsletter_name=settings.newsletter.name,
        from_address=from_address(settings),
        sender=sender_address(settings),
        domain=sender_domain(settings),
        to=mailbox(settings.alerts.to, "alerts.to").address,
        channel=channel(app),
        sign=sign(app),
        clock=app.clock,
    )
    return notifier(alert)
