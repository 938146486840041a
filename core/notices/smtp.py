"""Handing mail to the server that MASTHEAD_SMTP_URL names."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from typing import Final
from urllib.parse import unquote, urlsplit

from core.infra import installation
from core.infra.settings import Settings

TIMEOUT_S: Final = 10
_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
FIRST_REFUSAL: Final = 400
_LONGEST_ERROR: Final = 200
_CLOSING: Final = 421
_FOR_GOOD: Final = 500
_SIGN_IN_NEEDED: Final = (530, 535, 538)
_NOT_REACHED: Final = (OSError, ValueError, smtplib.SMTPException)  # ValueError: a name that can't be looked up


class MailRefused(Exception):
    """The server will never take this mail; the message says why."""


class MailDelayed(Exception):
    """The server doesn't take this mail now, others perhaps; the message says why. Try it again later."""


class MailServerAway(Exception):
    """The server can't be reached, or hung up; the message says why. Try again later."""


@contextmanager
def postman(settings: Settings | None = None) -> Iterator[smtplib.SMTP]:
    """A connection to the mail server, TLS and sign-in as the address says. Raises MailServerAway.

    By the settings of this installation, unless the doctor looks at others.
    """
    settings = settings or installation.settings()
    if settings.smtp_url is None:
        raise MailServerAway("MASTHEAD_SMTP_URL is not set")
    address = urlsplit(settings.smtp_url.get_secret_value())
    host, port = address.hostname or "", address.port or _PORTS[address.scheme]
    name = urlsplit(settings.console_url).hostname  # smtplib would look this machine's own name up, which can take long
    try:
        if address.scheme == "smtps":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, local_hostname=name, timeout=TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            client = smtplib.SMTP(host, port, local_hostname=name, timeout=TIMEOUT_S)
    except _NOT_REACHED as error:
        raise MailServerAway(_words(error)) from None
    try:
        try:
            if address.scheme == "smtp+starttls":
                client.starttls(context=ssl.create_default_context())
            if address.username:
                client.login(unquote(address.username), unquote(address.password or ""))
        except _NOT_REACHED as error:
            raise MailServerAway(_words(error)) from None
        yield client
    finally:
        with suppress(OSError, smtplib.SMTPException):
            client.quit()


def hand_over(client: smtplib.SMTP, message: EmailMessage) -> None:
    """Give one mail to the server. Raises MailRefused, MailDelayed, or MailServerAway when the connection is lost."""
    try:
        client.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        _raise(code, words)
    except smtplib.SMTPDataError as error:
        _raise(error.smtp_code, error.smtp_error)
    except smtplib.SMTPNotSupportedError:
        raise MailRefused("the mail server takes no address with letters beyond ASCII") from None
    except smtplib.SMTPSenderRefused as error:  # our own address: an operator mends that, so it is tried again
        raise MailDelayed(_words(error)) from None
    except (OSError, smtplib.SMTPException) as error:
        raise MailServerAway(_words(error)) from None


def _raise(code: int, words: bytes | str) -> None:
    said = f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"[:_LONGEST_ERROR]
    if code == _CLOSING:
        raise MailServerAway(said)
    raise MailRefused(said) if code >= _FOR_GOOD and not _is_about_us(code, said) else MailDelayed(said)


def _is_about_us(code: int, said: str) -> bool:
    """Whether the server refuses this installation and not the recipient: an operator mends that, so it is tried again.

    No code tells the two apart; those who let nobody pass mail on say that they don't relay.
    """
    return code in _SIGN_IN_NEEDED or "relay" in said.lower()


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        return f"{error.smtp_code} {words}"[:_LONGEST_ERROR]
    return f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
