"""What the files for a server are filled in with: this program, this folder, its owner."""

import grp
import pwd
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from newsletter.bootstrap import App
from newsletter.services.deploy import Deployment

_HOST = "news.example.org"


def deployment(app: App) -> Deployment:
    folder, web = app.path.parent, app.settings.web
    owner = folder.stat()
    host = f"[{web.host}]" if ":" in web.host else web.host
    return Deployment(
        program=_program(),
        folder=str(folder),
        user=pwd.getpwuid(owner.st_uid).pw_name,
        group=grp.getgrgid(owner.st_gid).gr_name,
        host=urlsplit(app.settings.newsletter.base_url).hostname or _HOST,
        address=f"{host}:{web.port}",
    )


def _program() -> str:
    """The command beside the Python that runs, where it is installed there."""
    beside = Path(sys.executable).with_name("newsletter")
    return str(beside) if beside.exists() else shutil.which("newsletter") or "newsletter"
