"""Files of a folder that several sources share: which source is theirs, or what the refusal says."""

from __future__ import annotations

import pytest

from app.models import CardNumbers
from app.refusals import SEVERAL_SOURCES
from importers import waiting
from importers.formats.amex import disputes
from importers.load import Status, load_file

CASE = {
    "contract_number": "7654321",
    "card": "371449635398431",  # the card of a full number: no real one
    "case_key": "A1",
    "noticed_on": "2026-03-02",
    "due_on": "2026-03-20",
    "sold_on": "2026-02-20",
    "amount": "12.50",
    "currency": "EUR",
    "reason_code": "4763",
}
KINDS = ("EMCBK", "EMINQ")


@pytest.fixture
def mailbox(operator):
    """A mailbox of American Express that a second source reaches, too."""
    operator.declare({})
    operator.bind("amex", cards=CardNumbers.MASK)
    operator.bind("older", inbox="amex", file_pattern=".*")
    return operator


def delivered(operator, kind, **case):
    return operator.deliver_to("amex", disputes.written(kind, [CASE | case]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_several_sources_names_them_before_anything_else(mailbox, kind):
    result = delivered(mailbox, kind)
    assert result.status is Status.QUARANTINED
    first, *others = result.refusals
    assert (first.reason, first.params) == (SEVERAL_SOURCES, {"names": "amex, older"})
    assert [one.is_card_number for one in others] == [True]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_several_sources_without_card_numbers_names_them_too(mailbox, kind):
    (only,) = delivered(mailbox, kind, card="37XXXXXXXXX8431").refusals
    assert (only.reason, only.params) == (SEVERAL_SOURCES, {"names": "amex, older"})


@pytest.mark.parametrize("kind", KINDS)
def test_the_one_source_that_says_its_format_is_its_own(mailbox, kind):
    mailbox.bind("amex", format="EMCBK")
    assert delivered(mailbox, kind).status is Status.LOADED
    name = mailbox.value("SELECT s.name FROM import_file f JOIN source s ON s.id = f.source_id")
    assert name == "amex"


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_of_another_format_is_not_its_own(mailbox, kind):
    mailbox.bind("older", inbox="amex", file_pattern=".*", format="CFONB 120")
    assert delivered(mailbox, kind).status is Status.LOADED


def test_what_both_say_decides_nothing(mailbox):
    mailbox.bind("amex", format="EMCBK")
    mailbox.bind("older", inbox="amex", file_pattern=".*", format="EMCBK")
    assert delivered(mailbox, "EMCBK").refusals[0].reason == SEVERAL_SOURCES


def test_the_desk_of_whose_the_sources_are_sees_the_file(mailbox):
    delivered(mailbox, "EMINQ", card="37XXXXXXXXX8431")
    slugs = "SELECT r.slug FROM import_file f JOIN reseller r ON r.id = ANY(f.reseller_ids)"
    assert mailbox.rows(f"{slugs} WHERE f.status = 'quarantined'") == [("acme",)]


def test_a_mailbox_is_loaded_once_its_source_masks_cards(operator):
    operator.declare({})
    operator.bind("amex")
    refused = delivered(operator, "EMCBK")
    assert [one.is_card_number for one in refused.refusals] == [True]
    operator.bind("amex", cards=CardNumbers.MASK)
    assert load_file(operator.database, refused.path, operator.data).status is Status.LOADED


def test_a_file_of_several_sources_is_tried_again_when_the_other_one_has_another_folder(mailbox):
    refused = delivered(mailbox, "EMINQ", card="37XXXXXXXXX8431")
    mailbox.bind("older", inbox="elsewhere")
    (again,) = waiting.of_source(mailbox.database, mailbox.data, "older")
    assert (again.status, again.file_id) == (Status.LOADED, refused.file_id)
