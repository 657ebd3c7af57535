"""The rules as properties: what ends a reader, what never does, and what is forgotten again."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.returns import Return, ReturnKind, Severity
from newsletter.returns.rules import Action, BounceRules, Found, judge, score
from tests.builders import NOON

RULES = BounceRules()
DAY = timedelta(days=1)

instants = st.integers(0, 40 * 24).map(lambda hours: NOON - timedelta(hours=hours))
rules = st.builds(BounceRules, st.integers(1, 5), st.integers(1, 30), st.integers(1, 10))
severities = st.sampled_from([*Severity, None])
returns = st.builds(Return, st.sampled_from(ReturnKind), severity=severities, forged=st.booleans())
found = st.builds(
    Found, st.booleans(), instants, st.lists(instants, max_size=6).map(tuple), st.none() | instants
)
ENDS = (Action.BOUNCED, Action.COMPLAINED, Action.UNSUBSCRIBED)
FOLLOWS = (*ENDS, Action.COUNTED, Action.SLOWED)


def soft(*days_ago: float, stayed: datetime | None = None) -> Action:
    """Of a soft bounce today, after others."""
    earlier = tuple(NOON - DAY * days for days in days_ago)
    bounce = Return(ReturnKind.BOUNCE, Severity.SOFT)
    return judge(bounce, Found(True, NOON, earlier, stayed), NOON, RULES)


def test_the_third_soft_bounce_within_ten_days_ends_a_reader() -> None:
    assert soft() is soft(1) is Action.COUNTED
    assert soft(1, 2) is soft(5, 9.9) is Action.BOUNCED
    assert soft(5, 10) is Action.COUNTED, "the first is forgotten by then"


def test_what_stayed_resets_the_score() -> None:
    assert soft(4, 5, stayed=NOON - 3 * DAY) is Action.COUNTED
    assert soft(1, 2, stayed=NOON - 3 * DAY) is Action.BOUNCED


@given(st.lists(instants, max_size=8), st.none() | instants, rules)
def test_a_score_grows_by_bounces_and_decays_by_time(
    softs: list[datetime], stayed: datetime | None, rules: BounceRules
) -> None:
    now = score(softs, stayed, NOON, rules)
    assert 0 <= now <= len(softs)
    assert score(softs[1:], stayed, NOON, rules) in (now, now - 1)
    assert score(softs, stayed, NOON + DAY, rules) <= now
    assert score(reversed(softs), stayed, NOON, rules) == now
    assert score(softs, NOON, NOON, rules) == 0
    assert score(softs, stayed, NOON + rules.window, rules) == 0


@given(returns, found, rules)
def test_nothing_follows_from_what_is_not_proved(
    one: Return, who: Found, rules: BounceRules
) -> None:
    if not who.proved:
        assert judge(one, who, NOON, rules) not in FOLLOWS


@given(returns, found, rules)
def test_policy_never_ends_a_reader(one: Return, who: Found, rules: BounceRules) -> None:
    if one.kind is ReturnKind.BOUNCE and one.severity is Severity.POLICY:
        assert judge(one, who, NOON, rules) not in ENDS


@given(returns, rules)
def test_what_is_nobodys_ends_nobody(one: Return, rules: BounceRules) -> None:
    assert judge(one, None, NOON, rules) not in FOLLOWS


@pytest.mark.parametrize(
    ("kind", "severity", "action"),
    [
        (ReturnKind.BOUNCE, Severity.HARD, Action.BOUNCED),
        (ReturnKind.BOUNCE, Severity.UNSURE, Action.COUNTED),
        (ReturnKind.BOUNCE, None, Action.COUNTED),
        (ReturnKind.BOUNCE, Severity.POLICY, Action.SLOWED),
        (ReturnKind.COMPLAINT, None, Action.COMPLAINED),
        (ReturnKind.LEAVE, None, Action.UNSUBSCRIBED),
        (ReturnKind.REPLY, None, Action.REPLY),
        (ReturnKind.AUTOMATIC, None, Action.IGNORED),
        (ReturnKind.UNKNOWN, None, Action.LISTED),
    ],
)
def test_what_is_proved(kind: ReturnKind, severity: Severity | None, action: Action) -> None:
    assert judge(Return(kind, severity), Found(True, NOON), NOON, RULES) is action


@pytest.mark.parametrize("kind", [ReturnKind.BOUNCE, ReturnKind.COMPLAINT, ReturnKind.LEAVE])
def test_a_wrong_token_is_never_mended_by_an_address(kind: ReturnKind) -> None:
    forged = Return(kind, Severity.HARD, address="ann@example.org", forged=True)
    assert judge(forged, Found(False, NOON), NOON, RULES) is Action.FORGED
    assert judge(forged, None, NOON, RULES) is Action.FORGED
