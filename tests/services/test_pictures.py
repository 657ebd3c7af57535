from pathlib import Path
from threading import Event, Thread

import pytest

from newsletter.rendering.picture import Card
from newsletter.services import pictures
from newsletter.services.pictures import Busy, Pictures

CARD = Card("The Five", "Words", "Below", "#a8321a")


def test_a_picture_is_drawn_once(tmp_path: Path) -> None:
    drawn: list[Card] = []

    def draw(card: Card) -> bytes:
        drawn.append(card)
        return b"png"

    for _ in range(2):  # another process finds it too
        kept = Pictures(tmp_path / "new", draw)
        assert [kept.get(CARD), kept.get(CARD)] == [b"png", b"png"]
    assert drawn == [CARD]
    kept.get(CARD._replace(words="Others"))
    assert len(drawn) == 2


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = Pictures(tmp_path / "file", lambda _: b"png")
    assert [kept.get(CARD), kept.get(CARD)] == [b"png", b"png"]


def test_few_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_MOST", 10)
    monkeypatch.setattr(pictures, "_KEPT", 5)
    kept = Pictures(tmp_path, lambda _: b"png")
    for number in range(40):
        kept.get(CARD._replace(words=str(number)))
        assert len(list(tmp_path.iterdir())) <= 10


def test_few_wait_for_the_one_that_is_drawn(tmp_path: Path) -> None:
    go_on, begun = Event(), Event()

    def draw(_: Card) -> bytes:
        begun.set()
        assert go_on.wait(60)
        return b"png"

    kept = Pictures(tmp_path, draw)
    threads = [
        Thread(target=kept.get, args=(CARD._replace(words=str(number)),)) for number in range(2)
    ]
    for thread in threads:
        thread.start()
    assert begun.wait(60)
    while kept._waiting._value:  # the two are not all there yet
        pass
    with pytest.raises(Busy):
        kept.get(CARD)
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert kept.get(CARD) == b"png"
