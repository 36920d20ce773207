"""The source of a contract's payments: one for each half, its telecollections and its payments.

What a second one brings is kept aside, unseen, until somebody says that it delivers the contract from a day
on. Source: shared format page "Money", section 5.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from importers import ownership
from importers.records import KnownSource
from importers.records.merchant_directory import CONTRACT
from importers.staging import rows_of

#: The column of records that says which source they are kept aside for: 0 for none.
ASIDE: Final = "aside_source_id"
_NAMED: Final = list(CONTRACT.names)
# Contracts of a file of which another source delivers a half that it brings, or this one from a day on, or
# did up to that day.
_DELIVERED: Final = f"""
SELECT w.number AS contract, w.rank, w.application,
  bool_or(COALESCE({{others}}, false)) AS is_others,
  bool_or(COALESCE(c.former_source_id = :source, false)) AS is_former,
  max(c.delivered_from) AS delivered_from
FROM {CONTRACT.staged} w JOIN contract c ON c.reseller_id = :reseller AND {{same}}
WHERE {{others}} OR c.delivered_from IS NOT NULL GROUP BY 1, 2, 3
"""
_NAME_SOURCE: Final = f"""
UPDATE contract c SET {{subject}}_source_id = :source FROM {CONTRACT.staged} w
WHERE c.reseller_id = :reseller AND {{same}} AND c.{{subject}}_source_id IS NULL
"""
_SAME_CONTRACT: Final = CONTRACT.same("c", "w")
#: Of what tells of all ranks of a contract, whatever one its source gives it.
_SAME_NUMBER: Final = f"c.number = w.number AND c.{ASIDE} = w.{ASIDE}"


def owned(
    connection: Connection,
    rows: pd.DataFrame,
    days: pd.Series[Any],
    source: KnownSource,
    *subjects: str,
    is_of_all_ranks: bool = False,
) -> pd.DataFrame:
    """``rows`` with the owners of their contracts (see :func:`ownership.resolve`), and ``reseller_id``.

    ``days`` are those of their remittances, ``subjects`` what the file is about: remittances, transactions.
    Of these the source is noted, where no other one delivers the contract; what is another's stands aside.
    ``is_of_all_ranks``: the file tells of its contracts as wholes, so that another source of any of their
    ranks delivers the same payments.
    """
    same = _SAME_NUMBER if is_of_all_ranks else _SAME_CONTRACT
    aside = _aside(connection, rows, days, source, subjects, same)
    rows = rows.assign(**{ASIDE: aside})
    if aside.any():
        ownership.stage_keys(connection, CONTRACT, rows)
    found = ownership.resolve(connection, CONTRACT, source.reseller_id, source.id).astype({ASIDE: "int64"})
    parameters = {"reseller": source.reseller_id, "source": source.id}
    for subject in subjects:
        connection.execute(text(_NAME_SOURCE.format(subject=subject, same=same)), parameters)
    return rows.merge(found, how="left", on=_NAMED).assign(reseller_id=source.reseller_id)


def _aside(
    connection: Connection,
    rows: pd.DataFrame,
    days: pd.Series[Any],
    source: KnownSource,
    subjects: Iterable[str],
    same: str,
) -> pd.Series[int]:
    """For each row the source that it is kept aside for, 0 for those that belong to their contract.

    The keys of all rows are staged as of these.
    A contract's source brings the days from which it delivers it, its former one those before.
    """
    ownership.stage_keys(connection, CONTRACT, rows.assign(**{ASIDE: 0}))
    others = " OR ".join(f"c.{subject}_source_id <> :source" for subject in subjects)
    parameters = {"reseller": source.reseller_id, "source": source.id}
    found = rows_of(connection, _DELIVERED.format(others=others, same=same), parameters)
    if found.empty:
        return pd.Series(0, index=rows.index, dtype="int64")
    key = [name for name in _NAMED if name != ASIDE]
    known = rows[key].astype(object).merge(found, how="left", on=key)
    since = pd.to_datetime(known["delivered_from"]).to_numpy()
    is_others, is_former = (known[name].eq(other=True).to_numpy() for name in ("is_others", "is_former"))
    is_aside = np.where(is_former, days.to_numpy() >= since, is_others | (days.to_numpy() < since))
    return pd.Series(is_aside, index=rows.index).astype("int64") * source.id
