"""``newsletter api token`` and ``audit``: what other programs may do, and who changed what."""

from argparse import Namespace

from newsletter.bootstrap import App
from newsletter.cli.output import say, say_json, table
from newsletter.services import api_tokens
from newsletter.services import audit as audits
from newsletter.services.wording import local_time


def add_token(app: App, args: Namespace) -> int:
    token = api_tokens.add(app.store, args.name, args.scope, args.days, app.clock())
    if args.json:
        say_json({"name": args.name, "token": token})
    else:
        say(token)
        say("keep it now: only its hash is stored, and it is not shown again")
    return 0


def list_tokens(app: App, args: Namespace) -> int:
    rows = api_tokens.listed(app.store)
    if args.json:
        say_json([{name: row[name] for name in row if name != "hash"} for row in rows])
        return 0
    zone, now = app.settings.newsletter.timezone, app.clock()
    table(
        [
            (row["name"], row["scopes"], f"until {local_time(row['expires_at'], zone)}", state)
            for row in rows
            for state in [_state(row["revoked_at"] is not None, row["expires_at"] <= now)]
        ]
    )
    if not rows:
        say("no tokens: newsletter api token add NAME --scope read")
    return 0


def _state(revoked: bool, expired: bool) -> str:  # noqa: FBT001
    return "revoked" if revoked else "expired" if expired else "in force"


def revoke_token(app: App, args: Namespace) -> int:
    api_tokens.revoke(app.store, args.name, app.clock())
    if args.json:
        say_json({"name": args.name, "revoked": True})
    else:
        say(f"{args.name} is revoked")
    return 0


def audit(app: App, args: Namespace) -> int:
    rows = audits.newest(app.store, args.most, args.about)
    if args.json:
        say_json([dict(row) for row in rows])
        return 0
    zone = app.settings.newsletter.timezone
    table(
        [
            (local_time(row["at"], zone), row["entrance"], row["who"], row["action"], row["about"])
            for row in rows
        ]
    )
    if not rows:
        say("nothing was changed yet")
    return 0
