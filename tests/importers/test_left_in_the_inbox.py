"""A file with a full card number stays in the inbox: told once, kept nowhere, loaded as soon as it may be."""

from __future__ import annotations

import os
import time

from structlog.testing import capture_logs

from app.config import ARCHIVE, QUARANTINE
from app.database.engine import DatabaseRole
from importers.files import sources
from importers.jobs import load_inbox
from importers.load import Status
from tests.importers.files import File, Rem, Trx

NUMBER = "4111111111111111"


def test_it_is_one_row_however_often_it_is_tried_and_is_loaded_once_its_column_is_vouched_for(operator):
    operator.declare({})
    operator.deliver(File(key="first"))
    path = operator.data / "inbox" / "night.txt"
    path.parent.mkdir(exist_ok=True)
    night = File(key="second", remittances=(Rem(number="000999", transactions=(Trx(order=NUMBER),)),))
    path.write_bytes(night.data())
    settled = time.time() - 3600
    os.utime(path, (settled, settled))
    with capture_logs() as logged:
        tries = [load_inbox(operator.database, operator.data) for _ in range(3)]
    assert [line["status"] for line in logged if line["event"] == "file"] == ["quarantined"]
    assert [[result.status for result in results] for results in tries] == [[Status.QUARANTINED]] * 3
    assert len({results[0].file_id for results in tries}) == 1  # whoever is told, is told once
    assert path.read_bytes() == night.data()
    reasons = "SELECT count(*) FROM import_refusal r JOIN import_file f ON f.id = r.import_file_id"
    assert operator.value(reasons) == 1
    assert list((operator.data / QUARANTINE).glob("*")) == []
    with operator.database.writing(DatabaseRole.IMPORT) as connection:
        sources.vouch(connection, "demo-host", ["order_reference"], good=True)
    (result,) = load_inbox(operator.database, operator.data)
    assert result.status is Status.LOADED
    assert not path.exists()
    assert not any(NUMBER.encode() in kept.read_bytes() for kept in (operator.data / ARCHIVE).glob("*"))
