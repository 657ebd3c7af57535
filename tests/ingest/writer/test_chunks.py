"""A transcript in pieces: nothing is lost, none is too long, and each knows when it was said."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.episode import Segment
from newsletter.ingest.writer.chunks import chunks, tokens

SEGMENTS = st.lists(
    st.builds(
        lambda start, length, text, speaker: Segment(start, start + length, text, speaker),
        st.floats(0, 1e5),
        st.floats(0, 1e4),
        st.text(alphabet="ab .!?\n\u00e9\u4e2d", max_size=400),
        st.sampled_from(["", "Ana", "Bo"]),
    ),
    max_size=12,
)


def bare(text: str) -> str:
    return "".join(text.split())


@given(segments=SEGMENTS, limit=st.integers(20, 200))
def test_nothing_is_lost_and_none_is_too_long(segments: list[Segment], limit: int) -> None:
    parts = chunks(segments, limit)
    assert "".join(bare(one.text) for part in parts for one in part) == "".join(
        bare(segment.text) for segment in segments
    )
    for part in parts:
        assert part
        assert all(one.text.strip() for one in part)
        assert len(part) == 1 or sum(tokens(one.text) for one in part) <= limit


@given(segments=SEGMENTS, limit=st.integers(20, 200))
def test_a_piece_stays_within_its_segment(segments: list[Segment], limit: int) -> None:
    spoken = [(segment.start, segment.end + 1e-6, segment.speaker) for segment in segments]
    for part in chunks(segments, limit):
        for one in part:
            assert any(
                start <= one.start <= one.end <= end and speaker == one.speaker
                for start, end, speaker in spoken
            )


def test_a_long_speech_is_cut_between_sentences_and_the_second_half_begins_later() -> None:
    speech = "The tide came in at nine. " * 40
    parts = chunks([Segment(100, 300, speech, "Ana")], 150)
    assert len(parts) > 1
    assert all(one.text.endswith(".") for part in parts for one in part)
    starts = [part[0].start for part in parts]
    assert starts == sorted(starts)
    assert starts[0] == 100
    assert 150 < starts[len(starts) // 2] < 250


def test_a_transcript_without_a_full_stop_is_cut_all_the_same() -> None:
    parts = chunks([Segment(0, 10, "x" * 100_000)], 500)
    assert all(tokens(one.text) <= 500 for part in parts for one in part)


def test_nothing_said_is_no_chunk() -> None:
    assert chunks([], 100) == ()
    assert chunks([Segment(0, 1, " \n ")], 100) == ()


def test_tokens_are_rather_too_many_than_too_few() -> None:
    """About four letters each in English; one for each letter of other scripts."""
    english = "Stone ovens keep their heat because the stone itself is so heavy. " * 10
    assert len(english) / 5 < tokens(english) < len(english) / 3
    assert tokens("\u70ad\u706b\u713c\u304d") == 4
    assert tokens("") == 0
