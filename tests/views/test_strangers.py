"""The journal under the hands of strangers: what anybody can repeat is no line of it, or one in a while."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from app.database.engine import DatabaseRole
from app.models import JournalEntry
from tests.views.one_time_links import accept

OFTEN = 30
PAGES = ("/invitation", "/nouveau-mot-de-passe", "/invitation/demandee", "/mot-de-passe-oublie", "/connexion")


def lines(database):
    """The events of the journal, each with how often it had not been told."""
    with database.reading() as connection:
        wanted = select(JournalEntry.event, JournalEntry.details["count"].as_integer())
        return connection.execute(wanted.order_by(JournalEntry.id)).all()


@pytest.mark.probes("journal")
def test_a_page_asked_for_without_a_link_is_no_line(browser, shops, database, probes):
    before = lines(database)
    for path in PAGES:
        for _ in range(OFTEN):
            assert browser.get(path).status_code == 200
    assert lines(database) == before
    probes(len(PAGES) * OFTEN)


@pytest.mark.probes("journal")
def test_a_link_that_is_spent_is_one_line_in_five_minutes_however_often_it_is_used(
    app, invite, database, probes
):
    path = invite()
    accept(app.test_client(), path)
    before, stranger = lines(database), app.test_client()
    stranger.get(path)
    for _ in range(OFTEN):
        assert stranger.get("/invitation").status_code == 410
        stranger.head("/invitation")
    assert lines(database) == [*before, ("link_refused", 1)]
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE sign_in_attempt SET at = at - interval '5 minutes'"))
    stranger.get("/invitation")
    assert lines(database) == [*before, ("link_refused", 1), ("link_refused", OFTEN)]
    probes(2 * OFTEN)
