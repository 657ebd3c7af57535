"""``newsletter approve``: let the issues of a date go."""

from argparse import Namespace

from newsletter.bootstrap import App
from newsletter.cli.output import operator_name, say, say_json
from newsletter.domain.text import counted
from newsletter.services import approval
from newsletter.services.wording import local_time


def approve(app: App, args: Namespace) -> int:
    args.date = args.date or approval.the_one_that_waits(app.store)
    asked = app.settings.schedule.approval
    done = approval.approve(app.store, args.date, operator_name(), app.clock(), asked=asked)
    approved = done.approval
    if args.json:
        about = {"date": approved.date, "at": approved.at, "by": approved.who, "again": done.again}
        say_json({**about, "waiting": done.readers})
        return 0
    if done.again:
        when = local_time(approved.at, app.settings.newsletter.timezone)
        say(f"{approved.date} was approved already, by {approved.who} at {when}")
    else:
        waited = counted(done.readers, "reader")
        say(
            f"{approved.date} is approved: its issues go out at each reader's hour; {waited} waited"
        )
    return 0
