"""The desk's pages of readers."""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules
from newsletter.bootstrap.rendering import secret
from newsletter.bootstrap.signup import defaults
from newsletter.services.kept_uploads import KeptUploads
from newsletter.services.month_matches import MonthMatches
from newsletter.web.desk import reader_changes, reader_files, readers
from newsletter.web.desk.frame import Frame


def routes(app: App, frame: Frame) -> Sequence[BaseRoute]:
    parts = readers.Parts(
        store=app.store,
        defaults=defaults(app),
        timezone=app.settings.newsletter.timezone,
        matches=MonthMatches(compose_rules(app), app.clock).look,
        secret=secret(app),
    )
    uploads = KeptUploads(app.index_cache.with_suffix(".uploads"))
    return [
        *readers.routes(frame, parts),
        *reader_changes.routes(frame, parts),
        *reader_files.routes(frame, parts, uploads),
    ]
