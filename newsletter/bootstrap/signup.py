"""The parts that signing up needs: the threads behind the form, and the door itself."""

import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec

from newsletter.bootstrap import App
from newsletter.bootstrap.delivery import notice_job
from newsletter.bootstrap.rendering import secret
from newsletter.domain.errors import ConfigError
from newsletter.services.later import Later
from newsletter.services.notices import NoticeThread
from newsletter.services.signup import Confirmations, SignUp, sign_up
from newsletter.services.subscriptions import Defaults
from newsletter.web.networks import Networks
from newsletter.web.proof_of_work import ProofOfWork
from newsletter.web.signup import Door


@dataclass(frozen=True)
class Background:
    """What ``serve`` does beside its pages: notices are sent, what was asked for is worked off."""

    notices: NoticeThread
    stopping: threading.Event
    later: Later = field(default_factory=Later)

    def start(self) -> None:
        self.notices.start()

    def stop(self) -> None:
        """What was asked for is kept; what is not sent by now, ``run`` or ``send`` will send."""
        self.later.stop()
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
    """None where no message with a link can be sent."""
    if not (app.settings.newsletter.base_url and app.settings.newsletter.from_address):
        return None
    stopping = threading.Event()
    return Background(NoticeThread(notice_job(app, stopping)), stopping)


def door(app: App, behind: Background | None, networks: Networks) -> Door | None:
    """None where nobody can sign up."""
    if behind is None or why_closed(app):
        return None
    web, key = app.settings.web, secret(app)
    proof = ProofOfWork(hmac.digest(key, b"newsletter:altcha", "sha256"), app.clock)
    return Door(
        sign_up=_sign_up(app, behind),
        confirmations=Confirmations(app.store, key, app.clock),
        networks=networks,
        proof=proof if web.proof_of_work else None,
    )


def _sign_up(app: App, behind: Background) -> Callable[[SignUp], bool]:
    """Done after the answer, in a thread of its own."""

    def work(sign_up_form: SignUp) -> None:
        sign_up(app.store, sign_up_form, defaults(app), app.clock(), secret(app))
        behind.notices.wake()

    return lambda sign_up_form: behind.later(partial(work, sign_up_form))


def defaults(app: App) -> Defaults:
    return Defaults(app.settings.newsletter.timezone, app.settings.schedule.send_hour)
