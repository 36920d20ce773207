"""Every event of the journal has its words, in both languages, and never fails on what it finds."""

from __future__ import annotations

from datetime import date

import pytest

from app.accounts.event_labels import WORDS, detail, events, title
from app.accounts.journal import Event
from app.wording.i18n import speaking

DAY = date(2026, 11, 21)


def test_every_event_has_its_words_and_every_words_their_event():
    assert set(WORDS) == set(Event)


@pytest.mark.parametrize("event", Event)
def test_an_event_is_said_in_french_and_in_english(event):
    with speaking("en"):
        english = title(event), detail(event, {}, DAY)
    with speaking("fr"):
        french = title(event), detail(event, {}, DAY)
    assert english[0]
    assert french[0] != english[0]
    assert "%" not in "".join(english + french)


def test_two_events_are_never_said_alike():
    said = [words for _, words in events()]
    assert len(said) == len(set(said))


def test_an_export_says_what_was_asked_as_the_list_words_it():
    asked = [["date_from", "2026-11-15"], ["date_to", "2026-11-21"], ["type", "debit"]]
    with speaking("fr"):
        said = detail("exported", {"list": "transactions", "rows": 412, "asked": asked}, DAY)
    assert said.startswith("Transactions, 412 lignes")
    assert "15/11/2026" in said
    assert "Débit" in said


def test_an_event_of_another_version_is_shown_as_it_is_stored():
    assert title("something_new") == "something_new"
    assert detail("something_new", {"a": 1}, DAY) == ""
