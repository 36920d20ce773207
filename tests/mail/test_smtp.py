"""What each kind of mail server makes of a mail: taken, put off, refused, silent, gone."""

from __future__ import annotations

import socket
import ssl
from email import message_from_bytes, policy

import pytest

from app.config import Security, SmtpServer
from app.mail.smtp import Smtp
from app.mail.transport import Folder, Mail, NotTakenError
from app.models import Fault
from tests.mail.servers import (
    DROP,
    HANG,
    certificate,
    dribble,
    endless_lines,
    knows,
    mail_server,
    raw_server,
)
from tests.ports import nobody_listening
from tests.waiting import HANGS

CONTENT = (
    b"From: no-reply@horizon.example\r\nTo: a@example.org\r\nSubject: x\r\n"
    b"Message-ID: <1@horizon.example>\r\n\r\nhello\r\n.\r\n..two dots\r\n.one\r\n"
)
MAIL = Mail("no-reply@horizon.example", "a@example.org", "<1@horizon.example>", CONTENT)


class HandedOver:
    """Counts the hand-overs, and what the server had seen by then."""

    def __init__(self, box=None):
        self.times = 0
        self.box = box

    def __call__(self):
        self.times += 1
        assert self.box is None or "DOT" not in self.box.steps


def to(port, security=Security.NONE, *, step_seconds=HANGS, verdict_seconds=HANGS, **values):
    """The way to a server on this machine; impatient only with one that falls silent."""
    named = {"host": "localhost", "port": port, "security": security, **values}
    return Smtp(SmtpServer(**named), step_seconds, verdict_seconds)


def fault_of(way, handed_over=lambda: None):
    with pytest.raises(NotTakenError) as caught:
        way.send(MAIL, handed_over)
    return caught.value


# Taken.


def test_a_mail_arrives_whole_with_its_envelope():
    with mail_server() as box:
        handed_over = HandedOver(box)
        assert to(box.port).send(MAIL, handed_over) == "250 2.0.0 Ok: queued as 4711"
        [one] = box.received
    assert (one.sender, one.recipients, one.content) == (MAIL.sender, [MAIL.recipient], CONTENT)
    assert handed_over.times == 1


def test_a_server_that_cuts_after_its_verdict_has_taken_the_mail():
    with mail_server(
        {"DOT": lambda server: server.loop.call_later(0.01, server.transport.abort) and None}
    ) as box:
        assert to(box.port).send(MAIL, lambda: None).startswith("250")


# Refused in words: for now, or for good.


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("CONNECT", Fault.GREETING),
        ("EHLO", Fault.GREETING),
        ("MAIL", Fault.SENDER_REFUSED),
        ("RCPT", Fault.RECIPIENT_REFUSED),
        ("DATA", Fault.MESSAGE_REFUSED),
        ("DOT", Fault.MESSAGE_REFUSED),
    ],
)
@pytest.mark.parametrize("code", [421, 451, 550])
def test_what_the_server_says_is_kept_and_5xx_is_final_once_the_message_is_named(step, fault, code):
    with mail_server({step: f"{code} 4.2.0 not like this"}) as box:
        handed_over = HandedOver(box)
        error = fault_of(to(box.port), handed_over)
        assert box.received == []
    assert (error.fault, error.reply) == (fault, f"{code} 4.2.0 not like this")
    assert error.final == (code == 550 and fault is not Fault.GREETING)
    assert handed_over.times == (step == "DOT")


def test_words_of_the_server_are_kept_without_addresses_and_controls():
    reply = (
        "550-5.1.1 <a@example.org>: user a@example.org\x07 un\u202eknown \r\n550 é \xe9".encode()
        + b"\xff" * 300
    )
    with raw_server(lambda connection: connection.sendall(reply + b"\r\n")) as port:
        words = fault_of(to(port)).reply
    assert words.startswith("550 5.1.1 <…>: user … unknown é")
    assert len(words) <= 200


# Silence.

#: Less than any of these servers goes on; a portal that waited for them to end would find them gone.
SHORT = 0.6


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize(("way", "fault"), [(HANG, Fault.TIMEOUT), (DROP, Fault.DISCONNECTED)])
def test_a_server_that_hangs_or_goes_does_not_hold_the_worker(step, way, fault):
    patience = {"verdict_seconds" if step == "DOT" else "step_seconds": SHORT if way == HANG else HANGS}
    with mail_server({step: way}) as box:
        handed_over = HandedOver()
        error = fault_of(to(box.port, **patience), handed_over)
    assert (error.fault, error.reply, error.final) == (fault, "", False)
    assert handed_over.times == (step == "DOT")


def test_a_server_that_goes_in_the_midst_of_a_message_has_not_been_handed_it():
    with mail_server({"BODY": DROP}) as box:
        large = Mail(MAIL.sender, MAIL.recipient, MAIL.message_id, CONTENT + b"more\r\n" * 4_000_000)
        handed_over = HandedOver()
        with pytest.raises(NotTakenError) as caught:
            to(box.port).send(large, handed_over)
    assert (caught.value.fault, handed_over.times) == (Fault.DISCONNECTED, 0)


@pytest.mark.parametrize("talk", [dribble, endless_lines])
def test_a_reply_has_its_time_as_a_whole(talk):
    with raw_server(talk) as port:
        assert fault_of(to(port, step_seconds=SHORT)).fault is Fault.TIMEOUT


def test_a_server_of_something_else_is_no_mail_server():
    with raw_server(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH\r\n")) as port:
        assert fault_of(to(port)).fault is Fault.GREETING


def test_nobody_listens():
    with nobody_listening() as port:
        assert fault_of(to(port)).fault is Fault.CONNECTION_REFUSED


def test_a_name_that_nobody_knows(monkeypatch):
    def unknown(*_args, **_named):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    assert fault_of(to(25, host="mail.invalid")).fault is Fault.HOST_UNKNOWN


# TLS.


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Certificates for this machine and for another, and what a server needs of each."""
    folder = tmp_path_factory.mktemp("keys")
    made = {}
    for name in ("localhost", "elsewhere.example"):
        path, key = certificate(folder, name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path, key)
        made[name] = (path, context)
    return made


@pytest.fixture
def trusting(keys, monkeypatch):
    """This machine trusts the authority of a server's certificate, as SSL_CERT_FILE tells OpenSSL."""

    def trust(name):
        monkeypatch.setenv("SSL_CERT_FILE", str(keys[name][0]))
        return keys[name][1]

    return trust


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_an_encrypted_way_with_a_certificate_that_is_good(trusting, security):
    context = trusting("localhost")
    servers = {
        Security.TLS: {"tls": context},
        Security.STARTTLS: {"tls_context": context, "require_starttls": True},
    }
    with mail_server(**servers[security]) as box:
        to(box.port, security).send(MAIL, lambda: None)
        assert len(box.received) == 1


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
@pytest.mark.parametrize(("name", "trusted"), [("localhost", False), ("elsewhere.example", True)])
def test_a_certificate_that_is_not_good_ends_it(keys, trusting, security, name, trusted):
    context = trusting(name) if trusted else keys[name][1]
    servers = {Security.TLS: {"tls": context}, Security.STARTTLS: {"tls_context": context}}
    with mail_server(**servers[security]) as box:
        error = fault_of(to(box.port, security, user="u", password="p"))
        assert "MAIL" not in box.steps
    assert (error.fault, error.final) == (Fault.CERTIFICATE, False)


def test_starttls_that_is_not_offered_is_not_done_without():
    with mail_server() as box:
        error = fault_of(to(box.port, Security.STARTTLS, user="u", password="p"))
        assert "MAIL" not in box.steps
    assert (error.fault, error.final) == (Fault.STARTTLS_MISSING, False)


def test_tls_spoken_to_a_server_that_does_not_speak_it():
    with mail_server() as box:
        assert fault_of(to(box.port, Security.TLS)).fault is Fault.TLS


def test_a_server_that_wants_encryption_is_not_told_the_message(trusting):
    with mail_server(tls_context=trusting("localhost"), require_starttls=True) as box:
        error = fault_of(to(box.port))
        assert box.received == []
    assert (error.fault, error.final) == (Fault.AUTHENTICATION, False)


# Signing in.


in_clear = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@in_clear
def test_user_and_password_are_given():
    with mail_server(**knows("user@example.org", "p:ss/w@rd")) as box:
        to(box.port, user="user@example.org", password="p:ss/w@rd").send(MAIL, lambda: None)
        assert len(box.received) == 1


@in_clear
@pytest.mark.parametrize("given", [{"user": "user", "password": "wrong"}, {}])
def test_a_wrong_or_missing_password_can_be_mended_so_nothing_is_final(given):
    with mail_server(**knows("user", "right")) as box:
        error = fault_of(to(box.port, **given))
        assert box.received == []
    assert (error.fault, error.final) == (Fault.AUTHENTICATION, False)
    assert "wrong" not in f"{error.reply}{error}"


def test_a_server_that_knows_no_users():
    with mail_server() as box:
        assert fault_of(to(box.port, user="u", password="p")).fault is Fault.AUTHENTICATION


# The folder of development.


def test_a_folder_takes_a_mail_whole_and_once(tmp_path):
    folder = Folder(tmp_path / "mail")
    for _ in range(2):
        folder.send(MAIL, lambda: None)
    [path] = (tmp_path / "mail").iterdir()
    assert (path.name, path.read_bytes()) == ("1.eml", CONTENT)
    assert message_from_bytes(path.read_bytes(), policy=policy.default)["Subject"] == "x"


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "mail").write_text("a file")
    with pytest.raises(NotTakenError) as caught:
        Folder(tmp_path / "mail").send(MAIL, lambda: None)
    assert (caught.value.fault, caught.value.final) == (Fault.NO_FOLDER, False)
