"""Whoever asks right after files were loaded is answered by plans that know of what they brought."""

from __future__ import annotations

import os

import pytest

from importers import table_statistics
from importers.jobs import load_inbox
from tests.importers.conftest import Operator
from tests.importers.files import BOTH, NIGHT, written

#: The tables of payments and of their sums of which the planner knows something.
KNOWN = """
SELECT DISTINCT regexp_replace(tablename, '_p[0-9]+$', '') FROM pg_stats
WHERE schemaname = 'public' AND tablename ~ '^(transaction|remittance)_(day|p[0-9]+)$' ORDER BY 1
"""


@pytest.mark.parametrize(("smallest", "known"), [(1, 4), (1 << 18, 0)])
def test_what_has_changed_much_has_its_statistics_once_the_files_are_loaded(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, smallest: int, known: int
) -> None:
    monkeypatch.setattr(table_statistics, "SMALLEST", smallest)
    operator.declare(*BOTH)
    inbox = operator.data / "inbox"
    inbox.mkdir()
    os.utime(written(inbox, "night.txt", NIGHT.data()), (0, 0))
    assert [result.refused for result in load_inbox(operator.database, operator.data)] == [False]
    assert len(operator.rows(KNOWN)) == known
