"""Frames into tables, fast: COPY, a slice at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from app.database.migrate import attach_partition, begin_partitions

_SLICE_ROWS = 50_000
_BLOCK = 1024
_In = TypeVar("_In")
_Out = TypeVar("_Out")
_OPTIONS = pacsv.WriteOptions(include_header=False, quoting_style="needed")


def stage(connection: Connection, name: str, frame: pd.DataFrame, like: str, extra: str = "") -> None:
    """Create temporary table ``name`` with ``frame``'s rows, shaped like ``like`` plus ``extra`` columns.

    It goes at commit. Columns of the table that the frame lacks are null; no constraint is copied.
    """
    connection.execute(
        text(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS SELECT * {extra} FROM {like} LIMIT 0")
    )
    copy_in(connection, name, frame)


def put(connection: Connection, table: str, frame: pd.DataFrame, days: pd.Series[Any]) -> None:
    """COPY the rows of ``frame`` into a table that is partitioned by month; ``days`` are those of its rows.

    A month that begins with them is filled before it is attached: to build its indexes over all rows takes
    a third of the work of keeping them up row by row.
    """
    if frame.empty:
        return
    months = days.to_numpy().astype("datetime64[M]")
    left = np.ones(len(frame), dtype=np.bool_)
    for month, partition in begin_partitions(connection, table, first_days(days)).items():
        here = months == np.datetime64(month, "M")
        copy_in(connection, partition, frame, np.flatnonzero(here))
        attach_partition(connection, table, month)
        left &= ~here
    if left.any():
        copy_in(connection, table, frame, None if left.all() else np.flatnonzero(left))


def first_days(days: pd.Series[Any]) -> list[date]:
    """The first days of the months of ``days``."""
    months = np.unique(days.to_numpy().astype("datetime64[M]"))
    return list(months.astype("datetime64[D]").tolist())


def copy_in(
    connection: Connection, table: str, frame: pd.DataFrame, places: NDArray[np.int64] | None = None
) -> None:
    """COPY the rows of ``frame``, or those at ``places``, into the columns of ``table`` of their names."""
    which = np.arange(len(frame)) if places is None else places
    if not len(which):
        return
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    slices = (frame.iloc[which[start : start + _SLICE_ROWS]] for start in range(0, len(which), _SLICE_ROWS))
    # A thread for a single slice costs more than it saves: most files are small.
    blocks = one_ahead(_csv, slices) if len(which) > _SLICE_ROWS else map(_csv, slices)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT csv)") as copy:
        for block in blocks:
            copy.write(block)


def _csv(frame: pd.DataFrame) -> memoryview:
    # Table.from_pandas gives the same, and notes besides how pandas had it: twice the work on a small frame.
    columns = {name: pa.array(column.array, from_pandas=True) for name, column in frame.items()}
    block = pa.BufferOutputStream()
    pacsv.write_csv(pa.table(columns), block, _OPTIONS)
    return memoryview(block.getvalue())


def one_ahead(
    make: Callable[[_In], _Out], inputs: Iterable[_In], drop: Callable[[_Out], None] = lambda _: None
) -> Generator[_Out, None, None]:
    """What ``make`` makes of each input, the next one already in the making while this one is used.

    ``drop`` lets go of the one that nobody takes any more, where whoever uses them breaks off.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        ahead: deque[Future[_Out]] = deque()
        try:
            for given in inputs:
                ahead.append(pool.submit(make, given))
                if len(ahead) > 1:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                if future.exception() is None:
                    drop(future.result())


def as_dates(days: pd.Series[Any]) -> pd.Series[Any]:
    """Midnights as dates, which COPY takes for a date column."""
    return days.astype("date32[pyarrow]")


def new_ids(connection: Connection, count: int) -> NDArray[np.int64]:
    """``count`` identifiers that nobody else has, ascending; taken in blocks, without a lock."""
    blocks = -(-count // _BLOCK)
    taken = connection.execute(
        text("SELECT nextval('payment_id_block') FROM generate_series(1, :blocks)"), {"blocks": blocks}
    ).scalars()
    firsts = np.fromiter(taken, dtype=np.int64, count=blocks) * _BLOCK
    return (firsts[:, None] + np.arange(_BLOCK)).reshape(-1)[:count]


def rows_of(
    connection: Connection, statement: str, parameters: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """The rows of a query as a frame of Python objects."""
    result = connection.execute(text(statement), parameters or {})
    rows = [tuple(row) for row in result]
    return pd.DataFrame(rows, columns=list(result.keys()), dtype="object")
