"""The meaning of a server's reply: whose fault a refusal is, and whether it is permanent."""

import re
import smtplib
import ssl
from dataclasses import dataclass
from typing import Literal

from newsletter.domain.errors import ChannelDown, Deferred, DeliveryError, Refused, SenderRefused
from newsletter.mail.channels.client import Client

Step = Literal["MAIL", "RCPT", "DATA", "DOT"]

_ACCEPTED: dict[Step, int] = {"MAIL": 2, "RCPT": 2, "DATA": 3, "DOT": 2}
_LOGIN_CODES = (503, 530, 534, 535, 538)
# The message is too big (RFC 3463 3.4); the sender's address will not do (3.2).
_OURS = ("5.3.4", "5.1.7", "5.1.8")
_SENDER = re.compile(
    r"\bsender\b[^.;:]{0,40}\b(?:rejected|refused|denied|blocked)\b", re.IGNORECASE
)
_GREYLIST = re.compile(r"\bgr[ae]y-?list", re.IGNORECASE)
_RATE = re.compile(
    r"\b(?:too (?:many|much|fast)|rates?|limit\w*|throttl\w*|quota|exceed\w*)\b", re.IGNORECASE
)
_ENHANCED = re.compile(r"\d{3} (\d\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply; ``line`` begins with the code and holds no control characters."""

    code: int
    line: str

    def check(self, step: Step) -> None:
        """Return where the step was accepted; else raise what a refusal means (RFC 5321 4.2, RFC
        3463)."""
        first_digit = self.code // 100
        if first_digit == _ACCEPTED[step]:
            return
        if first_digit == 4:
            raise Deferred(self.line, shared=self._shared(step))
        if first_digit != 5:
            raise smtplib.SMTPServerDisconnected(f"it answered {step} with {self.line!r}")
        if self._our_fault(step):
            raise SenderRefused(f"{self.line} ({_advice(step, self.enhanced)})")
        raise Refused(self.line, hard=step == "RCPT" and self.enhanced.startswith("5.1."))

    def _shared(self, step: Step) -> bool:
        """Where the others of the domain are to wait too; not so for what is about one mailbox."""
        return self.code in (421, 450, 451, 452) and not self._about_one(step)

    def _about_one(self, step: Step) -> bool:
        """4.2.x is (it is full, say), and greylisting, which lets each recipient in at a second
        try. Many servers call that 4.7.1, as they do limits of what one sender may send."""
        if self.enhanced.startswith("4.2."):
            return True
        if self.code == 421 or step == "MAIL":
            return False
        if _GREYLIST.search(self.line):
            return True
        return step == "RCPT" and self.enhanced == "4.7.1" and not _RATE.search(self.line)

    @property
    def enhanced(self) -> str:
        """The RFC 3463 status ("5.1.1"), or an empty string."""
        match = _ENHANCED.match(self.line)
        return match[1] if match else ""

    def _our_fault(self, step: Step) -> bool:
        if step == "MAIL" or self.code in _LOGIN_CODES:
            return True
        if self.enhanced.startswith("5.7.") or self.enhanced in _OURS:
            return True
        if _SENDER.search(self.line):
            return True
        return self.code == 552 and step != "RCPT" and not self.enhanced.startswith("5.2.")


def read_reply(client: Client, seconds: float) -> Reply:
    """The next reply; a 421, or what is no reply at all, closes the connection. OSError where none
    comes in time: the connection is closed then."""
    code, text = client.read_reply(seconds)
    if code == 421 or not 200 <= code < 600:
        client.close()
    return Reply(code, _line(code, text))


def one_line(error: BaseException) -> str:
    """An error's text in one line, the system's own words where it has them."""
    return _printable(str(getattr(error, "strerror", None) or error))


def _line(code: int, text: bytes | str) -> str:
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {_printable(plain)}".rstrip()


def _printable(text: str) -> str:
    """One line of at most 1,000 characters without control characters, whatever the server sent."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())[:1000]


def connection_error(where: str, error: Exception) -> DeliveryError:
    """Why there is no connection: trouble of the network or the server may pass, ours does not."""
    match error:
        case ssl.SSLCertVerificationError():
            return SenderRefused(f"{where}: {one_line(error)}", _CERTIFICATE)
        case ssl.SSLError():
            return ChannelDown(f"{where}: TLS failed: {one_line(error)}", _TLS)
        case smtplib.SMTPAuthenticationError(smtp_code=code) if 500 <= code < 600:
            return SenderRefused(f"{_line(code, error.smtp_error)} ({where})", _LOGIN)
        case smtplib.SMTPResponseException(smtp_code=code):
            error_class, advice = _ANSWERED.get(code // 100, (ChannelDown, _TRY))
            return error_class(f"{_line(code, error.smtp_error)} ({where})", advice)
        case smtplib.SMTPException() if not isinstance(error, smtplib.SMTPServerDisconnected):
            return SenderRefused(f"{where}: {one_line(error)}", _LOGIN)
    return ChannelDown(f"{where} cannot be reached: {one_line(error)}", _TRY)


_CERTIFICATE = (
    "delivery.smtp.host must be a name the certificate bears, "
    "and this machine must trust who issued it"
)
_TLS = 'check delivery.smtp.security ("tls" is usually port 465, "starttls" port 587)'
_LOGIN = "check delivery.smtp.username and password, and delivery.smtp.security"
_SERVICE = "it does not serve this machine: check [delivery.smtp], or ask who runs it"
_WAIT = "it runs, and asks to wait: try again later, and where that lasts ask who runs it"
_TRY = "check delivery.smtp.host and port, and that the server runs"
_ANSWERED: dict[int, tuple[type[DeliveryError], str]] = {
    4: (ChannelDown, _WAIT),
    5: (SenderRefused, _SERVICE),
}


def _advice(step: Step, enhanced: str) -> str:
    if enhanced.startswith("5.7."):
        return "the server's policy: check the login, SPF and DKIM, and its log"
    if step == "MAIL":
        return "check newsletter.from_address, and that this server may send for it"
    if step == "RCPT":
        return "check delivery.smtp.username and password, and the server's log"
    return "the message is too big for this server: lower selection.count, or raise its limit"
