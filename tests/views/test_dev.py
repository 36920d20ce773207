"""The mails of a developer's machine: shown in development, unknown in production, harmless in both."""

from __future__ import annotations

import os
import time
from email.message import EmailMessage

import pytest

from app.mail.delivery import deliver, transport_of
from app.models import Delivery
from app.views.mail_frames import MAIL_POLICY
from app.web.access_matrix import ONLY_IN_DEVELOPMENT, ROUTES
from tests.views.sending import rows_of, send
from tests.views.town import plain, portal


@pytest.fixture
def folder(tmp_path):
    """Where the portal of the fixture ``app`` keeps its mails."""
    (tmp_path / "mail").mkdir()
    return tmp_path / "mail"


def a_mail(folder, name, subject="Bonjour", html="<p>Bonjour</p>", age=0, **files):
    message = EmailMessage()
    message["Subject"], message["To"], message["From"] = subject, "a@maison.example", "b@horizon.example"
    message.set_content("Bonjour en texte")
    message.add_alternative(html, subtype="html")
    for file, content in files.items():
        message.add_attachment(content, maintype="application", subtype="pdf", filename=f"{file}.pdf")
    path = folder / f"{name}.eml"
    path.write_bytes(message.as_bytes())
    os.utime(path, (time.time() - age, time.time() - age))


def test_a_mail_that_was_sent_is_here(owner, shops, database, config, tmp_path):
    app = owner.application
    send(owner, f"/transactions/{shops[0].transaction_ids[0]}/envoi", "a@maison.example")
    development = app.extensions["bordereau.mails"].parent
    assert development == tmp_path
    way = transport_of(type(config)(database_url=None, data=tmp_path, secret_key="", port=1))
    ((delivery_id,),) = rows_of(database, Delivery.id)
    deliver(database, way, delivery_id)
    listed = owner.page("/dev/mail")
    (link,) = [link for link in listed.all("a") if "ticket de paiement" in plain(link)]
    shown = owner.page(link["href"])
    assert "a@maison.example" in shown.text
    assert "Ce service vous est proposé par Monétique Horizon" in plain(shown.one("pre", class_="mail-text"))
    frame = shown.one("iframe")
    assert frame["sandbox"] == ""
    assert b"DUPLICATA" in owner.get(frame["src"]).data
    (file,) = [link for link in shown.all("a") if link.text.endswith(".pdf")]
    response = owner.get(file["href"])
    assert response.data.startswith(b"%PDF-")
    assert response.mimetype == "application/pdf"
    assert response.headers["Content-Disposition"].startswith("attachment")


def test_the_newest_comes_first_and_nothing_is_said_plainly(browser, folder):
    assert "Aucun e-mail" in browser.page("/dev/mail").text
    a_mail(folder, "old", "Ancien", age=60)
    a_mail(folder, "new", "Nouveau")
    assert [plain(link) for link in browser.page("/dev/mail").one("ul", class_="mails").all("a")] == [
        "Nouveau",
        "Ancien",
    ]


def test_what_a_mail_holds_can_do_nothing(browser, folder):
    a_mail(folder, "bad", "<script>alert(1)</script>", "<script>alert(2)</script><img src=//evil.example>")
    assert "<script>alert" not in browser.page("/dev/mail").source
    page = browser.page("/dev/mail/bad.eml")
    assert "<script>alert" not in page.source
    framed = browser.get("/dev/mail/bad.eml/page")
    assert framed.headers["Content-Security-Policy"] == MAIL_POLICY
    assert MAIL_POLICY.startswith("sandbox;")
    assert "frame-src 'self'" in page.response.headers["Content-Security-Policy"]
    assert "frame-src" not in browser.get("/dev/mail").headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["none.eml", "../secret_key", "%2e%2e%2fsecret_key", "x.txt", "new.eml/7"])
def test_nothing_else_of_the_machine_is_shown(browser, folder, path):
    (folder.parent / "secret_key").write_text("secret")
    (folder / "x.txt").write_text("text")
    a_mail(folder, "new", report=b"%PDF-")
    assert browser.get(f"/dev/mail/{path}").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "192.0.2.7"},
        {"Forwarded": "for=192.0.2.7"},
        {"X-Forwarded-Host": "localhost"},
        {"Host": "horizon.example"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_nobody_reads_them_through_a_proxy_or_under_another_name(browser, folder, headers):
    """A small shop may put a proxy before its embedded server: one-time links must not leave by it."""
    a_mail(folder, "new")
    assert browser.get("/dev/mail").status_code == 200
    for path in ("/dev/mail", "/dev/mail/new.eml", "/dev/mail/new.eml/page"):
        assert browser.get(path, headers=headers).status_code in (400, 404)


def test_production_has_none_of_it(database, tmp_path):
    production = portal(database, tmp_path, database_url=database.addresses.owner)
    client = production.test_client()
    for path in ("/dev/mail", "/dev/mail/new.eml", "/dev/mail/new.eml/page", "/dev/mail/new.eml/0"):
        assert client.get(path).status_code == 404
    routes = {rule.endpoint for rule in production.url_map.iter_rules()}
    assert routes == ROUTES.keys() - ONLY_IN_DEVELOPMENT
