import io
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from sqlite3 import connect

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.domain.model import STATES, Subscriber
from newsletter.services.subscriber_csv import csv_parts
from tests.cli.conftest import House, Outcome
from tests.conftest import SLOW

ANN = "ann@letters.example"
BEA = "bea@letters.example"


COLUMNS = ("address", "name", "timezone", "hour", "interests", "state")


def row(house: House, address: str = ANN) -> dict[str, object]:
    shown: dict[str, object] = house("subscribers", "show", address, "--json").json
    return {key: shown[key] for key in COLUMNS}


def bring_in(house: House, text: str | bytes, *words: str) -> Outcome:
    path = house.folder / "people.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return house("subscribers", "import", str(path), *words)


def refused(house: House, text: str) -> dict[int, str]:
    """Line -> reason."""
    lines = bring_in(house, text, "--json").json["refused"]
    return {line["line"]: line["reason"] for line in lines}


def set_state(house: House, address: str, state: str) -> None:
    """As a later bounce or complaint would."""
    db = connect(house.folder / "newsletter.db")
    with db:
        changed = db.execute(
            "UPDATE subscriber SET state = ? WHERE address = ?", (state, address)
        ).rowcount
    db.close()
    assert changed == 1


def test_add_takes_what_is_given_and_the_rest_from_the_configuration(house: House) -> None:
    house.environment["NEWSLETTER_NEWSLETTER__TIMEZONE"] = "Europe/Oslo"
    done = house("subscribers", "add", ANN, "--hour", "6", "--interests", "tides, old maps")
    assert (done.code, done.out) == (
        0,
        f"{ANN} added: 06:00 Europe/Oslo, about tides, old maps\n",
    )
    assert row(house) == {
        "address": ANN,
        "name": "",
        "timezone": "Europe/Oslo",
        "hour": 6,
        "interests": "tides, old maps",
        "state": "active",
    }


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ("ANN@Bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@xn--bcher-kva.example", "Ann@BÜCHER.example"),
        ("ann@letters.example", "Ann Onym <ANN@LETTERS.EXAMPLE>"),
        ("zoë@letters.example", "ZOË@letters.example"),
    ],
)
def test_two_spellings_of_an_address_are_one_subscriber(
    house: House, first: str, again: str
) -> None:
    assert "added" in house("subscribers", "add", first).out
    assert "was there already" in house("subscribers", "add", again).out
    assert len(house("subscribers", "list", "--json").json) == 1
    assert row(house, again) == row(house, first)
    assert house("subscribers", "remove", again).code == 0
    assert row(house, first)["state"] == "unsubscribed"


@pytest.mark.parametrize("typed", ["Paris", "paris", "europe/paris", " Europe/Paris "])
def test_a_zone_is_read_in_the_same_way_from_an_option_and_from_a_file(
    house: House, typed: str
) -> None:
    house("subscribers", "add", ANN, "--timezone", typed)
    file = house.folder / "readers.csv"
    file.write_text(f"email,timezone\n{BEA},{typed}\n")
    house("subscribers", "import", str(file))
    assert [row(house, each)["timezone"] for each in (ANN, BEA)] == ["Europe/Paris"] * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--timezone", "Europe/Pariss"],
            "no zone is called 'Europe/Pariss': did you mean Europe/Paris?",
        ),
        (["--timezone", "UTC+1"], "or Etc/GMT-1 (the sign is reversed) for 1 h ahead of UTC"),
        (["--timezone", "/etc/passwd"], "no zone is called"),
        (["--name", "n" * 101], "101 characters in the name: shorten to 100"),
        (["--interests", "t" * 1001], "1,001 characters in the interests: shorten to 1,000"),
        (["--language", "it"], "language 'it' is none of de, en, es, fr"),
        (["--hour", "24"], "hour 24 is not between 0 and 23"),
        (["--hour", "-1"], "hour -1 is not between 0 and 23"),
        (
            ["--name", "Ann\nBcc: all@letters.example"],
            "a line break or a control character in the name",
        ),
        (
            ["--interests", "tides\u2028maps"],
            "a line break or a control character in the interests",
        ),
        (["--name", "Ann\u202egpj.exe"], "a line break or a control character in the name"),
        (["--name", "Ann\u2066"], "a line break or a control character in the name"),
        (["--hour", "1_0"], "hour '1_0' is no number from 0 to 23"),
        (["--name", "Ann\x1b[2J"], "a line break or a control character in the name"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(
    house: House, options: list[str], message: str
) -> None:
    assert message in house("subscribers", "add", ANN, *options).stderr
    house.subscribe(ANN)
    before = house.dump()
    assert house("subscribers", "add", ANN, *options).code == 2
    assert house.dump() == before


@pytest.mark.parametrize(
    "address",
    ["", "ann", "ann@", "@letters.example", "a b@letters.example", "ann@letters", "a@b@c.d"],
)
@pytest.mark.parametrize("action", ["add", "show", "remove"])
def test_what_is_no_address_is_refused(house: House, address: str, action: str) -> None:
    done = house("subscribers", action, address)
    assert (done.code, done.stdout) == (2, b"")
    assert f"{address!r} is no address" in done.stderr


@pytest.mark.parametrize("action", ["show", "remove"])
def test_who_is_not_there_is_told(house: House, action: str) -> None:
    done = house("subscribers", action, ANN)
    assert (done.code, done.stdout) == (2, b"")
    assert f"nobody is subscribed as {ANN}: see `newsletter subscribers list`" in done.stderr


def test_a_name_may_be_written_as_people_write_it(house: House) -> None:
    name = "سارا می‌خواند"  # with the zero-width non-joiner that Persian needs
    house("subscribers", "add", ANN, "--name", f"  {name} ", "--interests", "prix\u00a0: 5\u00a0€")
    assert row(house)["name"] == name


def test_adding_again_changes_what_is_given_and_nothing_else(house: House) -> None:
    house("subscribers", "add", ANN, "--name", "Ann", "--hour", "6", "--interests", "tides")
    before = row(house)
    assert "was there already" in house("subscribers", "add", ANN).out
    assert row(house) == before
    done = house("subscribers", "add", ANN, "--interests", "", "--timezone", "Asia/Tokyo", "--json")
    assert done.json["result"] == "changed"
    assert row(house) == {**before, "interests": "", "timezone": "Asia/Tokyo"}


def test_remove_keeps_the_row_and_a_second_time_is_no_trouble(house: House) -> None:
    house("subscribers", "add", ANN, "--interests", "tides")
    before = row(house)
    assert house("subscribers", "remove", ANN).code == 0
    assert house("subscribers", "remove", ANN, "--json").json["result"] == "removed"
    assert row(house) == {**before, "state": "unsubscribed"}


def test_nothing_brings_back_who_complained(house: House) -> None:
    house.subscribe(ANN)
    set_state(house, ANN, "complained")
    for options in ([], ["--resubscribe"]):
        done = house("subscribers", "add", ANN, *options)
        assert (done.code, "no mail again" in done.stderr) == (2, True)
    assert row(house)["state"] == "complained"


@pytest.mark.parametrize("state", ["unsubscribed", "bounced"])
def test_only_resubscribe_brings_back_who_left(house: House, state: str) -> None:
    house.subscribe(ANN)
    set_state(house, ANN, state)
    done = house("subscribers", "add", ANN, "--hour", "9")
    assert done.code == 2
    assert f"{ANN} is {state}: only `subscribers add --resubscribe`" in done.stderr
    assert (row(house)["state"], row(house)["hour"]) == (state, 7)
    assert house("subscribers", "add", ANN, "--hour", "9", "--resubscribe").code == 0
    assert (row(house)["state"], row(house)["hour"]) == ("active", 9)


def test_list_tells_everybody_or_one_state(house: House) -> None:
    assert "nobody yet" in house("subscribers", "list").out
    house.subscribe("cleo@letters.example", ANN)
    house("subscribers", "remove", ANN)
    lines = house("subscribers", "list").out.splitlines()
    assert [line.split() for line in lines] == [
        [ANN, "unsubscribed", "07:00", "UTC"],
        ["cleo@letters.example", "active", "07:00", "UTC"],
    ]
    (left,) = house("subscribers", "list", "--state", "unsubscribed", "--json").json
    assert left["address"] == ANN


def test_show_tells_the_deliveries(house: House) -> None:
    house.stock()
    house.subscribe(ANN)
    house("send")
    assert "2026-03-14  sent" in house("subscribers", "show", ANN).out
    (delivery,) = house("subscribers", "show", ANN, "--json").json["deliveries"]
    assert (delivery["date"], delivery["state"], delivery["reason"]) == ("2026-03-14", "sent", None)


def test_import_takes_the_good_lines_and_names_the_others(house: House) -> None:
    house.subscribe("left@letters.example", "there@letters.example")
    house("subscribers", "remove", "left@letters.example")
    text = (
        "address,name,timezone,hour,interests\n"
        'ann@letters.example,"Ann, of the hill",Asia/Kolkata,6,"tides, maps"\n'
        "no address at all,,,,\n"
        "bea@letters.example,,Europe/Atlantis,,\n"
        "cleo@letters.example,,,25,\n"
        "dora@letters.example,,,early,\n"
        "ANN@letters.example,Other,,,\n"
        "left@letters.example,,,,\n"
        "there@letters.example,Changed,,9,\n"
        "eve@letters.example,,,,tides, maps\n"
        "fay@letters.example,,,,\n"
    )
    done = bring_in(house, text)
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0] == "2 added, 1 there already, 7 refused"
    assert [line.split()[:2] for line in lines[1:]] == [
        ["line", str(n)] for n in (3, 4, 5, 6, 7, 8, 10)
    ]
    for line, message in zip(
        lines[1:],
        (
            "'no address at all' is no address",
            "no zone is called 'Europe/Atlantis'",
            "hour 25 is not between 0 and 23",
            "hour 'early' is no number from 0 to 23",
            "ANN@letters.example stands on line 2 already",
            "left@letters.example is unsubscribed",
            "more values than columns: the file has commas between its values, so put quotes",
        ),
        strict=True,
    ):
        assert message in line
    assert row(house) == {
        "address": ANN,
        "name": "Ann, of the hill",
        "timezone": "Asia/Kolkata",
        "hour": 6,
        "interests": "tides, maps",
        "state": "active",
    }
    assert row(house, "there@letters.example")["hour"] == 7
    assert row(house, "left@letters.example")["state"] == "unsubscribed"
    assert row(house, "fay@letters.example")["timezone"] == "UTC"


def test_import_tells_how_another_programs_file_was_read(house: House) -> None:
    text = (
        "Email Address;First Name;Last Name;TIMEZONE;MEMBER_RATING;LEID\n"
        f"{ANN};Ann;Lee;est;2;7\n=cmd|calc!A1@letters.example;;;;;\n"
    )
    done = bring_in(house, text)
    assert done.code == 1
    assert done.out.splitlines() == [
        "1 added, 0 there already, 1 refused",
        "  read, with semicolons between values: address from 'Email Address',"
        " first name from 'First Name', last name from 'Last Name', timezone from 'TIMEZONE'",
        "  not used: 'MEMBER_RATING', 'LEID'",
        "  line 3  '=cmd|calc!A1@letters.example' is no address to write to:"
        " it begins with =, which spreadsheets take for a formula",
    ]
    assert "warning: EST is 5 h behind UTC all year and never changes for summer" in done.stderr
    assert (row(house)["name"], row(house)["timezone"]) == ("Ann Lee", "EST")
    report = bring_in(house, text, "--json").json
    assert report["ignored"] == ["MEMBER_RATING", "LEID"]
    assert report["columns"]["address"] == "Email Address"


def test_a_dry_run_of_an_import_says_what_each_line_would_do_and_stores_nothing(
    house: House,
) -> None:
    for name in ("ben", "cal"):
        house("subscribers", "add", f"{name}@letters.example")
    house("subscribers", "remove", "cal@letters.example")
    house("subscribers", "add", "gone@letters.example")
    house("subscribers", "erase", "gone@letters.example")
    lines = "ann@letters.example\nben@letters.example\ncal@letters.example\nno address\n"
    lines += "gone@letters.example\nANN@letters.example\n"
    before = house("subscribers", "list").out
    told = bring_in(house, f"email\n{lines}", "--dry-run", "--json").json
    outcomes = ["added", "there already", "left", "refused", "left", "refused"]
    assert [line["outcome"] for line in told["lines"]] == outcomes
    assert [line["line"] for line in told["lines"]] == [2, 3, 4, 5, 6, 7]
    assert (told["added"], told["there_already"], len(told["refused"])) == (1, 1, 4)
    assert (
        "nothing is stored yet; it would be: 1 added"
        in bring_in(house, f"email\n{lines}", "--dry-run").out
    )
    assert house("subscribers", "list").out == before
    done = bring_in(house, f"email\n{lines}", "--json").json
    assert {key: done[key] for key in ("added", "refused")} == {
        key: told[key] for key in ("added", "refused")
    }


def test_an_import_that_refuses_some_lines_stands_in_the_audit_and_a_dry_run_does_not(
    house: House,
) -> None:
    bring_in(house, "email\nann@letters.example\nno address\n", "--dry-run")
    assert "subscribers import" not in house("audit").out
    bring_in(house, "email\nann@letters.example\nno address\n")
    assert "subscribers import" in house("audit").out


def test_import_takes_the_state_that_the_name_of_the_file_tells(house: House) -> None:
    path = house.folder / "cleaned_members_export_9f.csv"
    path.write_text(f"Email Address\n{ANN}\n", encoding="utf-8")
    out = house("subscribers", "import", str(path)).out
    assert "everybody in it is bounced, by the name of the file" in out
    assert row(house)["state"] == "bounced"


@pytest.mark.parametrize("address", ["=1+1@letters.example", "a" * 65 + "@letters.example"])
def test_an_address_that_cannot_be_written_to_is_not_added(house: House, address: str) -> None:
    done = house("subscribers", "add", address)
    assert (done.code, "is no address to write to" in done.stderr) == (2, True)
    house.subscribe(ANN)
    with closing(connect(house.folder / "newsletter.db")) as db, db:  # from before there were rules
        db.execute("UPDATE subscriber SET address = ?, key = ?", (address, address))
    assert house("subscribers", "add", address, "--hour", "9").code == 0
    assert house("subscribers", "remove", address).code == 0


@pytest.mark.parametrize(("zone", "warned"), [("EST", True), ("Etc/GMT-1", True), ("UTC", False)])
def test_a_zone_that_never_changes_for_summer_is_warned_of(
    house: House, zone: str, *, warned: bool
) -> None:
    done = house("subscribers", "add", ANN, "--timezone", zone)
    assert (done.code, "never changes for summer" in done.stderr) == (0, warned)
    assert row(house)["timezone"] == zone


@pytest.mark.parametrize("hour", ["1_0", "\uff11\uff10", "+7", "9" * 5000, "7.0"])
def test_an_hour_is_written_in_plain_digits(house: House, hour: str) -> None:
    (message,) = refused(house, f"address,hour\n{ANN},{hour}\n").values()
    assert "is no number from 0 to 23" in message


def test_the_longest_name_and_interests_are_taken(house: House) -> None:
    bring_in(house, f"address,name,interests\n{ANN},{'n' * 100},{'t' * 1000}\n")
    assert (row(house)["name"], row(house)["interests"]) == ("n" * 100, "t" * 1000)
    reasons = refused(house, f"address,name\nbea@letters.example,{'n' * 101}\n")
    assert reasons == {2: "bea@letters.example: 101 characters in the name: shorten to 100"}


def test_a_longer_name_from_before_stays(house: House) -> None:
    house.subscribe(ANN)
    with closing(connect(house.folder / "newsletter.db")) as db, db:
        db.execute("UPDATE subscriber SET name = ?", ("n" * 3000,))
    assert house("subscribers", "add", ANN, "--hour", "9").code == 0
    assert house("subscribers", "add", ANN, "--name", "n" * 2999).code == 2
    assert (row(house)["name"], row(house)["hour"]) == ("n" * 3000, 9)


@pytest.mark.heavy
def test_export_is_utf_8_in_every_locale(house: House) -> None:
    house.subscribe(ANN, options=["--name", "Zoë"])
    house.environment["PYTHONIOENCODING"] = "ascii"
    out, err = house.process("subscribers", "export").communicate(timeout=120)
    assert (err, ",Zoë," in out) == ("", True)


def test_import_as_json(house: House) -> None:
    done = bring_in(house, f"address\n{ANN}\nnobody\n", "--json")
    assert (done.code, done.json["added"], done.json["there_already"]) == (1, 1, 0)
    (line,) = done.json["refused"]
    assert line["line"] == 3
    assert bring_in(house, f"address\n{ANN}\n").out == "0 added, 1 there already, 0 refused\n"


_SAID = {
    "unsubscribed": "is unsubscribed",
    "bounced": "is bounced",
    "complained": "complained of a message",
}


@pytest.mark.parametrize("state", list(_SAID))
def test_import_keeps_the_suppressed_suppressed(house: House, state: str) -> None:
    gone = f"address,state\n{ANN},{state}\n"
    assert bring_in(house, gone).code == 0
    assert row(house)["state"] == state
    assert bring_in(house, gone).out == "0 added, 1 there already, 0 refused\n"
    assert _SAID[state] in refused(house, f"address,state\n{ANN},active\n")[2]
    assert _SAID[state] in refused(house, f"address\n{ANN}\n")[2]
    assert row(house)["state"] == state


def test_import_that_knows_of_a_parting_we_do_not_says_so(house: House) -> None:
    house.subscribe(ANN)
    message = refused(house, f"address,state\n{ANN},complained\n")[2]
    assert f"{ANN} is active here and complained in the file" in message
    assert row(house)["state"] == "active"


def test_import_of_a_state_that_is_none(house: House) -> None:
    assert (
        "state 'asleep' is none of pending, active"
        in (refused(house, f"address,state\n{ANN},asleep\n")[2])
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "line 1 must name the columns"),
        (b"ann@letters.example,Ann\n", "line 1 must name the columns"),
        (b"name\nAnn\n", "line 1 must name the columns"),
        (b"phone;name;plan\n1;Ann;2\n", "not known: 'phone', 'plan'"),
        (b"address,timezon\nann@letters.example,UTC\n", "the column 'timezon' is not known: if it"),
        (b"address,name,name\nann@letters.example,A,B\n", "two columns are called 'name'"),
        (b'address,name\nbea@letters.example,"B\ne"\nann@letters.example,"A\n\n', "line 4: unexp"),
        (b'address,name\nann@letters.example,"Ann\n', "line 2: unexpected end of data"),
        (b'address,name\nann@letters.example,"Ann"x\n', "line 2: "),
        ("address,name\nann@letters.example,Zoë\n".encode("latin-1"), "save the file as UTF-8"),
        (b"address\nann@letters.example\n\xff\xfe", "save the file as UTF-8"),
        (b"\xff\xfea", "save the file as UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_right_is_not_taken_at_all(
    house: House, text: bytes, message: str
) -> None:
    done = bring_in(house, text)
    assert done.code in (1, 2)
    assert message in done.stderr
    assert "nothing was taken" in done.stderr
    assert ANN not in house("subscribers", "list").out


def test_a_file_that_is_not_there_is_told(house: House) -> None:
    done = house("subscribers", "import", "no/such.csv")
    assert (done.code, done.stderr) == (
        2,
        "newsletter: no/such.csv cannot be read: No such file or directory\n",
    )


def test_import_is_generous_about_what_does_no_harm(house: House) -> None:
    text = "\ufeffAddress , Hour\r\n  ann@letters.example , 6 \r\n\r\nbea@letters.example,\r\n"
    assert bring_in(house, text).out == "2 added, 0 there already, 0 refused\n"
    assert row(house)["hour"] == 6


def test_import_reads_standard_input(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    given_in = io.TextIOWrapper(io.BytesIO(f"\ufeffaddress,name\n{ANN},Zoë\n".encode()), "latin-1")
    monkeypatch.setattr("sys.stdin", given_in)
    assert house("subscribers", "import", "-").code == 0
    assert row(house)["name"] == "Zoë"


@pytest.mark.parametrize("rows", [510, pytest.param(1_100, marks=pytest.mark.heavy)])
def test_a_long_file_is_taken_whole(house: House, rows: int) -> None:
    lines = [f"reader-{number}@letters.example,Europe/Oslo" for number in range(rows)]
    lines.append(lines[0])
    done = bring_in(house, "address,timezone\n" + "\n".join(lines))
    assert done.out.startswith(f"{rows:,} added, 0 there already, 1 refused\n  line {rows + 2}")


WORDS = st.text(
    st.characters(
        codec="utf-8",
        exclude_categories=("Cc", "Cs", "Zl", "Zp"),
        exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    ),
    max_size=40,
).map(str.strip)


FORMULAS = st.from_regex("'{0,2}[=+@-][a-z1]{0,3}", fullmatch=True)


@pytest.fixture
def second(house: House, tmp_path: Path) -> Callable[[], House]:
    """Another newsletter, empty each time."""

    def empty() -> House:
        another = House(tmp_path / "news", house.capture)
        db = connect(another.folder / "newsletter.db")
        with db:
            db.execute("DELETE FROM subscriber")
        db.close()
        return another

    return empty


@settings(
    max_examples=settings().max_examples // 10,
    deadline=None,
    suppress_health_check=[*SLOW, HealthCheck.function_scoped_fixture],
)
@given(people=st.lists(st.tuples(WORDS | FORMULAS, WORDS | FORMULAS), min_size=1, max_size=6))
def test_what_is_exported_comes_in_again_as_it_was(
    second: Callable[[], House], people: list[tuple[str, str]]
) -> None:
    readers = [
        Subscriber(0, f"r{number}@letters.example", "UTC", 7, name, interests, STATES[number % 5])
        for number, (name, interests) in enumerate(people)
    ]
    data = b"".join(csv_parts([readers]))
    house = second()
    assert bring_in(house, data).code == 0
    rows = house("subscribers", "list", "--json").json
    assert [(row["name"], row["interests"]) for row in rows] == people
    assert house("subscribers", "export").stdout == data
    assert bring_in(house, data).out == f"0 added, {len(people)} there already, 0 refused\n"


def test_show_says_when_and_why_somebody_left(house: House) -> None:
    house.subscribe(ANN)
    joined = house("subscribers", "show", ANN, "--json").json
    assert joined["state_changed_at"].startswith("2026-03-13T12:00")
    house("subscribers", "remove", ANN)
    left = house("subscribers", "show", ANN, "--json").json
    assert left["state_changed_at"].startswith("2026-03-14T12:00")
    assert left["state_reason"] == "by the operator"
    printed = house("subscribers", "show", ANN).out
    assert "by the operator" in printed
    house.now += timedelta(days=1)
    house("subscribers", "remove", ANN)
    assert house("subscribers", "show", ANN).out == printed
    house("subscribers", "add", ANN, "--resubscribe")
    back = house("subscribers", "show", ANN, "--json").json
    assert back["state_changed_at"].startswith("2026-03-15T12:00")
    assert back["state_reason"] == ""


def test_the_gravest_line_of_an_address_counts(house: House, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(f"email,status\n{ANN},subscribed\n{ANN.upper()},unsubscribed\n")
    done = house("subscribers", "import", str(rows))
    assert (done.code, "left, by line 3" in done.out + done.stderr) == (1, True)
    assert house("subscribers", "list", "--state", "active", "--json").json == []
