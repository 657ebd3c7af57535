"""What readers said, composed: a knew insight and its restatements are heard, more is like it."""

from datetime import timedelta

from newsletter.composing.draft import draft
from newsletter.domain.model import Brief, Issue, Mention, Subscriber, Vote, VoteKind
from newsletter.storage import archive, subscribers, votes
from tests.builders import NOON, TODAY, read, subscribe, unlike
from tests.delivery.conftest import House

KNEW = "Kettles on ships boil at a lower heat high in the Andes, where the air is thin."
AGAIN = "High in the Andes, where air is thin, kettles on ships boil at a lower heat."
TOMORROW = TODAY + timedelta(1)


def people(house: House, *names: str) -> list[Subscriber]:
    with house.store.writing() as db:
        return [subscribe(db, f"{name}@example.org") for name in names]


def receive(house: House, show: str, *texts: str, later: int = 0) -> None:
    on = TODAY + timedelta(later)
    page = Brief(tuple(Mention(text, "lead") for text in texts), podcast=show, published=on)
    with house.store.writing() as db:
        archive.record(db, [read(f"{show}-{later}.txt", page)], house.now, on)


def say(house: House, reader: Subscriber, text: str, kind: VoteKind) -> None:
    with house.store.writing() as db:
        ids = {row["text"]: row["id"] for row in archive.after(db, 0, 1000)}
        votes.record(db, reader.id, Vote(ids[text], kind, NOON))


def take_back(house: House, reader: Subscriber) -> None:
    with house.store.writing() as db:
        for vote in votes.of_readers(db, [reader.id])[reader.id]:
            votes.take_back(db, reader.id, vote.insight_id)


def fresh(house: House, reader: Subscriber, later: int = 1) -> Issue:
    return draft(house.rules, NOON, reader, TODAY + timedelta(later)).issue


def texts(issue: Issue) -> list[str]:
    return [pick.text for pick in issue.picks]


def test_what_a_reader_knew_counts_as_sent_for_itself_and_its_restatements(house: House) -> None:
    """As for Bea, who was sent it; Cal, who was not and did not know it, gets the restatement."""
    ann, bea, cal = people(house, "ann", "bea", "cal")
    receive(house, "Slow Boil", KNEW)
    receive(house, "Grid Lines", *(unlike(number) for number in range(2)))
    with house.store.writing() as db:
        for reader in (ann, cal):
            subscribers.change(db, reader.address, state="pending")
    house.compose()
    with house.store.writing() as db:
        for reader in (ann, cal):
            subscribers.change(db, reader.address, state="active")
    receive(house, "Deck Hands", AGAIN, *(unlike(number) for number in range(4, 7)), later=1)
    say(house, ann, KNEW, "knew")
    assert {KNEW, AGAIN} & {*texts(fresh(house, cal))}
    for reader in (ann, bea):
        issue = fresh(house, reader)
        assert not {KNEW, AGAIN} & {*texts(issue)}
        assert "restates what was sent" in str([left.why for left in issue.runners_up])
    take_back(house, ann)
    assert fresh(house, ann) == fresh(house, cal)


def test_a_vote_favours_its_show_says_so_and_is_forgotten_when_taken_back(house: House) -> None:
    ann, bea = people(house, "ann", "bea")
    for number, show in enumerate(("Slow Boil", "Deck Hands", "Grid Lines", "Tides", "Looms")):
        receive(house, show, unlike(number))
    house.compose()
    for number, show in enumerate(("Looms", "Tides", "Grid Lines", "Deck Hands", "Slow Boil")):
        many = (unlike(20 + 3 * number + each) for each in range(3))
        receive(house, show, *many, later=1)
    before = fresh(house, ann)
    assert before == fresh(house, bea)
    say(house, ann, unlike(0), "more")
    after = fresh(house, ann)
    assert after.picks[0].citation.podcast == "Slow Boil"
    assert after.picks[0].reason == "You asked for more of Slow Boil."
    assert after.picks[0].signals["votes"] > 0.6
    assert fresh(house, ann) == after
    assert fresh(house, bea) == before
    take_back(house, ann)
    assert fresh(house, ann) == before


def test_readers_share_an_issue_only_while_they_said_the_same(house: House) -> None:
    ann, bea = people(house, "ann", "bea")
    house.receive(5)
    house.compose()
    house.receive(9, start=10, on=TOMORROW)
    say(house, ann, unlike(0), "more")
    house.now += timedelta(days=1)
    house.compose()
    house.compose()
    ours, theirs = (draft(house.rules, house.now, one, TOMORROW).issue for one in (ann, bea))
    assert all("votes" in pick.signals for pick in ours.picks)
    assert not any("votes" in pick.signals for pick in theirs.picks)
