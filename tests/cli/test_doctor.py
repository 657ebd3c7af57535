import json
import math
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from sqlite3 import connect

import pytest

from newsletter.rendering.renderer import Renderer
from newsletter.rendering.templates import read_templates
from newsletter.services import delivery_checks, desk_users
from newsletter.services.clock import steady
from newsletter.storage import Store, heartbeats
from newsletter.storage.schema import HEAD
from tests.cli.conftest import House
from tests.cli.test_deliveries import died
from tests.cli.test_dkim import adopt, made
from tests.smtp_server import DROP, SmtpServer, make_certificate

ANN = "ann@letters.example"
WHATS = [
    "configuration",
    "sender",
    "postal address",
    "base_url",
    "inbox",
    "database",
    "disk",
    "message",
    "signature",
    "server",
    "scheduler",
    "queue",
    "unknown",
    "late",
    "alerts",
]


@pytest.fixture
def well(stocked: House) -> House:
    """Nothing is wrong with it."""
    stocked.environment["NEWSLETTER_ALERTS__TO"] = "desk@letters.example"
    return stocked


@pytest.fixture
def mailing(well: House, server: SmtpServer) -> House:
    well.smtp(server)
    return well


def look(house: House) -> dict[str, tuple[str, str, str]]:
    """Check to (verdict, finding, advice); all that is not ok comes with advice."""
    done = house("doctor", "--json")
    lines = done.json
    assert done.code == any(line["verdict"] == "fail" for line in lines)
    assert all(
        line["advice"] or ": " in line["finding"] for line in lines if line["verdict"] != "ok"
    )
    assert all(not line["advice"] for line in lines if line["verdict"] == "ok")
    return {line["check"]: (line["verdict"], line["finding"], line["advice"]) for line in lines}


def test_all_is_well(well: House) -> None:
    adopt(well, made(well)[2])
    done = well("doctor")
    assert done.code == 0
    lines = done.out.splitlines()
    assert [line[6:].partition(":")[0] for line in lines] == WHATS
    assert all(line.startswith("ok    ") for line in lines)
    assert f"{well.config}, delivery.channel = 'folder'" in lines[0]


@pytest.mark.parametrize(
    ("pace", "verdict", "finding"),
    [
        ("per_second = 2", "ok", "3 readers take 1 s or more"),
        ("per_domain = 0.001", "ok", "2 readers at other.example take 16 min or more"),
        ("per_second = 0.001\n[delivery.pace.domains]\n'x.example' = 1", "ok", "3 readers take 33"),
        ("[delivery.pace.domains]\n'x.example' = 1", "ok", "3 readers take 0 s or more"),
    ],
)
def test_it_says_how_long_the_pace_makes_a_day(
    well: House, pace: str, verdict: str, finding: str
) -> None:
    well.subscribe(ANN, "bea@other.example", "cleo@other.example")
    well.config.write_text(f"{well.config.read_text()}\n[delivery.pace]\n{pace}")
    line = look(well)["pace"]
    assert line[0] == verdict
    assert line[1].startswith(finding)


def test_a_pace_that_outlasts_the_day_is_told(well: House) -> None:
    well.environment["NEWSLETTER_DELIVERY__PACE__PER_SECOND"] = "0.001"
    well.subscribe(ANN)
    with closing(connect(well.folder / "newsletter.db")) as db, db:
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 90)"
            " INSERT INTO subscriber (id, key, address, name, timezone, hour, interests, state,"
            " activated_at) SELECT i, i || '@b.example', address, name, timezone, hour, interests,"
            " state, activated_at FROM subscriber, n WHERE id = 1"
        )
    verdict, finding, advice = look(well)["pace"]
    assert (verdict, finding) == ("warn", "90 readers take 24 h or more")
    assert "[delivery.pace]" in advice


def test_it_changes_nothing(well: House) -> None:
    before = well.dump()
    well("doctor")
    assert well.dump() == before
    assert well.messages() == []


def test_on_the_first_day_there_is_no_issue_yet_and_still_a_message(house: House) -> None:
    assert look(house)["message"][0] == "ok"


def test_a_configuration_that_cannot_be_read_is_all_it_says(well: House) -> None:
    well.config.write_text("[selection]\ncuont = 5\n")
    lines = look(well)
    assert list(lines) == ["configuration"]
    assert "selection.cuont" in lines["configuration"][1]
    assert "did you mean selection.count?" in lines["configuration"][1]


def test_what_readers_would_miss(well: House) -> None:
    well.config.write_text('[newsletter]\nbase_url = "http://letters.example"\n')
    lines = look(well)
    assert lines["sender"][0] == "fail"
    assert "newsletter.from_address" in lines["sender"][2]
    assert lines["postal address"][0] == "warn"
    assert lines["base_url"][:2] == ("warn", "http://letters.example")
    assert "https" in lines["base_url"][2]


def test_a_database_behind_is_told_and_left_as_it_is(well: House) -> None:
    store = Store("sqlite:///newsletter.db", well.folder)
    store.migrate("0003")
    store.close()
    lines = look(well)
    assert lines["database"] == (
        "fail",
        f"at 0003, this program at {HEAD}",
        "run `newsletter migrate`, after a backup",
    )
    assert list(lines)[-1] == "database"
    assert look(well)["database"][0] == "fail", "looking did not migrate it"
    assert well("migrate").code == 0
    assert look(well)["database"][0] == "ok"


def test_a_database_that_is_none(well: House) -> None:
    (well.folder / "newsletter.db").write_bytes(b"something else\n" * 100)
    verdict, finding, _ = look(well)["database"]
    assert verdict == "fail"
    assert "store.url names a file that is something else" in finding


@pytest.mark.parametrize("source", ["{{ nothing }}", "{% if %}", "\xff"])
def test_a_broken_template(well: House, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.rendering.templates.read_templates", read_templates)
    monkeypatch.setattr("newsletter.rendering.renderer.Renderer", Renderer)
    folder = well.folder / "mine"
    folder.mkdir()
    (folder / "issue.html").write_bytes(source.encode("latin-1"))
    well.environment["NEWSLETTER_NEWSLETTER__TEMPLATES"] = str(folder)
    lines = look(well)
    verdict, finding, advice = lines["message"]
    assert verdict == "fail"
    assert f"{folder / 'issue.html'}" in finding
    assert advice.startswith(("correct that line", "save it"))
    assert [name for name, line in lines.items() if line[0] == "fail"] == ["message"]


@pytest.mark.parametrize("text", [None, "no key"])
def test_a_key_that_cannot_be_used_is_one_fail_and_the_server_is_greeted(
    mailing: House, server: SmtpServer, text: str | None
) -> None:
    adopt(mailing, made(mailing)[2])
    key = mailing.folder / "dkim-news1.pem"
    key.write_text(text) if text else key.unlink()
    lines = look(mailing)
    assert [name for name, line in lines.items() if line[0] == "fail"] == ["signature"]
    _, finding, advice = lines["signature"]
    assert finding.startswith(f"dkim.key_file: {key} ")
    assert "`newsletter dkim new`" in advice
    assert (lines["message"][0], lines["server"][0]) == ("ok", "ok")
    assert lines["size"][:2] == ("warn", "not checked: no message can be made")
    assert server.connections == 1


def test_what_needs_what_fails_says_so(mailing: House) -> None:
    adopt(mailing, made(mailing)[2])
    (mailing.folder / "newsletter.secret").unlink()
    lines = look(mailing)
    assert [name for name, line in lines.items() if line[0] == "fail"] == ["message"]
    assert "restore it from the backup" in lines["message"][2]
    assert lines["signature"] == ("warn", "not checked: message fails", "fix message first")
    assert (lines["server"][0], lines["size"][0]) == ("ok", "warn")


def test_a_lease_that_a_slow_answer_outlasts(mailing: House) -> None:
    for seconds in ("1", "300"):
        mailing.environment["NEWSLETTER_DELIVERY__LEASE_SECONDS"] = seconds
        verdict, _, advice = look(mailing)["lease"]
        assert verdict == "warn"
        assert "above 300" in advice
    mailing.environment["NEWSLETTER_DELIVERY__LEASE_SECONDS"] = "301"
    assert "lease" not in look(mailing)


def test_a_server_is_greeted_and_sent_nothing(mailing: House, server: SmtpServer) -> None:
    lines = look(mailing)
    assert lines["server"][:2] == ("ok", "127.0.0.1 says it is localhost; no TLS")
    assert lines["size"][0] == "ok"
    assert lines["size"][1].endswith(" bytes a message; up to 33,554,432 bytes")
    assert (server.messages, server.connections) == ([], 1)


def test_a_server_that_turns_away(mailing: House, server: SmtpServer) -> None:
    server.fail("CONNECT", "421 4.3.2 Shutting down", times=math.inf)
    verdict, finding, advice = look(mailing)["server"]
    assert verdict == "fail"
    assert finding.startswith("421 4.3.2 Shutting down (127.0.0.1:")
    assert advice.startswith("it runs, and asks to wait")
    assert "size" not in look(mailing)


def test_a_server_that_is_down(well: House) -> None:
    with SmtpServer() as server:
        well.smtp(server)
    assert look(well)["server"] == (
        "fail",
        f"{server.host}:{server.port} cannot be reached: Connection refused",
        "check delivery.smtp.host and port, and that the server runs",
    )


def test_the_connection_is_secured_and_logged_in_as_a_send_does(
    well: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    users = {"desk": "open sesame"}
    with SmtpServer(security="starttls", certificate=certificate, users=users) as server:
        well.smtp(server)
        well.environment |= {
            "NEWSLETTER_DELIVERY__SMTP__SECURITY": "starttls",
            "NEWSLETTER_DELIVERY__SMTP__USERNAME": "desk",
            "NEWSLETTER_DELIVERY__SMTP__PASSWORD": "open sesame",
        }
        verdict, finding, _ = look(well)["server"]
        assert verdict == "fail"
        assert "certificate" in finding
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.chain))
        assert look(well)["server"][1].endswith("; TLSv1.3, logged in as desk")
        well.environment["NEWSLETTER_DELIVERY__SMTP__PASSWORD"] = "a guess"
        verdict, finding, advice = look(well)["server"]
        assert verdict == "fail"
        assert finding.startswith("535 ")
        assert advice.startswith("check delivery.smtp.username and password")


def test_starttls_that_is_not_offered(mailing: House) -> None:
    mailing.environment["NEWSLETTER_DELIVERY__SMTP__SECURITY"] = "starttls"
    verdict, finding, _ = look(mailing)["server"]
    assert verdict == "fail"
    assert "does not offer STARTTLS" in finding


def test_a_server_that_takes_no_message_of_that_size(well: House) -> None:
    with SmtpServer(size_limit=2_000) as server:
        well.smtp(server)
        lines = look(well)
    assert lines["server"][0] == "ok"
    verdict, size, advice = lines["size"]
    assert verdict == "fail"
    assert size.endswith(" bytes a message; up to 2,000 bytes")
    assert "selection.count" in advice


def test_one_scheduler_not_two(well: House) -> None:
    store = Store("sqlite:///newsletter.db", well.folder)
    now = steady()
    dead = now._replace(seconds=now.seconds - 200)
    with store.writing() as db:
        heartbeats.beat(db, "quay:31:7:1.5", well.now, now)
    assert look(well)["scheduler"][:2] == ("ok", "process 31 on quay")
    with store.writing() as db:
        heartbeats.beat(db, "quay:32:7:1.5", well.now, dead)
        assert heartbeats.schedulers(db, well.now, now) == ["quay:31:7:1.5"]
        heartbeats.beat(db, "pier:33:7:1.5", well.now, now._replace(boot="another machine's"))
    verdict, finding, advice = look(well)["scheduler"]
    assert (verdict, finding) == ("warn", "process 33 on pier and process 31 on quay")
    assert "end all but one" in advice
    (shared,) = delivery_checks.scheduler(store, well.now, cluster=True)
    assert (shared.verdict, shared.finding) == ("ok", finding), "workers are to be several"
    well.now += timedelta(minutes=5)
    assert look(well)["scheduler"][1] == "process 31 on quay", "the calendar judges the other"
    with store.writing() as db:
        heartbeats.stop(db, "quay:31:7:1.5")
    assert "none works now" in look(well)["scheduler"][1]
    (none,) = delivery_checks.scheduler(store, well.now, cluster=True)
    assert "newsletter worker" in none.finding
    store.close()


def test_what_waits_and_for_how_long(mailing: House, server: SmtpServer) -> None:
    mailing.subscribe(ANN)
    mailing.now = mailing.now.replace(hour=7, minute=30)
    server.fail("RCPT", "451 4.7.1 Greylisted")
    mailing("send")
    assert look(mailing)["queue"] == ("ok", "the oldest delivery was due 2026-03-14 07:00 UTC", "")
    mailing.now = mailing.now.replace(hour=9)
    mailing("pause")
    lines = look(mailing)
    assert lines["paused"] == ("warn", "since 2026-03-14 09:30 UTC", "`newsletter resume`")
    assert lines["queue"][0] == "warn"
    assert "`newsletter status`" in lines["queue"][2]
    assert lines["late"][0] == "warn"
    assert "1 waiting" in lines["late"][1]


def test_what_is_unknown(mailing: House, server: SmtpServer) -> None:
    mailing.subscribe(ANN)
    server.fail("DOT", DROP, recipient=ANN)
    mailing("send")
    verdict, finding, advice = look(mailing)["unknown"]
    assert (verdict, finding) == ("warn", "1")
    assert "`newsletter deliveries --state unknown`" in advice


def test_what_a_dead_sender_left(mailing: House) -> None:
    """Being sent until its lease is over, and unknown from then on, whoever writes that down."""
    mailing.subscribe(ANN)
    mailing("send")
    died(mailing, ago=-60)
    in_flight = "nothing waits; 1 being sent now; if their process died, they are unknown from"
    assert look(mailing)["queue"] == ("ok", f"{in_flight} 2026-03-14 12:01 UTC", "")
    died(mailing, ago=1)
    assert look(mailing)["queue"][1] == "nothing waits"
    assert look(mailing)["unknown"][:2] == ("warn", "1")
    assert {state for _, state, _ in mailing.ledger()} == {"sending"}, "it changes nothing"


def test_who_is_told(well: House) -> None:
    del well.environment["NEWSLETTER_ALERTS__TO"]
    assert look(well)["alerts"][:2] == ("warn", "nobody is told")
    well.environment["NEWSLETTER_ALERTS__COMMAND"] = json.dumps([sys.executable, "-c", ""])
    assert look(well)["alerts"][:2] == ("ok", sys.executable)
    well.environment["NEWSLETTER_ALERTS__COMMAND"] = '["no-such-program-anywhere"]'
    assert look(well)["alerts"][0] == "fail"
    well.environment["NEWSLETTER_ALERTS__COMMAND"] = '["./tell.sh"]'
    assert look(well)["alerts"][0] == "fail"
    script = well.folder / "tell.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o700)
    assert look(well)["alerts"][:2] == ("ok", "./tell.sh")


def test_the_desk_needs_a_user_and_a_way_that_nobody_listens_to(well: House) -> None:
    assert "desk" not in look(well)
    well.environment["NEWSLETTER_DESK__ENABLED"] = "true"
    assert look(well)["desk"][:2] == ("warn", "nobody may log in")
    store = Store("sqlite:///newsletter.db", well.folder)
    desk_users.add(store, "olga", "operator", "correct horse battery", well.now)
    store.close()
    assert look(well)["desk"][:2] == ("ok", "1 user, at 127.0.0.1")
    well.environment["NEWSLETTER_DESK__HOST"] = "192.0.2.1"
    assert look(well)["desk"][:2] == ("warn", "passwords reach 192.0.2.1 in the clear")
    well.environment["NEWSLETTER_DESK__TRUSTED_PROXIES"] = '["127.0.0.1", "192.0.2.0/24"]'
    assert look(well)["desk"][0] == "ok"


def test_an_address_that_only_looks_like_one(well: House) -> None:
    well.environment["NEWSLETTER_ALERTS__TO"] = "desk@nowhere"
    verdict, finding, _ = look(well)["alerts"]
    assert verdict == "fail"
    assert "alerts.to: 'desk@nowhere' is no address" in finding
