"""The records of one kind, taken together: where they stand, and their columns as checked text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from importers.formats.remise_tpe.columns import COLUMNS, Record
from importers.reading.columns import check, keys_of
from importers.reading.separated import Lines, Text
from importers.refusals import FileRefusedError


@dataclass(frozen=True)
class Section:
    """All the records of one kind: where they stand, and their columns as text."""

    rows: Lines
    table: pa.Table

    @property
    def line_numbers(self) -> Lines:
        return self.rows + 1

    def integers(self, name: str) -> NDArray[np.int64]:
        numbers: NDArray[np.int64] = pc.cast(self.table[name], pa.int64()).to_numpy()
        return numbers


def section(body: Text, rows: Lines, record: Record) -> Section:
    """The lines at ``rows`` (from 0), all of one kind.

    Raises FileRefusedError on a column that is not as declared.
    """
    columns = COLUMNS[record]
    names = ("record", *(column.name for column in columns))
    table = body.table(rows, names, keys=keys_of(columns), as_printed=record is Record.TKT)
    refusals = check(table, columns, rows + 1)
    if refusals:
        raise FileRefusedError(refusals)
    return Section(rows, table)
