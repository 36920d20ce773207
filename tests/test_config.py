"""Settings of the mail server: what each address means, and every fault named without a password."""

from __future__ import annotations

import pytest

from app.config import MINIMUM_KEY_LENGTH, Config, ConfigError, Security, SmtpServer

FROM = {"BORDEREAU_SMTP_FROM": "no-reply@example.org"}


def smtp(url, tmp_path, **more):
    return Config.from_env({"BORDEREAU_DATA": str(tmp_path), "BORDEREAU_SMTP_URL": url, **FROM, **more}).smtp


@pytest.mark.parametrize(
    ("url", "host", "port", "security"),
    [
        ("smtp://mail.example.org", "mail.example.org", 587, Security.STARTTLS),
        ("smtp://mail.example.org:25", "mail.example.org", 25, Security.STARTTLS),
        ("smtp://mail.example.org/?starttls=required", "mail.example.org", 587, Security.STARTTLS),
        ("smtp://mail.example.org:2525?starttls=never", "mail.example.org", 2525, Security.NONE),
        ("smtps://mail.example.org", "mail.example.org", 465, Security.TLS),
        ("smtps://mail.example.org:4650", "mail.example.org", 4650, Security.TLS),
        ("smtp://localhost:25", "localhost", 25, Security.NONE),
        ("smtp://127.0.0.1:25", "127.0.0.1", 25, Security.NONE),
        ("smtp://[::1]:25", "::1", 25, Security.NONE),
        ("smtp://localhost:25?starttls=required", "localhost", 25, Security.STARTTLS),
        ("smtp://10.0.0.1", "10.0.0.1", 587, Security.STARTTLS),
        ("smtp://Mail.Exämple.org", "mail.xn--exmple-cua.org", 587, Security.STARTTLS),
    ],
)
def test_an_address_says_how_the_way_is_protected(tmp_path, url, host, port, security):
    assert smtp(url, tmp_path) == SmtpServer(host=host, port=port, security=security)


def test_user_and_password_are_unquoted_and_the_password_is_not_shown(tmp_path):
    found = smtp("smtps://user%40example.org:p%3Aa%2Fs%40s@mail.example.org", tmp_path)
    assert (found.user, found.password) == ("user@example.org", "p:a/s@s")
    assert "p:a/s@s" not in repr(found)


def test_former_keys_are_believed_and_the_present_one_signs(tmp_path):
    former, older, present = (letter * MINIMUM_KEY_LENGTH for letter in "abc")
    said = {"BORDEREAU_SECRET_KEY": present, "BORDEREAU_SECRET_KEY_FALLBACKS": f"{older}, {former}"}
    config = Config.from_env({"BORDEREAU_DATA": str(tmp_path), **said})
    assert config.secret_keys == (older, former, present)
    assert former not in repr(config)


@pytest.mark.parametrize(
    "former", ["short", f"{'a' * MINIMUM_KEY_LENGTH},", f"{'b' * MINIMUM_KEY_LENGTH} short,c"]
)
def test_a_former_key_that_is_too_short_is_named_without_it(tmp_path, former):
    said = {"BORDEREAU_DATA": str(tmp_path), "BORDEREAU_SECRET_KEY_FALLBACKS": former}
    with pytest.raises(ConfigError, match="BORDEREAU_SECRET_KEY_FALLBACKS") as refused:
        Config.from_env(said)
    assert "short" not in str(refused.value)


def test_without_a_mail_server_there_is_none(tmp_path):
    assert Config.from_env({"BORDEREAU_DATA": str(tmp_path)}).smtp is None


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://:25",
        "smtp://mail.example.org:many",
        "smtp://mail.example.org:99999",
        "smtp://mail.example.org/path",
        "smtp://mail.example.org#x",
        "smtp://mail.example.org?starttls=maybe",
        "smtp://mail.example.org?tls=no",
        "smtps://mail.example.org?starttls=never",
        "smtps://user@mail.example.org",
        "smtps://:hunter2@mail.example.org",
        "smtps://user:hunter2é@mail.example.org",
        "smtp://user:hunter2@mail.example.org?starttls=never",
        f"smtp://{'a' * 70}.example.org",
    ],
)
def test_an_address_that_cannot_be_used_is_named_without_its_password(tmp_path, url):
    with pytest.raises(ConfigError) as refused:
        smtp(url, tmp_path)
    assert str(refused.value).startswith("BORDEREAU_SMTP_URL ")
    assert "hunter2" not in str(refused.value)


def test_a_password_stays_on_this_machine_in_clear(tmp_path):
    assert smtp("smtp://user:word@localhost:25", tmp_path).security is Security.NONE


@pytest.mark.parametrize(
    "sender", ["", "no-reply", "Name <a@example.org>", "a@example.org\nBcc: b@c", "é@example.org"]
)
def test_the_sender_is_one_plain_address(tmp_path, sender):
    with pytest.raises(ConfigError, match="BORDEREAU_SMTP_FROM"):
        smtp("smtps://mail.example.org", tmp_path, BORDEREAU_SMTP_FROM=sender)


def config(tmp_path, **environ):
    return Config.from_env({"BORDEREAU_DATA": str(tmp_path), **environ})


def test_pages_are_served_on_the_loopback_address_unless_it_is_said(tmp_path):
    assert str(config(tmp_path).address) == "127.0.0.1:8000"
    assert str(config(tmp_path, BORDEREAU_BIND="::", BORDEREAU_PORT="80").address) == "[::]:80"
    assert config(tmp_path, BORDEREAU_WEB_PROCESSES="6").web_processes == 6


@pytest.mark.parametrize(("value", "address"), [("127.0.0.1:9464", None), ("[::1]:9464", None), ("", "None")])
def test_figures_have_an_address_of_their_own(tmp_path, value, address):
    assert str(config(tmp_path, BORDEREAU_METRICS=value).metrics) == (address or value)


@pytest.mark.parametrize(
    ("environ", "count"),
    [
        ({}, 0),
        ({"BORDEREAU_DATABASE_URL": "postgresql://h/d", "BORDEREAU_SECRET_KEY": "k" * 32}, 1),
        ({"BORDEREAU_TRUSTED_PROXIES": "2"}, 2),
        (
            {
                "BORDEREAU_DATABASE_URL": "postgresql://h/d",
                "BORDEREAU_SECRET_KEY": "k" * 32,
                "BORDEREAU_TRUSTED_PROXIES": "0",
            },
            0,
        ),
    ],
)
def test_as_many_proxies_are_believed_as_stand_in_front(tmp_path, environ, count):
    assert config(tmp_path, **environ).proxies == count


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BORDEREAU_BIND", "localhost"),
        ("BORDEREAU_BIND", "127.0.0.1:8000"),
        ("BORDEREAU_METRICS", "9464"),
        ("BORDEREAU_METRICS", "127.0.0.1"),
        ("BORDEREAU_METRICS", "127.0.0.1:0"),
        ("BORDEREAU_METRICS", "127.0.0.1:99999"),
        ("BORDEREAU_WEB_PROCESSES", "0"),
        ("BORDEREAU_WEB_PROCESSES", "many"),
        ("BORDEREAU_TRUSTED_PROXIES", "-1"),
        ("BORDEREAU_TRUSTED_PROXIES", "10"),
    ],
)
def test_an_address_or_a_number_that_cannot_be_used_is_named(tmp_path, name, value):
    with pytest.raises(ConfigError, match=name):
        config(tmp_path, **{name: value})


def test_without_the_embedded_server_a_database_must_be_named(tmp_path, monkeypatch):
    monkeypatch.setattr("app.config.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"BORDEREAU_DATABASE_URL .*bordereau\[embedded\]"):
        config(tmp_path)


def test_a_folder_that_is_made_is_its_owners_alone(tmp_path):
    folder = tmp_path / "made"
    config(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_all_faults_are_named_at_once(tmp_path):
    with pytest.raises(ConfigError) as refused:
        smtp("mail", tmp_path, BORDEREAU_SMTP_FROM="x", BORDEREAU_PORT="many")
    for name in ("BORDEREAU_SMTP_URL", "BORDEREAU_SMTP_FROM", "BORDEREAU_PORT"):
        assert name in str(refused.value)
