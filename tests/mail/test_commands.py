"""``bordereau mail test``: a real mail, or what is wrong in plain words."""

from __future__ import annotations

import ssl
from email import message_from_bytes, policy

import pytest
from click.testing import CliRunner

from app.cli import main
from tests.mail.servers import DROP, certificate, knows, mail_server
from tests.ports import nobody_listening

TO = "camille@example.org"


@pytest.fixture
def bordereau(tmp_path, monkeypatch):
    """Run ``bordereau`` with a mail server's address."""

    def run(*words, url=None, **settings):
        given = {"BORDEREAU_DATA": str(tmp_path), "BORDEREAU_DATABASE_URL": "", **settings}
        if url:
            given |= {"BORDEREAU_SMTP_URL": url, "BORDEREAU_SMTP_FROM": "no-reply@example.org"}
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        done = CliRunner().invoke(main, words)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


def test_a_mail_leaves_and_the_server_is_quoted(bordereau):
    with mail_server() as box:
        done = bordereau("mail", "test", TO, url=f"smtp://localhost:{box.port}")
        [one] = box.received
    assert (done.exit_code, one.sender, one.recipients) == (0, "no-reply@example.org", [TO])
    assert "250 2.0.0 Ok: queued as 4711" in done.output
    assert "non chiffré" in done.output
    assert (
        message_from_bytes(one.content, policy=policy.default)["From"] == "Bordereau <no-reply@example.org>"
    )


def test_in_development_the_folder_takes_it(bordereau, tmp_path):
    done = bordereau("mail", "test", TO)
    assert done.exit_code == 0
    assert str(tmp_path / "mail") in done.output
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1


def test_in_production_a_mail_server_has_to_be_named(bordereau, database):
    key = "a key for tests, made of words and long enough"
    done = bordereau("mail", "test", TO, **database.addresses.settings(), BORDEREAU_SECRET_KEY=key)
    assert done.exit_code == 1
    assert "BORDEREAU_SMTP_URL" in done.output


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({"CONNECT": "554 5.7.1 go away"}, "ne veut pas"),
        ({"MAIL": "553 5.7.1 not yours"}, "l’adresse de l’expéditeur"),
        ({"RCPT": "550 5.1.1 no such user"}, "l’adresse du destinataire"),
        ({"DOT": "554 5.6.0 spam"}, "refuse l’e-mail"),
        ({"EHLO": DROP}, "coupé la connexion"),
    ],
)
def test_what_the_server_refuses_is_said_in_words_and_in_its_own(bordereau, script, said):
    with mail_server(script) as box:
        done = bordereau("mail", "test", TO, url=f"smtp://localhost:{box.port}")
    assert done.exit_code == 1
    assert said in done.output
    [reply] = script.values()
    assert reply == DROP or reply in done.output
    assert TO not in done.output


def test_nobody_listens(bordereau):
    with nobody_listening() as port:
        done = bordereau("mail", "test", TO, url=f"smtp://localhost:{port}")
    assert done.exit_code == 1
    assert "port" in done.output


def test_encryption_that_is_not_offered(bordereau):
    with mail_server() as box:
        done = bordereau("mail", "test", TO, url=f"smtp://localhost:{box.port}?starttls=required")
    assert done.exit_code == 1
    assert "STARTTLS" in done.output


def test_a_certificate_that_nobody_vouches_for(bordereau, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path, "localhost"))
    with mail_server(tls=context) as box:
        done = bordereau("mail", "test", TO, url=f"smtps://localhost:{box.port}")
    assert done.exit_code == 1
    assert "certificat" in done.output


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_password_that_is_wrong_is_not_repeated(bordereau):
    with mail_server(**knows("user", "right")) as box:
        done = bordereau("mail", "test", TO, url=f"smtp://user:hunter2@localhost:{box.port}")
    assert done.exit_code == 1
    assert "mot de passe" in done.output
    assert "hunter2" not in done.output


def test_an_address_that_is_none(bordereau):
    done = bordereau("mail", "test", "nobody")
    assert done.exit_code == 1
    assert "nobody" in done.output
