"""The source of a contract's payments: one for each half, its telecollections and its payments."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from sqlalchemy import Connection, text

from importers import ownership
from importers.records import KnownSource
from importers.records.merchant_directory import CONTRACT

_NAME_SOURCE = f"""
UPDATE contract c SET {{subject}}_source_id = :source FROM {CONTRACT.staged} w
WHERE c.reseller_id = :reseller AND {CONTRACT.same("c", "w")}
  AND c.{{subject}}_source_id IS DISTINCT FROM :source
"""


def owners(
    connection: Connection, named: pd.DataFrame, source: KnownSource, subjects: Iterable[str]
) -> pd.DataFrame:
    """The owners of the contracts that a file names (see :func:`ownership.resolve`), with ``reseller_id``.

    ``subjects`` are what the file is about: remittances, transactions. Of these the source is noted.
    """
    ownership.stage_keys(connection, CONTRACT, named)
    found = ownership.resolve(connection, CONTRACT, source.reseller_id, source.id)
    for subject in subjects:
        connection.execute(
            text(_NAME_SOURCE.format(subject=subject)),
            {"reseller": source.reseller_id, "source": source.id},
        )
    return found.assign(reseller_id=source.reseller_id)
