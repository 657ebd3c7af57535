"""The parts that signing up needs: the threads behind the form, and the door itself."""

import hmac
import threading
from dataclasses import dataclass
from importlib.util import find_spec

from newsletter.bootstrap import App
from newsletter.bootstrap.delivery import notice_job
from newsletter.bootstrap.rendering import secret
from newsletter.domain.errors import ConfigError
from newsletter.services.notices import NoticeThread
from newsletter.services.signup import Confirmations, SignUps
from newsletter.services.subscriptions import Defaults
from newsletter.web.networks import Networks
from newsletter.web.proof_of_work import ProofOfWork
from newsletter.web.signup import Door


@dataclass(frozen=True)
class Background:
    """What ``serve`` does beside its pages: notices are sent, sign-ups worked off."""

    notices: NoticeThread
    sign_ups: SignUps
    stopping: threading.Event

    def start(self) -> None:
        self.notices.start()
        self.sign_ups.start()

    def stop(self) -> None:
        """What was asked for is kept; what is not sent by now, ``run`` or ``send`` will send."""
        self.sign_ups.stop()
        self.stopping.set()
        self.notices.stop()


def why_closed(app: App) -> str:
    """Why nobody can sign up; empty where everybody can. Raises ConfigError where the
    configuration asks for what cannot be had."""
    settings = app.settings
    if not settings.web.signup:
        return "web.signup is false"
    if not settings.newsletter.base_url:
        return "newsletter.base_url is empty, and the message to confirm must lead to the site"
    if not settings.newsletter.from_address:
        return "newsletter.from_address is missing"
    if settings.web.proof_of_work and find_spec("altcha") is None:
        raise ConfigError(
            "web.proof_of_work needs the package altcha",
            "install the newsletter anew with its extra, from the checkout:"
            " pip install --constraint constraints.txt '.[altcha]'",
        )
    return ""


def background(app: App) -> Background | None:
    """None where nobody can sign up."""
    if why_closed(app):
        return None
    stopping = threading.Event()
    notices = NoticeThread(notice_job(app, stopping))
    sign_ups = SignUps(app.store, defaults(app), app.clock, notices.wake, secret(app))
    return Background(notices, sign_ups, stopping)


def door(app: App, behind: Background) -> Door:
    web, key = app.settings.web, secret(app)
    proof = ProofOfWork(hmac.digest(key, b"newsletter:altcha", "sha256"), app.clock)
    return Door(
        sign_ups=behind.sign_ups,
        confirmations=Confirmations(app.store, key, app.clock),
        networks=Networks(web.signups_an_hour),
        proof=proof if web.proof_of_work else None,
    )


def defaults(app: App) -> Defaults:
    return Defaults(app.settings.newsletter.timezone, app.settings.schedule.send_hour)
