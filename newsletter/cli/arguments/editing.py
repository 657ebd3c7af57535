"""The editor's commands: the note of a date, and the insights."""

from newsletter.cli.arguments.commands import Commands
from newsletter.cli.arguments.types import count, day, insight_id


def add_commands(commands: Commands) -> None:
    _declare_note(commands)
    _declare_insights(commands)


def _declare_note(commands: Commands) -> None:
    command = commands.add(
        "note", "note:note", "set the opening line of a date's issues", json=True, audited="date"
    )
    command.add_argument("words", nargs="?", default="", metavar="TEXT", help="default: show it")
    command.add_argument("--date", type=day, metavar="D", help="default: today")
    command.add_argument("--clear", action="store_true", help="remove the note")


def _declare_insights(commands: Commands) -> None:
    top = commands.add("insights", "", "find, show, pin, block, correct and order insights")
    group = Commands(top, "ACTION")
    command = group.add("search", "insights:search", "find insights by their words", json=True)
    command.add_argument("words", nargs="+", metavar="WORD")
    command.add_argument("--most", type=count, default=20, metavar="N", help="default: 20")
    command = group.add(
        "show", "insights:show", "show its episodes, its issues and its corrections",
        json=True,
    )  # fmt: skip
    command.add_argument("id", type=insight_id, metavar="ID")
    command = group.add(
        "pin",
        "insights:pin",
        "pick it for every reader who has not read it",
        json=True,
        audited="id",
    )
    command.add_argument("id", type=insight_id, metavar="ID")
    command.add_argument("--date", type=day, metavar="D", help="default: today")
    command.add_argument("--undo", action="store_true", help="undo it")
    command = group.add(
        "block", "insights:block", "pick it for nobody from now on", json=True, audited="id"
    )
    command.add_argument("id", type=insight_id, metavar="ID")
    command.add_argument("--undo", action="store_true", help="undo it")
    command = group.add(
        "edit", "insights:edit", "correct its words; the original is kept", json=True, audited="id"
    )
    command.add_argument("id", type=insight_id, metavar="ID")
    command.add_argument("words", nargs="?", default="", metavar="TEXT")
    command.add_argument("--undo", action="store_true", help="show the original words again")
    command = group.add(
        "order", "insights:order", "set the order of the picks in a date's issues",
        json=True, audited="date",
    )  # fmt: skip
    command.add_argument("ids", nargs="*", type=insight_id, metavar="ID")
    command.add_argument("--date", type=day, metavar="D", help="default: today")
    command.add_argument("--undo", action="store_true", help="back to the order of selection")
