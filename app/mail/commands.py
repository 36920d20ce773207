"""The command that tries the way to the mail server: ``bordereau mail test``."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from html import escape

import click

from app.config import Config, Security
from app.mail.addresses import AddressError, mail_address
from app.mail.compose import composed
from app.mail.delivery import transport_of
from app.mail.failure_labels import FAULTS
from app.mail.message import Message, sender_of
from app.mail.transport import FOLDER, Mail, NotTakenError
from app.models import Fault
from app.themes import DEFAULT, themes_of
from app.wording.i18n import N_, gettext, language

#: What is worth looking at first, for those faults that the settings can mend.
_ADVICE = {
    Fault.HOST_UNKNOWN: N_("Check the name in BORDEREAU_SMTP_URL."),
    Fault.CONNECTION_REFUSED: N_(
        "Check the port in BORDEREAU_SMTP_URL, and that no firewall stands between."
    ),
    Fault.TIMEOUT: N_("Check the port in BORDEREAU_SMTP_URL, and that no firewall stands between."),
    Fault.DISCONNECTED: N_("With port 465, the address begins with smtps://."),
    Fault.CERTIFICATE: N_(
        "Use the name that the certificate is for; SSL_CERT_FILE names the authority of a private one."
    ),
    Fault.TLS: N_("With port 465, the address begins with smtps://; with 587 or 25, smtp://."),
    Fault.STARTTLS_MISSING: N_(
        "Use another port or smtps://; without encryption at all, ?starttls=never says so."
    ),
    Fault.AUTHENTICATION: N_(
        "Check user and password in BORDEREAU_SMTP_URL; special characters are percent-encoded."
    ),
    Fault.SENDER_REFUSED: N_("Check BORDEREAU_SMTP_FROM: the server must allow it to this user."),
}


@click.group(help=N_("Try sending through the mail server."))
def mail() -> None:
    """Hold the commands about mail."""


@mail.command(help=N_("Send a test email to ADDRESS, now, and say what is wrong when it does not leave."))
@click.argument("address")
def test(address: str) -> None:
    """Send one mail past the queue; exit 1 when it was not taken."""
    config = Config.from_env()
    transport = transport_of(config)
    if transport is None:
        raise click.ClickException(gettext("No mail server is named: set BORDEREAU_SMTP_URL."))
    try:
        reply = transport.send(_test_mail(config, address), lambda: None)
    except AddressError as error:
        raise click.ClickException(str(error)) from error
    except NotTakenError as error:
        raise click.ClickException(in_words(error)) from error
    click.echo(_taken(config, reply))


def _test_mail(config: Config, address: str) -> Mail:
    sender = sender_of(themes_of(config.data).by_slug[DEFAULT])
    recipient = mail_address(address)
    message_id = f"<{secrets.token_hex(16)}@{sender.address.rpartition('@')[2]}>"
    subject, words = gettext("Test email"), gettext("This email was sent to try the settings. All is well.")
    html = (
        f'<!doctype html><html lang="{language()}"><head><meta charset="utf-8"><title>{escape(subject)}'
        f"</title></head><body><p>{escape(words)}</p></body></html>"
    )
    message = Message(subject, f"{words}\n", html)
    return Mail(
        sender.address,
        recipient,
        message_id,
        composed(message, recipient, sender, message_id, datetime.now(UTC)),
    )


def in_words(error: NotTakenError) -> str:
    """What is wrong, what the server said, and what to look at."""
    said = error.reply and gettext("It says: %(reply)s", reply=error.reply)
    advice = gettext(_ADVICE[error.fault]) if error.fault in _ADVICE else ""
    return "\n".join(filter(None, (gettext(FAULTS[error.fault]), said, advice)))


def _taken(config: Config, reply: str) -> str:
    if config.smtp is None:
        folder = config.data / FOLDER
        return gettext("Without BORDEREAU_SMTP_URL email goes to a folder: see %(folder)s.", folder=folder)
    ways = {
        Security.TLS: gettext("encrypted (TLS)"),
        Security.STARTTLS: gettext("encrypted (STARTTLS)"),
        Security.NONE: gettext("not encrypted"),
    }
    words = gettext(
        "%(host)s has taken the email, %(way)s.", host=config.smtp.host, way=ways[config.smtp.security]
    )
    return "\n".join(filter(None, (words, reply and gettext("It says: %(reply)s", reply=reply))))
