"""Whoever sends many requests at once is refused before the database hears of it, and others go on."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from app.database import engine
from app.database.engine import DatabaseRole
from app.views import lists
from app.web import questions
from app.web.admission import MOST_AT_ONCE, Admission
from tests.views.round_trips import statements_sent
from tests.waiting import HANGS


@pytest.fixture
def unhurried(monkeypatch):
    """Pages wait for a lock as long as only what hangs does, not the seconds of the web."""
    monkeypatch.setitem(engine._OPTIONS, DatabaseRole.WEB, "")
    monkeypatch.setattr(questions, "_LIMIT", f"SET LOCAL statement_timeout TO '{HANGS}s'")


def same_browser(app, browser):
    """Another tab of ``browser``."""
    tab = app.test_client()
    tab.set_cookie("bordereau", browser.get_cookie("bordereau").value)
    return tab


@pytest.mark.usefixtures("unhurried")
@pytest.mark.probes("one abuser")
def test_one_request_too_many_is_refused_at_no_cost_until_another_is_answered(app, owner, shops, database):
    other = app.test_client()
    other.sign_in(shops[1].email)
    path = "/remises/999"
    tabs = [same_browser(app, owner) for _ in range(MOST_AT_ONCE)]
    with ThreadPoolExecutor() as pool:
        with database.writing(DatabaseRole.OWNER) as connection:
            connection.execute(text("LOCK TABLE remittance"))
            waiting = [pool.submit(tab.get, path) for tab in tabs]
            until = time.monotonic() + HANGS
            while (refused := owner.get("/aide")) and owner.get("/compte").status_code != 429:
                assert time.monotonic() < until
            assert refused.status_code == 200
            assert statements_sent(database, lambda: owner.get("/compte")) == 0
            answer = owner.get("/compte")
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
            assert "Plusieurs de vos pages sont encore en route" in answer.text
            assert other.get("/compte").status_code == 200
        assert {one.result().status_code for one in waiting} == {404}
    assert owner.get("/compte").status_code == 200


def test_whatever_a_request_ends_in_gives_its_place_back(owner, shops, monkeypatch):
    def broken(*_args, **_named):
        raise RuntimeError

    for _ in range(MOST_AT_ONCE + 1):
        assert owner.get("/", follow_redirects=False).status_code == 303
        assert owner.get("/remises/999").status_code == 404
        assert owner.post("/acces/inviter", data={}).status_code == 400
        assert owner.get(shops[0].at("/transactions.csv"), buffered=True).status_code == 200
    with monkeypatch.context() as patch:
        patch.setattr(lists, "page", broken)
        assert {owner.get("/remises").status_code for _ in range(MOST_AT_ONCE + 1)} == {500}
    assert owner.get("/compte").status_code == 200


def test_what_is_answered_is_forgotten():
    admission = Admission()
    assert [admission.enter("key") for _ in range(MOST_AT_ONCE + 2)] == [True] * MOST_AT_ONCE + [False] * 2
    assert admission.enter("other")
    for key in ["key"] * MOST_AT_ONCE + ["other"]:
        admission.leave(key)
    assert admission == Admission()
