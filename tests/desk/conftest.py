"""Two resellers, their merchants and their staff, and a worker that does what the desk asks for."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app.database.engine import DatabaseRole
from app.models import DeskTask
from importers import desk
from importers.load import load_file
from tests.databases import FOLDER
from tests.importers.files import File, Rem, Trx, directory, written
from tests.views.staff import let_staff_in, sign_in
from tests.views.town import let_in, portal

NORTH, SOUTH = "staff@north.example", "staff@south.example"


@dataclass
class DeskPortal:
    """A portal with files loaded into it; ``deliver`` loads one more."""

    database: object
    folder: Path
    data: Path
    app: object = None
    delivered: int = 0
    cookies: dict | None = None  # of north's staff, where they have signed in

    def deliver(self, content, name=None):
        self.delivered += 1
        data = content.data() if isinstance(content, File) else content
        path = written(self.folder, name or f"file-{self.delivered}.txt", data)
        return load_file(self.database, path, self.data)

    def work(self):
        """What the worker does with the jobs that wait, one after the other."""
        with self.database.writing(DatabaseRole.OWNER) as connection:
            jobs = (
                connection.execute(
                    text(
                        "DELETE FROM procrastinate_jobs WHERE task_name = 'desk_task' AND status = 'todo'"
                        " RETURNING args"
                    )
                )
                .scalars()
                .all()
            )
        for args in jobs:
            desk.perform(self.database, self.data, args["task_id"])
        return len(jobs)

    def tasks(self):
        with self.database.reading(DatabaseRole.OWNER) as connection:
            return connection.execute(select(*DeskTask.__table__.columns).order_by(DeskTask.id)).all()

    def value(self, query, **values):
        with self.database.reading(DatabaseRole.OWNER) as connection:
            return connection.scalar(text(query), values)

    def desk(self, slug):
        """What the addresses of a reseller's desk begin with."""
        return f"/gestion/{self.value('SELECT id FROM reseller WHERE slug = :slug', slug=slug)}"

    def browser(self, email):
        browser = self.app.test_client()
        sign_in(browser, email)
        return browser


NORTHERN = {"reseller": "north", "merchant_code": "NORTHSHOP", "merchant_name": "NORTH merchant",
            "trade_name": "NORTH cafe", "siret": "99999999800019"}  # fmt: skip
SOUTHERN = {"reseller": "south", "merchant_code": "SOUTHSHOP", "merchant_name": "SOUTH merchant",
            "trade_name": "SOUTH cafe", "siret": "99999999800027", "contract": "8888888"}  # fmt: skip


def two_maintainers(database):
    """Two resellers with a merchant each; north's host has delivered for a contract nobody declared.

    Returns the folder of their files, and how many there are.
    """
    kept = Path(tempfile.mkdtemp(dir=os.environ[FOLDER]))
    made = DeskPortal(database, kept / "deliveries", kept / "var")
    made.folder.mkdir()
    made.data.mkdir()
    assert not made.deliver(directory(NORTHERN)).refused
    assert not made.deliver(File(source="north-host", key="n1")).refused
    assert not made.deliver(directory(SOUTHERN)).refused
    assert not made.deliver(
        File(source="south-host", key="s1", remittances=(Rem(contract="8888888"),))
    ).refused
    waiting = Rem(
        contract="1234567", number="000001", transactions=(Trx(), Trx(sequence="000102", amount=1250))
    )
    assert not made.deliver(File(source="north-host", key="n2", remittances=(waiting,))).refused
    foreign = Rem(contract="7777777", number="000009")
    assert not made.deliver(File(source="south-host", key="s2", remittances=(foreign,))).refused
    for email, slug in ((NORTH, "north"), (SOUTH, "south")):
        let_staff_in(database, email, slug)
    let_in(database, "owner@north.example", "NORTHSHOP", reseller="north")
    let_in(database, "owner@south.example", "SOUTHSHOP", reseller="south")
    return kept, made.delivered


def north_at_work(database):
    """The same, when north's staff have signed in; returns their cookies besides."""
    kept, delivered = two_maintainers(database)
    made = DeskPortal(database, kept / "deliveries", kept / "var", portal(database, kept / "var"))
    return kept, delivered, made.browser(NORTH).cookies()


@pytest.fixture
def place(furnished, tmp_path, request):
    """Two resellers, with a portal of this test's own."""
    fill = north_at_work if "north" in request.fixturenames else two_maintainers
    with furnished.copy(fill) as (database, (kept, *made)):
        shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
        data = tmp_path / "var"
        yield DeskPortal(database, tmp_path / "deliveries", data, portal(database, data), *made)


@pytest.fixture
def north(place):
    """The browser of north's staff."""
    browser = place.app.test_client()
    browser.resume(place.cookies)
    return browser
