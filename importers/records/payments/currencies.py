"""The currency of a contract: what is declared binds its files; where nothing is, its rows give it theirs."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import Connection, text

from app.models import UNCLAIMED_MERCHANT
from app.wording.i18n import N_
from importers.refusals import FileRefusedError, Refusal
from importers.staging import rows_of

NO_CURRENCY = N_("the file does not say its currency, and no contract file says that of its contracts")
OTHER_CURRENCY = N_("the currency is not that of the contract")
_KEYS = ["merchant_id", "contract_id"]
_DECLARED = """
SELECT merchant_id, id AS contract_id, currency AS declared FROM contract
WHERE merchant_id = ANY(:merchants) AND id = ANY(:contracts) AND merchant_id <> :unclaimed
  AND currency IS NOT NULL
"""
_GIVE = """
UPDATE contract c SET currency = r.currency
FROM unnest(CAST(:merchants AS bigint[]), CAST(:contracts AS bigint[]), CAST(:currencies AS text[]))
  AS r (merchant_id, contract_id, currency)
WHERE c.merchant_id = r.merchant_id AND c.id = r.contract_id AND c.currency IS NULL
"""


# A number whose contracts are of one currency.
_OF_NUMBERS = """
SELECT number AS contract_number, min(currency) AS currency FROM contract
WHERE reseller_id = :reseller AND number = ANY(:numbers) AND currency IS NOT NULL
GROUP BY number HAVING count(DISTINCT currency) = 1
"""


def with_currencies(
    connection: Connection, rows: pd.DataFrame, reseller_id: int, number: str = "contract_number"
) -> pd.DataFrame:
    """Rows whose ``currency`` is empty in that of their contracts, whose numbers are in column ``number``.

    Raises FileRefusedError where nobody says it.
    """
    blank = rows["currency"] == ""
    if not blank.any():
        return rows
    asked = {"reseller": reseller_id, "numbers": rows.loc[blank, number].unique().tolist()}
    found = rows_of(connection, _OF_NUMBERS, asked).set_index("contract_number")["currency"]
    currencies = rows[number].map(found)
    if (blank & currencies.isna()).any():
        raise FileRefusedError([Refusal(reason=NO_CURRENCY)])
    return rows.assign(currency=rows["currency"].mask(blank, currencies))


def hold_to_contracts(connection: Connection, remittances: pd.DataFrame) -> None:
    """Hold ``remittances`` (with their owners) to the currencies of their contracts.

    Raises FileRefusedError naming the lines in another one than a merchant directory declares.
    """
    first = remittances.groupby(_KEYS, as_index=False)["currency"].min()
    asked = {"merchants": first["merchant_id"].tolist(), "contracts": first["contract_id"].tolist()}
    declared = rows_of(connection, _DECLARED, {**asked, "unclaimed": UNCLAIMED_MERCHANT})
    said = remittances.merge(declared.astype(dict.fromkeys(_KEYS, "int64")), how="left", on=_KEYS)
    wrong = said["declared"].notna() & (said["declared"] != said["currency"])
    if wrong.any():
        raise FileRefusedError(
            Refusal(reason=OTHER_CURRENCY, line=int(line), column=N_("currency"))
            for line in said.loc[wrong, "line"]
        )
    connection.execute(text(_GIVE), {**asked, "currencies": first["currency"].tolist()})
