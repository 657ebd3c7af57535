"""The checks of ``doctor`` that ask the store: what waits, who works, how long it takes."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from newsletter.domain.checks import CheckResult
from newsletter.domain.rate_limits import ALL, RateLimits
from newsletter.domain.states import Transition
from newsletter.domain.text import counted
from newsletter.mail.channels import Channel
from newsletter.mail.channels.smtp import SLOWEST, Smtp
from newsletter.services.alerts import late
from newsletter.services.approval import waiting
from newsletter.services.clock import steady
from newsletter.services.status import warming
from newsletter.services.wording import (
    being_sent,
    local_time,
    roughly,
    warming_up,
)
from newsletter.storage import (
    Store,
    heartbeats,
    leases,
    recovery,
    reports,
    returns,
    send_queue,
    subscribers,
)
from newsletter.storage import notices as notice_rows
from newsletter.storage.leases import process_name

_CLOCKS_DIFFER = 2.0  # seconds
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def disk(store: Store) -> Iterator[CheckResult]:
    free = store.room()
    finding = "on the database server" if free is None else f"{free // 1_000_000:,} MB left"
    yield CheckResult("disk", "ok", finding)


def notices(store: Store, now: datetime) -> Iterator[CheckResult]:
    """No result where none was ever asked for."""
    with store.reading() as db:
        late = notice_rows.stuck(db, now - _HOUR)
        recent = notice_rows.counts(db, now - _DAY)
    if late:
        first = late[0]
        finding = f"{counted(len(late), 'notice')} wait for more than an hour, {first['purpose']}"
        answer = f": {first['answer']}" if first["answer"] else ""
        advice = "see that `newsletter run` works, that nothing is paused, and the answer"
        yield CheckResult("notices", "warn", f"{finding}{answer}", advice)
    elif recent:
        total = sum(count for _, _, count in recent)
        yield CheckResult("notices", "ok", f"{counted(total, 'notice')} in a day, none waits long")


def pace(store: Store, limits: RateLimits) -> Iterator[CheckResult]:
    """How long a day's issues take at least; no result where there are no limits."""
    if not limits.limits:
        return
    with store.reading() as db:
        counts = subscribers.destinations(db)
    counts[ALL] = counts.total()
    least, count, domain = max((limits.least(name, n), n, name) for name, n in counts.items())
    readers = counted(count, "reader") + (f" at {domain}" if domain else "")
    finding = f"{readers} take {roughly(least.total_seconds())} or more"
    if least > _DAY:
        advice = "raise the rate in [delivery.pace]: what waits until the next issue expires"
        yield CheckResult("pace", "warn", finding, advice)
    else:
        yield CheckResult("pace", "ok", finding)


def warm_up(store: Store, limits: RateLimits, now: datetime) -> Iterator[CheckResult]:
    """Where the warm-up of each group stands; no result where there is none."""
    with store.reading() as db:
        rows = warming(db, now, limits)
    for row in rows:
        yield CheckResult("warm-up", "ok", warming_up(row))


def lease(seconds: int, channel: Channel) -> Iterator[CheckResult]:
    """No result where a lease is longer than the slowest answer."""
    if isinstance(channel, Smtp) and seconds <= SLOWEST:
        finding = f"{seconds} s: a process that waits longer for the server is taken for dead"
        advice = f"raise delivery.lease_seconds above {SLOWEST:g}: an answer may take that long"
        yield CheckResult("lease", "warn", finding, advice)


def scheduler(store: Store, now: datetime, *, cluster: bool) -> Iterator[CheckResult]:
    """``cluster``: any number of workers share the work, and none of them does it twice."""
    with store.reading() as db:
        owners = list(dict.fromkeys(map(process_name, heartbeats.schedulers(db, now, steady()))))
    if len(owners) > 1 and not cluster:
        advice = (
            "end all but one: they send nothing twice, but work twice (one that was killed is"
            " forgotten after three minutes)"
        )
        yield CheckResult("scheduler", "warn", " and ".join(owners), advice)
    elif owners:
        yield CheckResult("scheduler", "ok", " and ".join(owners))
    elif cluster:
        finding = "none works now: start `newsletter worker`, on each machine"
        yield CheckResult("scheduler", "ok", finding)
    else:
        finding = "none works now: start `newsletter run`, or call `newsletter send` by cron"
        yield CheckResult("scheduler", "ok", finding)


def clock(store: Store, now: datetime) -> Iterator[CheckResult]:
    """Of machines that share a database server: each claims by its own, and all look at others'."""
    with store.reading() as db:
        there = leases.server_time(db)
    if there is None:
        return
    seconds = (now - there).total_seconds()
    finding = f"{abs(seconds):,.0f} s {'ahead of' if seconds > 0 else 'behind'} the database's"
    if abs(seconds) > _CLOCKS_DIFFER:
        advice = "set it by NTP (`timedatectl set-ntp true`), here or where the database is"
        yield CheckResult("clock", "warn", finding, advice)
    else:
        yield CheckResult("clock", "ok", "as the database's")


def queue(store: Store, now: datetime, timezone: str) -> Iterator[CheckResult]:
    with store.reading() as db:
        paused_since, oldest = send_queue.paused(db), reports.oldest_waiting(db)
        count, lease_end = leases.leased(db, now, steady())
    if paused_since:
        finding = f"since {local_time(paused_since, timezone)}"
        yield CheckResult("paused", "warn", finding, "`newsletter resume`")
    held = sum(entry.readers for entry in waiting(store) if not entry.approval)
    finding = f"nothing waits but {held:,} for approval" if held else "nothing waits"
    if oldest:
        finding = f"the oldest delivery was due {local_time(oldest, timezone)}"
        finding += f"; {held:,} more are to be approved" * bool(held)
    if lease_end:
        finding += f"; {being_sent(count, lease_end, timezone)}"
    if oldest and now - oldest > _HOUR:
        advice = "`newsletter status` shows what the server said"
        yield CheckResult("queue", "warn", finding, advice)
    else:
        yield CheckResult("queue", "ok", finding)


def replies(store: Store, to: str) -> Iterator[CheckResult]:
    """Answers of readers are forwarded ``to``; nobody sees them where that is empty."""
    with store.reading() as db:
        count = 0 if to else returns.replies(db)
    if count:
        finding = f"{counted(count, 'answer')} of readers, forwarded to nobody"
        advice = "set newsletter.reply_to, or read them: `newsletter returns --list`"
        yield CheckResult("replies", "warn", finding, advice)


def unknown(store: Store, now: datetime) -> Iterator[CheckResult]:
    with store.reading() as db:
        lapsed = recovery.lapsed(db, now, steady(), store.journal)
        count = reports.unresolved(db) + len(lapsed.get(Transition.LEASE_OVER, ()))
    if count:
        advice = (
            "`newsletter deliveries --state unknown` lists their Message-IDs: look for those in the"
            " server's log, then `newsletter deliveries resolve`"
        )
        yield CheckResult("unknown", "warn", f"{count:,}", advice)
    else:
        yield CheckResult("unknown", "ok", "0")


def lateness(store: Store, now: datetime, timezone: str, hour: int) -> Iterator[CheckResult]:
    """What [alerts] says of late issues."""
    finding = late(store, now, timezone, hour)
    if finding:
        advice = "see that `newsletter run` works, and what `newsletter status` says"
        yield CheckResult("late", "warn", finding, advice)
    else:
        yield CheckResult("late", "ok", "nothing")
