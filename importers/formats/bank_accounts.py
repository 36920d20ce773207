"""COMPTES: whose bank accounts these are, and how their bank credits card payments.

Source: shared format page "Money", section 2. One header line, then one line an account.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pandas as pd

from app.models import USUAL_WORKING_DAYS, FeeTiming, Grouping
from app.rules import account_columns, account_keys
from app.wording.i18n import N_
from importers.formats import Format, bytes_alone, first_column, searched_by_field
from importers.reading import separated
from importers.reading.columns import check, choice, keys_of, shaped, text
from importers.reading.free_text import refuse_card_numbers
from importers.records.bank_accounts import BankAccounts
from importers.refusals import FileRefusedError, Refusal, refuse

NAME: Final = "COMPTES"
ACCOUNT, CONTRACTS = N_("account"), N_("contracts")
COLUMNS: Final = (
    shaped(
        "reseller",
        N_("reseller"),
        "[0-9A-Za-z_-]{1,40}",
        N_("expected letters, digits, - or _"),
        required=True,
    ),
    text("merchant_code", N_("merchant code"), 40, required=True, is_key=True),
    text("iban_or_rib", ACCOUNT, 42, required=True),
    text("label", N_("label"), 120),
    choice("grouping", N_("grouping"), list(Grouping)),
    choice("fees", N_("fees"), list(FeeTiming)),
    shaped("working_days", N_("working days"), "[12]?[0-9]|30", N_("expected a number of days from 0 to 30")),
    shaped(
        "contracts",
        CONTRACTS,
        r"\*|[0-9A-Za-z]{1,15}( [0-9A-Za-z]{1,15})*",
        N_("expected contract numbers with one blank between them, or * for all"),
        required=True,
    ),
)
HEADING: Final = account_columns.FIRST_LINE
FIRST_LINE = re.compile(rb"(?:\xef\xbb\xbf)?" + re.escape(HEADING.encode()))
_USUAL: Final = {
    "grouping": Grouping.UNKNOWN.value,
    "fees": FeeTiming.UNKNOWN.value,
    "working_days": str(USUAL_WORKING_DAYS),
}


def read(data: bytes) -> BankAccounts:
    """The accounts of a whole file. Raises FileRefusedError, naming lines and columns, never a value."""
    body = separated.text(data)
    names = [column.name for column in COLUMNS]
    rows = np.arange(1, len(body))
    if not len(rows):
        raise refuse(N_("the file is empty"))
    table = body.table(rows, names, keys=keys_of(COLUMNS))
    refusals = check(table, COLUMNS, rows + 1)
    if refusals:
        raise FileRefusedError(refusals)
    accounts = table.to_pandas(types_mapper=None).astype(object)
    accounts = accounts.where(accounts.notna(), None).assign(line=rows + 1)
    accounts = accounts.fillna(_USUAL).assign(reseller=accounts["reseller"].str.lower())
    accounts["contracts"] = accounts["contracts"].str.upper()
    accounts["account_key"] = _account_keys(accounts)
    refuse_card_numbers(accounts[accounts["label"].notna()], ["label"], rows[accounts["label"].notna()] + 1)
    twins = accounts.duplicated(["reseller", "account_key"]).to_numpy()
    _refuse(accounts, twins, N_("stands twice in this file"))
    return BankAccounts(accounts=accounts.drop(columns="iban_or_rib").astype({"working_days": "int64"}))


def _account_keys(accounts: pd.DataFrame) -> pd.Series[Any]:
    keys = accounts["iban_or_rib"].map(account_keys.of_declared).astype(object)
    wrong = keys.isna().to_numpy()
    _refuse(accounts, wrong, N_("expected an IBAN or a RIB whose check digits are right"))
    return keys


def _refuse(accounts: pd.DataFrame, wrong: Any, reason: str) -> None:
    if wrong.any():
        raise FileRefusedError(
            Refusal(reason=reason, line=int(line), column=ACCOUNT) for line in accounts.loc[wrong, "line"]
        )


FORMAT = Format(
    name=NAME,
    first_line=FIRST_LINE,
    find_cards=searched_by_field,
    read=bytes_alone(read),
    origin=first_column,
)
