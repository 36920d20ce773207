"""A portal with three merchants whose every word is marked, and browsers that look at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from shutil import copytree
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from sqlalchemy import text

from app import create_app
from app.accounts.users import NewAccess, give_access
from app.config import ROOT, Config
from app.models import Role
from app.rules.time_zones import today
from app.web.cookies import KEY, full_name
from tests import factories
from tests.conftest import SECRET_KEY
from tests.page import Fragment, HtmlPage

PASSWORD = "a long enough password"
#: The portal of the reseller whose theme comes with Bordereau.
PRODUCTION = "https://horizon.example"
#: As if every session of a database had begun just now, however long ago it was filled.
SINCE_NOW = """
UPDATE user_session SET created_at = created_at + age, last_seen_at = last_seen_at + age,
  expires_at = expires_at + age, proved_at = proved_at + age
FROM (SELECT now() - max(created_at) AS age FROM user_session) AS newest
"""


class Browser(FlaskClient):
    """A client that reads pages. Cookies are kept from one request to the next."""

    def __init__(self, *args, **named):
        super().__init__(*args, **named)
        self._tokens = {}

    def open(self, *args, **named):
        """Ask, in production by the name of the reseller's portal."""
        if self._is_in_production():
            named.setdefault("base_url", PRODUCTION)
        return super().open(*args, **named)

    def page(self, path, *, status=200, **named):
        response = self.get(path, **named)
        assert response.status_code == status, f"{path}: {response.status}"
        return HtmlPage(response, self.application)

    def part(self, path, target="results", *, status=200):
        headers = {"HX-Request": "true", "HX-Target": target}
        response = self.get(path, headers=headers)
        assert response.status_code == status, f"{path}: {response.status}"
        return Fragment(response, self.application)

    def post_form(self, path, **values):
        """Post a form of this browser's."""
        return self.post(path, data={"csrf_token": self.token(), **values})

    def token(self):
        """The CSRF token that this browser's forms carry, from a page: one for each key that it is given."""
        if self._key() not in self._tokens:
            for path in ("/connexion", "/compte", "/compte/double-verification"):
                response = self.get(path)
                if response.status_code == 200:
                    break
            self._tokens[self._key()] = HtmlPage(response, self.application).csrf
        return self._tokens[self._key()]

    def _key(self):
        """The value of the cookie from which the token follows."""
        domain = urlsplit(PRODUCTION).hostname if self._is_in_production() else "localhost"
        cookie = self.get_cookie(full_name(self.application, KEY), domain)
        return cookie.value if cookie else None

    def _is_in_production(self):
        return self.application.config["SESSION_COOKIE_SECURE"]

    def cookies(self):
        """All that this browser keeps, for :meth:`resume`."""
        return self._cookies

    def resume(self, cookies):
        """Go on where the browser was that kept ``cookies``: its session began just now."""
        self._cookies.update(cookies)
        with self.application.extensions["bordereau.database"].writing() as connection:
            connection.execute(text(SINCE_NOW))

    def sign_in(self, email, password=PASSWORD, **values):
        return self.post_form("/connexion", email=email, password=password, **values)


@dataclass
class Shop:
    """A merchant with one outlet, one contract, a full and an empty remittance, and some payments.

    ``cookies`` are those of its owner's browser, where they have signed in.
    """

    marker: str
    merchant_id: int
    outlet_id: int = 0
    siret: str = ""
    contract_id: int = 0
    remittance_id: int = 0
    empty_id: int = 0
    terminal_id: int = 0
    transaction_ids: list[int] = field(default_factory=list)
    email: str = ""
    cookies: dict[object, object] = field(default_factory=dict)

    def at(self, address):
        """The address at this merchant."""
        return f"/m/{self.merchant_id}{address}"


def portal(database, folder, **values):
    config = Config(
        **{"database_url": None, "data": folder, "secret_key": SECRET_KEY, "port": 8000, **values}
    )
    app = create_app(config, database)
    app.test_client_class = Browser
    return app


def portal_naming_issuers(database, folder, issuers):
    """A portal whose maintainer has a table of prefixes of meal voucher cards."""
    worn = folder / "themes" / "demo"
    copytree(ROOT / "themes" / "demo", worn)
    with (worn / "theme.toml").open("a", encoding="utf-8") as facts:
        facts.write("\n[issuers]\n")
        facts.writelines(f'"{prefix}" = "{name}"\n' for prefix, name in issuers.items())
    return portal(database, folder)


def a_shop(connection, marker, reseller_id, source_id):
    merchant_id = factories.a_merchant(
        connection, reseller_id=reseller_id, code=marker, name=f"{marker} merchant"
    )
    shop = Shop(marker, merchant_id, email=f"{marker.lower()}@shop.example")
    shop.siret = f"{merchant_id:014}"
    shop.outlet_id = factories.an_outlet(
        connection, merchant_id=merchant_id, trade_name=f"{marker} cafe", siret=shop.siret
    )
    shop.contract_id = a_contract(connection, shop, source_id)
    night = datetime.combine(today() - timedelta(days=1), time(23, 15, 7))
    named = {"merchant_id": merchant_id, "contract_id": shop.contract_id}
    texts = {
        "status_text": f"{marker} answer",
        "serial_number": f"{marker}-SERIAL",
        "manufacturer": f"{marker} maker",
    }
    shop.remittance_id = factories.a_remittance(
        connection, **named, **texts, collected_local=night, **sums_of(PAYMENTS), siret=shop.siret
    )
    shop.empty_id = factories.a_remittance(
        connection, **named, **texts, collected_local=night - timedelta(days=1), siret=shop.siret
    )
    for minute, values in enumerate(PAYMENTS):
        shop.transaction_ids.append(a_payment(connection, shop, night, minute, values))
    return shop


def a_contract(connection, shop, source_id, **values):
    return factories.a_contract(
        connection,
        merchant_id=shop.merchant_id,
        **{
            "outlet_id": shop.outlet_id,
            "label": f"{shop.marker} counter",
            "bank_name": f"{shop.marker} bank",
            "source_id": source_id,
            **values,
        },
    )


#: Payments of each shop: 39,00 + 18,40 - 5,00 is counted, 18,00 is refused.
PAYMENTS = (
    {"amount": 3900},
    {"amount": 1840},
    {"amount": 500, "type": "refund"},
    {"amount": 1800, "outcome": "declined", "response_code": "51", "authorisation_number": None},
)


def a_payment(connection, shop, night, minute, values):
    marker = shop.marker
    return factories.a_transaction(
        connection,
        merchant_id=shop.merchant_id,
        contract_id=shop.contract_id,
        remittance_id=shop.remittance_id,
        collected_on=night.date(),
        occurred_local=night.replace(hour=12, minute=minute),
        issuer=f"{marker} issuer",
        product=f"{marker} product",
        order_reference=f"{marker} order",
        dossier_number=f"{marker}-DOSSIER",
        **values,
    )


def sums_of(payments):
    """The sums that a remittance of ``payments`` declares."""
    sums = {}
    for payment in payments:
        outcome = payment.get("outcome", "accepted")
        kind = payment.get("type", "debit") if outcome == "accepted" else outcome
        sums[f"{kind}_count"] = sums.get(f"{kind}_count", 0) + 1
        sums[f"{kind}_amount"] = sums.get(f"{kind}_amount", 0) + payment["amount"]
    net = sums.get("debit_amount", 0) - sums.get("refund_amount", 0) - sums.get("cancellation_amount", 0)
    return {
        **sums,
        "net_amount": net,
        "received_net": net,
        "transaction_count": len(payments),
        "received_count": len(payments),
    }


def let_in(database, email, code, role=Role.OWNER, password=PASSWORD, *, reseller=None, **limits):
    access = NewAccess(email=email, merchant=code, reseller=reseller, role=role, **limits)
    with database.writing() as connection:
        give_access(connection, access, password)


def plain(element):
    """Text with ordinary spaces and apostrophes."""
    return element.text.replace("\u202f", " ").replace("\u00a0", " ").replace("’", "'")


def rows(page):
    """The rows of a list, each of which is on the page once, without what did not come."""
    return [
        line
        for group in page.all("div", class_="rows-group")
        for line in group.all("div", class_="line")
        if "is-missing" not in line["class"].split()
    ]


def table_rows(page):
    """The rows of the only table."""
    return page.one("tbody").all("tr")


def follow(page, words):
    """The address of the link that says ``words``."""
    found = [link["href"] for link in page.all("a") if words in plain(link)]
    assert len(found) == 1, f"{len(found)} links say {words}"
    return found[0]


def heads(page):
    """The headings of a list's table, between what a row is called and its amount."""
    shown = [plain(head) for head in page.one(class_="sheet-heads").all("span", role="columnheader")]
    return shown[2:-2]
