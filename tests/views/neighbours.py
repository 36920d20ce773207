"""Two resellers and their merchants, each with a marker of its own in every text, and everybody around.

ALPHA, BRAVO and the suspended DELTA are north's; CHARLIE is south's. ALPHA has a second outlet, out of the
sight of its limited people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from flask import url_for
from sqlalchemy import insert, select, text, update

from app.accounts.grants import Grant
from app.accounts.invitations import invite
from app.accounts.journal import Event, record
from app.accounts.links import Links
from app.database.engine import DatabaseRole
from app.models import (
    DeskTask,
    ImportFile,
    ImportRefusal,
    Invitation,
    Membership,
    Role,
    SavedView,
    Terminal,
    Transaction,
    UserAccount,
    UserSession,
)
from app.rules.time_zones import today
from app.web import access_matrix
from app.web.access_matrix import Relation, Resource, Where
from app.web.places import MERCHANT, kind_of
from tests import factories, money_factories
from tests.views.staff import let_staff_in, second_step_taken
from tests.views.town import Shop, a_contract, a_shop, let_in

MARKERS = {"ALPHA": "north", "BRAVO": "north", "DELTA": "north", "CHARLIE": "south"}
NARROW = "99999999800019"

MARKER_OF = {
    Relation.OWN: "ALPHA",
    Relation.OUT_OF_LIMITS: "ALPHA",
    Relation.FOREIGN_MERCHANT: "BRAVO",
    Relation.FOREIGN_RESELLER: "CHARLIE",
    Relation.SUSPENDED: "DELTA",
}
SAMPLES = {
    "filename": "css/base.css",
    "slug": "default",
    "lang": "fr",
    "token": "x",
    "action": "suspendre",
}


@dataclass
class Neighbours:
    """Shops by marker, what else bears their markers, and the addresses of people."""

    shops: dict[str, Shop] = field(default_factory=dict)
    reseller_ids: dict[str, int] = field(default_factory=dict)
    accesses: dict[str, int] = field(default_factory=dict)
    invitations: dict[str, int] = field(default_factory=dict)
    viewers: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    views: dict[str, int] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    session_id: int = 0

    @staticmethod
    def person(role, marker):
        return f"{role}@{marker.lower()}.example"

    @staticmethod
    def limited(role):
        return f"{role}@narrow.example"

    @staticmethod
    def staff(slug):
        return f"staff@{slug}.example"


def neighbours(app, database):
    """Make all of them."""
    made = Neighbours()
    with database.writing(DatabaseRole.OWNER) as connection:
        for slug in ("north", "south"):
            reseller_id = factories.a_reseller(connection, slug=slug, name=f"{slug.upper()} maintainer")
            made.reseller_ids[slug] = reseller_id
            source_id = factories.a_source(connection, reseller_id=reseller_id, name=f"{slug}-host")
            for days in range(1, 9):
                factories.a_received_day(connection, source_id=source_id, day=today() - timedelta(days=days))
            for marker in (marker for marker, of in MARKERS.items() if of == slug):
                made.shops[marker] = a_shop(connection, marker, reseller_id, source_id)
                made.lines[marker] = _a_bank(connection, made.shops[marker], marker)
                _a_dispute(connection, made.shops[marker], marker)
                _a_settlement(connection, made.shops[marker], marker)
            made.files[slug] = _a_file(connection, slug, source_id)
            _unclaimed(connection, slug, reseller_id, source_id)
            made.sources[slug] = source_id
            made.tasks[slug] = _a_task(connection, slug, reseller_id)
        _narrow(connection, made.shops["ALPHA"])
        factories.sum_days(connection)
        for shop in made.shops.values():
            its = select(Terminal.id).where(Terminal.merchant_id == shop.merchant_id)
            shop.terminal_id = connection.scalar(its)
    for marker in MARKERS:
        for role in Role:
            let_in(database, made.person(role, marker), marker, role)
    for role in Role:
        let_in(database, made.limited(role), "ALPHA", role, outlets=[NARROW])
    for slug in ("north", "south"):
        let_staff_in(database, made.staff(slug), slug)
    with database.writing(DatabaseRole.OWNER) as connection:
        for marker in MARKERS:
            _around(connection, app.extensions["bordereau.links"], made, marker)
        connection.execute(text("UPDATE merchant SET suspended_at = now() WHERE code = 'DELTA'"))
    enter(app, database, made.person(Role.OWNER, "CHARLIE"))
    with database.reading() as connection:
        made.session_id = connection.scalar(select(UserSession.id).order_by(UserSession.id.desc()).limit(1))
    return made


def _a_bank(connection, shop, marker):
    """An account with a statement and a line that bears the marker and pays the shop's remittance."""
    own = {"merchant_id": shop.merchant_id}
    own["bank_account_id"] = money_factories.a_bank_account(connection, **own, label=f"{marker} account")
    statement_id = money_factories.a_bank_statement(connection, **own)
    movement_id = money_factories.a_bank_movement(
        connection, **own, bank_statement_id=statement_id, label=f"{marker} credit"
    )
    paid = {"remittance_id": shop.remittance_id, "collected_on": today() - timedelta(days=1)}
    money_factories.a_credit_link(
        connection, merchant_id=shop.merchant_id, bank_movement_id=movement_id, **paid
    )
    money_factories.a_credit_decision(connection, merchant_id=shop.merchant_id, bank_movement_id=movement_id)
    return movement_id


def _a_settlement(connection, shop, marker):
    """A payment of the shop's remittance by an acquirer; its number and its line bear the marker."""
    of_shop = {"merchant_id": shop.merchant_id}
    of_shop["acceptor_id"] = money_factories.an_acceptor(connection, **of_shop)
    settlement_id = money_factories.a_settlement(connection, **of_shop, number=f"{marker} payment")
    money_factories.a_settlement_line(
        connection, **of_shop, settlement_id=settlement_id, reference=f"{marker} line", transaction_id=None
    )
    paid = {"remittance_id": shop.remittance_id, "settlement_id": settlement_id}
    money_factories.a_settlement_link(connection, merchant_id=shop.merchant_id, **paid)


def _a_dispute(connection, shop, marker):
    """A chargeback of the shop's payment and what was done to it, both of which bear the marker."""
    sale = {"transaction_id": shop.transaction_ids[0], "contract_id": shop.contract_id}
    occurred_on = connection.scalar(
        select(Transaction.occurred_on).where(Transaction.id == shop.transaction_ids[0])
    )
    own = {"merchant_id": shop.merchant_id, "occurred_on": occurred_on, **sale}
    money_factories.a_chargeback(connection, **own, reason_text=f"{marker} reason")
    money_factories.an_operation(connection, **own, name="other", said=f"{marker} operation")
    money_factories.a_remote_payment(connection, **own, platform_reference=f"{marker} reference")
    connection.execute(
        update(Transaction).where(Transaction.id == shop.transaction_ids[0]).values(chargeback="debited")
    )


def _a_file(connection, slug, source_id):
    marker = f"{slug.upper()}FILE"
    file_id = connection.scalar(
        insert(ImportFile)
        .values(
            sha256=slug.ljust(64, "0"), name=f"{marker}.txt", size=1, status="quarantined",
            source_id=source_id, received_at=text("now()"), seconds=0.1, file_key=f"{marker}-KEY",
        )
        .returning(ImportFile.id)
    )  # fmt: skip
    connection.execute(
        insert(ImportRefusal).values(
            import_file_id=file_id, line=2, reason="%(value)s", params={"value": marker}
        )
    )
    return file_id


def _unclaimed(connection, slug, reseller_id, source_id):
    number = {"north": "5550001", "south": "5550002"}[slug]
    contract_id = factories.a_contract(
        connection, merchant_id=0, outlet_id=None, number=number, label=f"{slug.upper()}WAITS",
        reseller_id=reseller_id, source_id=source_id,
    )  # fmt: skip
    connection.execute(
        insert(DeskTask).values(
            reseller_id=reseller_id, user_id=0, kind="attach", state="failed",
            details={"contract_ids": [contract_id], "contracts": [f"{slug.upper()}TASK"]},
            refusals=[{"reason": f"{slug.upper()}REASON", "line": None, "column": None, "params": {}}],
        )
    )  # fmt: skip


def _a_task(connection, slug, reseller_id):
    return connection.scalar(
        insert(DeskTask)
        .values(
            reseller_id=reseller_id, user_id=0, kind="declare", content=f"{slug.upper()}CONTENT".encode(),
            details={"file": f"{slug.upper()}HANDED.csv", "outlets": 1, "merchants": 1},
        )
        .returning(DeskTask.id)
    )  # fmt: skip


def _narrow(connection, shop):
    """A second outlet that limited people see; they do not see the payments of the first."""
    outlet_id = factories.an_outlet(
        connection, merchant_id=shop.merchant_id, trade_name="NARROW cafe", siret=NARROW
    )
    a_contract(connection, shop, None, outlet_id=outlet_id, number="4242424", label="NARROW desk")


def _around(connection, links: Links, made, marker):
    """A journal line, an invitation, a mail and an access that bear the marker."""
    shop = made.shops[marker]
    record(connection, Event.ATTACH_ASKED, merchant_id=shop.merchant_id, contracts=[f"{marker} journal"])
    made.accesses[marker], made.viewers[marker] = connection.execute(
        select(Membership.id, Membership.user_id)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .where(UserAccount.email == made.person(Role.VIEWER, marker))
    ).one()
    made.views[marker] = connection.scalar(
        insert(SavedView)
        .values(
            membership_id=made.accesses[marker], list_name="transactions", name=f"{marker} view",
            asked=[["type", "refund"]], is_shared=True,
        )
        .returning(SavedView.id)
    )  # fmt: skip
    guest = f"guest@{marker.lower()}.example"
    invite(connection, links, guest, shop.merchant_id, Grant(Role.VIEWER), None)
    made.invitations[marker] = connection.scalar(select(Invitation.id).where(Invitation.email == guest))


def enter(app, database, email):
    """The browser of somebody signed in, whatever second step they have."""
    browser = app.test_client()
    browser.sign_in(email)
    second_step_taken(database)
    return browser


def address(app, everybody, endpoint, relation, where=Where.THERE):
    """The address of a route about something that stands so, naming the place or none, with its method."""
    marker = MARKER_OF[relation]
    place = {Where.THERE: marker, Where.HERE: "ALPHA"}.get(where)
    return address_of(app, everybody, endpoint, marker, place=place)


def rule_of(app, endpoint, *, is_placed):
    """The rule of a route: the one that names its place, or the short one."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint]
    return (max if is_placed else min)(rules, key=lambda rule: len(rule.arguments))


def address_of(app, everybody, endpoint, marker, *, place="ALPHA"):
    """The address of a route about what bears ``marker``, at the place of ``place``, with its method."""
    shop = everybody.shops[marker]
    slug = MARKERS[marker]
    rule = rule_of(app, endpoint, is_placed=place is not None)
    values = {name: SAMPLES[name] for name in rule.arguments if name in SAMPLES}
    if endpoint == "branding.file":
        values["name"] = "logo.svg"
    if endpoint in ("team.act_on_invitation", "desk_team.act_on_invitation"):
        values["action"] = "annuler"
    numbered = {
        Resource.FILE: everybody.files[slug],
        Resource.TASK: everybody.tasks[slug],
        Resource.SOURCE: everybody.sources[slug],
        Resource.PERSON: everybody.viewers[marker],
    }
    ids = {
        "id": numbered.get(access_matrix.ROUTES[endpoint].names),
        "membership_id": everybody.accesses[marker],
        "invitation_id": everybody.invitations[marker],
        "merchant_id": shop.merchant_id,
        "session_id": everybody.session_id,
        "view_id": everybody.views[marker],
        "delivery_id": 1,
    }
    if ids["id"] is None:
        row = access_matrix.ROUTES[endpoint].names is Resource.ROW
        rows = {
            "transactions": shop.transaction_ids[0],
            "terminals": shop.terminal_id,
            "bank_credits": everybody.lines[marker],
        }
        row_id = rows.get(endpoint.partition(".")[0], shop.remittance_id)
        ids["id"] = row_id if row else shop.merchant_id
    with app.app_context():
        kind = kind_of(endpoint)
    if kind is not None and place is not None:
        desk = everybody.reseller_ids[MARKERS[place]]
        ids[kind.argument] = everybody.shops[place].merchant_id if kind is MERCHANT else desk
    values |= {name: ids[name] for name in rule.arguments if name in ids}
    with app.test_request_context():
        wanted = {name: values[name] for name in rule.arguments if name in values}
        return url_for(endpoint, **wanted), "GET" if "GET" in (rule.methods or ()) else "POST"
