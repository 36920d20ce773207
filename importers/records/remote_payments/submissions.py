"""Submissions whose payments an acquirer does not communicate: remittances of which the sum alone is known.

Each counts with the acquirer's own sum, on the side of its sign, and bears the number of the payment that it
is part of as its file's. What is told of its payments, before or later, says more and takes its place.
Source: shared format page "Money", section 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from app.models import UNCLAIMED_MERCHANT, Completeness, RemittanceStatus
from app.refusals import OTHER_ROW
from app.rules.payments import AMOUNTS, COUNTS
from importers import derived
from importers.derived import daily_sums
from importers.records import Entry, KnownSource, Loaded, if_any
from importers.records.payments import currencies, merging, second_sources
from importers.records.payments.rows import SUMS, with_collection_instants
from importers.records.remote_payments import superseding
from importers.records.remote_payments.batches import refuse_other_batches
from importers.records.remote_payments.rows import END_OF_DAY
from importers.refusals import FileRefusedError, Refusal
from importers.staging import new_ids, rows_of, stage

if TYPE_CHECKING:
    from importers.records.remote_payments import RemotePayments

#: ``net`` in minor units, ``count`` of payments; ``batch`` is the payment that it is part of, and
#: ``batch_number`` its number; ``captured_on`` the day, and ``line`` where it stands.
SUBMISSION: Final = (
    "contract_number",
    "shop",
    "remittance_number",
    "batch",
    "batch_number",
    "captured_on",
    "net",
    "count",
    "currency",
    "line",
)
# A corrected payment does not name a submission any more that only its sum was known of.
_NOT_TOLD: Final = f"""
DELETE FROM remittance r USING told_contract t
WHERE r.merchant_id = t.merchant_id AND r.contract_id = t.contract_id AND r.file_number = t.batch_number
  AND r.seal = '{Completeness.NO_PAYMENTS}' AND r.collected_on BETWEEN t.first - 62 AND t.last + 62
  AND NOT EXISTS (
    SELECT FROM told_submission s WHERE s.merchant_id = r.merchant_id AND s.contract_id = r.contract_id
      AND s.collected_on = r.collected_on AND s.bare_number = r.bare_number)
RETURNING r.merchant_id, r.contract_id, r.collected_on
"""
_TOLD: Final = """
CREATE TEMP TABLE told_contract ON COMMIT DROP AS
SELECT merchant_id, contract_id, file_number AS batch_number, min(collected_on) AS first,
  max(collected_on) AS last
FROM told_submission GROUP BY 1, 2, 3
"""
_TOLD_SHAPE: Final = (
    "(SELECT merchant_id, contract_id, collected_on, bare_number, file_number FROM remittance) AS shape"
)
_SAID_ANEW: Final = f"""
UPDATE remittance r SET {", ".join(f"{name} = n.{name}" for name in (*SUMS, "file_number"))},
  has_totals = true, totals_file_id = n.totals_file_id, seal = n.seal, received_count = 0, received_net = 0,
  missing_sequences = 0
FROM said_anew n WHERE r.merchant_id = n.merchant_id AND r.id = n.id AND r.collected_on = n.collected_on
"""
_DAY: Final = ["merchant_id", "contract_id", "collected_on"]


@dataclass(frozen=True)
class _Compared:
    """The remittances of a file: those that are ``new``, and of those known the ones to change."""

    new: pd.DataFrame
    changed: pd.DataFrame


def load(connection: Connection, said: RemotePayments, entry: Entry, source: KnownSource) -> Loaded:
    """Load the submissions of a file; a known one stays what it is.

    Raises FileRefusedError where one is known with another sum, or of another payment.
    """
    told = currencies.with_currencies(connection, said.submissions, source.reseller_id, "contract")
    subjects = ("remittances", "transactions")
    owned = second_sources.owned(
        connection, told, told["captured_on"], source, *subjects, is_of_all_ranks=True
    )
    daily_sums.touch(connection)
    remittances = _remittances(owned, entry.file_id)
    currencies.hold_to_contracts(connection, remittances)
    if entry.replace:
        _forget_others(connection, remittances)
    compared = _compared(connection, remittances, owned, replace=entry.replace)
    _change(connection, compared.changed)
    new = compared.new.assign(id=new_ids(connection, len(compared.new)))
    merging.put_remittances(connection, new)
    derived.renew(connection)
    return _loaded(remittances, known=len(remittances) - len(new) - len(compared.changed))


def _remittances(owned: pd.DataFrame, file_id: int) -> pd.DataFrame:
    """The rows of remittances, without their identifiers."""
    net, count = owned["net"].astype("int64"), owned["count"].astype("int64")
    given, taken = net.clip(lower=0), -net.clip(upper=0)
    sums: dict[str, Any] = dict.fromkeys((*COUNTS, *AMOUNTS, "received_count", "received_net"), 0) | {
        "debit_count": np.where(net >= 0, count, 0),
        "debit_amount": given,
        "refund_count": np.where(net < 0, count, 0),
        "refund_amount": taken,
        "transaction_count": count,
        "net_amount": net,
        "missing_sequences": 0,
    }
    rows = owned.assign(
        **sums,
        number=owned["remittance_number"],
        file_number=owned["batch_number"],
        collected_on=owned["captured_on"],
        collected_local=owned["captured_on"] + END_OF_DAY,
        opened_local=pd.Series(pd.NaT, index=owned.index, dtype="datetime64[s]"),
        status=RemittanceStatus.CORRECT.value,
        seal=Completeness.NO_PAYMENTS.value,
        has_totals=True,
        totals_file_id=file_id,
        header_file_id=file_id,
    )
    empty = pd.DataFrame({"remittance": [], "occurred_local": pd.to_datetime([])})
    return with_collection_instants(rows.drop(columns="count"), empty)


def _forget_others(connection: Connection, remittances: pd.DataFrame) -> None:
    """Forget the submissions of the payments of a file that it does not name any more."""
    rows = remittances.assign(bare_number=remittances["number"].str.lstrip("0"))
    names = [*_DAY, "bare_number", "file_number"]
    stage(connection, "told_submission", merging.columns_of(rows, names), _TOLD_SHAPE)
    connection.execute(text(_TOLD))
    gone = rows_of(connection, _NOT_TOLD)
    daily_sums.add(connection, "remittance", gone, "collected_on")
    connection.execute(text("DROP TABLE told_submission, told_contract"))


def _compared(
    connection: Connection, remittances: pd.DataFrame, owned: pd.DataFrame, *, replace: bool
) -> _Compared:
    """What of the remittances is new, and what a replacement changes. Raises FileRefusedError."""
    known = merging.known_remittances(connection, remittances.assign(id=0))
    said = remittances.loc[known.index]
    refuse_other_batches(connection, known, remittances, owned.assign(remittance=owned.index))
    is_sum = known["seal"] == Completeness.NO_PAYMENTS
    differs = known["net_amount"] != said["net_amount"]
    differs |= is_sum & (known["transaction_count"] != said["transaction_count"])
    if differs.any() and not replace:
        raise FileRefusedError(
            Refusal(reason=OTHER_ROW, line=int(line)) for line in said.loc[differs, "line"]
        )
    changed = said[differs].assign(id=known.loc[differs, "id"].astype("int64"))
    return _Compared(new=remittances.drop(index=known.index), changed=changed)


def _change(connection: Connection, changed: pd.DataFrame) -> None:
    """Give known remittances another sum; payments that make up the former one go."""
    if changed.empty:
        return
    superseding.forget(connection, changed)
    columns = ["merchant_id", "id", "collected_on", *SUMS, "file_number", "totals_file_id", "seal"]
    shape = f"(SELECT {', '.join(columns)} FROM remittance) AS shape"
    stage(connection, "said_anew", merging.columns_of(changed, columns), shape)
    for statement in (_SAID_ANEW, "DROP TABLE said_anew"):
        connection.execute(text(statement))
    daily_sums.add(connection, "remittance", changed, "collected_on")


def _loaded(remittances: pd.DataFrame, *, known: int) -> Loaded:
    merchants, days = remittances["merchant_id"], remittances["collected_on"]
    sums = remittances.groupby("currency")["net_amount"].agg(["size", "sum"])
    return Loaded(
        counts={"remittances": len(remittances), **if_any(known_records=known)},
        kept_aside=int((merchants == UNCLAIMED_MERCHANT).sum()),
        sums={
            str(currency): {"count": int(row["size"]), "net": int(row["sum"])}
            for currency, row in sums.iterrows()
        },
        merchant_ids=sorted(int(merchant) for merchant in merchants.unique()),
        first_on=days.min().date(),
        last_on=days.max().date(),
        received={"remittances": {moment.date() for moment in days.unique()}},
    )
