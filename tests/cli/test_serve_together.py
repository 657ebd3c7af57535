"""Two processes of ``newsletter serve`` behind one another, over one PostgreSQL."""

import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from functools import partial
from itertools import product
from urllib.parse import urlencode, urlsplit

import pytest

from tests.cli.conftest import House
from tests.conftest import new_database
from tests.smtp_server import SmtpServer
from tests.web.test_unsubscribe import FORM, Answer, ask, wait_for

pytestmark = pytest.mark.heavy

AN_HOUR = 200


class Two:
    """Both processes, by their ports; a request goes to either."""

    def __init__(self, house: House, mail: SmtpServer, ports: list[int]) -> None:
        self.house, self.mail, self.ports = house, mail, ports

    def post(self, port: int, path: str, **form: str) -> Answer:
        return ask(port, "POST", path, urlencode(form).encode(), FORM)

    def at_once(self, requests: Iterable[Callable[[], Answer]]) -> list[Answer]:
        with ThreadPoolExecutor(8) as pool:
            return [*pool.map(lambda request: request(), requests)]

    def links(self, address: str, kind: str) -> list[str]:
        """The paths in the messages that this address got."""
        texts = [
            str(message_from_bytes(one.message, policy=policy.default).get_body(("html",)))
            for one in self.mail.messages
            if one.recipient == address
        ]
        plain = [text.replace("=\n", "").replace("=3D", "=") for text in texts]
        found = re.findall(r'href="(https://[^"]+)"', "".join(plain))
        return [*dict.fromkeys(p for p in map(_path, found) if p.startswith(f"/{kind}/"))]


def _path(url: str) -> str:
    return urlsplit(url).path


@pytest.fixture
def two(house: House, postgresql: str, pristine: str, server: SmtpServer) -> Iterator[Two]:
    house.smtp(server)
    house.environment |= {
        "NEWSLETTER_STORE__URL": new_database(postgresql, pristine),
        "NEWSLETTER_WEB__SIGNUPS_AN_HOUR": str(AN_HOUR),
    }
    running = [house.process("serve", "--port", "0") for _ in range(2)]
    try:
        yield Two(house, server, [_port(process) for process in running])
    finally:
        for process in running:
            process.terminate()
        said = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert not [text for text in said if "Traceback" in text or "ERROR" in text], said


def _port(process: "subprocess.Popen[str]") -> int:
    assert process.stdout
    found = re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())
    assert found
    return int(found[1])


def test_who_asks_both_gets_one_message_and_either_knows_what_the_other_was_told(two: Two) -> None:
    addresses = [f"r{number}@example.org" for number in range(12)]
    asked = [
        partial(
            two.post, port, "/subscribe", address=address, interests="a", timezone="UTC", hour="7"
        )
        for address, port in product(addresses, two.ports * 2)
    ]
    answers = two.at_once(asked)
    assert {answer.status for answer in answers} == {303}
    wait_for(lambda: len(two.mail.messages) >= len(addresses))

    confirms = {address: two.links(address, "confirm") for address in addresses}
    assert {len(links) for links in confirms.values()} == {1}
    two.at_once([partial(ask, p, "POST", w) for [w] in confirms.values() for p in two.ports])
    here, there = two.ports
    page = ask(there, "GET", confirms[addresses[0]][0]).text
    own = re.findall(r'href="(/p/[^"]+)"', page)[0]
    choice = {"interests": "coffee", "hour": "9", "timezone": "UTC", "weekdays": "0"}
    assert two.post(here, f"{own}?save", **choice).status == 200
    assert "coffee</textarea>" in ask(there, "GET", own).text
    leave = re.findall(r'href="(/u/[^"]+)"', ask(there, "GET", own).text)[0]
    two.at_once([partial(ask, p, "POST", leave) for p in two.ports * 4])
    assert {"You have left" in ask(port, "GET", leave).text for port in two.ports} == {True}
    assert "subscribed again" in ask(here, "POST", f"{leave}?undo").text
    assert "Unsubscribe</button>" in ask(there, "GET", leave).text

    two.at_once([partial(two.post, p, "/link", address=addresses[1]) for p in two.ports * 4])
    two.at_once([partial(two.post, p, f"{own}?erase") for p in two.ports * 4])
    wait_for(lambda: len(two.mail.messages) >= len(addresses) + 2)
    got = Counter(one.recipient for one in two.mail.messages)
    assert got == Counter(addresses) + Counter(addresses[:2]), "each notice went out once"
    [erase] = two.links(addresses[0], "erase")
    two.at_once([partial(ask, p, "POST", erase) for p in two.ports])
    assert {ask(port, "GET", own).status for port in two.ports} == {404}


def test_votes_are_one_and_each_process_counts_networks_for_itself(two: Two) -> None:
    two.house.stock()
    two.house.subscribe("ann@example.org")
    assert two.house("send").code == 0
    more, knew, *_ = two.links("ann@example.org", "v")
    here, there = two.ports
    both = [partial(ask, p, "POST", w) for p, w in product(two.ports, (more, knew))]
    assert {answer.status for answer in two.at_once(both * 5)} == {200}
    said = ["Undo" in ask(port, "GET", path).text for port in two.ports for path in (more, knew)]
    assert said.count(True) == 2, "one holds, and both say which"
    assert "Undo" in ask(here, "POST", more).text
    assert "Undo" in ask(there, "GET", more).text
    assert "Remember this" in ask(there, "GET", knew).text

    asking = [partial(two.post, here, "/link", address=f"{n}@x.example") for n in range(AN_HOUR)]
    assert {answer.status for answer in two.at_once(asking)} == {200}
    assert two.post(here, "/link", address="a@x.example").status == 429
    assert two.post(there, "/link", address="a@x.example").status == 200
