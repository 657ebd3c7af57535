"""CSV as other programs write it: every column is read, told, or refused, and nobody is revived."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.errors import UsageError
from newsletter.domain.model import Subscriber
from newsletter.services.subscriber_csv import SubscriberFile, csv_parts, read_csv

INPUTS = Path(__file__).parents[3] / "shared" / "inputs" / "csv"


def people(text: str | bytes, name: str = "") -> list[dict[str, str]]:
    file = read_csv(text if isinstance(text, bytes) else text.encode(), name)
    return [file.values(cells) for _, cells in file.rows]


def states(text: str, name: str = "") -> list[str]:
    """By line; "refused" where it is not told whether they left."""
    return [
        state_of(file, cells) for file in [read_csv(text.encode(), name)] for _, cells in file.rows
    ]


def state_of(file: SubscriberFile, cells: Sequence[str]) -> str:
    try:
        return file.values(cells).get("state", "active")
    except UsageError:
        return "refused"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("before", ["", "sep=X"])
def test_every_delimiter_and_encoding(delimiter: str, encoding: str, end: str, before: str) -> None:
    lines = ["address,name,timezone", '"ann@s.example","Zoë; Li, |",Europe/Paris', "", ",,"]
    table = "\n".join(lines[1:])
    rows = csv.reader(io.StringIO(table))
    page = io.StringIO()
    writer = csv.writer(page, delimiter=delimiter, lineterminator=end)
    writer.writerow(lines[0].split(","))
    writer.writerows(rows)
    text = (before.replace("X", delimiter) + end if before else "") + page.getvalue()
    assert people(text.encode(encoding)) == [
        {"address": "ann@s.example", "name": "Zoë; Li, |", "timezone": "Europe/Paris"}
    ]


LISTMONK = """\
uuid,email,name,attributes,status,created_at,updated_at
5f1,a@s.example,Ann Lee,"{""city"": ""Rome""}",enabled,2024-01-02T03:04:05Z,2024-01-02T03:04:05Z
5f2,b@s.example,Bo,{},disabled,2024-01-02T03:04:05Z,2024-01-02T03:04:05Z
5f3,c@s.example,,{},blocklisted,2024-01-02T03:04:05Z,2024-01-02T03:04:05Z
"""
MAILCHIMP = (
    "Email Address,First Name,Last Name,Address,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,GMTOFF,DSTOFF,"
    "TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
    'a@s.example,Ann,Lee,"1 Hill St, Rome",2,2024-01-01 10:00:00,,-5,-4,America/New_york,US,ny,'
    '2024-01-01 10:00:00,1,f0,,"""x"""\n'
)
LEFT_MAILCHIMP = (
    "Email Address,First Name,Last Name,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,"
    "UNSUB_REASON,UNSUB_REASON_OTHER,LEID\na@s.example,Ann,Lee,2024-02-01 10:00:00,,,N/A,,1\n"
)
CLEANED_MAILCHIMP = (
    "Email Address,First Name,Last Name,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID\n"
    "a@s.example,Ann,Lee,2024-02-01 10:00:00,March,7,1\n"
)
GHOST = """\
id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers
1,a@s.example,Ann Lee,,true,false,,2024-01-01T10:00:00.000Z,,,
2,b@s.example,Bo,,false,false,,2024-01-01T10:00:00.000Z,,vip,
3,c@s.example,Cy,,true,false,,2024-01-01T10:00:00.000Z,2024-03-01T10:00:00.000Z,,
4,d@s.example,Di,,,false,,2024-01-01T10:00:00.000Z,,,
"""
SUBSTACK = """\
email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at
a@s.example,true,2025-01-01T10:00:00.000Z,yearly,false,2024-01-01T10:00:00.000Z,2024-01-01
b@s.example,false,,other,false,2024-01-01T10:00:00.000Z,
c@s.example,false,,other,true,2024-01-01T10:00:00.000Z,
d@s.example,true,,other,true,2024-01-01T10:00:00.000Z,
"""


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        (LISTMONK, "subscribers.csv", ["active", "unsubscribed", "unsubscribed"]),
        (MAILCHIMP, "subscribed_email_audience_export_9f.csv", ["active"]),
        (LEFT_MAILCHIMP, "audience.csv", ["unsubscribed"]),
        (CLEANED_MAILCHIMP, "audience.csv", ["bounced"]),
        (MAILCHIMP, "unsubscribed_email_audience_export_9f.csv", ["unsubscribed"]),
        (MAILCHIMP, "cleaned_members_export_9f.csv", ["bounced"]),
        (GHOST, "members.csv", ["active", "unsubscribed", "unsubscribed", "refused"]),
        (SUBSTACK, "emails.csv", ["active", "active", "unsubscribed", "unsubscribed"]),
        (
            "email,active_subscription\na@s.example,true\nb@s.example,false\nc@s.example,\n",
            "",
            ["active", "refused", "refused"],
        ),
        (
            "email,status\na@s.example,Enabled\nb@s.example,\nc@s.example,asleep\n",
            "",
            ["active", "refused", "asleep"],
        ),
        (
            "email,status,unsub_time\na@s.example,subscribed,2024-01-01\nb@s.example,Spam,2024-01-01\n",
            "",
            ["unsubscribed", "complained"],
        ),
        (
            "email,status\na@s.example,subscribed\nb@s.example,spam\n",
            "unsubscribed_x.csv",
            ["unsubscribed", "complained"],
        ),
        ("email\na@s.example\n", "my_unsubscribed-list.csv", ["unsubscribed"]),
    ],
)
def test_nobody_who_left_elsewhere_is_active_here(
    text: str, name: str, expected: list[str]
) -> None:
    assert states(text, name) == expected


def test_columns_of_other_programs_are_read_and_the_others_named() -> None:
    assert people(LISTMONK)[0] == {"address": "a@s.example", "name": "Ann Lee", "state": "active"}
    assert read_csv(LISTMONK.encode()).ignored == ["uuid", "attributes", "created_at", "updated_at"]
    assert people(MAILCHIMP) == [
        {"address": "a@s.example", "name": "Ann Lee", "timezone": "America/New_York"}
    ]
    mailchimp = read_csv(MAILCHIMP.encode())
    assert mailchimp.columns == {
        "address": "Email Address",
        "first name": "First Name",
        "last name": "Last Name",
        "timezone": "TIMEZONE",
    }
    assert "Address" in mailchimp.ignored
    assert read_csv(GHOST.encode()).columns["subscribed to emails"] == "subscribed_to_emails"
    assert read_csv(SUBSTACK.encode()).ignored == [
        "active_subscription",
        "expiry",
        "plan",
        "created_at",
        "first_payment_at",
    ]


@pytest.mark.parametrize(
    "header", ["E-Mail", "e-mail address", "EMAIL_ADDRESS", " Email ", "Address", "mail", "email"]
)
def test_headers_are_known_however_they_are_spelt(header: str) -> None:
    (values,) = people(f"{header};Firstname;Surname;Time Zone\na@s.example;Ann;;utc\n")
    assert values == {"address": "a@s.example", "name": "Ann", "timezone": "UTC"}


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        (
            "email,bounce_count,opted_out,plan\na@s.example,3,x,\n",
            "",
            "'bounce_count', 'opted_out'",
        ),
        (
            "email,suppressed\na@s.example,no\nb@s.example,yes\n",
            "",
            "'suppressed' may tell who left",
        ),
        ("email,active\na@s.example,true\nb@s.example,false\n", "", "'active' may tell who left"),
        ("email,Consent\na@s.example,no\n", "", "'Consent' may tell who left"),
        ("email,Opt-in\na@s.example,unsubscribed\n", "", "'Opt-in' may tell who left"),
        ("email,plan\na@s.example,cancelled\n", "", "'plan' may tell who left"),
        ("email,state,status\na@s.example,unsubscribed,active\n", "", "both status and state"),
        (MAILCHIMP, "nonsubscribed_members_export_9f.csv", "contacts who never subscribed"),
        ("email,intrests\na@s.example,x\n", "", "the column 'intrests' is not known"),
        ("email,Email\na@s.example,x\n", "", "two columns are called"),
        ("plan,colour\n1,2\n", "", "not known: 'plan', 'colour'"),
        ("email,name\na@s.example," + "x" * 200_000, "", "line 2: field larger than field limit"),
        ("", "", "line 1 must name the columns"),
        ("\n\n", "", "line 1 must name the columns"),
    ],
)
def test_a_file_that_may_be_misread_is_not_taken(text: str, name: str, says: str) -> None:
    with pytest.raises(UsageError, match="nothing was taken") as caught:
        read_csv(text.encode(), name)
    assert says in str(caught.value)


def test_an_empty_column_about_leaving_does_no_harm() -> None:
    text = "email,bounces,suppressed\na@s.example,0,false\nb@s.example,,\n"
    assert states(text) == ["active", "active"]
    assert read_csv(text.encode()).ignored == ["bounces", "suppressed"]


CELLS = st.text(alphabet="'=+-@a1,;\"| ＝", max_size=8).map(str.strip)


@given(name=CELLS, interests=CELLS)
def test_no_cell_of_an_export_is_a_formula_and_each_comes_in_as_it_was(
    name: str, interests: str
) -> None:
    reader = Subscriber(0, "ann@s.example", "UTC", 7, name, interests)
    exported = b"".join(csv_parts([[reader]]))
    (row,) = csv.DictReader(io.StringIO(exported.decode(), newline=""))
    assert not any(cell.startswith(tuple("=+-@\t\r＝＋－＠")) for cell in row.values())
    (values,) = people(exported)
    assert (values.get("name", ""), values.get("interests", "")) == (name, interests)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''-x", "＝1"])
def test_a_formula_is_exported_behind_a_quotation_mark(cell: str) -> None:
    exported = b"".join(csv_parts([[Subscriber(0, "ann@s.example", "UTC", 7, cell)]]))
    assert f",'{cell}," in exported.decode()


@pytest.mark.skipif(not INPUTS.exists(), reason="the files are not beside this checkout")
def test_what_people_had() -> None:
    semicolons = people((INPUTS / "semi.csv").read_bytes())
    assert [(row["timezone"], row["hour"]) for row in semicolons] == [("Europe/Paris", "7")] * 2
    mailchimp = read_csv((INPUTS / "header_mailchimp.csv").read_bytes())
    assert [mailchimp.values(cells) for _, cells in mailchimp.rows] == [
        {"address": "f1@s.example", "name": "Ann Lee"}
    ]
    assert mailchimp.ignored == ["MEMBER_RATING", "OPTIN_TIME"]
