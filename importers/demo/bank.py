"""The demonstration's bank: it credits the last weeks of two merchants, each in a style of its own.

The chain is credited a sum for each contract and day, the bakery a line for each remittance with its number.
A few credits never come, a few lack their refunds, and the last ones are still awaited. The bakery is debited
a chargeback that may be of several sales.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, Connection, Row, and_, func, select

from app.database.engine import Database, DatabaseRole
from app.models import Contract, Merchant, Remittance, Transaction
from app.rules import account_keys
from app.rules.payments import TOTAL, remitted
from app.wording import applications
from importers.demo import american_express
from importers.demo.profiles import CHAIN_CODE, RESELLER
from importers.files import profiles, sources
from importers.formats import bank_accounts
from importers.matching import working_days

SOURCE, FILE_PATTERN = "demo-bank", r"RELEVE_.*\.txt"
_DAYS, _BANK, _BRANCH = 60, "99999", "00001"
#: One in so many credits never comes; of one in so many with refunds these are missing.
_LOST, _WITHOUT_REFUNDS = 41, 7
_FEE_PER_MILLE = 4
_OPENING = 1_000_000
_UNPAID_CODE, _UNPAID_BEFORE, _MOST_CANDIDATES = "BOULANGERIE", timedelta(days=3), 5
_CREDIT, _DEBIT = "{ABCDEFGHI", "}JKLMNOPQR"


@dataclass(frozen=True)
class _Account:
    """An account: whose, its number, how it is declared, and the columns that one line is for."""

    merchant_code: str
    number: str
    label: str
    grouping: str
    line_of: tuple[str, ...]

    @property
    def rib(self) -> str:
        """The account as its owner writes it."""
        key = f"{_BANK}{_BRANCH}{self.number}"
        return key + account_keys.rib_key(key)


_ACCOUNTS: Final = (
    _Account(CHAIN_CODE, "00000004711", "Compte monétique", "contract_day", ("contract",)),
    _Account("BOULANGERIE", "00000004924", "Compte courant", "remittance", ("contract", "rank", "number")),
)


def files(database: Database, folder: Path, last_day: date) -> list[Path]:
    """Write the accounts, their statements and the payments that arrive on them, up to ``last_day``.

    It says whose files these are.
    """
    codes = [account.merchant_code for account in _ACCOUNTS]
    own_payer = Contract.application.in_(applications.PAID_ELSEWHERE)
    with database.writing(DatabaseRole.IMPORT) as connection:
        for name, pattern in (
            (SOURCE, FILE_PATTERN),
            (american_express.SOURCE, american_express.FILE_PATTERN),
        ):
            sources.bind(connection, name, RESELLER)
            profiles.change(connection, name, role="money", file_pattern=pattern)
        found = _remittances(connection, last_day, codes, ~own_payer)
        theirs = Contract.application.in_(american_express.APPLICATIONS)
        elsewhere = _remittances(connection, last_day, list(american_express.MERCHANTS), theirs)
        unpaid = _unpaid(connection, last_day)
    folder.mkdir(exist_ok=True)
    said = american_express.submissions(elsewhere, last_day)
    accounts = [account for account in _ACCOUNTS if (found["code"] == account.merchant_code).any()]
    statements = (
        _statements(folder, one, found, american_express.payouts(said, one.merchant_code), last_day, unpaid)
        for one in accounts
    )
    return [_declaration(folder, accounts), *statements, *american_express.files(folder, said)]


def _remittances(
    connection: Connection, last_day: date, codes: list[str], where: ColumnElement[bool]
) -> pd.DataFrame:
    """The remittances of the last weeks that reached their host, of merchants and contracts: a row each."""
    statement = (
        select(
            Merchant.code,
            Contract.number.label("contract"),
            Contract.rank,
            Remittance.number,
            Remittance.collected_on,
            Remittance.net_amount.label("net"),
            (Remittance.debit_amount - Remittance.cancellation_amount).label("debits"),
        )
        .join(Contract, Contract.merchant_id == Merchant.id)
        .join(
            Remittance,
            and_(Remittance.merchant_id == Merchant.id, Remittance.contract_id == Contract.id),
        )
        .where(
            Merchant.code.in_(codes),
            Remittance.collected_on >= last_day - timedelta(days=_DAYS),
            remitted(Remittance.seal, Remittance.status, Remittance.transmission),
            Remittance.net_amount != 0,
            where,
        )
        .order_by(Merchant.code, Remittance.collected_on, Contract.number, Contract.rank, Remittance.number)
    )
    result = connection.execute(statement)
    found = pd.DataFrame([tuple(row) for row in result], columns=list(result.keys()), dtype="object")
    return found.astype({"net": "int64", "debits": "int64"})


def _unpaid(connection: Connection, last_day: date) -> Row[*tuple[Any, ...]] | None:
    """A contract and an amount that a few of the bakery's sales have: nothing tells which is charged back.

    The bank takes back what it has paid: nothing of American Express, whose contracts it does not name.
    """
    statement = (
        select(Merchant.code, Contract.number.label("contract"), Transaction.amount)
        .join(Contract, Contract.merchant_id == Merchant.id)
        .join(
            Transaction,
            and_(Transaction.merchant_id == Merchant.id, Transaction.contract_id == Contract.id),
        )
        .where(
            Merchant.code == _UNPAID_CODE,
            Contract.application.not_in(applications.PAID_ELSEWHERE),
            Transaction.occurred_on > last_day - timedelta(days=_DAYS),
            TOTAL["debit"].condition(Transaction.type, Transaction.outcome),
        )
        .group_by(Merchant.code, Contract.number, Transaction.amount)
        .having(func.count().between(2, _MOST_CANDIDATES))
        .order_by(func.count().desc(), Transaction.amount.desc())
        .limit(1)
    )
    return connection.execute(statement).one_or_none()


def _declaration(folder: Path, accounts: list[_Account]) -> Path:
    lines = [
        f"{RESELLER};{one.merchant_code};{one.rib};{one.label};{one.grouping};apart;;*" for one in accounts
    ]
    path = folder / "COMPTES.csv"
    path.write_text("\n".join([bank_accounts.HEADING, *lines]) + "\n", encoding="utf-8")
    return path


def _statements(
    folder: Path,
    account: _Account,
    found: pd.DataFrame,
    payouts: pd.DataFrame,
    last_day: date,
    unpaid: Row[*tuple[Any, ...]] | None,
) -> Path:
    """A file with a statement of each day, whose balances join."""
    credits_ = _credits(account, found[found["code"] == account.merchant_code])
    records, balance = [], _OPENING
    for number in range(_DAYS):
        day = last_day - timedelta(days=_DAYS - 1 - number)
        lines = credits_[credits_["booked_on"] == pd.Timestamp(day)]
        records.append(_record("01", account, day - timedelta(days=1), amount=balance))
        for row in lines.itertuples():
            records += _booked(account, day, row)
        paid = payouts[payouts["booked_on"] == pd.Timestamp(day)]
        records += [
            _record("04", account, day, code="05", label=str(label), amount=int(amount))
            for label, amount in zip(paid["label"], paid["amount"], strict=True)
        ]
        balance += int(lines["amount"].sum() - lines["fee"].sum() + paid["amount"].sum())
        if unpaid is not None and unpaid.code == account.merchant_code and day == last_day - _UNPAID_BEFORE:
            label = f"IMPAYE CB TPE{unpaid.contract}01"
            records.append(_record("04", account, day, code="38", label=label, amount=-unpaid.amount))
            balance -= unpaid.amount
        records.append(_record("07", account, day, amount=balance))
    path = folder / f"RELEVE_{account.merchant_code}.txt"
    path.write_text("\n".join(records) + "\n", encoding="ascii")
    return path


def _credits(account: _Account, found: pd.DataFrame) -> pd.DataFrame:
    """What the bank credits: amount, fee and day of booking of each line."""
    place = np.arange(len(found))
    mixed = (found["debits"] != found["net"]).to_numpy() & ("number" in account.line_of)
    short = mixed & (place % _WITHOUT_REFUNDS == 0)
    paid = found.assign(amount=np.where(short, found["debits"], found["net"]))
    lines = paid.groupby([*account.line_of, "collected_on"], as_index=False)["amount"].sum()
    lines = lines[np.arange(len(lines)) % _LOST != _LOST - 1]
    days = pd.to_datetime(lines["collected_on"]).to_numpy().astype("datetime64[D]")
    booked = working_days.after(days, 1 + np.arange(len(lines)) % 2)
    fees = (lines["amount"].abs() * _FEE_PER_MILLE // 1000).astype("int64")
    dated: pd.DataFrame = lines.assign(booked_on=booked.astype("datetime64[s]"), fee=fees)
    return dated


def _booked(account: _Account, day: date, row: Any) -> list[str]:
    """A credit, and the commission that the bank takes apart."""
    if "number" in account.line_of:
        label, entry = f"REMISE CB {row.contract}{row.rank}", row.number[-7:].rjust(7, "0")
    else:
        label, entry = f"TPE{row.contract}01", ""
    credit = _record("04", account, day, code="30", label=label, entry=entry, amount=row.amount)
    fee = _record("04", account, day, code="62", label=f"COM CB {row.contract}", amount=-row.fee)
    return [credit, fee] if row.fee else [credit]


def _record(
    kind: str, account: _Account, day: date, *, amount: int, code: str = "", label: str = "", entry: str = ""
) -> str:
    """A record of CFONB 120, in its places."""
    head = f"{kind}{_BANK}    {_BRANCH}EUR2 {account.number}{code:2}{day:%d%m%y}  "
    body = f"{day:%d%m%y}{label:31}  {entry:7}" if kind == "04" else ""
    digits = f"{abs(amount):014d}"
    signed = digits[:-1] + (_CREDIT if amount >= 0 else _DEBIT)[int(digits[-1])]
    return (head + body).ljust(90) + signed + " " * 16
