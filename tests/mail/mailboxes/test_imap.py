"""A mailbox on Debian's Dovecot: each message is read once, and nothing in it is changed."""

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from newsletter.domain.errors import NewsletterError
from newsletter.mail.mailboxes.imap import Imap
from tests.environment import missing
from tests.smtp_server import Certificate, make_certificate

_CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{chain}
ssl_key = <{key}
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 0
mail_location = maildir:{folder}/mail
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
"""


@dataclass
class Read:
    """How far it was read, as the store keeps it."""

    last: dict[str, int] = field(default_factory=dict)

    def read(self, name: str) -> int:
        return self.last.get(name, 0)

    def store(self, name: str, number: int) -> None:
        self.last[name] = number


@dataclass
class Dovecot:
    folder: Path
    port: int
    read: Read = field(default_factory=Read)

    @property
    def box(self) -> Imap:
        read, store = self.read.read, self.read.store
        return Imap("localhost", self.port, "tls", "ann", "INBOX", read, store, password="secret")

    def deliver(self, raw: bytes, name: str) -> None:
        (self.folder / "mail" / "tmp" / name).write_bytes(raw)
        (self.folder / "mail" / "tmp" / name).rename(self.folder / "mail" / "new" / name)

    def take(self) -> list[bytes]:
        found = []
        for letter in self.box.letters():
            found.append(letter.raw)
            letter.kept()
        return found


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def dovecot(
    tmp_path: Path, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Dovecot]:
    program = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        missing("Dovecot", "apt-get install dovecot-imapd")
    for part in ("new", "cur", "tmp"):
        (tmp_path / "mail" / part).mkdir(parents=True)
    config = tmp_path / "dovecot.conf"
    config.write_text(_config(tmp_path, certificate, port := free_port()))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.chain))
    running = subprocess.Popen([program, "-F", "-c", str(config)])
    try:
        _wait(port, running, tmp_path / "log")
        yield Dovecot(tmp_path, port)
    finally:
        running.terminate()
        running.wait(30)


def _config(folder: Path, certificate: Certificate, port: int) -> str:
    """As root it must not run its login as root; any other user runs all of it as themselves."""
    root = os.getuid() == 0
    user = "dovecot" if root else getpass.getuser()
    if root:
        for place in (*folder.rglob("*"), folder):
            os.chown(place, pwd.getpwnam("mail").pw_uid, pwd.getpwnam("mail").pw_gid)
        for above in (folder, *folder.parents[:3]):
            above.chmod(above.stat().st_mode | 0o055)
    mail = pwd.getpwnam("mail") if root else pwd.getpwnam(user)
    group = "dovecot" if root else str(mail.pw_gid)
    return _CONFIG.format(
        folder=folder, port=port, user=user, uid=mail.pw_uid, gid=mail.pw_gid, group=group,
        chain=certificate.chain, key=certificate.key,
    )  # fmt: skip


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def _wait(port: int, running: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        assert running.poll() is None, log.read_text() if log.exists() else "it did not start"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.mark.heavy
def test_each_message_is_read_once_and_left_as_it_is(dovecot: Dovecot) -> None:
    assert dovecot.take() == []
    odd = b"Subject: one\r\n\r\n\0\xff binary \x80\r\n"
    dovecot.deliver(odd, "1.a")
    dovecot.deliver(b"Subject: two\r\n\r\nhello\r\n", "2.a")
    first = dovecot.take()
    assert [raw[:12] for raw in first] == [b"Subject: one", b"Subject: two"]
    assert dovecot.take() == []
    dovecot.deliver(b"Subject: three\r\n\r\n", "3.a")
    letters = list(dovecot.box.letters())
    assert len(letters) == 1
    assert len(list(dovecot.box.letters())) == 1, "what was not stored is read again"
    files = [
        *(dovecot.folder / "mail" / "new").iterdir(),
        *(dovecot.folder / "mail" / "cur").iterdir(),
    ]
    assert len(files) == 3
    assert not any("S" in file.name.partition(":2,")[2] for file in files)


@pytest.mark.heavy
def test_what_is_wrong_is_said(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    for box in (
        replace(dovecot.box, password="wrong"),
        replace(dovecot.box, folder="Nowhere"),
        replace(dovecot.box, port=free_port()),
    ):
        with pytest.raises(NewsletterError, match=r"returns\.imap: \w+ on localhost"):
            list(box.letters())
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(NewsletterError, match="certificate"):
        list(dovecot.box.letters())


def test_where_nobody_listens_it_is_said() -> None:
    read = Read()
    box = Imap("localhost", free_port(), "none", "ann", "INBOX", read.read, read.store, password="")
    with pytest.raises(NewsletterError, match="INBOX on localhost cannot be read"):
        list(box.letters())
