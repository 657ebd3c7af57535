"""What echoes is found once a day, and every reader's question is answered from it."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.model import Insight
from newsletter.ranking.signals import echoes_of, index_of
from tests.builders import TODAY, candidate, unlike

EARLIER = [Insight(n, f"{unlike(n % 4)} {unlike(n)} {unlike(n + 1)}", TODAY) for n in range(1, 13)]
ECHOES = echoes_of([candidate(one.id, one.text) for one in EARLIER[:6]], index_of(EARLIER))
QUESTION = st.tuples(st.integers(0, 5), st.sets(st.integers(1, 14)), st.integers(0, 4))


@given(st.lists(QUESTION, min_size=1))
def test_the_nearest_are_told_whatever_was_asked_before(
    questions: list[tuple[int, set[int], int]],
) -> None:
    triples = zip(ECHOES.new, ECHOES.earlier, ECHOES.probability, strict=True)
    told = [(int(new), -float(value), int(earlier)) for new, earlier, value in triples]
    assert len(told) > 12
    for place, ids, most in questions:
        others = ids - {EARLIER[place].id}
        close = sorted(one[1:] for one in told if one[0] == place and one[2] in others)
        expected = [(earlier, -value) for value, earlier in close[:most]]
        assert ECHOES.nearest(place, ids, most) == expected
