"""The journal: an owner reads what was done at their merchant, the reseller's staff at all of theirs."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import delete, insert, select, text

from app.database.engine import DatabaseRole
from app.database.migrate import alembic_config
from app.models import Invitation, JournalEntry, Membership, Role, UserAccount
from tests.accounts.mails import link, pass_time
from tests.views.one_time_links import GUEST, accept
from tests.views.second_factors import code_now, enrol, send_code
from tests.views.test_team import invite
from tests.views.town import follow, let_in, plain, table_rows


def user_id(database, email):
    with database.reading() as connection:
        return connection.scalar(select(UserAccount.id).where(UserAccount.email == email))


def written(database, merchant_id, number, event="exported", **values):
    """``number`` entries, a minute apart, the last one now."""
    now = datetime.now(UTC)
    entries = [
        {
            "at": now - timedelta(minutes=n),
            "event": event,
            "merchant_id": merchant_id,
            "details": {"list": "remittances", "rows": n, "asked": []},
            **values,
        }
        for n in range(number)
    ]
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(insert(JournalEntry), entries)


def test_the_owner_reads_who_did_what_and_when(owner, shops):
    with owner.get("/transactions.csv"):
        owner.get("/remises/999999")
    page = owner.page("/journal")
    said = [plain(row) for row in table_rows(page)]
    assert "A tenté d'ouvrir une fiche sans y avoir accès" in said[0]
    assert "A téléchargé une liste" in said[1]
    assert "Transactions, 4 lignes" in said[1]
    assert any("S'est connecté" in line for line in said)
    assert all("alpha@shop.example" in line for line in said)


@pytest.mark.probes("card numbers")
def test_no_card_number_is_kept_whatever_it_was_typed_into(owner, shops, database):
    card = "4111111111111111"
    with owner.get(f"/transactions.csv?trade_name={card}+12/28"):
        owner.get(f"/transactions/{card}")
        owner.get(f"/gestion/commercants/{card}")
    owner.post_form("/acces/inviter", email=f"{card}@shop.example", role="viewer", scope="all")
    owner.post_form(
        "/acces/inviter", email=GUEST, role="viewer", scope="some", contracts="4111 1111 1111 1111"
    )
    owner.post_form("/connexion", email=f"{card}@shop.example", password="wrong")
    with database.reading(DatabaseRole.OWNER) as connection:
        tables = ("journal_entry", "invitation", "sign_in_attempt", "delivery")
        kept = [
            str(connection.scalars(text(f"SELECT to_jsonb(t)::text FROM {name} t")).all()) for name in tables
        ]
    assert card not in "".join(kept)
    assert "************1111" in kept[0]


@pytest.mark.probes("card numbers")
@pytest.mark.parametrize("path", ["/transactions.csv", "/remises.json", "/terminaux.xlsx", "/journal.csv"])
def test_a_card_number_as_the_name_of_a_parameter_is_not_said_again(owner, path):
    with owner.get(f"{path}?4111111111111111=4111+1111+1111+1111") as response:
        assert response.status_code == 422
        assert "1111111111111" not in response.get_data(as_text=True)


def test_the_account_menu_leads_there_and_only_for_owners(app, owner, shops, database):
    assert follow(owner.page("/remises"), "Journal") == shops[0].at("/journal")
    let_in(database, "viewer@shop.example", "ALPHA", Role.VIEWER)
    viewer = app.test_client()
    viewer.sign_in("viewer@shop.example")
    assert "/journal" not in viewer.page("/remises").source
    assert viewer.get("/journal").status_code == 403
    assert viewer.get("/journal.csv").status_code == 403


def test_it_is_filtered_by_person_and_by_event(owner, shops, database):
    written(database, shops[0].merchant_id, 3, user_id=user_id(database, "alpha@shop.example"))
    let_in(database, "other@shop.example", "ALPHA", Role.FINANCE)
    written(database, shops[0].merchant_id, 2, user_id=user_id(database, "other@shop.example"))
    assert len(table_rows(owner.page("/journal?event=exported"))) == 5
    assert len(table_rows(owner.page("/journal?event=exported&person=OTHER@"))) == 2
    assert "Rien ne correspond à ces filtres" in owner.page("/journal?person=nobody").text


def test_it_goes_on_page_by_page_without_losing_or_doubling_a_line(owner, shops, database):
    written(database, shops[0].merchant_id, 120)
    seen, path = [], "/journal?event=exported"
    while path:
        page = owner.page(path)
        seen += [plain(row) for row in table_rows(page)]
        further = [link["href"] for link in page.all("a") if plain(link) == "Page suivante"]
        path = further[0] if further else None
    assert len(seen) == len(set(seen)) == 120


def test_a_line_says_when_before_what(owner, shops):
    with owner.get("/transactions.csv"):
        page = owner.page("/journal?event=exported")
    assert [heading.text for heading in page.one("thead").all("th")] == ["Quand", "Qui", "Quoi", "Détails"]
    assert plain(table_rows(page)[0].one("th")) == "A téléchargé une liste"


def test_the_csv_is_whole_and_opens_right(owner, shops, database):
    written(database, shops[0].merchant_id, 70)
    written(database, shops[0].merchant_id, 1, event="=cmd|' /C calc'!A0")
    with owner.get("/journal.csv?event=exported") as response:
        assert response.mimetype == "text/csv"
        assert response.data.startswith(b"\xef\xbb\xbf")
        assert b"\r\n" in response.data
        lines = list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig")), delimiter=";"))
    assert len(lines) == 70
    assert list(lines[0]) == ["Date", "Qui", "Commerçant", "Quoi", "Détails"]
    with owner.get("/journal.csv") as response:
        assert "\n'=" in response.data.decode().replace(";'=", "\n'=")
        assert ";=" not in response.data.decode()
    assert "A téléchargé le journal" in owner.page("/journal").text


def test_nothing_of_another_merchant_is_in_it(app, shops, database):
    for shop in shops:
        written(database, shop.merchant_id, 1, details={"list": shop.marker, "rows": 1, "asked": []})
    for shop in shops:
        browser = app.test_client()
        browser.sign_in(shop.email)
        with browser.get("/journal.csv") as response:
            said = browser.page("/journal").source + response.data.decode()
        foreign = [other.marker for other in shops if other is not shop]
        assert shop.marker in said
        assert not [marker for marker in foreign if marker in said or marker.lower() + "@" in said]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        *((f"after={odd}", "after") for odd in ("0", "-1", "x", "9" * 30, "1&after=2")),
        ("event=unheard", "event"),
        ("event=exported&event=invited", "event"),
        (f"person={'x' * 101}", "person"),
        ("person=a&foo=1", "foo"),
        ("state=bad", "state"),
    ],
)
def test_what_is_not_understood_is_refused_and_nothing_else_is_shown(owner, query, name):
    page = owner.page(f"/journal?{query}")
    assert not page.all("table")
    assert ".csv" not in page.source
    refused = owner.get(f"/journal.csv?{query}")
    assert (refused.status_code, refused.mimetype) == (422, "text/plain")
    message = refused.text.removeprefix(f"{name}: ").strip()
    said = message.translate({ord("’"): "'", 0xA0: " ", 0x202F: " "})
    assert said in plain(page.one("main"))
    assert page.all(class_="fault") or page.all(class_="notice", role="alert")


def test_a_card_number_is_searched_for_nowhere(owner):
    page = owner.page("/journal?person=4970101234567893")
    assert "4970101234567893" not in page.source
    assert page.one("input", name="person")["aria-invalid"] == "true"


# What is read for twelve months


def test_who_was_invited_is_read_when_the_invitation_has_gone(owner, database, caplog):
    """The row of an invitation goes after thirty days; the line of the journal stays, with its address."""
    caplog.set_level("INFO")
    invite(owner, role="finance")
    with database.reading() as connection:
        number = connection.scalar(select(Invitation.id))
    owner.post_form(f"/acces/invitations/{number}/annuler")
    with database.writing() as connection:
        connection.execute(delete(Invitation))
    said = [plain(row) for row in table_rows(owner.page("/journal"))]
    assert "A annulé une invitation" in said[0]
    assert "A invité quelqu'un" in said[1]
    assert all(GUEST in line for line in said[:2])
    with owner.get("/journal.csv?event=invited") as response:
        assert GUEST in response.text
    lines = [record.message for record in caplog.records if record.name == "bordereau.journal"]
    assert any('"invited"' in line for line in lines)
    assert [line for line in lines if GUEST in line] == [], "a log line names nobody"


def test_what_somebody_did_is_read_after_he_left_and_not_what_he_did_elsewhere(app, owner, shops, database):
    let_in(database, "aid@shop.example", "BRAVO", Role.VIEWER)
    aid = app.test_client()
    aid.sign_in("aid@shop.example")
    assert signed_in(owner) == 0, "before they came"
    let_in(database, "aid@shop.example", "ALPHA", Role.VIEWER)
    aid.sign_in("aid@shop.example")
    assert signed_in(owner) == 1
    owner.post_form(f"/acces/{in_alpha(database, shops)}/retirer")
    aid.sign_in("aid@shop.example")
    assert signed_in(owner) == 1, "what came after they left is not ours"
    other = app.test_client()
    other.sign_in(shops[1].email)
    assert signed_in(other) == 3, "at the merchant where they are still"


def signed_in(browser):
    """How often the journal that this browser reads says that aid signed in."""
    return len(browser.page("/journal?person=aid&event=signed_in").all("tr")[1:])


def in_alpha(database, shops):
    with database.reading() as connection:
        return connection.scalar(
            select(Membership.id).where(
                Membership.merchant_id == shops[0].merchant_id,
                Membership.user_id == user_id(database, "aid@shop.example"),
            )
        )


def test_lines_from_before_are_given_their_names_by_the_migration(owner, shops, database):
    """Those that named an invitation by its number, and those that named no merchant."""
    script = ScriptDirectory.from_config(alembic_config(database)).get_revision("0006").module
    invite(owner)
    with database.writing(DatabaseRole.OWNER) as connection:
        bare = "UPDATE journal_entry SET details = details - 'whom', merchant_ids = '{}'"
        connection.execute(text(bare))
    assert GUEST not in owner.page("/journal").text
    assert not any("S'est connecté" in plain(row) for row in table_rows(owner.page("/journal")))
    with database.writing(DatabaseRole.OWNER) as connection:
        for statement in (script.NAME_THE_INVITED, script.NAME_THE_MERCHANTS):
            connection.execute(text(statement))
    assert GUEST in owner.page("/journal").text
    assert any("S'est connecté" in plain(row) for row in table_rows(owner.page("/journal")))


def test_a_sign_in_says_by_what_it_was_proved(app, owner, shops, database):
    invite(owner)
    accept(app.test_client(), link(database, GUEST))
    secret, _ = enrol(owner, database)
    again = app.test_client()
    again.sign_in(shops[0].email)
    send_code(again, code_now(secret))
    signed = select(JournalEntry.details["by"].astext).where(JournalEntry.event == "signed_in")
    with database.reading() as connection:
        by = connection.scalars(signed.order_by(JournalEntry.id)).all()
    assert by == ["password", "invitation", "code"]


def test_an_invitation_opened_too_late_is_journalled(app, owner, database):
    invite(owner)
    path = link(database, GUEST)
    pass_time(database, 259_201)
    app.test_client().get(path, follow_redirects=True)
    with database.reading() as connection:
        late = select(JournalEntry.details["expired"].astext).where(JournalEntry.event == "link_refused")
        assert connection.scalars(late).all() == ["true"]
