"""Bank accounts and their owners, as a reseller declares them; what was kept aside for them appears.

An upsert: nothing is deleted by absence. Source: shared format page "Money", section 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, text

from app.models import UNCLAIMED_MERCHANT
from app.wording.i18n import N_
from importers.derived import daily_sums
from importers.records import Declaration, Entry, Loaded, RecordKind, adopt
from importers.refusals import FileRefusedError, Refusal
from importers.staging import stage

KIND = RecordKind(name="bank_accounts")

_SHAPE = (
    "(SELECT ''::text AS reseller, ''::text AS merchant_code, account_key, label, grouping, fees,"
    " working_days, ''::text AS contracts, 0 AS line, merchant_id, reseller_id FROM bank_account) AS shape"
)
_PLACE = """
UPDATE declared_account d SET reseller_id = r.id, merchant_id = m.id
FROM reseller r JOIN merchant m ON m.reseller_id = r.id
WHERE r.slug = d.reseller AND m.code = d.merchant_code
"""
_NAMED = """
SELECT d.merchant_id, d.reseller_id, d.account_key, d.line, named.number
FROM declared_account d CROSS JOIN LATERAL unnest(string_to_array(d.contracts, ' ')) AS named (number)
WHERE d.contracts <> '*'
"""
#: What refuses a declaration: column, reason, and the lines at fault.
_FAULTS = (
    (
        N_("merchant code"),
        N_("no contract file has named this merchant"),
        "SELECT line FROM declared_account WHERE merchant_id IS NULL",
    ),
    (
        N_("account"),
        N_("this account already belongs to another merchant"),
        f"""
        SELECT d.line FROM declared_account d
        JOIN bank_account a ON a.reseller_id = d.reseller_id AND a.account_key = d.account_key
        WHERE a.merchant_id NOT IN ({UNCLAIMED_MERCHANT}, d.merchant_id)
        """,
    ),
    (
        N_("contracts"),
        N_("no contract of this merchant has this number"),
        f"""
        SELECT n.line FROM ({_NAMED}) AS n
        WHERE NOT EXISTS (
          SELECT FROM contract c WHERE c.merchant_id = n.merchant_id AND c.number = n.number)
        """,
    ),
)
# In the currencies that its statements show, those of the merchant's contracts, or else in euros.
_UPSERT = f"""
INSERT INTO bank_account (merchant_id, id, reseller_id, account_key, currency, label, grouping, fees,
  working_days, by_desk)
SELECT d.merchant_id, nextval('party_id'), d.reseller_id, d.account_key, used.currency, d.label, d.grouping,
  d.fees, d.working_days, :by_desk
FROM declared_account d CROSS JOIN LATERAL (
  SELECT a.currency FROM bank_account a
  WHERE a.reseller_id = d.reseller_id AND a.account_key = d.account_key
    AND a.merchant_id IN ({UNCLAIMED_MERCHANT}, d.merchant_id)
  UNION SELECT COALESCE(c.currency, 'EUR') FROM contract c WHERE c.merchant_id = d.merchant_id
  UNION SELECT 'EUR' WHERE NOT EXISTS (SELECT FROM contract c WHERE c.merchant_id = d.merchant_id)
) AS used
ON CONFLICT (merchant_id, reseller_id, account_key, currency) DO UPDATE SET
  label = COALESCE(EXCLUDED.label, bank_account.label), grouping = EXCLUDED.grouping,
  fees = EXCLUDED.fees, working_days = EXCLUDED.working_days,
  by_desk = bank_account.by_desk AND EXCLUDED.by_desk
"""
_NAME_CONTRACTS = f"""
UPDATE contract c SET bank_account_id = a.id
FROM ({_NAMED}) AS n JOIN bank_account a ON a.merchant_id = n.merchant_id
  AND a.reseller_id = n.reseller_id AND a.account_key = n.account_key
WHERE c.merchant_id = n.merchant_id AND c.number = n.number
  AND a.currency = COALESCE(c.currency, 'EUR')
"""
# How an account is credited concerns all that is there of its merchant.
_TOUCH = """
INSERT INTO touched_day
SELECT 'bank_account', d.merchant_id, 0, (SELECT min(r.collected_on) FROM remittance r
  WHERE r.merchant_id = d.merchant_id)
FROM declared_account d
"""


@dataclass(frozen=True, kw_only=True)
class BankAccounts(Declaration):
    """Declared accounts.

    ``accounts`` has ``reseller``, ``merchant_code``, ``account_key``, ``label``, ``grouping``, ``fees``,
    ``working_days``, ``contracts`` (numbers with blanks between, or ``*``) and ``line``.
    """

    accounts: pd.DataFrame

    def load(self, connection: Connection, entry: Entry) -> Loaded:
        """Declare the accounts, and let appear what waited for them. Raises FileRefusedError."""
        stage(connection, "declared_account", self.accounts, _SHAPE)
        connection.execute(text(_PLACE))
        for column, reason, statement in _FAULTS:
            lines = connection.execute(text(f"{statement} ORDER BY 1")).scalars().all()
            if lines:
                raise FileRefusedError(Refusal(reason=reason, line=line, column=column) for line in lines)
        daily_sums.touch(connection)
        connection.execute(text(_UPSERT), {"by_desk": entry.by_desk})
        for statement in (_NAME_CONTRACTS, _TOUCH):
            connection.execute(text(statement))
        adopt(connection)
        return Loaded(counts={"bank_accounts": len(self.accounts)})
