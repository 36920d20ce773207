"""Adding people, from the command line and underneath."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner
from sqlalchemy import event, func, select, text, update

from app.accounts import passwords
from app.accounts.commands import user
from app.accounts.journal import Client, Event, record
from app.accounts.limits import SIGN_IN, TooManyAttemptsError, count_attempt
from app.accounts.place import UNNAMED, Place
from app.accounts.rights import rights_in_session, rights_of
from app.accounts.roles import PERMISSIONS, Permission
from app.accounts.sessions import open_session
from app.database.engine import DatabaseRole
from app.models import (
    Contract,
    JournalEntry,
    Membership,
    MembershipLimit,
    Outlet,
    Role,
    UserAccount,
    UserSession,
)
from tests import factories

PASSWORD = "a long enough password"
PER_KEY = SIGN_IN.account[0].most
CLIENT = Client(host="localhost", address="192.0.2.1", agent="Tests", request_id="0")


@pytest.fixture
def shop(database):
    """A merchant with two outlets and three contracts."""
    with database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = factories.a_reseller(connection, slug="acme")
        merchant_id = factories.a_merchant(connection, reseller_id=reseller_id, code="FICTION")
        for siret, numbers in (("99999999800019", ("7654321", "7654322")), ("99999999800027", ("7654323",))):
            outlet_id = factories.an_outlet(connection, merchant_id=merchant_id, siret=siret)
            for number in numbers:
                factories.a_contract(connection, merchant_id=merchant_id, outlet_id=outlet_id, number=number)
    return merchant_id


@pytest.fixture
def run(database, monkeypatch, tmp_path):
    """The command, on this test's database."""
    for name, address in database.addresses.settings().items():
        monkeypatch.setenv(name, address)
    monkeypatch.setenv("BORDEREAU_SECRET_KEY", "x" * 40)
    monkeypatch.setenv("BORDEREAU_DATA", str(tmp_path))
    made = []
    genuine = type(database).from_config

    def remembered(config):
        made.append(genuine(config))
        return made[-1]

    monkeypatch.setattr("app.database.migrate.Database.from_config", remembered)

    def run(*arguments, password=PASSWORD):
        given = ["add", *arguments, *(["--password-stdin"] if password is not None else [])]
        return CliRunner().invoke(user, given, input=password and password + "\n")

    yield run
    for opened in made:
        opened.dispose()


def accounts(database):
    with database.reading() as connection:
        return connection.execute(select(UserAccount.email, UserAccount.password_hash)).all()


def scope_of(database, email):
    with database.reading() as connection:
        user_id = connection.scalar(select(UserAccount.id).where(UserAccount.email == email))
        return rights_of(connection, user_id).access.scope


def test_a_person_is_added(run, shop, database, full_cost):
    result = run("Owner@Shop.Example", "--merchant", "FICTION", "--role", "owner")
    assert result.exit_code == 0, result.output
    assert "owner@shop.example peut se connecter" in result.output
    assert PASSWORD not in result.output
    [(email, stored)] = accounts(database)
    assert email == "owner@shop.example"
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(stored, PASSWORD)
    assert scope_of(database, email).contract_ids is None


def test_limits_by_outlet_and_contract_become_a_scope(run, shop, database):
    options = [
        "--merchant",
        "FICTION",
        "--role",
        "fleet",
        "--outlet",
        "99999999800027",
        "--contract",
        "7654321",
    ]
    assert run("fleet@shop.example", *options).exit_code == 0
    scope = scope_of(database, "fleet@shop.example")
    with database.reading_as(scope) as connection:
        numbers = connection.scalars(
            select(Contract.number).where(Contract.id.in_(scope.contract_ids)).order_by(Contract.number)
        ).all()
    assert numbers == ["7654321", "7654323"]


def test_adding_again_brings_the_access_up_to_date(run, shop, database):
    run("a@shop.example", "--merchant", "FICTION", "--role", "viewer", "--outlet", "99999999800019")
    result = run("a@shop.example", "--merchant", "FICTION", "--role", "owner", password=None)
    assert result.exit_code == 0, result.output
    assert passwords.matches(accounts(database)[0].password_hash, PASSWORD)
    with database.reading() as connection:
        assert connection.execute(select(Membership.role, Membership.limited)).all() == [("owner", False)]
        assert not connection.scalar(select(func.count(MembershipLimit.id)))


def test_a_new_password_ends_the_sessions(run, shop, database):
    run("a@shop.example", "--merchant", "FICTION", "--role", "owner")
    scope_of(database, "a@shop.example")
    run("a@shop.example", "--merchant", "FICTION", "--role", "owner", password="another long password")
    with database.reading() as connection:
        assert not connection.scalar(select(func.count()).select_from(UserSession))
    assert passwords.matches(accounts(database)[0].password_hash, "another long password")


def test_several_merchants(run, shop, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        factories.a_merchant(connection, code="OTHER")
    run("a@shop.example", "--merchant", "FICTION", "--role", "owner")
    run("a@shop.example", "--merchant", "OTHER", "--role", "viewer", password=None)
    with database.reading() as connection:
        assert connection.scalar(select(func.count(Membership.id))) == 2


@pytest.mark.parametrize(
    ("options", "password", "words"),
    [
        (["--merchant", "NOBODY"], PASSWORD, "Aucun commerçant n’a le code NOBODY"),
        (["--merchant", ""], PASSWORD, "Aucun commerçant"),
        (["--merchant", "FICTION", "--reseller", "other"], PASSWORD, "Aucun commerçant"),
        (["--merchant", "FICTION", "--outlet", "00000000000000"], PASSWORD, "SIRET 00000000000000"),
        (["--merchant", "FICTION", "--contract", "1"], PASSWORD, "contrat 1"),
        (["--merchant", "FICTION"], "elevenchars", "au moins 12 caractères"),
        (["--merchant", "FICTION"], "", "au moins 12 caractères"),
        (["--merchant", "FICTION"], None, "donnez un mot de passe"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_changed(run, shop, database, options, password, words):
    result = run("a@shop.example", *options, "--role", "owner", password=password)
    assert result.exit_code == 1
    assert words in result.output
    assert accounts(database) == []


@pytest.mark.parametrize("email", ["", "x", "a@", "@b.example", "a b@c.example", "a@b@c", "a@b.example\n"])
def test_an_address_is_an_address(run, shop, database, email):
    result = run(email, "--merchant", "FICTION", "--role", "owner")
    if email.strip() == "a@b.example":
        assert accounts(database)[0].email == "a@b.example"
    else:
        assert (result.exit_code, accounts(database)) == (1, [])


def test_a_code_of_two_maintainers_must_be_told_apart(run, shop, database):
    with database.writing(DatabaseRole.OWNER) as connection:
        reseller_id = factories.a_reseller(connection, slug="zenith")
        other = factories.a_merchant(connection, reseller_id=reseller_id, code="FICTION")
    result = run("a@shop.example", "--merchant", "FICTION", "--role", "owner")
    assert "acme, zenith" in result.output
    assert (
        run("a@shop.example", "--merchant", "FICTION", "--reseller", "zenith", "--role", "owner").exit_code
        == 0
    )
    assert scope_of(database, "a@shop.example").merchant_id == other


def test_the_role_is_one_of_four(run, shop):
    result = run("a@shop.example", "--merchant", "FICTION", "--role", "king")
    assert result.exit_code == 2


# Rights, limits, journal


def test_every_role_has_its_line():
    assert set(PERMISSIONS) == set(Role)
    assert all(Permission.LIST in allowed for allowed in PERMISSIONS.values())
    may = {permission: {r for r in Role if permission in PERMISSIONS[r]} for permission in Permission}
    assert may[Permission.EXPORT] == {Role.OWNER, Role.FINANCE, Role.FLEET}
    assert may[Permission.TICKET] == may[Permission.SEND] == set(Role)
    assert may[Permission.TERMINAL] == {Role.OWNER, Role.FLEET}
    assert may[Permission.INVITE] == {Role.OWNER}


def test_a_contract_that_comes_later_to_an_outlet_is_seen(run, shop, database):
    run("a@shop.example", "--merchant", "FICTION", "--role", "fleet", "--outlet", "99999999800027")
    before = scope_of(database, "a@shop.example").contract_ids
    with database.writing(DatabaseRole.OWNER) as connection:
        outlet_id = connection.scalar(select(Outlet.id).where(Outlet.siret == "99999999800027"))
        added = factories.a_contract(connection, merchant_id=shop, outlet_id=outlet_id)
    assert set(scope_of(database, "a@shop.example").contract_ids) == {*before, added}


@pytest.mark.parametrize(("limits", "needed"), [((), 2), (("--outlet", "99999999800027"), 3)])
def test_rights_are_read_in_two_statements_and_limits_in_another(run, shop, database, limits, needed):
    run("a@shop.example", "--merchant", "FICTION", "--role", "owner", *limits)
    with database.writing() as connection:
        user_id = connection.scalar(select(UserAccount.id))
        key = open_session(connection, user_id, CLIENT)
    for read in (lambda way: rights_of(way, user_id), lambda way: rights_in_session(way, key)):
        statements = []
        with database.reading() as connection:
            event.listen(
                connection, "before_cursor_execute", lambda *given, said=statements: said.append(given[2])
            )
            assert read(connection)
        assert len([each for each in statements if not each.startswith("SET LOCAL")]) == needed


def test_rights_are_the_same_with_a_session_and_without_but_for_what_it_looks_at(run, shop, database):
    run("a@shop.example", "--merchant", "FICTION", "--role", "finance", "--outlet", "99999999800027")
    with database.writing() as connection:
        user_id = connection.scalar(select(UserAccount.id))
        key = open_session(connection, user_id, CLIENT)
        merchant_id = connection.scalar(select(Membership.merchant_id))
        for place in (UNNAMED, Place(merchant_id), Place(merchant_id + 1), Place(reseller_id=1)):
            alone = rights_of(connection, user_id, place)
            session, rights = rights_in_session(connection, key, place)
            assert (rights, session.proved_lately) == (alone, True)
            assert (alone.access is None) == alone.is_astray == (place not in (UNNAMED, Place(merchant_id)))
        connection.execute(update(UserAccount).values(disabled_at=func.now()))
        assert rights_in_session(connection, key) is None
        assert rights_of(connection, user_id) is None


def attempts(database, email, address, times):
    for _ in range(times):
        with database.writing() as connection:
            count_attempt(connection, SIGN_IN, email, address)


def may_try(database):
    """Whether one more attempt of the same person from the same place is let through."""
    try:
        attempts(database, "a@shop.example", "192.0.2.1", 1)
    except TooManyAttemptsError:
        return False
    return True


def test_an_account_is_limited_from_anywhere(database):
    for number in range(PER_KEY):
        attempts(database, "a@shop.example", f"192.0.2.{number}", 1)
    with pytest.raises(TooManyAttemptsError):
        attempts(database, "a@shop.example", "198.51.100.1", 1)
    attempts(database, "b@shop.example", "198.51.100.1", 1)


def test_an_ipv6_subscriber_is_one_address(database):
    for number in range(PER_KEY):
        attempts(database, f"{number}@shop.example", f"2001:db8::{number:x}", 1)
    with pytest.raises(TooManyAttemptsError):
        attempts(database, "new@shop.example", "2001:db8::ffff", 1)
    attempts(database, "new@shop.example", "2001:db8:0:1::1", 1)


def test_everybody_together_is_limited(database):
    with database.writing() as connection:
        connection.execute(
            text(
                "INSERT INTO sign_in_attempt (key, at)"
                " SELECT 'sign_in:everybody', now() FROM generate_series(1, :n)"
            ),
            {"n": SIGN_IN.everybody[0].most},
        )
    with pytest.raises(TooManyAttemptsError):
        attempts(database, "a@shop.example", "192.0.2.1", 1)


def test_attempts_are_forgotten_after_five_minutes(database):
    assert sum(may_try(database) for _ in range(PER_KEY + 1)) == PER_KEY
    for passed, free in ((299, False), (2, True)):
        with database.writing() as connection:
            earlier = text("UPDATE sign_in_attempt SET at = at - make_interval(secs => :s)")
            connection.execute(earlier, {"s": passed})
        assert may_try(database) == free


def test_the_eleventh_is_refused_even_when_all_come_at_once(database):
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: may_try(database), range(40))) == PER_KEY


def test_an_event_is_one_line_whatever_it_holds(database, caplog):
    caplog.set_level("INFO")
    with database.writing() as connection:
        record(connection, Event.EXPORTED, asked="a\r\nb\u2028\x1b[31m", rows=3)
    assert "\n" not in caplog.records[-1].getMessage()
    assert "\x1b" not in caplog.records[-1].getMessage()
    with database.reading() as connection:
        assert connection.scalar(select(JournalEntry.details))["rows"] == 3


def test_a_password_may_be_any_text():
    for password in ("correct horse battery", "mot de passé ☕☕☕☕", "x" * passwords.MAXIMUM_LENGTH):
        assert passwords.matches(passwords.hashed(password), password)
    assert not passwords.matches(passwords.hashed("x" * 12), "x" * 11)
    assert not passwords.matches(None, PASSWORD)
    assert not passwords.matches("not a hash", PASSWORD)
