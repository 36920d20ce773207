"""The contracts that lines of statements name, whichever came first: the line or the contract.

A number of the merchant's that stands in a label as a whole number names its contract, the longest one where
there are several, unless a pattern has found one. Source: shared format page "Money", section 6.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from app.models import UNCLAIMED_MERCHANT

_SUBJECTS = "'remittance', 'transaction', 'bank_account', 'bank_statement', 'bank_movement'"
_NAME = f"""
UPDATE bank_movement m SET contract_number = n.number FROM (
  SELECT DISTINCT ON (l.merchant_id, l.id) l.merchant_id, l.id, l.booked_on, c.number
  FROM (
    SELECT merchant_id, min(day) AS since FROM touched_day
    WHERE subject IN ({_SUBJECTS}) AND merchant_id <> {UNCLAIMED_MERCHANT} GROUP BY 1
  ) AS t
  JOIN bank_movement l ON l.merchant_id = t.merchant_id AND l.booked_on >= t.since AND l.contract_number = ''
  CROSS JOIN LATERAL regexp_matches(l.label, '[0-9]+', 'g') AS run (digits)
  JOIN contract c ON c.merchant_id = l.merchant_id AND c.number = run.digits[1]
  ORDER BY l.merchant_id, l.id, length(c.number) DESC, c.number
) AS n
WHERE m.merchant_id = n.merchant_id AND m.id = n.id AND m.booked_on = n.booked_on
"""
_TELL_CHARGEBACKS = f"""
UPDATE chargeback c SET contract_number = m.contract_number
FROM (SELECT DISTINCT merchant_id FROM touched_day WHERE subject IN ({_SUBJECTS})) AS t
JOIN bank_movement m ON m.merchant_id = t.merchant_id AND m.contract_number <> ''
WHERE c.merchant_id = m.merchant_id AND c.bank_movement_id = m.id AND c.noticed_on = m.booked_on
  AND c.contract_number = ''
"""


def renew(connection: Connection) -> None:
    """Name the contracts of lines since the touched days, and of the chargebacks taken over from them."""
    connection.execute(text(_NAME))
    connection.execute(text(_TELL_CHARGEBACKS))
