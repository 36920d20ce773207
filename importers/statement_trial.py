"""A trial of statements against a merchant's remittances, before anything of them is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, and_, select

from app.models import (
    Certainty,
    Contract,
    Credit,
    Merchant,
    MovementKind,
    Outlet,
    Remittance,
    RemittanceStatus,
)
from app.rules.payments import awaited
from app.wording.applications import PAID_ELSEWHERE
from app.wording.codes import CREDIT_RULES
from app.wording.formats import day, money
from app.wording.i18n import gettext, ngettext
from importers import card_lines, shown_values
from importers.matching import LINE, match
from importers.matching.states import credit_states
from importers.records.banking import BankStatements

#: A call comes at most so long before the first day of a statement that may still credit it.
_BEFORE = pd.Timedelta(days=14)
_MOST_SHOWN = 50


class UnknownMerchantError(LookupError):
    """No merchant has this code."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Remittances, lines of card money, the links between them, and what becomes of each remittance.

    ``paid_elsewhere`` are remittances that no bank credits: their payers do, by transfers of their own.
    """

    items: pd.DataFrame
    paid_elsewhere: pd.DataFrame
    lines: pd.DataFrame
    links: pd.DataFrame
    states: pd.DataFrame


def tried(connection: Connection, merchant: str, files: Iterable[BankStatements]) -> Trial:
    """What the statements of ``files`` would credit of the merchant with the code ``merchant``.

    Raises UnknownMerchantError.
    """
    statements, movements = _together(list(files))
    items = _remittances(connection, merchant, statements)
    numbers = items["contract_number"].unique()
    kinds = card_lines.kinds(movements, numbers=numbers)
    kept = movements[kinds.notna()].assign(kind=kinds, grouping="unknown")
    hinted = kept.join(card_lines.hints(kept))
    lines = hinted.assign(contract_number=card_lines.own_contracts(hinted, numbers))[list(LINE)]
    is_elsewhere = items["application"].isin(PAID_ELSEWHERE)
    payable = items[~is_elsewhere]
    links = match(payable, lines, known=items)
    return Trial(
        items=payable,
        paid_elsewhere=items[is_elsewhere],
        lines=lines,
        links=links,
        states=credit_states(payable, links, statements),
    )


def _together(files: list[BankStatements]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The statements and lines of several files, each line with its account; known statements count once."""
    statements = pd.concat([one.statements for one in files], ignore_index=True)
    offsets = pd.Series([len(one.statements) for one in files]).cumsum().shift(fill_value=0)
    movements = pd.concat(
        [
            one.movements.assign(statement=one.movements["statement"] + offset)
            for one, offset in zip(files, offsets, strict=True)
        ],
        ignore_index=True,
    )
    same = ["account_key", "currency", "opened_on", "closed_on", "opening", "closing", "digest"]
    statements = statements.drop_duplicates(same).assign(account=lambda one: one["account_key"])
    movements = movements[movements["statement"].isin(statements.index)]
    account = movements["statement"].map(statements["account_key"])
    return statements, movements.assign(account=account)


def _remittances(connection: Connection, merchant: str, statements: pd.DataFrame) -> pd.DataFrame:
    """The correct remittances of a merchant that the statements may credit, on any account."""
    ids = connection.scalars(select(Merchant.id).where(Merchant.code == merchant)).all()
    if not ids:
        raise UnknownMerchantError(merchant)
    first = (statements["opened_on"].min() - _BEFORE).date()
    last = statements["closed_on"].max().date()
    query = (
        select(
            Remittance.currency,
            Contract.number.label("contract_number"),
            Contract.rank.label("contract_rank"),
            Contract.application,
            Remittance.number,
            Remittance.collected_on,
            Remittance.net_amount.label("net"),
            (Remittance.debit_amount - Remittance.cancellation_amount).label("debits"),
            (Remittance.refund_amount - Remittance.refund_cancellation_amount).label("refunds"),
            Outlet.siret.label("outlet"),
        )
        .join(Contract, and_(*_same(Contract, Remittance.contract_id)))
        .join(Outlet, and_(Outlet.merchant_id == Contract.merchant_id, Outlet.id == Contract.outlet_id))
        .where(
            Remittance.merchant_id.in_(ids),
            Remittance.collected_on.between(first, last),
            Remittance.status == RemittanceStatus.CORRECT,
            ~awaited(Remittance.seal),
        )
        .order_by(Remittance.collected_at, Remittance.id)
    )
    rows = [tuple(row) for row in connection.execute(query)]
    found = pd.DataFrame(rows, columns=list(query.selected_columns.keys())).assign(account="")
    amounts = dict.fromkeys(("net", "debits", "refunds"), "int64")
    return found.astype(amounts | {"collected_on": "datetime64[s]"})


def _same(contract: Any, contract_id: Any) -> tuple[Any, ...]:
    return contract.merchant_id == Remittance.merchant_id, contract.id == contract_id


def words(trial: Trial) -> Iterator[str]:
    """The trial in words, a line each: what is credited and why, what is proposed, what is left."""
    for certainty, heading in (
        (Certainty.CERTAIN, gettext("Credited:")),
        (Certainty.PROPOSED, gettext("To be confirmed by somebody:")),
    ):
        links = trial.links[trial.links["certainty"] == certainty]
        yield heading + f" {links['line'].nunique()}"
        for line, own in list(links.groupby("line"))[:_MOST_SHOWN]:
            yield "  " + _linked(trial, line, own)
    left = trial.lines[~trial.lines.index.isin(trial.links["line"])]
    is_fee = left["kind"] == MovementKind.FEE
    yield from _summed(
        gettext("Commissions on lines of their own: %(count)s", count=is_fee.sum()), left[is_fee]
    )
    left = left[~is_fee]
    yield gettext("Lines of card money that explain no batch: %(count)s", count=len(left))
    row: Any
    for row in left.head(_MOST_SHOWN).itertuples():
        yield f"  {_line_words(row)} ({shown_values.word('kind', row.kind)})"
    yield from _late(trial)
    elsewhere = trial.paid_elsewhere.rename(columns={"net": "amount"})
    count = gettext("Batches whose payer is not the bank, not looked for: %(count)s", count=len(elsewhere))
    yield from _summed(count, elsewhere)


def _summed(heading: str, rows: pd.DataFrame) -> Iterator[str]:
    """A heading that counts rows, and their sum by currency; nothing of no rows."""
    if len(rows):
        yield heading
        sums = rows.astype({"amount": "int64"}).groupby("currency")["amount"].sum()
        yield from (f"  {money(int(total), str(currency))}" for currency, total in sums.items())


def _linked(trial: Trial, line: Any, own: pd.DataFrame) -> str:
    numbers = ", ".join(trial.items.loc[own["item"], "number"])
    count = ngettext("batch %(numbers)s", "batches %(numbers)s", len(own), numbers=numbers)
    rule = gettext(CREDIT_RULES[own["rule"].iloc[0]])
    return f"{_line_words(trial.lines.loc[line])}: {count} ({rule})"


def _line_words(line: Any) -> str:
    return f"{day(line.booked_on)} {money(int(line.amount), line.currency)}"


def _late(trial: Trial) -> Iterator[str]:
    late = trial.items[trial.states["credit"] == Credit.LATE]
    yield gettext("Batches that these statements should hold and do not: %(count)s", count=len(late))
    row: Any
    for row in late.head(_MOST_SHOWN).itertuples():
        number = gettext("Batch no. %(number)s", number=row.number)
        yield f"  {day(row.collected_on)} {number}: {money(int(row.net), row.currency)}"
