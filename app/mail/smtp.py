"""One conversation with a mail server, in which each step can fail in its own way.

Nothing waits for long: a reply has its time as a whole, so that a server that says one word a minute is no
better off than a silent one. Before the message is named, a refusal concerns the settings and another try is
worth it; from there on a reply of 500 and above is final (RFC 5321 §4.2.1).
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Final

from app.config import Security, SmtpServer
from app.mail.headers import header_words
from app.mail.transport import Mail, NotTakenError
from app.models import Fault

#: Seconds that one step may take, and the verdict on a whole mail, which servers read through first.
STEP_SECONDS: Final = 20.0
VERDICT_SECONDS: Final = 120.0

_PERMANENT = range(500, 600)
_ABOUT_THE_MESSAGE = (Fault.SENDER_REFUSED, Fault.RECIPIENT_REFUSED, Fault.MESSAGE_REFUSED)
# What a server says, at whatever step, to somebody who ought to have signed in (RFC 4954 §6).
_SIGN_IN_FIRST = (530, 534, 535, 538)
_ADDRESS = re.compile(r"[^\s<>]+@[^\s<>]+")
_LINE_START_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True)
class Smtp:
    """The way to ``server``."""

    server: SmtpServer
    step_seconds: float = STEP_SECONDS
    verdict_seconds: float = VERDICT_SECONDS

    def send(self, mail: Mail, hand_over: Callable[[], None]) -> str:
        """Send ``mail``; see :class:`app.mail.transport.Transport`."""
        with self._conversation() as smtp:
            size = [f"size={len(mail.content)}"] if smtp.has_extn("size") else []
            with _step(Fault.SENDER_REFUSED):
                _expect(Fault.SENDER_REFUSED, smtp.mail(mail.sender, size), 250)
            with _step(Fault.RECIPIENT_REFUSED):
                _expect(Fault.RECIPIENT_REFUSED, smtp.rcpt(mail.recipient), 250, 251)
            with _step(Fault.MESSAGE_REFUSED):
                _expect(Fault.MESSAGE_REFUSED, smtp.docmd("DATA"), 354)
                smtp.send(_stuffed(mail.content))
            hand_over()
            with _step(Fault.MESSAGE_REFUSED):
                smtp.patience = self.verdict_seconds
                reply = _expect(Fault.MESSAGE_REFUSED, smtp.docmd("."), 250)
            with suppress(OSError):  # the mail is taken, whatever comes of this
                smtp.putcmd("QUIT")
            return reply

    def try_settings(self) -> None:
        """Sign in, and leave without a mail. Raises NotTakenError."""
        with self._conversation() as smtp, suppress(OSError):
            smtp.putcmd("QUIT")

    @contextmanager
    def _conversation(self) -> Iterator[_Conversation]:
        """A server that has let us in and is ready for a message."""
        smtp = self._connected()
        try:
            with _step(Fault.GREETING):
                _expect(Fault.GREETING, smtp.ehlo(), 250)
            if self.server.security is Security.STARTTLS:
                self._start_tls(smtp)
            if self.server.user and self.server.password:
                with _step(Fault.AUTHENTICATION):
                    smtp.login(self.server.user, self.server.password)
            yield smtp
        finally:
            smtp.close()

    def _connected(self) -> _Conversation:
        with _step(Fault.GREETING):
            if self.server.security is Security.TLS:
                return _TlsConversation(self.server, self.step_seconds)
            return _Conversation(self.server, self.step_seconds)

    @staticmethod
    def _start_tls(smtp: _Conversation) -> None:
        if not smtp.has_extn("starttls"):
            raise NotTakenError(Fault.STARTTLS_MISSING)
        with _step(Fault.TLS):
            smtp.starttls(context=ssl.create_default_context())
            _expect(Fault.GREETING, smtp.ehlo(), 250)


class _Conversation(smtplib.SMTP):
    """A connection of smtplib's whose every reply has ``patience`` seconds as a whole."""

    out_of_time = False

    def __init__(self, server: SmtpServer, seconds: float) -> None:
        self.patience = seconds
        smtplib.SMTP.__init__(self, server.host, server.port, _own_name(), timeout=seconds)

    def getreply(self) -> tuple[int, bytes]:
        """Wait for the reply; a connection that takes too long over it is cut."""
        connection = self.sock
        assert connection is not None  # noqa: S101 - smtplib asks only once it is connected
        connection.settimeout(self.patience)
        timer = threading.Timer(self.patience, self._cut, [connection])
        timer.daemon = True
        timer.start()
        try:
            answer = super().getreply()
        except smtplib.SMTPServerDisconnected:
            if not self.out_of_time:
                raise
        finally:
            timer.cancel()
        if self.out_of_time:  # what had come by then is no reply
            self.close()
            raise TimeoutError
        return answer

    def _cut(self, connection: socket.socket) -> None:
        self.out_of_time = True
        with suppress(OSError):  # under TLS too, the connection itself: nothing more is said
            socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _TlsConversation(_Conversation, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""

    def __init__(self, server: SmtpServer, seconds: float) -> None:
        self.patience = seconds
        context = ssl.create_default_context()
        smtplib.SMTP_SSL.__init__(
            self, server.host, server.port, _own_name(), timeout=seconds, context=context
        )


@cache
def _own_name() -> str:
    """What this machine calls itself to a server, asked for once: a broken resolver takes its time."""
    name = socket.getfqdn()
    return name if "." in name else "[127.0.0.1]"


@contextmanager
def _step(refused: Fault) -> Iterator[None]:
    """Turn whatever goes wrong in a step into a NotTakenError; a plain refusal is ``refused``."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise _refusal(refused, error.smtp_code, error.smtp_error) from error
    except OSError as error:  # smtplib's other errors included
        late = isinstance(error.__context__, TimeoutError)  # smtplib says "disconnected" of it
        raise NotTakenError(Fault.TIMEOUT if late else _fault_of(error, refused)) from error


def _fault_of(error: OSError, refused: Fault) -> Fault:
    """What an error of the network, of TLS or of smtplib without a reply amounts to."""
    known: tuple[tuple[type[OSError], Fault], ...] = (
        (socket.gaierror, Fault.HOST_UNKNOWN),
        (TimeoutError, Fault.TIMEOUT),
        (ssl.SSLCertVerificationError, Fault.CERTIFICATE),
        (ssl.SSLError, Fault.TLS),
        (smtplib.SMTPServerDisconnected, Fault.DISCONNECTED),
        (smtplib.SMTPException, refused),
        (ConnectionRefusedError, Fault.CONNECTION_REFUSED),
        (ConnectionError, Fault.DISCONNECTED),
    )
    unreachable = Fault.CONNECTION_REFUSED if refused is Fault.GREETING else Fault.DISCONNECTED
    return next((fault for kind, fault in known if isinstance(error, kind)), unreachable)


def _expect(refused: Fault, answer: tuple[int, bytes], *codes: int) -> str:
    """The reply in words. Raises NotTakenError when its code is none of ``codes``."""
    code, words = answer
    if code not in codes:
        raise _refusal(refused, code, words)
    return _said(code, words)


def _refusal(refused: Fault, code: int, words: bytes | str) -> NotTakenError:
    fault = Fault.AUTHENTICATION if code in _SIGN_IN_FIRST else refused
    final = code in _PERMANENT and fault in _ABOUT_THE_MESSAGE
    return NotTakenError(fault, _said(code, words), final=final)


def _said(code: int, words: bytes | str) -> str:
    """What the server said, on one line, without the addresses that it repeats."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return header_words(_ADDRESS.sub("…", f"{code} {text}" if code > 0 else text))


def _stuffed(content: bytes) -> bytes:
    """``content`` as it travels: a line that begins with a dot gets a second one (RFC 5321 §4.5.2)."""
    return _LINE_START_DOT.sub(b"..", content)
