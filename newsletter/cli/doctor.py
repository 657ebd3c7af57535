"""``newsletter doctor``: what can be checked here and now, each line with its mend."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy

from newsletter.cli.app import App
from newsletter.cli.clocks import steady
from newsletter.cli.output import say, say_json
from newsletter.daily.draft import draft
from newsletter.edges.channels.smtp import Smtp
from newsletter.edges.store import ledger, marks, overview
from newsletter.edges.store.schema import HEAD
from newsletter.editorial.health import Line
from newsletter.editorial.message import message
from newsletter.editorial.model import Citation, Issue, Pick, Posting
from newsletter.errors import NewsletterError

_OLD = timedelta(hours=1)
_HEADERS = ("From", "To", "Date", "Subject", "Message-ID", "List-Unsubscribe", "List-Id")


Check = Callable[[App], Iterator[Line]]


def doctor(app: App, words: Namespace) -> int:
    checks = _CHECKS | (_online() if words.online else {})
    lines = [line for what, check in checks.items() for line in _checked(app, what, check)]
    if words.json:
        say_json([line._asdict() for line in lines])
    else:
        for line in lines:
            say(f"{line.verdict:4}  {line.what}: {line.found}")
            say(f"      mend: {line.mend}") if line.mend else None
    return 1 if any(line.verdict == "fail" for line in lines) else 0


def _checked(app: App, what: str, check: Check) -> Iterator[Line]:
    """What a check raises is its finding: it says what to do, as errors do here."""
    try:
        yield from check(app)
    except NewsletterError as error:
        found, _, mend = str(error).partition(": ")
        yield Line(what, "fail", str(error) if not mend else found, mend)


def _configuration(app: App) -> Iterator[Line]:
    chosen = app.settings.delivery
    yield Line("configuration", "ok", f"{app.path}, delivery.channel = {chosen.channel!r}")


def _sender(app: App) -> Iterator[Line]:
    news = app.settings.newsletter
    if news.from_address:
        yield Line("sender", "ok", app.sender)
    else:
        mend = 'write newsletter.from_address = "Name <name@example.org>"'
        yield Line("sender", "fail", "nobody", mend)


def _postal_address(app: App) -> Iterator[Line]:
    found = app.settings.newsletter.postal_address
    mend = "" if found else "set newsletter.postal_address: the law asks for it in many places"
    yield Line("postal address", "ok" if found else "warn", found or "none", mend)


def _base_url(app: App) -> Iterator[Line]:
    found = app.settings.newsletter.base_url
    safe = found.startswith("https://")
    mend = "set newsletter.base_url to an https address: mail programs ask for it"
    yield Line("base_url", "ok" if safe else "warn", found or "none", "" if safe else mend)


def _database(app: App) -> Iterator[Line]:
    at = app.store.revision()
    mend = "" if at == HEAD else "run `newsletter migrate`"
    yield Line("database", "ok" if at == HEAD else "fail", f"at {at}, of {HEAD}", mend)


def _message(app: App) -> Iterator[Line]:
    """The templates render, and what was written is read back as it was meant."""
    made = message(_sample(app), app.letterhead)
    read = message_from_bytes(made, policy=policy.default)
    missing = [name for name in _HEADERS if not read[name]]
    faults = [str(one) for part in read.walk() for one in part.defects] + missing
    mend = "look at newsletter.templates, name, reply_to" if faults else ""
    found = f"{len(made):,} bytes; {', '.join(faults) or 'headers right when read back'}"
    yield Line("message", "fail" if faults else "ok", found, mend)


def _signature(app: App) -> Iterator[Line]:
    """Ours, of today's message, against the public half of the key."""
    if app.signer is None:
        mend = "let your mail server sign, or see `newsletter dkim new`"
        yield Line("signature", "warn", "messages are not signed here", mend)
        return
    from newsletter.edges.dkim_key import others_can_read
    from newsletter.editorial.dkim import verify

    key = app.beside(app.settings.dkim.key_file)
    try:
        verify(message(_sample(app), app.letterhead), app.signer.key.public_key())
    except ValueError as error:
        yield Line("signature", "fail", f"it does not hold: {error}", "please report this")
        return
    open_ = others_can_read(key)
    found = f"it holds, for {app.signer.place}{f'; others can read {key}' * open_}"
    yield Line("signature", "warn" if open_ else "ok", found, f"chmod 600 {key}" * open_)


def _sample(app: App) -> Posting:
    """The house issue of today; an invented one while there is too little for it."""
    posting = draft(app.rules, app.clock(), app.house(), None, house=True)
    if posting.issue.picks:
        return posting
    pick = Pick(1, 0, "A line to try the templates with.", Citation("A show"), 1.0, {})
    issue = Issue(posting.issue.date, (pick,))
    return Posting(issue, posting.subscriber, posting.message_id, posting.due_at)


def _server(app: App) -> Iterator[Line]:
    channel = app.channel()
    if not isinstance(channel, Smtp):
        yield Line("server", "ok", f"none: messages go to {app.settings.delivery.folder.path}")
        return
    size = len(message(_sample(app), app.letterhead))
    try:
        met = channel.greet()
    finally:
        channel.close()
    said = ", ".join(part for part in (met.tls or "no TLS", met.login) if part)
    yield Line("server", "ok", f"{met.greeting}; {said}")
    small = met.size is not None and met.size < size
    limit = "no limit named" if not met.size else f"up to {met.size:,} bytes"
    mend = "lower selection.count, or raise the server's limit" if small else ""
    yield Line("size", "fail" if small else "ok", f"{size:,} bytes a message; {limit}", mend)


def _scheduler(app: App) -> Iterator[Line]:
    with app.store.reading() as db:
        found = marks.schedulers(db, app.clock(), steady())
    names = ", ".join(name.rpartition(":")[0] for name in found)
    if len(found) > 1:
        mend = "end all but one: they send nothing twice, but work twice"
        yield Line("scheduler", "warn", f"{len(found)} at once: {names}", mend)
    else:
        yield Line(
            "scheduler", "ok", names or "none works now: `newsletter run`, or `send` by cron"
        )


def _queue(app: App) -> Iterator[Line]:
    with app.store.reading() as db:
        since, unknown = ledger.paused(db), overview.unresolved(db)
        oldest = overview.oldest_waiting(db)
    if since:
        yield Line("queue", "warn", f"paused since {since:%Y-%m-%d %H:%M}", "`newsletter resume`")
    if unknown:
        mend = "look for them in the server's log, then `newsletter deliveries resolve`"
        yield Line("queue", "warn", f"{unknown} unknown", mend)
    age = app.clock() - oldest if oldest else timedelta()
    found = f"the oldest delivery waits for {age}" if oldest else "nothing waits"
    mend = "`newsletter status` shows what the server said" if age > _OLD else ""
    yield Line("queue", "warn" if age > _OLD else "ok", found, mend)


_CHECKS: dict[str, Check] = {
    "configuration": _configuration,
    "sender": _sender,
    "postal address": _postal_address,
    "base_url": _base_url,
    "database": _database,
    "message": _message,
    "signature": _signature,
    "server": _server,
    "scheduler": _scheduler,
    "queue": _queue,
}


def _online() -> dict[str, Check]:
    """Asked only when asked for: what the DNS says."""
    from newsletter.cli import online

    def dkim(app: App) -> Iterator[Line]:
        return online.dkim(app, message(_sample(app), app.letterhead))

    return {
        "SPF": online.spf,
        "DKIM": dkim,
        "DMARC": online.dmarc,
        "MX": online.mx,
        "PTR": online.ptr,
    }
