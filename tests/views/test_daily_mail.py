"""The daily mail: asked for, sent by a real server when the night is there, stopped in one click."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from app.accounts.daily_mails import LARGEST_FILES, post_all
from app.config import Security, SmtpServer
from app.database.engine import DatabaseRole
from app.mail.delivery import deliver
from app.mail.smtp import Smtp
from app.models import DailyMail, Delivery, Role
from app.rules.time_zones import today
from app.wording.days import days_in_words
from app.wording.i18n import speaking
from tests import factories
from tests.mail.servers import mail_server
from tests.page import page_of_mail
from tests.views.test_open_items import alpha as alpha  # noqa: PLC0414
from tests.views.test_open_items import as_role
from tests.views.town import plain

GOLDEN = Path(__file__).parent / "golden"
CHOICE = "/compte/releve-quotidien"


def choose(browser, shop, file="csv", **more):
    return browser.post_form(CHOICE, merchant=str(shop.merchant_id), file=file, **more)


def posted(database, links, now=None):
    """What leaves on that day, today unless said, through a real server, as parsed mails."""
    post_all(database, links, now or datetime.now(UTC))
    with database.reading(DatabaseRole.OWNER) as connection:
        waiting = connection.scalars(select(Delivery.id).where(Delivery.state == "queued")).all()
    with mail_server() as box:
        way = Smtp(SmtpServer(host="localhost", port=box.port, security=Security.NONE))
        for delivery_id in waiting:
            deliver(database, way, delivery_id)
    return [message_from_bytes(one.content, policy=policy.default) for one in box.received]


def night_comes(database, day):
    """The files of ``day`` come, from every source."""
    with database.writing(DatabaseRole.OWNER) as connection:
        for source_id in connection.scalars(text("SELECT id FROM source")).all():
            factories.a_received_day(connection, source_id=source_id, day=day)


def said(mail):
    return mail.get_body(("plain",)).get_content()


def test_whoever_asks_is_sent_figures_and_file_once_a_day(owner, database, links, alpha):
    assert choose(owner, alpha).status_code == 303
    assert "Votre choix" in plain(owner.page("/compte?done=daily_mail").one("main"))
    (mail,) = posted(database, links)
    assert "À traiter\xa0: Non crédité (1), Crédit à confirmer (1), Relevé manquant (1)." in said(mail)
    assert "Net\xa0: 52,40" in said(mail)
    assert "Dont non crédité\xa0: 52,40" in said(mail)
    names = [part.get_filename() for part in mail.iter_attachments()]
    assert names == ["remises.csv", "a-traiter.csv"]
    assert posted(database, links) == []
    night_comes(database, today())
    assert len(posted(database, links, datetime.now(UTC) + timedelta(days=1))) == 1


@pytest.mark.parametrize(
    ("language", "headline"), [("fr", "Crédit à confirmer (1)"), ("en", "Credit to confirm (1)")]
)
def test_the_mail_reads_as_the_one_that_was_looked_at(owner, database, links, alpha, language, headline):
    """In the language in which it was asked for; days in words, and what changes with the day left out."""
    owner.set_cookie("lang", language)
    choose(owner, alpha)
    (mail,) = posted(database, links)
    assert mail["Content-Language"] == language
    assert headline in said(mail)
    golden = GOLDEN / f"daily.{language}.txt"
    assert without_the_day(said(mail), language) == golden.read_text(encoding="utf-8")
    page = mail.get_body(("html",)).get_content()
    assert f'<html lang="{language}">' in page
    assert headline.removesuffix(" (1)") in page


def without_the_day(words: str, language: str) -> str:
    """The words of a mail, its days and its link written as what they are."""
    last = today() - timedelta(days=1)
    with speaking(language):
        days = days_in_words(last - timedelta(days=6), last, today())
        night = days_in_words(last, last, today())
    assert days in words
    words = words.replace(days, "DAYS").replace(night, "NIGHT")
    return re.sub(r"(/releve-quotidien/)\S+", r"\1TOKEN", words).replace("\r\n", "\n")


def test_the_page_of_the_mail_answers_first_and_ends_in_links(owner, database, links, alpha):
    """Nine figures stood one below the other; what adds up to the net stands apart from what does not."""
    choose(owner, alpha)
    (mail,) = posted(database, links)
    page = page_of_mail(mail.get_body(("html",)).get_content())
    assert page.one("h1").text == "ALPHA merchant"
    words = plain(page.one("main"))
    night = days_in_words(today() - timedelta(days=1), today() - timedelta(days=1), today())
    verdict = "La télécollecte est bien passée"
    assert words.index(night) < words.index(verdict) < words.index("52,40 € remis en banque")
    assert f"{night} : {verdict}" in said(mail).replace("\xa0", " ")
    (parts, _) = page.all("table")
    assert [plain(row) for row in parts.all("tr")] == ["Dont non crédité 52,40 €"]
    stop = mail["List-Unsubscribe"].strip("<>")
    assert [link["href"] for link in page.all("a")][:2] == [
        f"http://localhost:8000{alpha.at('/a-traiter')}",
        stop,
    ]


def test_what_the_bank_did_adds_up_to_the_net_and_what_is_besides_does_not(owner, database, links, alpha):
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE remittance SET credit_proposed = true WHERE net_amount = 5240"))
        factories.sum_days(connection)
    choose(owner, alpha)
    (mail,) = posted(database, links)
    page = page_of_mail(mail.get_body(("html",)).get_content())
    parts, besides, _ = page.all("table")
    assert "Dont non crédité" in plain(parts)
    assert plain(besides) == "Dont crédit à confirmer 52,40 €"


def test_the_mail_waits_for_what_is_missing_of_the_night(owner, database, links, alpha):
    choose(owner, alpha)
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(
            text("DELETE FROM received_day WHERE day = :day"), {"day": today() - timedelta(days=1)}
        )
    assert posted(database, links) == []
    night_comes(database, today() - timedelta(days=1))
    assert len(posted(database, links)) == 1


@pytest.mark.parametrize("change", [date(2026, 3, 29), date(2026, 10, 25)])
def test_it_leaves_once_on_a_day_of_23_hours_and_of_25(owner, database, links, alpha, change):
    choose(owner, alpha, also_empty="y")
    for day in (change - timedelta(days=1), change):
        night_comes(database, day)
    midnight = datetime.combine(change, time(), ZoneInfo("Europe/Paris"))
    begins, ends = (day.astimezone(UTC) for day in (midnight, midnight + timedelta(days=1)))
    hours = (ends - begins) // timedelta(hours=1)
    told = [len(posted(database, links, begins + timedelta(hours=hour))) for hour in range(hours + 1)]
    assert told == [1, *[0] * (hours - 1), 1]


def test_the_file_may_be_a_workbook(owner, database, links, alpha):
    choose(owner, alpha, file="xlsx")
    (mail,) = posted(database, links)
    (first, _) = mail.iter_attachments()
    assert first.get_content().startswith(b"PK")


def test_one_click_of_the_mail_program_stops_it(app, owner, database, links, alpha):
    choose(owner, alpha)
    (mail,) = posted(database, links)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = mail["List-Unsubscribe"].strip("<>")
    assert address in said(mail)
    path = address.removeprefix(links.home("demo").address)
    stranger = app.test_client()
    assert "Arrêter le relevé quotidien" in plain(stranger.page(path).one("main"))
    assert choices(database) == 1
    assert stranger.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert choices(database) == 0
    assert stranger.post(path).status_code == 200
    night_comes(database, today())
    assert posted(database, links, datetime.now(UTC) + timedelta(days=1)) == []


def test_a_token_that_is_not_ours_stops_nothing(app, owner, database, alpha):
    choose(owner, alpha)
    app.test_client().post("/releve-quotidien/1.forged")
    assert choices(database) == 1


def test_an_empty_mail_leaves_only_when_it_is_asked_for(owner, database, links, alpha):
    with database.writing(DatabaseRole.OWNER) as connection:
        for table in ("remittance", "remittance_day", "remittance_third", "bank_statement", "credit_link"):
            connection.execute(text(f"DELETE FROM {table}"))
    choose(owner, alpha)
    assert posted(database, links) == []
    choose(owner, alpha, also_empty="y")
    (mail,) = posted(database, links)
    assert "Rien à traiter" in said(mail)


def test_a_file_that_is_too_large_is_a_link(owner, database, links, alpha, monkeypatch):
    monkeypatch.setattr("app.accounts.daily_mails.LARGEST_FILES", 100)
    assert LARGEST_FILES > 100
    choose(owner, alpha)
    (mail,) = posted(database, links)
    assert list(mail.iter_attachments()) == []
    first, last = today() - timedelta(days=7), today() - timedelta(days=1)
    assert f"/m/{alpha.merchant_id}/remises?date_from={first}&date_to={last}" in said(mail)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.FLEET])
def test_nobody_asks_for_what_they_may_not_see(app, database, alpha, role):
    browser = as_role(app, database, alpha, role)
    assert "Relevé quotidien" not in plain(browser.page("/compte").one("main"))
    assert choose(browser, alpha).status_code == 404


def test_whoever_may_not_see_it_any_more_is_sent_nothing(app, database, links, alpha):
    finance = as_role(app, database, alpha, Role.FINANCE)
    choose(finance, alpha)
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE membership SET role = 'viewer' WHERE role = 'finance'"))
    assert posted(database, links) == []


def test_a_choice_is_taken_back(owner, database, alpha):
    choose(owner, alpha)
    choose(owner, alpha, file="")
    assert choices(database) == 0


def choices(database) -> int:
    with database.reading() as connection:
        return len(connection.execute(select(DailyMail.id)).all())
