"""What the bank credited, by plain Python beside the portal: rows, totals, groups, files of random questions.

The oracle knows what was written and what each figure means; it knows nothing of statements.
"""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from io import StringIO
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.models import Certainty, MovementKind, Role
from app.rules.time_zones import today
from tests import factories, money_factories
from tests.views.test_xlsx import cells
from tests.views.town import let_in, plain

SEED, LINES, DAYS, QUESTIONS = 20261130, 90, 40, 24
CREDITING = ("remittance", "refund", "payout")
WORDS = ("REMISE CB", "VIR SEPA", "Frais d'été", "AMEX n° 12", "=FORMULE")
MEASURES = {
    "credited": (("remittance", "payout"), 1),
    "refund": (("refund",), -1),
    "chargeback": (("chargeback",), -1),
    "given_back": (("chargeback_reversal",), 1),
    "commission": (("fee",), -1),
}


@dataclass
class PaidContract:
    id: int
    number: str
    trade_name: str


@dataclass
class WrittenLine:
    """A line as it was written; ``pays`` are batches and their contracts."""

    id: int
    day: date
    kind: str
    amount: int
    currency: str
    wording: str
    account: str
    named: str
    fee: int | None
    pays: list[tuple[int, PaidContract, int, str]] = field(default_factory=list)
    group_fee: int | None = None
    payment: tuple[str, int, int] | None = None
    payment_pays: list[tuple[int, PaidContract]] = field(default_factory=list)

    @property
    def batches(self):
        found = self.payment_pays if self.payment else [(one[0], one[1]) for one in self.pays]
        return dict(found)

    @property
    def state(self):
        if self.payment or any(one[3] != "proposed" for one in self.pays):
            return "explained"
        return "proposed" if self.pays else "unexplained" if self.kind in CREDITING else "apart"

    @property
    def paid(self):
        if self.payment:
            return self.payment[1]
        return sum(one[2] for one in self.pays) if self.pays else None

    @property
    def commission(self):
        return self.payment[2] if self.payment else self.group_fee if self.group_fee is not None else self.fee

    @property
    def contract(self):
        return ", ".join(sorted({one.number for one in self.batches.values()})) or self.named or None

    @property
    def trade_name(self):
        return ", ".join(sorted({one.trade_name for one in self.batches.values()})) or None

    def row(self):
        return {
            "id": self.id,
            "date": self.day.isoformat(),
            "kind": self.kind,
            "state": self.state,
            "wording": self.wording,
            "account": self.account,
            "contract": self.contract,
            "trade_name": self.trade_name,
            "batches": len(self.batches) or None,
            "payment": self.payment and self.payment[0],
            "amount": self.amount,
            "paid": self.paid,
            "gap": None if self.paid is None else self.amount - self.paid,
            "fee": self.commission,
            "currency": self.currency,
        }

    def is_seen_by(self, contracts, mine):
        """Whether somebody limited to the contracts ``mine`` sees it; None sees all."""
        if mine is None:
            return True
        told = {one[1].id for one in self.pays} or {one.id for one in contracts if one.number == self.named}
        return not self.payment and bool(told) and told <= mine


@pytest.fixture(scope="module")
def estate(module_town):
    """Three contracts of two outlets, and random lines of two accounts in two currencies."""
    database, shops = module_town
    shop, draw = shops[0], random.Random(SEED)
    own = {"merchant_id": shop.merchant_id}
    with database.writing(DatabaseRole.OWNER) as connection:
        contracts = _contracts(connection, shop)
        batches = []
        for _ in range(14):
            contract, day = draw.choice(contracts), today() - timedelta(days=draw.randrange(2, DAYS))
            at = datetime.combine(day, time(22, draw.randrange(60)))
            batch = factories.a_remittance(
                connection, **own, contract_id=contract.id, collected_local=at, net_amount=1000
            )
            batches.append((batch, contract, day))
        accounts = []
        for label, currency in (("Courant", "EUR"), ("Livret", "USD")):
            account = money_factories.a_bank_account(connection, **own, label=label, currency=currency)
            key = connection.scalar(
                text("SELECT account_key FROM bank_account WHERE id = :id"), {"id": account}
            )
            statement = money_factories.a_bank_statement(
                connection, **own, bank_account_id=account, opened_on=today() - timedelta(days=DAYS),
                closed_on=today(), currency=currency,
            )  # fmt: skip
            accounts.append((account, statement, f"{label} •••• {key[-4:]}", currency))
        lines = [_line(connection, own, draw, rank, accounts, batches, contracts) for rank in range(LINES)]
        factories.sum_days(connection)
    return database, shop, contracts, lines


def _contracts(connection, shop):
    number = connection.scalar(text("SELECT number FROM contract WHERE id = :id"), {"id": shop.contract_id})
    found = [PaidContract(shop.contract_id, number, f"{shop.marker} cafe")]
    outlet = factories.an_outlet(connection, merchant_id=shop.merchant_id, trade_name="Élan du Nord")
    for made, place, name in (
        ("4242424", shop.outlet_id, found[0].trade_name),
        ("5353535", outlet, "Élan du Nord"),
    ):
        contract = factories.a_contract(
            connection, merchant_id=shop.merchant_id, outlet_id=place, number=made
        )
        found.append(PaidContract(contract, made, name))
    return found


def _line(connection, own, draw, rank, accounts, batches, contracts):
    account, statement, shown, currency = draw.choice(accounts)
    kind = draw.choice([*MovementKind]).value
    sign = -1 if kind in ("refund", "chargeback", "fee") else 1
    line = WrittenLine(
        id=0, day=today() - timedelta(days=draw.randrange(DAYS)), kind=kind,
        amount=sign * draw.choice([1, 500, 1000, 1000, draw.randrange(1, 200_000)]), currency=currency,
        wording=f"{draw.choice(WORDS)} {rank}", account=shown,
        named=draw.choice(["", "9999999", *(one.number for one in contracts)]),
        fee=draw.choice([None, None, 35]),
    )  # fmt: skip
    line.id = money_factories.a_bank_movement(
        connection, **own, bank_account_id=account, bank_statement_id=statement, rank=rank,
        amount=line.amount, currency=currency, booked_on=line.day, value_on=line.day, kind=kind,
        label=line.wording, contract_number=line.named, fee=line.fee,
    )  # fmt: skip
    if kind in CREDITING:
        _pay(connection, own, draw, line, batches)
    return line


def _pay(connection, own, draw, line, batches):
    line.group_fee = draw.choice([None, 12])
    certainty = draw.choice([*Certainty]).value
    for batch, contract, day in draw.sample(batches, draw.choice([0, 0, 1, 1, 2, 3])):
        amount = draw.randrange(1, 90_000)
        money_factories.a_credit_link(
            connection, **own, bank_movement_id=line.id, remittance_id=batch, booked_on=line.day,
            collected_on=day, amount=amount, group_fee=line.group_fee, certainty=certainty,
        )  # fmt: skip
        line.pays.append((batch, contract, amount, certainty))
    line.group_fee = line.group_fee if line.pays else None
    if line.kind == "payout" and draw.random() < 0.5:
        gross, discount, fee = draw.randrange(1, 90_000), 20, 3
        acceptor = money_factories.an_acceptor(connection, **own)
        settlement = money_factories.a_settlement(
            connection, **own, acceptor_id=acceptor, number=f"PAY-{line.id}", gross=gross, discount=discount,
            fee=fee, net=gross - discount - fee, bank_movement_id=line.id, credited_on=line.day,
            rule="settlement_number", currency=line.currency,
        )  # fmt: skip
        line.payment = (f"PAY-{line.id}", gross, discount + fee)
        for batch, contract, day in draw.sample(batches, draw.choice([0, 1, 2])):
            money_factories.a_settlement_link(
                connection, **own, settlement_id=settlement, remittance_id=batch, collected_on=day
            )
            line.payment_pays.append((batch, contract))


@pytest.fixture(scope="module")
def readers(estate, module_app):
    """A browser of whoever sees all, and those of people with some contracts, each with these."""
    database, shop, contracts, _ = estate
    first, second, third = contracts
    limits = ((), (first,), (first, second), (third,))
    made = []
    for number, mine in enumerate(limits):
        asked = {"contracts": [one.number for one in mine]} if mine else {}
        browser = as_role(module_app, database, shop, f"{number}", Role.FINANCE, **asked)
        made.append((browser, {one.id for one in mine} or None))
    return made


def as_role(app, database, shop, name, role, **limits):
    browser, email = app.test_client(), f"reader-{name}@lines.example"
    let_in(database, email, shop.marker, role, **limits)
    browser.sign_in(email)
    return browser


def question(draw, lines, contracts):
    """A random question: its parameters, and which lines they ask for."""
    first = today() - timedelta(days=draw.randrange(DAYS + 1))
    last = min(today(), first + timedelta(days=draw.randrange(30)))
    args = [("date_from", first.isoformat()), ("date_to", last.isoformat())]
    tests = [lambda line: first <= line.day <= last]
    kinds = draw.sample([*MovementKind], draw.choice([1, 2]))
    states = draw.sample(["explained", "proposed", "unexplained", "apart"], draw.choice([1, 2]))
    amount = abs(draw.choice(lines).amount)
    low, high = sorted((amount, draw.randrange(200_000)))
    number = draw.choice([*(one.number for one in contracts), "9999999"])
    choices = {
        "kind": ([("kind", one.value) for one in kinds], lambda line: line.kind in kinds),
        "state": ([("state", one) for one in states], lambda line: line.state in states),
        "amount": ([("amount", _typed(amount))], lambda line: abs(line.amount) == amount),
        "between": (
            [("amount_from", _typed(low)), ("amount_to", _typed(high))],
            lambda line: low <= abs(line.amount) <= high,
        ),
        "contract": ([("contract", number)], lambda line: number in (line.contract or "")),
        "trade_name": ([("trade_name", "elan")], lambda line: "Élan" in (line.trade_name or "")),
        "wording": ([("wording", "FRAIS ete")], lambda line: "Frais d'été" in line.wording),
        "account": ([("account", "livret")], lambda line: line.account.startswith("Livret")),
    }
    for name in draw.sample([*choices], draw.choice([0, 1, 1, 2])):
        more, test = choices[name]
        args += more
        tests.append(test)
    return args, lambda line: all(test(line) for test in tests)


def _typed(minor):
    return f"{minor // 100},{minor % 100:02}"


def sums(lines):
    """What lines add up to, by currency."""
    found = defaultdict(lambda: {"count": 0, "net": 0, "unexplained": 0, **dict.fromkeys(MEASURES, 0)})
    for line in lines:
        of = found[line.currency]
        of["count"] += 1
        of["net"] += line.amount
        of["unexplained"] += line.amount if line.state == "unexplained" else 0
        for name, (kinds, sign) in MEASURES.items():
            of[name] += sign * line.amount if line.kind in kinds else 0
    return {currency: dict(of) for currency, of in found.items()}


def told(lines):
    return {one["currency"]: {name: one[name] for name in one if name != "currency"} for one in lines}


def all_rows(browser, args):
    """The rows of a document over all its pages, its totals and its count."""
    document = browser.get(f"/credits.json?{urlencode(args)}").json
    rows, count, totals = document["rows"], document["count"], document["totals"]
    while document["next"]:
        document = browser.get(document["next"]).json
        rows += document["rows"]
    return rows, count, totals


KEYS = {
    "kind": lambda line: line.kind,
    "account": lambda line: line.account,
    "state": lambda line: line.state,
    "day": lambda line: line.day.isoformat(),
    "month": lambda line: line.day.replace(day=1).isoformat(),
    "weekday": lambda line: str(line.day.isoweekday()),
}


@pytest.mark.probes("filters and cursors")
def test_rows_totals_groups_and_files_are_those_of_plain_python(estate, readers, probes):
    _database, _shop, contracts, lines = estate
    draw, asked, found_rows = random.Random(SEED + 1), 0, 0
    for number in range(QUESTIONS):
        browser, mine = readers[number % len(readers)]
        args, test = question(draw, lines, contracts)
        wanted = [line for line in lines if test(line) and line.is_seen_by(contracts, mine)]
        rows, count, totals = all_rows(browser, args)
        expected = {line.id: line.row() for line in wanted}
        got = {
            row["id"]: {name: row[name] for name in expected[row["id"]]}
            for row in rows
            if row["id"] in expected
        }
        assert ({row["id"] for row in rows}, got) == (set(expected), expected), args
        assert (count, told(totals)) == (len(wanted), sums(wanted)), args
        dates = [row["date"] for row in rows]
        assert dates == sorted(dates, reverse=True), args
        found_rows += len(rows)
        asked += 1 + _same_in_files(browser, args, wanted) + _same_in_groups(browser, args, wanted, draw)
        asked += _same_on_the_page(browser, args, wanted)
    assert found_rows > QUESTIONS
    probes(asked)


def _same_in_files(browser, args, wanted):
    amounts = sorted(line.amount for line in wanted)
    with browser.get(f"/credits.csv?{urlencode(args)}") as file:
        table = list(csv.DictReader(StringIO(file.text.removeprefix("\ufeff")), delimiter=";"))
    assert sorted(_minor(row["Montant"]) for row in table) == amounts, args
    gaps = sorted(line.row()["gap"] for line in wanted if line.paid is not None)
    assert sorted(_minor(row["Écart"]) for row in table if row["Écart"]) == gaps, args
    with browser.get(f"/credits.xlsx?{urlencode(args)}") as file:
        sheet = cells(file, 1)
    column = next(ref[:-1] for ref, cell in sheet.items() if cell[1] == "Montant" and ref[-1:] == "1")
    shown = [cell for ref, cell in sheet.items() if ref.rstrip("0123456789") == column]
    assert sorted(round(float(number) * 100) for kind, number in shown if kind == "n") == amounts, args
    return 2


def _same_in_groups(browser, args, wanted, draw):
    by = draw.choice([*KEYS])
    groups = browser.get(f"/credits/regroupement.json?by={by}&{urlencode(args)}").json
    expected = defaultdict(list)
    for line in wanted:
        expected[KEYS[by](line), line.currency].append(line)
    found = {(group["key"], group["currency"]): group for group in groups["groups"] if group["count"]}
    assert set(found) == set(expected), (by, args)
    for (key, currency), group in found.items():
        (of,) = sums(expected[key, currency]).values()
        assert {name: group[name] for name in of} == of, (by, args)
    assert told(groups["totals"]) == sums(wanted), (by, args)
    return 1


def _same_on_the_page(browser, args, wanted):
    page = browser.page(f"/credits?{urlencode(args)}")
    said = plain(page.one("main"))
    noun = "ligne de la banque" if len(wanted) < 2 else "lignes de la banque"
    assert f"{len(wanted)} {noun}" in said or len(sums(wanted)) > 1, args
    return 1


def _minor(cell):
    return int(cell.replace(",", ""))
