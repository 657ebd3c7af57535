"""``newsletter doctor``: what can be checked here and now, each line with its mend."""

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from shutil import which

from newsletter.bootstrap import App
from newsletter.cli.alerts import late
from newsletter.cli.clocks import steady
from newsletter.cli.output import say, say_json
from newsletter.cli.run import who
from newsletter.cli.status import in_hand, local, roughly
from newsletter.composing.draft import draft
from newsletter.domain.addresses import mailbox
from newsletter.domain.checks import Line
from newsletter.domain.errors import NewsletterError
from newsletter.domain.model import Citation, Issue, Pick, ScheduledEmail
from newsletter.domain.rate_limits import ALL
from newsletter.domain.text import counted
from newsletter.mail.channels.smtp import SLOWEST, Smtp
from newsletter.mail.message import message
from newsletter.storage import heartbeats, ledger, reports, subscribers
from newsletter.storage.database import missing, newer, revision
from newsletter.storage.schema import HEAD

_OLD = timedelta(hours=1)
_A_DAY = timedelta(days=1)
_HEADERS = ("From", "To", "Date", "Subject", "Message-ID", "List-Unsubscribe", "List-Id")


Check = Callable[[App], Iterator[Line]]


def doctor(app: App, args: Namespace) -> int:
    checks = _CHECKS | (_online() if args.online else {})
    lines = list(_lines(app, checks))
    if args.json:
        say_json([line._asdict() for line in lines])
    else:
        for line in lines:
            say(f"{line.verdict:4}  {line.what}: {line.found}")
            if line.mend:
                say(f"      mend: {line.mend}")
    return 1 if any(line.verdict == "fail" for line in lines) else 0


def _lines(app: App, checks: Mapping[str, Check]) -> Iterator[Line]:
    """Without a configuration or a database nothing else can be looked at."""
    causes: dict[str, str] = {}
    for what, check in checks.items():
        found = list(_checked(app, what, check, causes))
        yield from found
        if what in ("configuration", "database") and found[0].verdict == "fail":
            return


def _checked(app: App, what: str, check: Check, causes: dict[str, str]) -> Iterator[Line]:
    """What a check raises is its finding: it says what to do, as errors do here.

    ``causes`` are the errors so far, and who found them: what raises the same is not checked.
    """
    try:
        yield from check(app)
    except NewsletterError as error:
        cause = causes.setdefault(str(error), what)
        if cause == what:
            yield Line(what, "fail", error.found, error.advice)
        else:
            yield Line(what, "warn", f"not checked: {cause} fails", f"mend {cause} first")


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
    """As it was found: whatever opens it for work would bring it up to date."""
    at = revision(app.settings.store.url, app.path.parent)
    if at is None:
        raise missing(f"the database {app.settings.store.url} is empty")
    if at > HEAD:
        yield Line("database", "fail", *newer(at))
    else:
        mend = "" if at == HEAD else "run `newsletter migrate`, after a backup"
        found = f"at {at}, this program at {HEAD}"
        yield Line("database", "ok" if at == HEAD else "fail", found, mend)


def _disk(app: App) -> Iterator[Line]:
    left = app.store.room()
    found = "the database server sees to it" if left is None else f"{left // 1_000_000:,} MB left"
    yield Line("disk", "ok", found)


def _message(app: App) -> Iterator[Line]:
    """The templates render, and what was written is read back as it was meant; signed or not."""
    scheduled = _sample(app)
    made = message(scheduled, app.unsigned)
    failpoints = list(_faults(message_from_bytes(made, policy=policy.default), scheduled, app))
    mend = "look at newsletter.name, from_address, reply_to and templates" if failpoints else ""
    found = f"{len(made):,} bytes; {', '.join(failpoints) or 'headers right when read back'}"
    yield Line("message", "fail" if failpoints else "ok", found, mend)


def _faults(read: EmailMessage, scheduled: ScheduledEmail, app: App) -> Iterator[str]:
    yield from (str(one) for part in read.walk() for one in part.defects)
    yield from (f"no {name}" for name in _HEADERS if not read[name])
    meant = {
        "From": app.sender,
        "To": scheduled.subscriber.address,
        "Message-ID": scheduled.message_id,
    }
    yield from (f"{name} is {read[name]}" for name, one in meant.items() if one not in read[name])
    # Folded into an encoded word, no mail program would know it (RFC 8058).
    if "=?" in str(read.get("List-Unsubscribe", "")):
        yield "List-Unsubscribe is encoded"


def _signature(app: App) -> Iterator[Line]:
    """Ours, of today's message, against the public half of the key."""
    if app.signer is None:
        mend = "let your mail server sign, or see `newsletter dkim new`"
        yield Line("signature", "warn", "messages are not signed here", mend)
        return
    from newsletter.mail.dkim.keys import others_can_read
    from newsletter.mail.dkim.signing import verify

    key = app.beside(app.settings.dkim.key_file)
    try:
        verify(message(_sample(app), app.branding), app.signer.key.public_key())
    except ValueError as error:
        yield Line("signature", "fail", f"it does not hold: {error}", "please report this")
        return
    open_ = others_can_read(key)
    found = f"it holds, for {app.signer.place}{f'; others can read {key}' * open_}"
    yield Line("signature", "warn" if open_ else "ok", found, f"chmod 600 {key}" * open_)


def _sample(app: App) -> ScheduledEmail:
    """The house issue of today; an invented one while there is too little for it."""
    scheduled = draft(app.rules, app.clock(), app.house(), None, house=True)
    if scheduled.issue.picks:
        return scheduled
    pick = Pick(1, 0, "A line to try the templates with.", Citation("A show"), 1.0, {})
    issue = Issue(scheduled.issue.date, (pick,))
    return ScheduledEmail(issue, scheduled.subscriber, scheduled.message_id, scheduled.due_at)


def _server(app: App) -> Iterator[Line]:
    channel = app.channel()
    if not isinstance(channel, Smtp):
        yield Line("server", "ok", f"none: messages go to {app.settings.delivery.folder.path}")
        return
    try:
        met = channel.greet()
    finally:
        channel.close()
    smtp = app.settings.delivery.smtp
    said = ", ".join(part for part in (met.tls or "no TLS", met.login) if part)
    yield Line("server", "ok", f"{smtp.host} says it is {met.greeting}; {said}")
    yield _size(app, met.size)


def _size(app: App, most: int | None) -> Line:
    try:
        size = len(message(_sample(app), app.branding))
    except NewsletterError:
        return Line("size", "warn", "not checked: no message can be made", "mend what fails first")
    small = most is not None and most < size
    limit = "no limit named" if not most else f"up to {most:,} bytes"
    mend = "lower selection.count, or raise the server's limit" if small else ""
    return Line("size", "fail" if small else "ok", f"{size:,} bytes a message; {limit}", mend)


def _pace(app: App) -> Iterator[Line]:
    """What is slowest, in a day in which all get their issue; nothing where there is no pace."""
    if not app.pace.limits:
        return
    with app.store.reading() as db:
        counts = subscribers.destinations(db)
    counts[ALL] = counts.total()
    least, count, name = max((app.pace.least(name, n), n, name) for name, n in counts.items())
    readers = f"{counted(count, 'reader')}{f' at {name}' * bool(name)}"
    found = f"{readers} take {roughly(least.total_seconds())} or more"
    slow = least > _A_DAY
    mend = "raise the rate in [delivery.pace]: what still waits when the next issue is due expires"
    yield Line("pace", "warn" if slow else "ok", found, mend if slow else "")


def _lease(app: App) -> Iterator[Line]:
    """Nothing where a claim outlasts the slowest answer."""
    lease = app.settings.delivery.lease_seconds
    if app.settings.delivery.channel == "smtp" and lease <= SLOWEST:
        mend = (
            f"raise delivery.lease_seconds above {SLOWEST:g}: a server may take as long to answer"
        )
        yield Line("lease", "warn", f"{lease} s, and then a sender at work is taken for dead", mend)


def _scheduler(app: App) -> Iterator[Line]:
    with app.store.reading() as db:
        owners = heartbeats.schedulers(db, app.clock(), steady())
    found = " and ".join(who(owner) for owner in owners)
    if len(owners) > 1:
        mend = "end all but one: they send nothing twice, but work twice (one that was killed is"
        yield Line("scheduler", "warn", found, f"{mend} forgotten after three minutes)")
    else:
        none = "none works now: start `newsletter run`, or call `newsletter send` by cron"
        yield Line("scheduler", "ok", found or none)


def _queue(app: App) -> Iterator[Line]:
    with app.store.reading() as db:
        since, oldest = ledger.paused(db), reports.oldest_waiting(db)
        taken, until = ledger.leased(db, app.clock(), steady())
    if since:
        mend = "`newsletter resume`"
        yield Line("paused", "warn", f"since {local(app, since)}", mend)
    age = app.clock() - oldest if oldest else timedelta()
    found = f"the oldest delivery was due {local(app, oldest)}" if oldest else "nothing waits"
    if until:
        found += f"; {in_hand(app, taken, until)}"
    mend = "`newsletter status` shows what the server said" if age > _OLD else ""
    yield Line("queue", "warn" if age > _OLD else "ok", found, mend)


def _unknown(app: App) -> Iterator[Line]:
    with app.store.reading() as db:
        left = ledger.lapsed(db, app.clock(), steady(), app.store.journal)
        count = reports.unresolved(db) + len(left.get("lease over", ()))
    mend = "`newsletter deliveries --state unknown` names their Message-IDs: look for those in the"
    mend = f"{mend} server's log, then `newsletter deliveries resolve`" if count else ""
    yield Line("unknown", "warn" if count else "ok", f"{count:,}", mend)


def _late(app: App) -> Iterator[Line]:
    """As [alerts] tells it."""
    found = late(app)
    mend = "see that `newsletter run` works, and what `newsletter status` says" if found else ""
    yield Line("late", "warn" if found else "ok", found or "nothing", mend)


def _alerts(app: App) -> Iterator[Line]:
    chosen = app.settings.alerts
    if not (chosen.to or chosen.command):
        mend = "set alerts.to or alerts.command: a newsletter that stops says so to nobody else"
        yield Line("alerts", "warn", "nobody is told", mend)
        return
    to = [mailbox(chosen.to, "alerts.to").address] if chosen.to else []
    found = ", ".join([*to, *chosen.command[:1]])
    lost = bool(chosen.command) and which(_program(app, chosen.command[0])) is None
    mend = (
        "alerts.command must begin with a program: one in PATH, or the path of one" if lost else ""
    )
    yield Line("alerts", "fail" if lost else "ok", found, mend)


def _program(app: App, name: str) -> str:
    """A name is looked for in PATH, a path is relative to the configuration."""
    return str(app.beside(name)) if "/" in name else name


_CHECKS: dict[str, Check] = {
    "configuration": _configuration,
    "sender": _sender,
    "postal address": _postal_address,
    "base_url": _base_url,
    "database": _database,
    "disk": _disk,
    "message": _message,
    "signature": _signature,
    "server": _server,
    "pace": _pace,
    "lease": _lease,
    "scheduler": _scheduler,
    "queue": _queue,
    "unknown": _unknown,
    "late": _late,
    "alerts": _alerts,
}


def _online() -> dict[str, Check]:
    """Asked only when asked for: what the DNS says."""
    from newsletter.cli import online

    def dkim(app: App) -> Iterator[Line]:
        return online.dkim(app, message(_sample(app), app.branding))

    return {
        "SPF": online.spf,
        "DKIM": dkim,
        "DMARC": online.dmarc,
        "MX": online.mx,
        "PTR": online.ptr,
    }
