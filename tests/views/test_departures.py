"""The ways out: staff removed, accounts suspended and erased, by the command line and on the next click."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy import BigInteger, cast, func, or_, select, text

from app.accounts import departures
from app.accounts.commands import staff, user
from app.accounts.users import UserError
from app.models import Invitation, JournalEntry, Membership, Reseller, StaffMember, UserAccount
from tests.conftest import SECRET_KEY
from tests.views.staff import let_staff_in, sign_in
from tests.views.test_team import GUEST, invite

pytest_plugins = ()
STAFF = "staff@demo.example"


@pytest.fixture
def run(database, monkeypatch, tmp_path):
    """The commands, on this test's database."""
    for name, address in database.addresses.settings().items():
        monkeypatch.setenv(name, address)
    monkeypatch.setenv("BORDEREAU_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("BORDEREAU_DATA", str(tmp_path))
    monkeypatch.setattr("app.accounts.commands.ready", lambda _config: database)

    def run(group, *given):
        result = CliRunner().invoke(group, given)
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


def test_staff_who_are_removed_are_out_on_the_next_click(run, app, shops, database):
    let_staff_in(database, STAFF, "demo")
    browser = app.test_client()
    sign_in(browser, STAFF)
    assert browser.get("/gestion/", follow_redirects=True).status_code == 200
    assert STAFF in run(staff, "list", "--reseller", "demo")
    run(staff, "remove", STAFF, "--reseller", "demo")
    assert browser.get("/gestion/").location.startswith("/connexion")
    assert STAFF not in run(staff, "list")
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(StaffMember)) == 0


def test_whoever_is_suspended_is_out_until_they_are_restored(run, app, owner, shops, database):
    invite(owner)
    run(user, "suspend", shops[0].email.upper())
    assert owner.get("/remises").location.startswith("/connexion")
    assert app.test_client().sign_in(shops[0].email).status_code == 422
    with database.reading() as connection:
        assert connection.scalar(select(Invitation.revoked_at).where(Invitation.email == GUEST)) is not None
    run(user, "restore", shops[0].email)
    assert app.test_client().sign_in(shops[0].email).status_code == 303


def test_an_erased_account_leaves_its_number_in_the_journal_and_nothing_else(
    run, app, owner, shops, database
):
    with database.reading() as connection:
        user_id = connection.scalar(select(UserAccount.id).where(UserAccount.email == shops[0].email))
    run(user, "erase", shops[0].email, "--yes")
    assert owner.get("/remises").location.startswith("/connexion")
    with database.reading() as connection:
        for model in (UserAccount, Membership):
            key = model.id if model is UserAccount else model.user_id
            assert not connection.scalar(select(func.count()).where(key == user_id))
        of = cast(JournalEntry.details["of"].astext, BigInteger)
        wanted = select(JournalEntry).where(or_(JournalEntry.user_id == user_id, of == user_id))
        lines = connection.execute(wanted).mappings().all()
    assert {"signed_in", "account_erased"} <= {line["event"] for line in lines}
    named = [line["event"] for line in lines if shops[0].email in str(line["details"])]
    assert named == ["account_erased"]


def test_an_account_is_listed_with_what_it_opens(run, shops):
    said = run(user, "list", "alpha").splitlines()
    assert said == ["alpha@shop.example\tjamais connecté\tALPHA (owner)\t"]


def test_nobody_is_removed_who_is_not_there(shops, database):
    with database.writing() as connection:
        reseller_id = connection.scalar(select(Reseller.id).where(Reseller.slug == "demo"))
        for act in (departures.suspend, departures.restore, departures.erase):
            with pytest.raises(UserError):
                act(connection, "nobody@shop.example")
        with pytest.raises(UserError):
            departures.remove_staff(connection, shops[0].email, reseller_id)
        assert connection.scalar(text("SELECT count(*) FROM journal_entry WHERE event LIKE 'account%'")) == 0
