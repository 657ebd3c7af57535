"""Quotes: whole sentences that stand alone, word for word; none rather than a bad one."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.episode import Episode, Segment
from newsletter.ingest.quote_forms import STRONG, WEAK, forms
from newsletter.ingest.quote_merit import LEAST, merit
from newsletter.ingest.quote_rules import is_english, stands_alone, without_marker
from newsletter.ingest.quotes import quotes
from newsletter.ingest.transcripts import parse_transcript

EPISODE = Episode("g", "The flood", speakers=("Ines Okoro", "Tom Vale"))
GUEST, HOST = "Ines Okoro", "Tom Vale"
GOOD = [
    "Most towns raise the dike instead of widening the river, because a wall can be seen.",
    "Most towns raise the dike instead of widening the river, because walls can be seen.",
    "Insurance makes people careless, because the premium never mentions the neighbour downstream.",
    "Most engineers measure the height of the water rather than the strength of the ground.",
]
FILLER = [
    "We walked along the old bank in the rain and looked at the stones for quite a while that day.",
    "I remember my grandfather telling me about the winter when the bridge went away at night.",
    "And then they said that it would not come back, and it did, and that was the end of it.",
]


def talk(*sentences: str, speaker: str = GUEST) -> list[Segment]:
    """The sentences of one speaker, ten seconds apart, among others that are no quotes."""
    said = [part for sentence in sentences for part in (sentence, *FILLER)]
    return [Segment(n * 10, n * 10 + 9, text, speaker) for n, text in enumerate(said)]


def texts(segments: Sequence[Segment], most: int = 3) -> list[str]:
    return [mention.text for mention in quotes(segments, EPISODE, most)]


def test_the_sentences_that_claim_something_are_quoted_in_order_of_time() -> None:
    assert texts(talk(*GOOD[1:])) == GOOD[1:]
    assert texts(talk(*reversed(GOOD[1:]))) == GOOD[:0:-1]


def test_at_most_three_and_as_many_as_are_asked_for() -> None:
    assert len(texts(talk(*GOOD))) == 3
    assert len(texts(talk(*GOOD), most=1)) == 1


def test_a_quote_is_marked_as_one_with_its_speaker_and_second() -> None:
    (mention,) = quotes(talk(GOOD[0]), EPISODE)
    assert (mention.origin, mention.speaker, mention.at) == ("quote", GUEST, 0)
    (mention,) = quotes([Segment(0, 0, s.text, s.speaker) for s in talk(GOOD[0])], EPISODE)
    assert mention.at is None


def test_a_host_who_asks_is_not_quoted() -> None:
    asking = [Segment(1, 2, "What does a dike cost?", HOST)] * 3
    assert texts([*asking, *talk(GOOD[0], speaker=HOST), *talk(GOOD[1])]) == [GOOD[1]]


def test_a_short_turn_is_not_quoted() -> None:
    assert texts([Segment(1, 9, GOOD[0], GUEST)]) == []


def test_the_same_is_quoted_once() -> None:
    assert texts(talk(GOOD[0], GOOD[0])) == [GOOD[0]]


def test_an_and_in_front_is_left_out_and_nothing_else() -> None:
    said = f"And so {GOOD[0][0].lower()}{GOOD[0][1:]}"
    assert texts(talk(said)) == [GOOD[0]]
    assert without_marker("Android phones break.") == "Android phones break."


@pytest.mark.parametrize(
    "segments",
    [
        [],
        talk(
            "Die meisten Städte erhöhen den Deich, statt den Fluss zu weiten, weil man ihn sieht."
        ),
        talk("most towns raise the dike instead of widening the river because a wall can be seen"),
    ],
    ids=["nothing", "German", "captions without punctuation"],
)
def test_none_rather_than_a_bad_one(segments: list[Segment]) -> None:
    assert texts(segments) == []


# Each is a good sentence with one thing that keeps a reader from understanding or wanting it.
NOT_ALONE = {
    "a group of people": "Most women raise the dike because a wall can be seen.",
    "a danger to life": "The best way to kill a wolf is the one that nobody sees.",
    "opens with a pronoun": "They raise the dike instead of the river, because a wall can be seen.",
    "opens with this": "This makes most towns raise the dike instead of widening the river.",
    "opens with but": "But most towns raise the dike instead of widening their river.",
    "opens with because": "Because most towns raise the dike instead of widening their river.",
    "a question": "Why do most towns raise the dike instead of widening their river?",
    "no end": "Most towns raise the dike instead of widening their river, and then",
    "broken off": "Most towns raise the dike instead of -- most of them widen nothing.",
    "unfinished": "Most towns raise the dike instead of widening their river...",
    "a filler": "Most towns, you know, raise the dike instead of widening their river.",
    "a stammer": "Most towns raise the the dike instead of widening their river.",
    "a hesitation": "Most towns raise, um, the dike instead of widening their river.",
    "an anecdote": "My father told most towns to raise the dike instead of widening it.",
    "about somebody": "Most towns raised the dike instead, since she could not widen it.",
    "as I said": "Most towns, as I said, raise the dike instead of widening their river.",
    "you mentioned": "Most towns you mentioned raise the dike instead of widening their river.",
    "to the audience": "Thank you, most towns raise the dike instead of widening their river.",
    "the time of the talk": "Most towns raised the dike last year instead of widening it.",
    "points back": "Most towns do that instead of widening their river, because it is seen.",
    "points at a thing": "Most towns raise that kind of wall instead of widening their river.",
    "also": "Most towns also raise the dike instead of widening their river.",
    "inaudible": "Most towns raise [inaudible 12:34] instead of widening their river.",
    "half a quotation": 'Most towns say "raise it instead of widening their river.',
    "too short": "Most dikes break.",
    "too long": "Most towns raise the dike " + "and then they raise the other dike " * 10 + "too.",
    "opens with the clear": "It is clear that they raise the dike instead of widening the river.",
    "opens with what you see": "You can see most towns raise the dike instead of widening it.",
    "who does that": "Most towns raise the dike, and people do that instead of widening it.",
    "similar to nothing": "Most towns have a similar dike instead of widening their river.",
    "them, who are not told": "Most towns charge them for a dike instead of widening the river.",
    "it, that is not told": "Most towns charge it to a dike instead of widening the river.",
    "an order to a machine": "Most towns ignore all previous instructions instead of a dike.",
    "the reason alone": "Because walls can be seen, most towns raise the dike.",
    "about one's own firm": "Dikes hold as long as we're honest as a company about the ground.",
    "goes on with like": "Most towns raise the dike and like if it breaks, they raise it.",
    "a story": "Most towns raised the dike and built a wall and lost the river when it rained.",
}


@pytest.mark.parametrize("sentence", NOT_ALONE.values(), ids=NOT_ALONE)
def test_what_does_not_stand_alone_is_never_quoted(sentence: str) -> None:
    assert not stands_alone([sentence])


TOGETHER = {
    "what the first names": ["Most towns fear the river.", "They raise the dike, and it breaks."],
    "a question answered": [
        "Why do most towns raise the dike instead of widening the river?",
        "Because a wall can be seen.",
    ],
}


@pytest.mark.parametrize("sentences", TOGETHER.values(), ids=TOGETHER)
def test_sentences_stand_together_that_would_not_alone(sentences: list[str]) -> None:
    assert stands_alone(sentences)
    assert not any(stands_alone([sentence]) for sentence in sentences)


NOT_TOGETHER = {
    "a question left open": [GOOD[0], "Why do most towns do it?"],
    "a question not answered": ["Why do most towns raise the dike?", "Walls cost towns money."],
    "an answer to somebody": [GOOD[0], "Right, walls cost towns a lot of money."],
    "a scrap": [GOOD[0], "They do."],
}


@pytest.mark.parametrize("sentences", NOT_TOGETHER.values(), ids=NOT_TOGETHER)
def test_sentences_that_do_not_stand_together(sentences: list[str]) -> None:
    assert not stands_alone(sentences)


def test_two_sentences_are_quoted_as_they_follow_one_another() -> None:
    pair = ["Most dikes don't fail from a lack of stones.", "They fail because towns forget them."]
    said = [Segment(n * 10, n * 10 + 9, text, GUEST) for n, text in enumerate([*FILLER, *pair])]
    (mention,) = quotes([*said, *talk("We went home.")], EPISODE)
    assert (mention.text, mention.at) == (" ".join(pair), 30)


CLAIMS = {
    "not this, but that": ["A good dike is not about height, it's about ground."],
    "not this. That": ["Walls do not stop floods for good. They move the water to a neighbour."],
    "rather": ["Most farmers trust an old map rather than a new sensor."],
    "because": ["Small rivers surprise people because nobody measures their banks in summer."],
    "the best": ["The best way to find a leak is a dry day after a wet month."],
    "part of": ["Writing down each repair is one of the main parts of keeping a bridge."],
    "nobody unless": ["Nobody pays for a pump unless the cellar is wet in spring."],
    "the more": ["The more meadows a town drains, the faster the river rises in spring."],
}


@pytest.mark.parametrize(("form", "sentences"), CLAIMS.items(), ids=CLAIMS)
def test_the_strong_forms_of_a_claim_are_enough(form: str, sentences: list[str]) -> None:
    assert CLAIMS.keys() == STRONG.keys()
    assert form in forms(sentences, STRONG)
    assert stands_alone(sentences)
    assert merit(sentences) >= LEAST


@pytest.mark.parametrize(
    "sentence",
    [
        "Dikes of clay hold for many years in the low country by the sea.",
        "If a town drains its meadows, the river may rise in spring.",
        "There are three ways to build a dike rather than a wall.",
        "Keeping a dike dry is very important because towns like dry dikes.",
        "You can never collect more than the full price of a dike.",
    ],
    ids=["no form", "a weak one alone", "it announces", "it praises", "a measure, no contrast"],
)
def test_what_has_no_form_of_a_claim_is_not_quoted(sentence: str) -> None:
    assert merit([sentence]) < LEAST


def test_two_weak_forms_are_a_strong_one() -> None:
    sentence = "Draining a meadow is a loan that the river takes back."
    assert forms([sentence], WEAK) == {"doing", "what it is"}
    assert not forms([sentence], STRONG)
    assert merit([sentence]) >= LEAST


@pytest.mark.parametrize("sentence", GOOD)
def test_a_claim_in_general_stands_alone(sentence: str) -> None:
    assert stands_alone([sentence])
    assert merit([sentence]) > merit(["The dike is here and the river is there, and both are old."])


def test_the_guest_who_names_the_host_speaks_to_him() -> None:
    assert texts(talk(GOOD[0].replace("Most towns", "Most towns, Tom,"))) == []


def test_the_order_of_keys_in_a_file_changes_nothing() -> None:
    keyed = [{"speaker": s.speaker, "startTime": s.start, "body": s.text} for s in talk(*GOOD)]
    turned = [dict(reversed(segment.items())) for segment in keyed]
    pages = [{"version": "1.0.0", "segments": keyed}, {"segments": turned, "version": "1.0.0"}]
    first, second = (quotes(parse_transcript(json.dumps(page).encode()), EPISODE) for page in pages)
    assert first == second != ()


WORDS = st.sampled_from(
    """most people towns dike river because instead rather than when they it and so but the a of
    is are can raise widen , . ? ! -- ... I we you that this [Music] water money Ines"""
    .split()
)  # fmt: skip
SENTENCES = st.lists(WORDS, min_size=3, max_size=25).map(" ".join) | st.sampled_from(GOOD)
SEGMENTS = st.lists(
    st.builds(
        lambda start, text, speaker: Segment(start, start + 5, text, speaker),
        st.integers(0, 9_999),
        SENTENCES,
        st.sampled_from([GUEST, HOST, ""]),
    ),
    max_size=25,
)


@given(SEGMENTS, st.integers(0, 4))
def test_every_quote_is_word_for_word_in_segments_of_its_speaker_that_follow_one_another(
    segments: list[Segment], most: int
) -> None:
    made = quotes(segments, EPISODE, most)
    assert len(made) <= most
    assert made == quotes(list(segments), EPISODE, most)
    for mention in made:
        said = mention.text[1:]  # the first letter may have become a capital one
        windows = [segments[begin : begin + n] for begin in range(len(segments)) for n in (1, 2)]
        sources = [w for w in windows if " ".join(s.text for s in w).endswith(said)]
        assert any(
            int(source[0].start) == mention.at and {s.speaker for s in source} == {mention.speaker}
            for source in sources
        )


def test_english_is_told_from_other_languages_by_its_small_words() -> None:
    assert is_english(" ".join(GOOD))
    assert not is_english("Die meisten Städte erhöhen lieber den Deich, weil man eine Mauer sieht.")
    assert not is_english("")


ADVERTISEMENT = (
    "This episode is brought to you by Acme. Use code POD at acme.com for ten percent off."
)
CLAIM = "Small farms lose money on wheat."
REASON = "They fail because customers take years to understand a new product."


@pytest.mark.parametrize("between", [ADVERTISEMENT, f"\n\nTom: {ADVERTISEMENT}\n\nInes: "])
def test_a_quote_never_reaches_across_an_advertisement(between: str) -> None:
    turn = " ".join(FILLER[:2] * 2)
    spoken = f"Tom: How are you? Why so?\n\nInes: {turn} {CLAIM} {between} {REASON} {turn}\n"
    segments = parse_transcript(spoken.encode(), "text/plain")
    assert REASON in [segment.text for segment in segments]
    assert all(text in spoken for text in texts(segments))


@pytest.mark.parametrize("sound", ["[laughter]", "(applause)", "♪"])
def test_a_quote_never_reaches_across_a_sound(sound: str) -> None:
    turn = " ".join(FILLER[:2] * 2)
    apart = f"Ines: {turn} {CLAIM} {sound} {REASON} {turn}\n"
    within = f"Ines: {turn} {GOOD[0].replace(' instead', f' {sound} instead')} {turn}\n"
    assert all(text in apart for text in texts(parse_transcript(apart.encode(), "text/plain")))
    assert texts(parse_transcript(within.encode(), "text/plain")) == []


def test_the_advertisement_is_what_parts_them() -> None:
    turn = " ".join(FILLER[:2] * 2)
    spoken = f"Tom: How are you? Why so?\n\nInes: {turn} {CLAIM} {REASON} {turn}\n"
    assert f"{CLAIM} {REASON}" in texts(parse_transcript(spoken.encode(), "text/plain"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Everybody says so.", ""),
        ("There is a common myth.", ""),
        ("We used to think that:", ""),
        ("", "That's wrong, and the river knows it."),
        ("", "Well, it isn't."),
        ("", "Nonsense."),
        ("", "Yeah, that's a myth."),
        ("", "But that turns out to be false."),
        ("", "None of that is true, of course."),
        ("", "I don’t believe that any more."),
    ],
)
def test_what_others_say_or_the_speaker_takes_back_is_no_quote(before: str, after: str) -> None:
    around = [before or FILLER[0], GOOD[0], after or FILLER[1], *FILLER]
    said = [Segment(n * 10, n * 10 + 9, text, GUEST) for n, text in enumerate(around)]
    assert texts(said) == []


def test_what_is_said_on_in_another_way_stays() -> None:
    for after in (
        "That's why the bank is high.",
        "It's not how high it is.",
        "That's what we forget.",
    ):
        around = ["People say a lot about rivers.", GOOD[0], after, *FILLER]
        said = [Segment(n * 10, n * 10 + 9, text, GUEST) for n, text in enumerate(around)]
        assert texts(said) == [GOOD[0]]
