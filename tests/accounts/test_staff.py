"""The first access of a portal: a one-time link for the reseller's own people."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text

from app.accounts.commands import staff
from app.accounts.links import Links, NoHostError
from app.config import Config
from app.models import Reseller, StaffMember, UserAccount
from app.themes import load_themes
from tests.accounts.mails import link, mails, words
from tests.conftest import SECRET_KEY
from tests.views.one_time_links import CHOSEN
from tests.views.town import portal

EMAIL = "first@horizon.example"


@pytest.fixture
def run(database, monkeypatch, tmp_path):
    """The command, on this test's database."""
    for name, address in database.addresses.settings().items():
        monkeypatch.setenv(name, address)
    monkeypatch.setenv("BORDEREAU_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("BORDEREAU_DATA", str(tmp_path))
    made = []
    genuine = type(database).from_config

    def remembered(config):
        made.append(genuine(config))
        return made[-1]

    monkeypatch.setattr("app.database.migrate.Database.from_config", remembered)
    yield lambda *given: CliRunner().invoke(staff, ["invite", *given])
    for opened in made:
        opened.dispose()


def test_a_fresh_portal_lets_nobody_in(database):
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(UserAccount)) == 0
        assert connection.scalar(select(func.count()).select_from(StaffMember)) == 0


def test_the_first_member_of_staff_comes_in_by_a_printed_and_mailed_link(run, database, tmp_path):
    result = run(EMAIL, "--reseller", "demo")
    assert result.exit_code == 0, result.output
    url = result.stdout.splitlines()[-1]
    path = link(database, EMAIL)
    assert url == f"https://horizon.example{path}"
    assert "équipe du mainteneur" in words(mails(database)[-1])
    app = portal(database, tmp_path, database_url=database.addresses.owner)
    browser = app.test_client()
    https = {"base_url": "https://horizon.example"}
    browser.get(path, **https)
    page = browser.get("/invitation", **https).get_data(as_text=True)
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    data = {"csrf_token": token, "password": CHOSEN, "again": CHOSEN}
    assert browser.post("/invitation", data=data, **https).status_code == 303
    with database.reading() as connection:
        found = connection.execute(
            text(
                "SELECT email, slug, idle FROM staff_member JOIN user_account ON user_account.id = user_id"
                " JOIN reseller ON reseller.id = reseller_id"
                " JOIN user_session ON user_session.user_id = user_account.id"
            )
        ).one()
    assert (found.email, found.slug, found.idle.total_seconds()) == (EMAIL, "demo", 1800)


def test_a_maintainer_that_only_a_theme_names_is_made_known_once(run, database):
    run(EMAIL, "--reseller", "demo")
    run(EMAIL, "--reseller", "DEMO")
    with database.reading() as connection:
        assert connection.execute(select(Reseller.slug, Reseller.name).where(Reseller.slug != "")).all() == [
            ("demo", "Monétique Horizon")
        ]
    assert len(mails(database, EMAIL)) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("nobody", "--reseller", "demo"), "nobody n’est pas une adresse e-mail"),
        ((EMAIL, "--reseller", "other"), "Aucun mainteneur ne s’appelle other"),
        ((EMAIL, "--reseller", ""), "Aucun mainteneur"),
        ((EMAIL, "--reseller", "default"), "Aucun mainteneur ne s’appelle default"),
    ],
)
def test_what_cannot_be_invited_is_said(run, database, given, said):
    result = run(*given)
    assert result.exit_code == 1
    assert said in result.output
    assert not mails(database)


def test_in_development_links_lead_to_this_machine_and_in_production_to_a_known_host(tmp_path):
    values = {"data": tmp_path, "secret_key": SECRET_KEY, "port": 8123}
    here = Links.of(Config(database_url=None, **values), load_themes())
    assert here.home("demo").address == "http://localhost:8123"
    there = Links.of(Config(database_url="postgresql://h/d", **values), load_themes())
    assert there.home("demo").address == "https://horizon.example"
    with pytest.raises(NoHostError):
        there.home("nobody")
