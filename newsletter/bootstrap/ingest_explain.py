"""One file explained: apart from reading the inbox, since it loads the parsers."""

from pathlib import Path

from newsletter.bootstrap import App
from newsletter.config.sections import Inbox
from newsletter.ingest.explain import Explained, explain_file
from newsletter.ingest.sources.folder import Folder


def explain(app: App, path: str) -> Explained:
    """One file, paragraph by paragraph; needs no database, and no configuration either."""
    section = app.settings.inbox if app.config or app.path.exists() else Inbox()
    return explain_file(Folder(Path(path), section.max_bytes), section.boilerplate)
