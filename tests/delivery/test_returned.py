"""Returns taken in: kept once, acted on once, and never against somebody else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.delivery.returned import ReturnRules, StormRules, Taken, take
from newsletter.domain.addresses import mailbox
from newsletter.domain.errors import Deferred, Refused, UsageError
from newsletter.domain.model import Subscriber
from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.returns.rules import Action
from newsletter.services.personal_data import erase_reader
from newsletter.services.signup import SignUp, sign_up
from newsletter.services.subscriber_import import import_subscribers
from newsletter.services.subscriptions import Defaults
from newsletter.services.subscriptions import subscribe as do_subscribe
from newsletter.storage import (
    Connection,
    Store,
    operator_actions,
    send_queue,
    storms,
    subscriber_states,
    subscribers,
)
from newsletter.storage import returns as kept
from newsletter.storage.returns import Incoming
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import subscriber as subscriber_table
from tests.builders import NOON, TODAY, subscribe
from tests.delivery.conftest import House

DAY = timedelta(days=1)
BOUNCE, SOFT, HARD = ReturnKind.BOUNCE, Severity.SOFT, Severity.HARD


def sent(
    db: Connection, reader: Subscriber, days_ago: int = 0, state: str = "sent"
) -> tuple[int, str]:
    """(id, Message-ID without brackets) of a delivery to them."""
    at, day = NOON - DAY * days_ago, TODAY - DAY * days_ago
    local = f"{day:%Y%m%d}.{reader.id:024}@news.example"
    row = {
        "subscriber_id": reader.id, "date": day, "state": state, "message_id": f"<{local}>",
        "domain": reader.address.rpartition("@")[2], "due_at": at, "expires_at": at + DAY,
        "next_attempt_at": at, "changed_at": at, "attempts": 1, "answer": "250 Ok",
    }  # fmt: skip
    made = db.execute(deliveries.insert().values(**row)).inserted_primary_key
    assert made
    return int(made[0]), local


def come_back(
    db: Connection, one: Return, key: str = "k1", named: str = "", **more: object
) -> Taken:
    incoming = Incoming(key, "mail", one, **more)  # type: ignore[arg-type]
    return take(db, incoming, named, ReturnRules(), NOON)


def state(db: Connection, reader: Subscriber) -> str | None:
    return subscribers.state_of(db, reader.id)


def test_a_hard_bounce_ends_its_reader_once_and_the_ledger_keeps_that_it_was_sent(
    store: Store,
) -> None:
    with store.writing() as db:
        ann, bob = subscribe(db), subscribe(db, "bob@example.org")
        number, _ = sent(db, ann)
        bounce = Return(BOUNCE, HARD, delivery=number, status="5.1.1", words="no such user")
        first = come_back(db, bounce)
        again = come_back(db, bounce)
    assert first.action is Action.BOUNCED
    assert again.id is None
    with store.reading() as db:
        assert (state(db, ann), state(db, bob)) == ("bounced", "active")
        assert subscribers.state_since(db, ann.id) == (NOON, "5.1.1 no such user")
        assert db.scalar(select(deliveries.c.state)) == "sent"
        (row,) = kept.of_reader(db, ann.id)
        assert (row["kind"], row["done"], row["delivery_id"]) == ("bounce", "bounced", number)


def test_three_soft_bounces_of_three_deliveries_end_a_reader(store: Store) -> None:
    with store.writing() as db:
        ann = subscribe(db)
        actions = []
        for days in (3, 2, 1):
            number, _ = sent(db, ann, days)
            soft = Return(BOUNCE, SOFT, delivery=number, status="4.2.2")
            actions += [come_back(db, soft, f"{days} {copy}").action for copy in "ab"]
        counted = [Action.COUNTED, Action.REPEATED]
        assert actions == [*counted, *counted, Action.BOUNCED, Action.REPEATED]
        assert state(db, ann) == "bounced"


def test_a_delivery_that_stayed_between_them_resets_the_score(store: Store) -> None:
    with store.writing() as db:
        ann = subscribe(db)
        for days in (7, 6, 4, 3):
            number, _ = sent(db, ann, days)
            if days != 4:
                come_back(db, Return(BOUNCE, SOFT, delivery=number), str(days))
        number, _ = sent(db, ann, 1)
        assert come_back(db, Return(BOUNCE, SOFT, delivery=number), "1").action is Action.COUNTED
        assert state(db, ann) == "active"


@pytest.mark.parametrize("before", ["active", "pending", "unsubscribed", "bounced"])
def test_who_complained_is_never_mailed_again(store: Store, before: str) -> None:
    with store.writing() as db:
        ann = subscribe(db)
        number, _ = sent(db, ann)
        db.execute(subscriber_table.update().values(state=before))
        come_back(db, Return(ReturnKind.COMPLAINT, delivery=number))
        assert state(db, ann) == "complained"
        subscriber_states.rejoin(db, ann.id, NOON)
        subscriber_states.leave(db, ann.id, NOON)
        for resubscribe in (False, True):
            with pytest.raises(UsageError, match="complained"):
                subscribers.add(db, "ann@example.org", ann, NOON, resubscribe=resubscribe)
        assert state(db, ann) == "complained"


def test_a_reader_leaves_by_mail(store: Store) -> None:
    with store.writing() as db:
        ann = subscribe(db)
        assert come_back(db, Return(ReturnKind.LEAVE, reader=ann.id)).action == "unsubscribed"
        assert subscribers.state_since(db, ann.id) == (NOON, "by mail")


@pytest.mark.parametrize("kind", [BOUNCE, ReturnKind.COMPLAINT, ReturnKind.LEAVE])
def test_an_address_or_a_message_id_alone_ends_nobody(store: Store, kind: ReturnKind) -> None:
    """Both can be written by who knows the address of another reader."""
    with store.writing() as db:
        ann = subscribe(db)
        _, ours = sent(db, ann)
        for number, one in enumerate(
            (
                Return(kind, HARD, address="ann@example.org"),
                Return(kind, HARD, message_id=ours),
                Return(kind, HARD, message_id=ours, address="ann@example.org"),
                Return(kind, HARD, address="ann@example.org", forged=True),
            )
        ):
            named = one.address
            come_back(db, one, str(number), named)
            come_back(db, one, f"{number} again", named)
        assert state(db, ann) == "active"


def test_a_provider_proves_an_address(store: Store) -> None:
    with store.writing() as db:
        subscribe(db)
        one = Return(ReturnKind.COMPLAINT, address="ann@example.org")
        assert come_back(db, one, named="ann@example.org", trusted=True).action == "complained"


def test_our_message_id_finds_the_delivery_of_who_is_named_or_of_its_date(store: Store) -> None:
    with store.writing() as db:
        ann, bob = subscribe(db), subscribe(db, "bob@example.org")
        number, ours = sent(db, ann)
        for key, named in (("1", "ann@example.org"), ("2", "")):
            taken = come_back(db, Return(BOUNCE, SOFT, message_id=ours), key, named)
            assert taken.owner
            assert (taken.owner.delivery_id, taken.owner.proved) == (number, False)
        other = come_back(db, Return(BOUNCE, SOFT, message_id=ours), "3", "bob@example.org")
        assert other.owner
        assert (other.owner.subscriber_id, other.owner.delivery_id) == (bob.id, None)
        assert come_back(db, Return(BOUNCE, SOFT, message_id="x@y"), "4").action == "listed"


def test_a_refusal_by_policy_slows_the_domain_down_and_spares_the_reader(store: Store) -> None:
    with store.writing() as db:
        ann, bob = subscribe(db), subscribe(db, "bob@example.org")
        number, _ = sent(db, ann)
        sent(db, bob, state="pending")
        policy = Return(BOUNCE, Severity.POLICY, delivery=number, status="5.7.1", words="spam")
        come_back(db, policy)
        assert state(db, ann) == "active"
        assert kept.policy(db, NOON - DAY) == {"example.org": (1, "spam")}
        assert not send_queue.pending(db, NOON, send_queue.Scope())


def test_hostile_texts_are_kept(store: Store) -> None:
    with store.writing() as db:
        odd = Return(BOUNCE, SOFT, status="9" * 99, words="\0\ud800" * 5_000, address="\0@")
        taken = come_back(db, odd, headers="\0\udcff" * 90_000, body=b"\0\xff")
        assert taken.id
        row = kept.find(db, taken.id)
        assert row
        assert (len(row["words"]), len(row["headers"])) == (1_000, kept.MOST_HEADERS)


def test_a_storm_pauses_once_and_not_below_its_limits(store: Store) -> None:
    rules = ReturnRules(storms=StormRules(0.05, 3))
    with store.writing() as db:
        readers = [subscribe(db, f"r{number}@example.org") for number in range(40)]
        ids = [sent(db, reader)[0] for reader in readers]

        def bounce(number: int) -> None:
            one = Return(BOUNCE, SOFT, delivery=ids[number])
            take(db, Incoming(str(number), "mail", one), "", rules, NOON)

        for number in range(2):
            bounce(number)
        assert send_queue.paused(db) is None, "too few to say"
        bounce(2)
        assert send_queue.paused(db) == NOON
        assert storms.Storm(TODAY, "example.org", 3, 40) in storms.since(db, NOON - DAY)
        whole = [storm for storm in storms.since(db, NOON - DAY) if not storm.domain]
        assert len(whole) == 1, "told once"
        assert operator_actions.resume(db)
        bounce(3)
        assert send_queue.paused(db) is None, "the operator went on knowing of it"


def test_below_its_share_nothing_is_a_storm(store: Store) -> None:
    rules = ReturnRules(storms=StormRules(0.05, 2))
    with store.writing() as db:
        readers = [subscribe(db, f"r{number}@example.org") for number in range(40)]
        ids = [sent(db, reader)[0] for reader in readers]
        for number in ids[:2]:
            one = Return(BOUNCE, HARD, delivery=number)
            take(db, Incoming(str(number), "mail", one), "", rules, NOON)
        assert send_queue.paused(db) is None


def test_a_refusal_while_it_is_sent_counts_as_one_by_mail(house: House) -> None:
    house.receive(30)
    with house.store.writing() as db:
        ann = subscribe(db)
    for day in range(3):
        house.now = NOON + DAY * day
        house.channel.answers["ann@example.org"] = [Refused("552 5.2.2 mailbox full")]
        house.receive(10, start=100 * (day + 1), on=TODAY + DAY * day)
        house.tick()
        with house.store.reading() as db:
            assert state(db, ann) == ("active" if day < 2 else "bounced")
    with house.store.reading() as db:
        rows = kept.of_reader(db, ann.id)
    assert [(row["source"], row["status"]) for row in rows] == [("smtp", "5.2.2")] * 3


def test_a_restored_backup_knows_who_bounced_and_complained(sqlite: Store) -> None:
    """The journal has them, so that an older copy does not mail them."""
    assert sqlite.journal
    with sqlite.writing() as db:
        ann, bob = subscribe(db), subscribe(db, "bob@example.org")
        ids = [sent(db, reader)[0] for reader in (ann, bob)]
    with sqlite.writing() as db:
        come_back(db, Return(BOUNCE, HARD, delivery=ids[0]), "1")
        come_back(db, Return(ReturnKind.COMPLAINT, delivery=ids[1]), "2")
    records = [record for _, record in sqlite.journal.since(0).records]
    changed = {(one.key, one.state) for one in records if hasattr(one, "state")}
    assert {("ann@example.org", "bounced"), ("bob@example.org", "complained")} <= changed


def test_a_return_may_name_what_is_gone(store: Store) -> None:
    with store.writing() as db:
        for key, one in enumerate((Return(BOUNCE, HARD, delivery=99), Return(BOUNCE, reader=99))):
            assert come_back(db, replace(one), str(key)).action is Action.LISTED


@pytest.mark.parametrize("first", [True, False])
def test_a_complaint_stays_with_the_mark_of_who_was_erased_before_or_after(
    store: Store, *, first: bool
) -> None:
    secret, box = b"a secret of the tests", mailbox("ann@example.org")
    with store.writing() as db:
        ann = subscribe(db)
    complaint = Return(ReturnKind.COMPLAINT, reader=ann.id)
    for step in (first, not first):
        if step:
            with store.writing() as db:
                come_back(db, complaint)
        else:
            erase_reader(store, ann, secret, NOON)
    defaults = Defaults("UTC", 7)
    with pytest.raises(UsageError, match="complained"):
        do_subscribe(store, box.address, {}, defaults, NOON, resubscribe=True, secret=secret)
    assert not sign_up(store, SignUp(box, "", "UTC", 7), defaults, NOON, secret)
    report = import_subscribers(
        store, b"address\nann@example.org\n", "a.csv", defaults, NOON, secret
    )
    assert (report.added, list(report.refused)) == (0, [2])
    with store.reading() as db:
        assert subscribers.everyone(db) == []


def test_who_was_erased_twice_has_complained_for_ever(store: Store) -> None:
    secret = b"a secret of the tests"
    with store.writing() as db:
        ann = subscribe(db)
    erase_reader(store, ann, secret, NOON)
    with store.writing() as db:
        again = subscribe(db)
        come_back(db, Return(ReturnKind.COMPLAINT, reader=ann.id))
    erase_reader(store, again, secret, NOON)
    assert not sign_up(
        store, SignUp(mailbox(ann.address), "", "UTC", 7), Defaults("UTC", 7), NOON, secret
    )


def test_a_mailbox_that_is_full_until_the_issue_expires_is_a_soft_bounce(house: House) -> None:
    house.receive(5)
    with house.store.writing() as db:
        ann = subscribe(db)
    house.compose()
    for _ in range(40):
        house.channel.answers["ann@example.org"] = [Deferred("452 4.2.2 full")]
        house.deliver()
        with house.store.reading() as db:
            row = db.execute(select(deliveries)).one()
        house.now = row.next_attempt_at
        if house.now >= row.expires_at:
            break
    house.compose()
    with house.store.reading() as db:
        (back,) = kept.of_reader(db, ann.id)
        assert db.scalar(select(deliveries.c.reason).order_by(deliveries.c.id)) == "expired"
    assert (back["source"], back["severity"], back["done"]) == ("smtp", "soft", "counted")
