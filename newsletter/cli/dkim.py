"""``newsletter dkim new``: a key to sign with, and the record to publish in the DNS."""

from argparse import Namespace
from collections.abc import Iterator

from newsletter.bootstrap import App
from newsletter.bootstrap.mail import sender_address
from newsletter.cli.output import say
from newsletter.domain.errors import NewsletterError, UsageError
from newsletter.domain.hostnames import in_ascii
from newsletter.mail.dkim.dns_record import zone_line
from newsletter.mail.dkim.keys import new_key, pem
from newsletter.mail.dkim.signing import Signer
from newsletter.services.secret import write_private


def new(app: App, args: Namespace) -> int:
    """Writes ``dkim-SELECTOR.pem`` beside the configuration; never overwrites a key."""
    signer = Signer(_domain(app, args), args.selector, new_key(ed25519=args.ed25519))
    path = app.beside(f"dkim-{args.selector}.pem")
    try:
        write_private(path, pem(signer.key))
    except FileExistsError as error:
        raise UsageError(
            f"{path} is there already; nothing was changed: choose another selector"
        ) from error
    except OSError as error:
        raise NewsletterError(f"{path} cannot be written: {error.strerror}") from error
    for line in _instructions(signer, path.name, app.path.name, ed25519=args.ed25519):
        say(line)
    return 0


def _domain(app: App, args: Namespace) -> str:
    domain = args.domain or app.settings.dkim.domain
    if not domain and not app.settings.newsletter.from_address:
        raise UsageError("no domain to sign for: set newsletter.from_address, or add --domain")
    try:
        return in_ascii(domain or sender_address(app.settings).rpartition("@")[2])
    except ValueError as error:
        raise UsageError(f"{domain!r} is no domain: {error}") from error


def _instructions(signer: Signer, name: str, config: str, *, ed25519: bool) -> Iterator[str]:
    yield f"{name}: the private key; keep it, and show it to nobody"
    yield ""
    yield "Publish in the DNS, as one TXT record:"
    yield ""
    yield zone_line(signer)
    yield ""
    yield "Then, when the DNS answers with it, set these in the [dkim] section of"
    yield f"{config} (`init` wrote one; a second would be an error):"
    yield ""
    yield from (f'selector = "{signer.selector}"', f'domain = "{signer.domain}"')
    yield f'key_file = "{name}"'
    if ed25519:
        yield ""
        yield "Many receivers, Gmail among them, check RSA signatures only: see docs/operating.md."
