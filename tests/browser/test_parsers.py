"""Messages read back by strangers: the standard library, and postal-mime, which shares nothing
with it."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import message_from_string
from email.utils import getaddresses
from pathlib import Path
from random import Random
from typing import Any

import pytest

from newsletter.domain.model import ScheduledEmail
from newsletter.mail.dkim.signing import Signer
from newsletter.mail.message import message
from newsletter.rendering.branding import Branding, Logo
from newsletter.rendering.rendered_email import render_email, unsubscribe_urls
from tests.browser.conftest import HERE
from tests.golden import ISSUE, POSTING, READER, STATES
from tests.mail.dkim.test_signing import ED25519
from tests.mail.test_message import (
    HEAD,
    HOSTILE,
    TITLED,
    check_wire,
    controls_shown,
    decoded,
    headers,
    line,
    parsed,
)

pytestmark = pytest.mark.heavy

# Written, and as the header has it.
ADDRESSES = {
    "a+b@example.org": "a+b@example.org",
    "o'brien_{x}=y@example.org": "o'brien_{x}=y@example.org",
    "a@xn--bcher-kva.example": "a@xn--bcher-kva.example",
    "a@Bücher.example": "a@xn--bcher-kva.example",
    "a@straße.example": "a@xn--strae-oqa.example",
    "mühle@example.org": "mühle@example.org",
    "x" * 64 + "@" + "a." * 80 + "example": "x" * 64 + "@" + "a." * 80 + "example",
}
LETTERS = "aZ09 .,;:<>@\"'()[]\\=?_-\r\n\t\0\x85\u2028äß€港👩🏽‍🚀\u202eا"
FAR = "https://news.example.org/" + "a" * 300


@dataclass(frozen=True)
class Case:
    scheduled: ScheduledEmail
    head: Branding
    address: str

    @property
    def raw(self) -> bytes:
        return message(self.scheduled, self.head)


def cases() -> Iterator[tuple[str, Case]]:
    for number, text in enumerate(HOSTILE):
        yield f"name-{number}", case(name=text)
        yield f"subject-{number}", case(subject=text)
        yield f"text-{number}", case(text=text)
    for number, address in enumerate(ADDRESSES):
        yield f"address-{number}", case(address=address)
    for number, state in enumerate(STATES):
        made = case()
        yield f"state-{number}", replace(made, scheduled=replace(POSTING, issue=STATES[state]))
    yield "far", case(head=replace(HEAD, base_url=FAR))
    yield "signed", case(head=replace(HEAD, sign=Signer("news.example.org", "s1", ED25519).sign))
    yield "logo", case(head=replace(HEAD, logo=Logo(bytes(range(256)) * 9, 60, 30)))
    chance = Random(6)
    for number in range(300):
        name, subject, text = ("".join(chance.choices(LETTERS, k=60)) for _ in range(3))
        yield f"random-{number}", case(name, subject, text, chance.choice([*ADDRESSES]))


def case(
    name: str = "Mira",
    subject: str = "A subject",
    text: str = "A text.",
    address: str = "mira@example.org",
    head: Branding = TITLED,
) -> Case:
    reader = replace(READER, name=name, address=address)
    picks = (replace(ISSUE.picks[0], text=text), ISSUE.picks[1])
    scheduled = replace(POSTING, subscriber=reader, issue=replace(ISSUE, picks=picks))
    titled = replace(TITLED, name=subject) if head is TITLED else head
    return Case(scheduled, titled, ADDRESSES.get(address, address))


CASES = dict(cases())


@pytest.fixture(scope="module")
def understood(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """By postal-mime, all in one go."""
    assert (node_modules / "postal-mime").exists(), "make browser brings it"
    folder = tmp_path_factory.mktemp("messages")
    for name, one in CASES.items():
        (folder / name).write_bytes(one.raw)
    command = ["node", str(HERE / "parse.mjs"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_nothing_was_left_out(understood: Any) -> None:
    assert set(understood) == set(CASES)
    assert len(CASES) > 350


@pytest.mark.parametrize("name", CASES)
def test_both_read_what_was_meant(name: str, understood: Any) -> None:
    one, theirs = CASES[name], understood[name]
    reader, content = one.scheduled.subscriber, _letter(one)
    ours = parsed(one.raw)
    # postal-mime
    assert theirs["to"] == [{"name": line(reader.name), "address": one.address}]
    assert theirs["from"] == {"name": "The Five", "address": "five@news.example.org"}
    assert theirs["replyTo"] == [{"name": "", "address": "editors@news.example.org"}]
    assert theirs["subject"] == content.subject == line(controls_shown(content.subject))
    assert theirs["messageId"] == one.scheduled.message_id
    for theirs_, ours_ in ((theirs["text"], content.text), (theirs["html"], content.html)):
        assert theirs_.split("\n")[:-2] == ours_.splitlines()  # it adds a line of its own
    ways = ", ".join(f"<{way}>" for way in unsubscribe_urls(reader.id, one.head))
    assert dict(theirs["headers"])["List-Unsubscribe"] == ways
    # the standard library
    found = written(one.raw)
    assert found["List-Unsubscribe"] == ways
    assert decoded(found["Subject"]) == content.subject
    [(phrase, address)] = getaddresses([found["To"]])
    assert (decoded(phrase) if phrase.startswith("=?") else phrase) == line(reader.name)
    assert address == one.address
    assert not [fault for part in ours.walk() for fault in part.defects]
    # both
    assert [key for key, _ in theirs["headers"]] == [key for key, _ in headers(one.raw)]


def written(raw: bytes) -> dict[str, str]:
    """By the standard library; as text, for its parser of octets gives 8-bit letters up."""
    made = message_from_string(raw.decode())
    return {name: re.sub(r"\r?\n(?=[ \t])", "", value) for name, value in made.items()}


def _letter(one: Case) -> Any:
    return render_email(one.scheduled.issue, one.scheduled.subscriber, one.head)


@pytest.mark.parametrize("name", [one for one in CASES if one not in {"signed", "logo"}])
def test_every_one_holds_to_the_wire(name: str) -> None:
    check_wire(CASES[name].raw)


def test_a_logo_is_part_of_the_message(understood: Any) -> None:
    logo = CASES["logo"].head.logo
    assert logo
    assert understood["logo"]["pictures"] == [f"<{logo.content_id}>"]
