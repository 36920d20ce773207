"""Files written in memory, for the tests of writing."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pandas as pd

from importers.formats.remise_tpe.writing import FileHeader

CREATED = datetime(2026, 3, 3, 2, 0, tzinfo=timezone(timedelta(hours=1)))
COMPLETE = FileHeader(source="demo-host", file_key="20260303-0001", created_at=CREATED)


def rows(frame: pd.DataFrame, names) -> list[dict[str, object]]:
    found = frame[list(names)].astype(object)
    return found.where(found.notna(), None).to_dict("records") if len(found) else []
