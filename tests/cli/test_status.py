import math
from datetime import timedelta

from tests.builders import NOON
from tests.cli.conftest import INSIGHTS, House
from tests.smtp_server import SmtpServer

ANN, BEA, CLEO = (f"{name}@letters.example" for name in ("ann", "bea", "cleo"))

PACE = """
[delivery.pace.domains]
"Slow.Example" = 0.01
"other.example" = 0.5
"""


def test_on_the_first_day_it_says_what_to_do(house: House) -> None:
    assert house("status").out.splitlines() == [
        f"Inbox        {house.folder / 'inbox'}",
        "             0 briefs, 0 insights, 0 mentions; 0 paragraphs dropped as boilerplate",
        "Subscribers  none yet: newsletter subscribers add ADDRESS",
        "Issue of     2026-03-14: 0 candidates of the last 14 days",
        "             nothing composed yet",
        "Next due     nobody: no active subscribers",
    ]


def test_status_reports_briefs_deliveries_and_troubles(house: House, server: SmtpServer) -> None:
    house.stock()
    bad = house.folder / "inbox/bad.json"
    bad.write_text('{"insights": [\n"Half')
    house.subscribe(ANN, BEA, CLEO, "left@letters.example")
    house("subscribers", "remove", "left@letters.example")
    house.smtp(server)
    server.fail("RCPT", "550 5.1.1 No such mailbox", recipient=ANN)
    server.fail("RCPT", "450 4.2.1 Busy", recipient=BEA)
    house("send")
    out = house("status").out
    for part in (
        "9 briefs, 18 insights, 18 mentions",
        f"  rejected   {bad}, line 2: ",
        "Subscribers  2 active, 1 bounced, 1 unsubscribed",
        "Issue of     2026-03-14: 18 candidates of the last 14 days",
        "1  failed   refused",
        "1  pending",
        "1  sent",
        f"  {ANN}  failed (refused): 550 5.1.1 No such mailbox",
        f"  {BEA}  pending: 450 4.2.1 Busy",
        "    next try at 2026-03-14 12:05 UTC",
        "Next due     2026-03-15 07:00 UTC",
    ):
        assert part in out
    assert CLEO not in out


def test_the_same_as_json(house: House, server: SmtpServer) -> None:
    house.stock()
    (house.folder / "inbox/bad.json").write_text('{"insights": [\n"Half')
    house.subscribe(ANN, BEA)
    house.smtp(server)
    server.fail("RCPT", "550 5.1.1 No such mailbox", recipient=ANN)
    house("send")
    status = house("status", "--json").json
    assert (status["briefs"], status["insights"], status["candidates"]) == (9, 18, 18)
    assert status["rejected"][0]["line"] == 2
    assert status["subscribers"] == {"active": 1, "bounced": 1}
    assert sorted((row["state"], row["reason"], row["count"]) for row in status["deliveries"]) == [
        ("failed", "refused", 1),
        ("sent", None, 1),
    ]
    (trouble,) = status["troubles"]
    assert (trouble["address"], trouble["answer"]) == (ANN, "550 5.1.1 No such mailbox")
    assert status["unknown"] == 0
    assert status["next_due"] == "2026-03-15T07:00:00+00:00"


def test_status_of_another_date(house: House) -> None:
    house.stock()
    house.subscribe(ANN)
    house("send")
    house.now += timedelta(days=2)
    assert "nothing composed yet" in house("status").out
    out = house("status", "--date", "2026-03-14").out
    assert "Issue of     2026-03-14: 18 candidates of the last 14 days" in out
    assert "1  sent" in out


def test_next_due_is_the_first_of_all_zones_in_the_newsletters_own(house: House) -> None:
    house.environment["NEWSLETTER_NEWSLETTER__TIMEZONE"] = "Asia/Kolkata"
    house.subscribe(ANN, options=["--timezone", "America/New_York"])
    house.subscribe(BEA, options=["--timezone", "Pacific/Auckland", "--hour", "6"])
    house.now = NOON
    assert "Next due     2026-03-14 22:30 IST" in house("status").out
    house("subscribers", "remove", BEA)
    assert "Next due     2026-03-15 16:30 IST" in house("status").out


def test_status_shows_what_waits_for_the_rate_limits(house: House) -> None:
    house.stock()
    house.subscribe(*(f"r{number}@slow.example" for number in range(31)), "ann@other.example")
    house("pause")
    house("send")
    assert house("status", "--json").json["paced"] == []
    house.environment["NEWSLETTER_DELIVERY__PACE__PER_SECOND"] = "0.25"
    house.config.write_text(f"{house.config.read_text()}{PACE}")
    assert house("status", "--json").json["paced"] == [
        {"domain": None, "per_second": 0.25, "pending": 32, "seconds": 3000.0},
        {"domain": "slow.example", "per_second": 0.01, "pending": 31, "seconds": 3000.0},
    ]
    out = house("status").out
    last = "pending of any date, the last in 50 min at the earliest\n"
    assert (
        f"\nPace         0.25 a second: 32 {last}  @slow.example  0.01 a second: 31 {last}" in out
    )
    assert "other.example" not in out


def test_the_overall_rate_is_shown_when_no_domain_takes_longer(house: House) -> None:
    house.environment["NEWSLETTER_DELIVERY__PACE__PER_SECOND"] = "0.01"
    house.stock()
    house.subscribe(ANN, BEA, CLEO)
    house("pause")
    house("send")
    [pace] = house("status", "--json").json["paced"]
    assert (pace["domain"], pace["pending"], pace["seconds"]) == (None, 3, 200.0)


def test_without_an_overall_rate_only_domains_are_shown(house: House) -> None:
    house.stock()
    house.subscribe(ANN, *(f"r{number}@slow.example" for number in range(3)))
    house("pause")
    house("send")
    house.config.write_text(f"{house.config.read_text()}{PACE}")
    assert [pace["domain"] for pace in house("status", "--json").json["paced"]] == ["slow.example"]


def test_rate_limits_are_not_shown_when_nothing_waits(house: House) -> None:
    house.environment["NEWSLETTER_DELIVERY__PACE__PER_SECOND"] = "50"
    house.stock()
    house.subscribe(ANN, BEA)
    assert house("send").out == "2 sent\n"
    assert "second" not in house("status").out


def test_equal_troubles_are_one_line_and_pending_ones_come_first(
    house: House, server: SmtpServer
) -> None:
    house.stock()
    gone = [f"r{number:02}@old.example" for number in range(23)]
    house.subscribe(*gone, "ann@other.example", "bea@spam.example", "cleo@spam.example")
    house.smtp(server)
    house.environment["NEWSLETTER_RETURNS__STORM_LEAST"] = "100"
    for address in (*gone, "ann@other.example"):
        server.fail(
            "RCPT",
            f"550 5.1.1 <{address.upper() if address in gone[1:] else address}>: No such mailbox",
            recipient=address,
        )
    server.fail("DATA", "554 5.7.1 Looks like spam", recipient="bea@spam.example")
    assert "stopped, the rest waits: 554 5.7.1" in house("send").stderr
    lines = house("status").out.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("  bea@spam.example"))
    assert "  pending: 554 5.7.1 Looks like spam" in lines[start]
    assert lines[start + 1 : start + 4] == [
        "    next try at the next `send` or `run`",
        f"  {gone[0]} and 22 more of @old.example  failed (refused): 550 5.1.1 <{gone[0]}>: No such"
        " mailbox",
        "  ann@other.example  failed (refused): 550 5.1.1 <ann@other.example>: No such mailbox",
    ]
    first, last, _ = house("status", "--json").json["troubles"]
    assert (first["count"], first["state"]) == (1, "pending")
    assert first["next_attempt_at"] == "2026-03-14T12:00:00+00:00"
    assert (last["count"], last["domain"], last["address"]) == (23, "old.example", gone[0])
    assert last["next_attempt_at"] is None


def test_many_troubles_are_not_all_listed(house: House, server: SmtpServer) -> None:
    house.stock()
    house.subscribe(*(f"reader@{number:02}.example" for number in range(23)))
    house.smtp(server)
    house.environment["NEWSLETTER_RETURNS__STORM_LEAST"] = "100"
    server.fail("RCPT", "550 5.1.1 No such mailbox", times=math.inf)
    house("send")
    out = house("status").out
    assert "23  failed" in out
    assert out.count("No such mailbox") == 20
    assert "and more: newsletter deliveries --date 2026-03-14" in out
    assert house("deliveries", "--date", "2026-03-14").out.count("No such mailbox") == 23
    status = house("status", "--json").json
    assert status["deliveries"] == [{"state": "failed", "reason": "refused", "count": 23}]


def test_control_characters_of_an_answer_are_escaped(house: House, server: SmtpServer) -> None:
    house.stock()
    house.subscribe(ANN)
    house.smtp(server)
    server.fail("RCPT", "550 5.1.1 \x1b[31mNo\x07 such mailbox")
    house("send")
    for words in (["status"], ["status", "--json"], ["subscribers", "show", ANN]):
        assert all(letter.isprintable() or letter == "\n" for letter in house(*words).out)
    assert "No" in house("status").out


def test_what_is_dropped_is_counted(house: House) -> None:
    page = f"{INSIGHTS[0]}\n\nRelated Insights\n\n{INSIGHTS[1]}\n"
    (house.folder / "inbox/page.txt").write_text(page)
    house("ingest")
    assert "1 paragraph dropped as boilerplate" in house("status").out


def test_next_due_skips_readers_served_early(house: House) -> None:
    house.stock()
    house("subscribers", "add", ANN, "--hour", "20")
    assert "Next due     2026-03-14 20:00 UTC" in house("status").out
    house("send", "--now")
    assert "Next due     2026-03-15 20:00 UTC" in house("status").out
