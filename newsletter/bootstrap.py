"""One run of the program: its configuration, its clock, and the parts built from them on demand."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.config import PREFIX, Settings, load
from newsletter.domain.errors import ConfigError, UsageError
from newsletter.domain.hostnames import all_in_ascii, in_ascii

if TYPE_CHECKING:
    from newsletter.domain.model import SelectionSettings, Subscriber
    from newsletter.domain.rate_limits import RateLimits
    from newsletter.ingest.ingest import Watch
    from newsletter.mail.channels import Channel
    from newsletter.mail.dkim.signing import Signer
    from newsletter.rendering.rendered_email import Branding
    from newsletter.services.publish import IngestJob, Rules
    from newsletter.storage import Store

log = logging.getLogger("newsletter")

_OLDER = (
    "the database was older than its journal, which says: %s; what no journal can know stands in"
    ' docs/operating.md, "Restoring"'
)
_PLACEHOLDER = "Preview <preview@example.org>"


@dataclass(frozen=True)
class App:
    config: str | None
    environment: Mapping[str, str]
    clock: Callable[[], datetime]

    @cached_property
    def path(self) -> Path:
        name = self.config or self.environment.get(f"{PREFIX}CONFIG") or "config.toml"
        return Path(name).absolute()

    @cached_property
    def settings(self) -> Settings:
        return load(self.path, self.environment)

    def beside(self, name: str) -> Path:
        """A relative path is relative to the configuration file."""
        return self.path.parent / name

    @cached_property
    def store(self) -> "Store":
        """Raises StoreError where there is no database: ``init`` and ``migrate`` make one."""
        return self.opened(create=False)

    def opened(self, *, create: bool) -> "Store":
        """Up to date, and with all that its journal knows."""
        from newsletter.storage.replay import catch_up, told

        store = self.unreplayed(create=create)
        try:
            replayed = catch_up(store)
        except BaseException:
            store.close()
            raise
        if replayed.anything:
            log.warning(_OLDER, told(replayed))
        return store

    def unreplayed(self, *, create: bool = False) -> "Store":
        """Up to date, for who replays the journal and tells what it knew."""
        from newsletter.storage import Store

        journal = self.beside("newsletter.journal")
        return Store(self.settings.store.url, self.path.parent, create=create, journal=journal)

    def close(self) -> None:
        if "store" in vars(self):
            self.store.close()

    @cached_property
    def taste(self) -> "SelectionSettings":
        from msgspec.structs import asdict

        from newsletter.domain.model import SelectionSettings

        chosen = asdict(self.settings.selection)
        return SelectionSettings(**{**chosen, "weights": asdict(self.settings.selection.weights)})

    @cached_property
    def rules(self) -> "Rules":
        from newsletter.services.publish import Rules

        catch_up = timedelta(hours=self.settings.schedule.catch_up_hours)
        domain = in_ascii(self.sender.rpartition("@")[2])
        language = self.settings.newsletter.language
        return Rules(self.store, self.taste, catch_up, domain, language, self.index_cache)

    @property
    def index_cache(self) -> Path:
        """The similarity index beside the database, or beside the configuration."""
        url = self.settings.store.url
        name = url.removeprefix("sqlite:///") if url.startswith("sqlite:///") else "newsletter"
        return self.beside(f"{name}.index")

    @property
    def inbox(self) -> Path:
        """Raises ConfigError where it is missing: nothing would ever come in."""
        path = self.beside(self.settings.inbox.path)
        if not path.exists():
            raise ConfigError(f"the inbox {path} is missing: create it, or set inbox.path")
        return path

    def ingest_job(
        self, pause: Callable[[], None], watch: "Watch", paths: Sequence[str] = ()
    ) -> "IngestJob":
        from newsletter.ingest.sources.folder import Folder
        from newsletter.services.publish import IngestJob

        inbox = self.settings.inbox
        wanted = [Path(path) for path in paths] or [self.inbox]
        return IngestJob(
            store=self.store,
            sources=[Folder(path, inbox.max_bytes) for path in wanted],
            phrases=inbox.boilerplate,
            timezone=self.settings.newsletter.timezone,
            pause=pause,
            watch=watch,
        )

    @cached_property
    def from_address(self) -> str:
        """As configured, or a placeholder for commands that only show."""
        return self.settings.newsletter.from_address or _PLACEHOLDER

    @cached_property
    def branding(self) -> "Branding":
        """What preview shows and send sends; ``ready_to_send`` says whether it may leave."""
        return replace(self.unsigned, signer=self.signer)

    @cached_property
    def unsigned(self) -> "Branding":
        """The same, whatever there is to sign with."""
        from newsletter.rendering.logo import read_logo
        from newsletter.rendering.rendered_email import Branding
        from newsletter.rendering.renderer import Renderer
        from newsletter.rendering.templates import places, read_templates

        news = self.settings.newsletter
        return Branding(
            name=news.name,
            from_address=self._in_ascii("from_address", self.from_address),
            reply_to=self._in_ascii("reply_to", news.reply_to),
            postal_address=news.postal_address,
            base_url=self._in_ascii("base_url", news.base_url),
            language=news.language,
            accent=news.accent,
            logo=read_logo(self.beside(news.logo)) if news.logo else None,
            secret=self.secret,
            renderer=Renderer(read_templates(self.templates), places(self.templates)),
        )

    def _in_ascii(self, key: str, written: str) -> str:
        try:
            return all_in_ascii(written)
        except ValueError as error:
            found = f"newsletter.{key}: {written!r} has no real domain"
            raise ConfigError(found, f"write it as it is registered ({error})") from error

    @cached_property
    def signer(self) -> "Signer | None":
        """Raises ConfigError where there is a key to sign with and it cannot be used."""
        chosen = self.settings.dkim
        if not chosen.key_file:
            return None
        from newsletter.mail.dkim.keys import read_key
        from newsletter.mail.dkim.signing import Signer

        domain = chosen.domain or self.sender.rpartition("@")[2]
        try:
            domain = in_ascii(domain)
        except ValueError as error:
            found = f"dkim.domain: {domain!r} is no domain"
            raise ConfigError(found, f"write it as it is registered ({error})") from error
        return Signer(domain, chosen.selector, read_key(self.beside(chosen.key_file)))

    @property
    def templates(self) -> Path | None:
        """The operator's own folder, where there is one."""
        name = self.settings.newsletter.templates
        return self.beside(name) if name else None

    @cached_property
    def secret(self) -> bytes:
        """What unsubscribe links are signed with. Raises ConfigError where it is missing."""
        from newsletter.services.secret import read_secret

        return read_secret(self.beside(self.settings.web.secret_file), self.path.parent)

    @cached_property
    def sender(self) -> str:
        from newsletter.domain.addresses import mailbox

        return mailbox(self.from_address, "newsletter.from_address").address

    @property
    def bounces(self) -> str:
        """The address that bounces go to."""
        return self.settings.delivery.return_path or self.sender

    def envelope_sender(self, delivery_id: int) -> str:
        """The same, and with delivery.return_path it tells whose delivery came back."""
        from newsletter.domain.tokens import return_path

        told_apart = bool(self.settings.delivery.return_path)
        return return_path(self.secret, self.bounces, delivery_id) if told_apart else self.sender

    def channel(self) -> "Channel":
        from newsletter.mail.channels.folder import Folder
        from newsletter.mail.channels.smtp import Smtp

        chosen = self.settings.delivery
        if chosen.channel == "folder":
            return Folder(self.beside(chosen.folder.path))
        smtp = chosen.smtp
        port = smtp.port or {"none": 25, "starttls": 587, "tls": 465}[smtp.security]
        return Smtp(
            *(smtp.host, port, smtp.security, smtp.username, smtp.password),
            per_connection=chosen.pace.per_connection,
        )

    @cached_property
    def pace(self) -> "RateLimits":
        """Raises ConfigError for a name that is no domain."""
        from newsletter.domain.rate_limits import RateLimits

        chosen = self.settings.delivery.pace
        domains = {_domain(name): rate for name, rate in chosen.domains.items()}
        return RateLimits(chosen.per_second, chosen.per_domain, domains)

    def ready_to_send(self) -> Iterator[str]:
        """Raises ConfigError where nothing may leave; yields warnings of what readers will miss."""
        self.channel()
        news = self.settings.newsletter
        if not news.from_address:
            raise ConfigError(
                f'{self.path}: newsletter.from_address is missing: write "Name <name@example.org>"'
            )
        if not news.base_url:
            yield "newsletter.base_url is empty: readers can unsubscribe by mail only"
        elif not news.base_url.startswith("https://"):
            yield "newsletter.base_url is not https: mail programs offer no one-click unsubscribe"
        if not news.postal_address:
            yield "newsletter.postal_address is empty: the law asks for one in many places"
        if self.signer:
            from newsletter.mail.dkim.keys import others_can_read

            key = self.beside(self.settings.dkim.key_file)
            if others_can_read(key):
                yield f"dkim.key_file: others can read {key} and sign in your name: chmod 600 {key}"

    def subscriber(self, address: str) -> "Subscriber":
        """Raises UsageError where nobody has this address."""
        from newsletter.domain.addresses import mailbox
        from newsletter.storage import subscribers

        with self.store.reading() as db:
            found = subscribers.find(db, mailbox(address).key)
        if found is None:
            raise UsageError(
                f"nobody is subscribed as {address}: see `newsletter subscribers list`"
            )
        return found

    def house(self, address: str = "reader@example.org") -> "Subscriber":
        """The reader of the house issue: nobody's row, so a link in it unsubscribes nobody."""
        from newsletter.domain.model import Subscriber

        news, schedule = self.settings.newsletter, self.settings.schedule
        return Subscriber(0, address, news.timezone, schedule.send_hour)


def _domain(name: str) -> str:
    """As it stands in a subscriber's key."""
    try:
        return in_ascii(name).casefold()
    except ValueError as error:
        raise ConfigError(f"delivery.pace.domains: {name!r} is no domain: {error}") from error
