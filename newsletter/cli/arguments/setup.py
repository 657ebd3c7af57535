"""Commands that set a newsletter up and keep its database and its DKIM key."""

from newsletter.cli.arguments.commands import Commands
from newsletter.cli.arguments.types import day, dkim_selector


def add_commands(commands: Commands) -> None:
    command = commands.add("init", "setup:init", "write a config.toml, an inbox and the database")
    command.add_argument("dir", nargs="?", default=".", metavar="DIR")
    command.add_argument(
        "--systemd",
        action="store_true",
        help="also write systemd units and web server blocks into DIR/deploy",
    )
    command = commands.add(
        "demo", "demo:demo", "replay a week on sample briefs, into a fresh folder"
    )
    command.add_argument("dir", nargs="?", metavar="DIR", help="default: a new folder in ./demo")
    command.add_argument("--date", type=day, metavar="D", help="the last day of the replay")
    commands.add("migrate", "setup:migrate", "bring the database up to date, or create it")
    command = commands.add("backup", "backup:backup", "copy the whole database while it is in use")
    command.add_argument("file", metavar="FILE", help="a new file")
    command = commands.add(
        "restore", "backup:restore", "put a backup back, and replay the journal since then"
    )
    command.add_argument("file", metavar="FILE", help="a backup by `newsletter backup`")
    command = commands.add("move", "move:move", "copy everything into another database")
    command.add_argument("--to", required=True, metavar="URL", help="sqlite:///… or postgresql://…")
    commands.add("prune", "prune:prune", "delete old explanations and messages (store.keep_days)")
    group = Commands(commands.add("dkim", "", "make the key that signs messages"), "ACTION")
    command = group.add("new", "dkim:new", "make a key, and print its DNS record")
    command.add_argument(
        "selector", nargs="?", type=dkim_selector, default="news1", metavar="SELECTOR",
        help="the key's name in the DNS (default: news1)",
    )  # fmt: skip
    command.add_argument("--domain", help="the domain that signs (default: that of from_address)")
    command.add_argument(
        "--ed25519", action="store_true", help="an Ed25519 key (default: RSA with 2048 bits)"
    )
