"""Commands on what is sent: deliveries, pause, resume, cancel, approve."""

from newsletter.cli.arguments.commands import Commands
from newsletter.cli.arguments.types import day

DELIVERY_STATES = ("pending", "sending", "sent", "failed", "unknown", "skipped")


def add_commands(commands: Commands) -> None:
    _declare_deliveries(commands)
    _declare_switches(commands)


def _declare_deliveries(commands: Commands) -> None:
    top = commands.add(
        "deliveries",
        "deliveries:list_",
        "list the ledger, a line for each reader and date",
        json=True,
    )
    top.add_argument("--state", choices=DELIVERY_STATES)
    top.add_argument(
        "--date", type=day, metavar="D", help="default: today; with --state, every date"
    )
    group = Commands(top, "[resolve]", required=False)
    command = group.add(
        "resolve",
        "deliveries:resolve",
        "settle unknown deliveries",
        json=True,
        audited="date",
    )
    command.add_argument(
        "--as", dest="as_", required=True, choices=("sent", "pending"), help="pending: send again"
    )
    command.add_argument(
        "--to", action="append", metavar="ADDRESS", help="only this subscriber; repeatable"
    )
    command.add_argument("--date", type=day, metavar="D", help="default: every date")


def _declare_switches(commands: Commands) -> None:
    commands.add(
        "pause", "deliveries:pause", "stop sending, before the next message", audited="run"
    )
    command = commands.add(
        "resume", "deliveries:resume", "end a pause, or undo a cancel", audited="date"
    )
    command.add_argument("--date", type=day, metavar="D", help="the date that was cancelled")
    command = commands.add(
        "cancel", "deliveries:cancel", "send the issue of a date to nobody else", audited="date"
    )
    command.add_argument("--date", type=day, metavar="D", required=True)
    command = commands.add(
        "approve", "approve:approve", "approve the issues of a date (schedule.approval)",
        json=True, audited="date",
    )  # fmt: skip
    command.add_argument("--date", type=day, metavar="D", help="default: the date that waits")
