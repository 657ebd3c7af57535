"""The checks of ``doctor``: values in, results out; none changes anything. Those that ask the store
are in ``delivery_checks``.

A check may raise a NewsletterError, which becomes its finding: errors say what to do.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_network
from pathlib import Path
from shutil import which

from newsletter.domain.addresses import mailbox
from newsletter.domain.checks import CheckResult
from newsletter.domain.errors import NewsletterError
from newsletter.domain.model import Citation, Issue, Pick, ScheduledEmail
from newsletter.domain.text import counted
from newsletter.mail.channels import Channel
from newsletter.mail.channels.smtp import Smtp
from newsletter.mail.dkim.signing import Signer
from newsletter.mail.message import message
from newsletter.rendering.branding import Branding
from newsletter.services.inbox import check_inbox
from newsletter.storage.database import newer, revision
from newsletter.storage.schema import HEAD

Check = Callable[[], Iterator[CheckResult]]

_HEADERS = ("From", "To", "Date", "Subject", "Message-ID", "List-Unsubscribe", "List-Id")
_NEEDED_BY_ALL = ("configuration", "database")


def desk(users: int, host: str, proxies: Sequence[str], *, enabled: bool) -> Iterator[CheckResult]:
    """``proxies`` are believed to say whom they ask for; ``users`` is how many may log in."""
    if not enabled:
        return
    if not _loopback(host) and all(map(_loopback, proxies)):
        advice = (
            "set desk.host to 127.0.0.1 and reach it through SSH or a web server with TLS; of a web"
            " server on another machine, name its address in desk.trusted_proxies"
        )
        yield CheckResult("desk", "warn", f"passwords reach {host} in the clear", advice)
    elif users:
        yield CheckResult("desk", "ok", f"{counted(users, 'user')}, at {host}")
    if not users:
        advice = "add one: `newsletter desk user add NAME`"
        yield CheckResult("desk", "warn", "nobody may log in", advice)


def _loopback(host: str) -> bool:
    """Also of a network, such as 127.0.0.0/8."""
    try:
        return host == "localhost" or ip_network(host, strict=False).is_loopback
    except ValueError:
        return False


def run_checks(checks: Mapping[str, Check]) -> Iterator[CheckResult]:
    """Stops where the configuration or the database fails: nothing else can be checked then."""
    causes: dict[str, str] = {}
    for name, check in checks.items():
        results = list(_results(name, check, causes))
        yield from results
        if name in _NEEDED_BY_ALL and results[0].verdict == "fail":
            return


def _results(name: str, check: Check, causes: dict[str, str]) -> Iterator[CheckResult]:
    """``causes``: each error so far and the check that met it first. An error is reported once."""
    try:
        yield from check()
    except NewsletterError as error:
        first = causes.setdefault(str(error), name)
        if first == name:
            yield CheckResult(name, "fail", error.finding, error.advice)
        else:
            yield CheckResult(name, "warn", f"not checked: {first} fails", f"fix {first} first")


def configuration(path: Path, channel: str) -> Iterator[CheckResult]:
    yield CheckResult("configuration", "ok", f"{path}, delivery.channel = {channel!r}")


def sender(from_address: str, address: str) -> Iterator[CheckResult]:
    if from_address:
        yield CheckResult("sender", "ok", address)
    else:
        advice = 'write newsletter.from_address = "Name <name@example.org>"'
        yield CheckResult("sender", "fail", "nobody", advice)


def postal_address(address: str) -> Iterator[CheckResult]:
    if address:
        yield CheckResult("postal address", "ok", address)
    else:
        advice = "set newsletter.postal_address: the law asks for it in many places"
        yield CheckResult("postal address", "warn", "none", advice)


def base_url(url: str) -> Iterator[CheckResult]:
    if url.startswith("https://"):
        yield CheckResult("base_url", "ok", url)
    else:
        advice = "set newsletter.base_url to an https address: mail programs ask for it"
        yield CheckResult("base_url", "warn", url or "none", advice)


def inbox(path: Path) -> Iterator[CheckResult]:
    """Raises ConfigError where it is missing or cannot be read."""
    check_inbox(path)
    yield CheckResult("inbox", "ok", str(path))


def database(url: str, folder: Path) -> Iterator[CheckResult]:
    """Reads the revision without opening the store, which would migrate it."""
    at = revision(url, folder)
    finding = f"at {at}, this program at {HEAD}"
    if at > HEAD:
        yield CheckResult("database", "fail", *newer(at))
    elif at == HEAD:
        yield CheckResult("database", "ok", finding)
    else:
        yield CheckResult("database", "fail", finding, "run `newsletter migrate`, after a backup")


def readable_message(scheduled: ScheduledEmail, branding: Branding) -> Iterator[CheckResult]:
    """The templates render, and the message has the right headers when it is parsed."""
    raw = message(scheduled, branding)
    parsed = message_from_bytes(raw, policy=policy.default)
    problems = list(_problems(parsed, scheduled, branding))
    if problems:
        advice = "check newsletter.name, from_address, reply_to and templates"
        yield CheckResult("message", "fail", f"{len(raw):,} bytes; {', '.join(problems)}", advice)
    else:
        yield CheckResult("message", "ok", f"{len(raw):,} bytes; headers right when read back")


def _problems(parsed: EmailMessage, scheduled: ScheduledEmail, branding: Branding) -> Iterator[str]:
    yield from (str(defect) for part in parsed.walk() for defect in part.defects)
    yield from (f"no {name}" for name in _HEADERS if not parsed[name])
    expected = {
        "From": mailbox(branding.from_address, "newsletter.from_address").address,
        "To": scheduled.subscriber.address,
        "Message-ID": scheduled.message_id,
    }
    for name, value in expected.items():
        if value not in parsed[name]:
            yield f"{name} is {parsed[name]}"
    # Folded into an encoded word, no mail program would know it (RFC 8058).
    if "=?" in str(parsed.get("List-Unsubscribe", "")):
        yield "List-Unsubscribe is encoded"


def signature(signer: Signer | None, key: Path, sign: Callable[[], bytes]) -> Iterator[CheckResult]:
    """``sign`` makes a signed message, which is checked against the public half of the key."""
    if signer is None:
        advice = "let your mail server sign, or see `newsletter dkim new`"
        yield CheckResult("signature", "warn", "messages are not signed here", advice)
        return
    from newsletter.mail.dkim.dns_record import record_text
    from newsletter.mail.dkim.keys import others_can_read
    from newsletter.mail.dkim.verification import verify

    try:
        verify(sign(), record_text(signer.key.public_key()))
    except ValueError as error:
        advice = "please report this"
        yield CheckResult("signature", "fail", f"it does not hold: {error}", advice)
        return
    finding = f"it holds, for {signer.record_name}"
    if others_can_read(key):
        exposed = f"{finding}; others can read {key}"
        yield CheckResult("signature", "warn", exposed, f"chmod 600 {key}")
    else:
        yield CheckResult("signature", "ok", finding)


def sample(draft: ScheduledEmail) -> ScheduledEmail:
    """``draft``, or an invented issue while there is too little for one."""
    if draft.issue.picks:
        return draft
    pick = Pick(1, 0, "A line to try the templates with.", Citation("A show"), 1.0, {})
    issue = Issue(draft.issue.date, (pick,))
    return ScheduledEmail(issue, draft.subscriber, draft.message_id, draft.dated_at)


def server(
    channel: Channel, name: str, host: str, message_size: Callable[[], int]
) -> Iterator[CheckResult]:
    """Connects, secures and logs in as a send does, and sends nothing."""
    if not isinstance(channel, Smtp):
        yield CheckResult("server", "ok", f"none is needed, with delivery.channel = {name!r}")
        return
    try:
        greeting = channel.greet()
    finally:
        channel.close()
    security = ", ".join(part for part in (greeting.tls or "no TLS", greeting.login) if part)
    yield CheckResult("server", "ok", f"{host} says it is {greeting.greeting}; {security}")
    yield _size(message_size, greeting.size)


def _size(message_size: Callable[[], int], limit: int | None) -> CheckResult:
    try:
        size = message_size()
    except NewsletterError:
        finding = "not checked: no message can be made"
        return CheckResult("size", "warn", finding, "fix what fails above")
    if limit is None:
        return CheckResult("size", "ok", f"{size:,} bytes a message; no limit named")
    finding = f"{size:,} bytes a message; up to {limit:,} bytes"
    if limit < size:
        advice = "lower selection.count, or raise the server's limit"
        return CheckResult("size", "fail", finding, advice)
    return CheckResult("size", "ok", finding)


def alerts(to: str, command: Sequence[str], folder: Path) -> Iterator[CheckResult]:
    """``command`` is run in ``folder``: a name is looked for in PATH, a path is relative to it."""
    if not (to or command):
        advice = (
            "set alerts.to or alerts.command: otherwise nobody hears that the newsletter stopped"
        )
        yield CheckResult("alerts", "warn", "nobody is told", advice)
        return
    address = [mailbox(to, "alerts.to").address] if to else []
    finding = ", ".join([*address, *command[:1]])
    if command and which(str(folder / command[0]) if "/" in command[0] else command[0]) is None:
        advice = "alerts.command must begin with a program: one in PATH, or the path of one"
        yield CheckResult("alerts", "fail", finding, advice)
    else:
        yield CheckResult("alerts", "ok", finding)
