"""The whole way with Debian's Postfix: it takes the issue, is refused, and reports so by a pipe."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import House
from tests.environment import missing
from tests.mail.mailboxes.test_imap import free_port
from tests.smtp_server import SmtpServer

ANN, BOB = "ann@example.org", "bob@example.org"
_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log/mail.log
maillog_file_prefixes = {folder}/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.letters.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
relay_domains = letters.example
relay_transport = returns:
transport_maps = inline:{{ {{ example.org = smtp:[127.0.0.1]:{elsewhere} }} }}
smtp_tls_security_level = none
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 4s
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
returns unix - n n - 1 pipe
  flags=DOR user={user} argv={script}
"""


@dataclass
class Postfix:
    folder: Path
    port: int
    command: tuple[str, ...]

    def __call__(self, *words: str) -> str:
        done = subprocess.run([*self.command, *words], capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    @property
    def log(self) -> str:
        file = self.folder / "log" / "mail.log"
        return file.read_text() if file.exists() else ""

    def wait(self, until: Callable[[], bool]) -> None:
        for _ in range(600):
            if until():
                return
            time.sleep(0.2)
        raise AssertionError(self.log)


@pytest.fixture
def postfix(tmp_path: Path, stocked: House, server: SmtpServer) -> Iterator[Postfix]:
    program = shutil.which("postfix", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        missing("Postfix", "apt-get install postfix")
    if os.getuid():
        pytest.skip("only root may start Postfix")
    folder = tmp_path / "postfix"
    for part in ("queue", "data", "log"):
        (folder / part).mkdir(parents=True)
    shutil.chown(folder / "data", "postfix")
    config = folder / "etc"
    config.mkdir()
    script, port = _script(folder, tmp_path / "returned"), free_port()
    (config / "main.cf").write_text(_MAIN.format(folder=folder, elsewhere=server.port))
    (config / "master.cf").write_text(_MASTER.format(port=port, user="mail", script=script))
    for place in (tmp_path, *tmp_path.parents[:3]):
        place.chmod(place.stat().st_mode | 0o055)
    made = Postfix(folder, port, (program, "-c", str(config)))
    try:
        said = made("start")
        assert (folder / "queue" / "pid" / "master.pid").exists(), said
        yield made
    finally:
        made("stop")


def _script(folder: Path, maildir: Path) -> Path:
    """Into a Maildir. Not into the command: Postfix runs none as root, who alone may start it."""
    script = folder / "returns.sh"
    script.write_text(
        f"#!/bin/sh\ncat >{maildir}/tmp/$$ && mv {maildir}/tmp/$$ {maildir}/new/$$ || exit 75\n"
    )
    script.chmod(0o755)
    return script


def _make_maildir(maildir: Path) -> None:
    for part in ("new", "cur", "tmp"):
        (maildir / part).mkdir(parents=True)
        shutil.chown(maildir / part, "mail")


@pytest.mark.heavy
def test_what_postfix_cannot_deliver_ends_its_reader_and_is_tried_again_until_it_is_stored(
    postfix: Postfix, stocked: House, server: SmtpServer, tmp_path: Path
) -> None:
    server.fail("RCPT", "550 5.1.1 no such user here", recipient=ANN)
    stocked.smtp(server)
    stocked.environment |= {
        "NEWSLETTER_DELIVERY__SMTP__PORT": str(postfix.port),
        "NEWSLETTER_DELIVERY__RETURN_PATH": "bounces@letters.example",
        "NEWSLETTER_RETURNS__MAILDIR": str(tmp_path / "returned"),
    }
    stocked.subscribe(ANN, BOB)
    assert stocked("send").code == 0
    postfix.wait(lambda: "status=deferred" in postfix.log)  # the pipe fails: the report must wait
    _make_maildir(tmp_path / "returned")
    postfix("flush")
    postfix.wait(lambda: any((tmp_path / "returned" / "new").iterdir()))
    assert stocked("returns", "--json").json == {"bounced": 1}
    assert stocked.state(ANN) == "bounced"
    assert stocked.state(BOB) == "active"
    assert [one.recipient for one in server.messages] == [BOB]
    (row,) = stocked("returns", "--all", "--json").json
    assert (row["kind"], row["severity"], row["status"]) == ("bounce", "hard", "5.1.1")
    assert "sent (bounced)" in stocked("deliveries").out
