"""Commands on the podcasts that are followed."""

from newsletter.cli.arguments.commands import Commands


def add_commands(commands: Commands) -> None:
    group = Commands(commands.add("sources", "", "add, list, check and remove podcasts"), "ACTION")
    command = group.add(
        "add",
        "sources:add",
        "follow a feed, or all feeds of an OPML file",
        json=True,
        audited="source",
    )
    command.add_argument("source", metavar="URL|OPML")
    command = group.add("list", "sources:list_", "list the feeds and their state", json=True)
    command.add_argument("--episodes", action="store_true", help="also list the newest episodes")
    command = group.add(
        "remove",
        "sources:remove",
        "stop following a feed; its briefs stay",
        json=True,
        audited="url",
    )
    command.add_argument("url", metavar="URL")
    command = group.add(
        "check", "sources:check", "show what a scan would read; write nothing", json=True
    )
    command.add_argument("url", nargs="?", metavar="URL", help="default: all feeds")
    command = group.add(
        "unread", "sources:unread", "list fetched documents that could not be read", json=True
    )
    command.add_argument(
        "url", nargs="?", metavar="URL", help="print the kept part of this document"
    )
