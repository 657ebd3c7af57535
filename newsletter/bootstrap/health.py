"""The checks of ``doctor``, each with what it needs of the settings."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules, house_subscriber
from newsletter.bootstrap.ingest import inbox_path
from newsletter.bootstrap.mail import channel, sender_address, sign, signer
from newsletter.bootstrap.rate_limits import rate_limits
from newsletter.bootstrap.rendering import unsigned_branding
from newsletter.composing.draft import draft
from newsletter.domain.checks import CheckResult
from newsletter.domain.model import ScheduledEmail
from newsletter.mail.message import message
from newsletter.rendering.branding import Branding
from newsletter.services import delivery_checks, desk_users, health
from newsletter.storage import Store


class HealthChecks:
    """The checks of ``doctor``, each with what it needs of the settings."""

    def __init__(self, app: App) -> None:
        self.app = app

    def by_name(self) -> dict[str, health.Check]:
        """In the order in which ``doctor`` prints them."""
        return {
            "configuration": self.configuration,
            "sender": self.sender,
            "postal address": lambda: health.postal_address(
                self.app.settings.newsletter.postal_address
            ),
            "base_url": lambda: health.base_url(self.app.settings.newsletter.base_url),
            "inbox": lambda: health.inbox(inbox_path(self.app)),
            "database": lambda: health.database(self.app.settings.store.url, self.app.path.parent),
            "disk": lambda: delivery_checks.disk(self.app.store),
            "message": lambda: health.readable_message(self._sample, self._unsigned),
            "signature": self.signature,
            "server": self.server,
            "pace": lambda: delivery_checks.pace(self.app.store, rate_limits(self.app.settings)),
            "warm-up": lambda: delivery_checks.warm_up(
                self.app.store, rate_limits(self.app.settings), self.app.clock()
            ),
            "lease": self.lease,
            "scheduler": lambda: delivery_checks.scheduler(
                self.app.store, self.app.clock(), cluster=self.app.settings.cluster.enabled
            ),
            "clock": lambda: delivery_checks.clock(self.app.store, self.app.clock()),
            "queue": lambda: delivery_checks.queue(*self._now),
            "notices": lambda: delivery_checks.notices(self.app.store, self.app.clock()),
            "unknown": lambda: delivery_checks.unknown(self.app.store, self.app.clock()),
            "replies": lambda: delivery_checks.replies(
                self.app.store, self.app.settings.newsletter.reply_to
            ),
            "late": lambda: delivery_checks.lateness(
                *self._now, self.app.settings.alerts.late_hour
            ),
            "alerts": self.alerts,
            "desk": self.desk,
        }

    def configuration(self) -> Iterator[CheckResult]:
        return health.configuration(self.app.path, self.app.settings.delivery.channel)

    def sender(self) -> Iterator[CheckResult]:
        return health.sender(
            self.app.settings.newsletter.from_address, sender_address(self.app.settings)
        )

    def signature(self) -> Iterator[CheckResult]:
        key = self.app.beside(self.app.settings.dkim.key_file)
        return health.signature(signer(self.app), key, self.signed_message)

    def server(self) -> Iterator[CheckResult]:
        delivery = self.app.settings.delivery
        size = lambda: len(self.signed_message())  # noqa: E731
        return health.server(channel(self.app), delivery.channel, delivery.smtp.host, size)

    def lease(self) -> Iterator[CheckResult]:
        return delivery_checks.lease(self.app.settings.delivery.lease_seconds, channel(self.app))

    def alerts(self) -> Iterator[CheckResult]:
        section = self.app.settings.alerts
        return health.alerts(section.to, section.command, self.app.path.parent)

    def desk(self) -> Iterator[CheckResult]:
        section, proxies = self.app.settings.desk, self.app.settings.desk.trusted_proxies
        users = len(desk_users.listed(self.app.store))
        return health.desk(users, section.host, proxies, enabled=section.enabled)

    def signed_message(self) -> bytes:
        """As it would be sent today."""
        return message(self._sample, replace(self._unsigned, sign=sign(self.app)))

    @property
    def _now(self) -> tuple[Store, datetime, str]:
        return self.app.store, self.app.clock(), self.app.settings.newsletter.timezone

    @cached_property
    def _unsigned(self) -> Branding:
        return unsigned_branding(self.app)

    @cached_property
    def _sample(self) -> ScheduledEmail:
        house = house_subscriber(self.app.settings)
        return health.sample(
            draft(compose_rules(self.app), self.app.clock(), house, None, house=True)
        )
