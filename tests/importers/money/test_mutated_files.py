"""Files of money, changed at a few places: read or refused with its place, and no movement gone unsaid."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.models import CardNumbers, SourceSettings
from importers.files import card_numbers
from importers.files.archive import IncomingFile
from importers.formats import FileContext, mapped_csv, recognise
from importers.formats import camt as camt_format
from importers.formats import cfonb120 as cfonb_format
from importers.formats.amex import eptrn as eptrn_format
from importers.formats.amex import grrcn as grrcn_format
from importers.records import clocks
from importers.records.remote_payments.profile import PaymentProfile
from importers.refusals import FileRefusedError, Refusal
from tests.importers.money import scenario_files as files
from tests.importers.money import scenario_platforms as platforms
from tests.importers.money import test_mapped_csv as mapped
from tests.importers.money.scenario import CONTRACT, Scenario
from tests.importers.mutations import mutated

WEEK = Scenario(11)
MUTATIONS = 60
HONEST = {
    **{name: write(WEEK.bank[:2])[0] for name, write in files.BANK.items()},
    **{name: write(WEEK.days[:1])[0] for name, write in files.PAYMENTS.items()},
    **{name: write(WEEK.amex[:2])[0] for name, write in files.ACQUIRER.items()},
    **{name: write(WEEK.days[:1])[0] for name, write in platforms.PLATFORMS.items()},
    "CSV of Société générale": ("sg.csv", mapped.SOCIETE_GENERALE.encode()),
    "CSV of Caisse d'Épargne": ("ce.csv", mapped.CAISSE_D_EPARGNE.encode()),
}
SETTINGS = SourceSettings(cards=CardNumbers.MASK, account="999990000100000000001", application="CBVAD")
PROFILE = PaymentProfile(contracts=dict.fromkeys(("", CONTRACT, "ACME_FR"), CONTRACT))


def load_without_a_database(name: str, data: bytes, mapping: str = "") -> None:
    """All that is done with a file before anything is written. Raises FileRefusedError."""
    settings = replace(SETTINGS, mapping=mapping)
    context = FileContext(name=name, settings=settings, payments=PROFILE)
    known = recognise(name, data, mapped_csv.NAME if mapping else "")
    file = IncomingFile(data=data, path=Path(name), sha256="", name=name)
    cleaned, _ = card_numbers.cleaned(file, known, lambda _source: frozenset())
    records = known.read(cleaned.data, context)
    clocks.check(records, datetime.now(UTC))


@pytest.mark.parametrize("name", HONEST)
@pytest.mark.probes("files in")
def test_a_changed_file_is_read_or_refused_by_its_place_and_never_by_its_value(name):
    """A reason holds nothing of the file: neither an amount nor a number of any length."""
    path, honest = HONEST[name]
    mapping = platforms.MAPPINGS.get(name, "")
    load_without_a_database(path, honest, mapping)
    found: list[Refusal] = []
    for data in mutated(honest, MUTATIONS, seed=len(name)):
        try:
            load_without_a_database(path, data, mapping)
        except FileRefusedError as refused:
            found += refused.refusals
    assert found
    assert [one for one in found if not (one.line or one.column)] == []
    assert [one for one in found if re.search(r"[0-9]{5}", " ".join(map(str, one.params.values())))] == []


def read_or_none(read, data: bytes):
    try:
        return read(data)
    except FileRefusedError:
        return None


LINES = {
    "CFONB 120": (b"\n04", cfonb_format.read, lambda found: found.statements["proven"]),
    "camt.053.001.08": (b"<Ntry>", camt_format.read, lambda found: found.statements["proven"]),
    "GRRCN with commas": (
        b'"SUBMISSION"',
        grrcn_format.read,
        lambda found: found.settlements.settlements["net_proven"],
    ),
    "EPTRN": (b"210", eptrn_format.read, lambda found: found.settlements.settlements["net_proven"]),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_that_is_lost_or_doubled_is_noticed_where_a_format_has_the_means_to_tell(name):
    mark, read, proven = LINES[name]
    data = HONEST[name][1]
    end = b"</Ntry>" if mark == b"<Ntry>" else b"\n"
    assert proven(read(data)).all()
    places = [found.start() + mark.startswith(b"\n") for found in re.finditer(re.escape(mark), data)]
    starts = [place if mark == b"<Ntry>" else data.rfind(b"\n", 0, place) + 1 for place in places]
    for start in starts:
        after = data.index(end, start) + len(end)
        for changed in (data[:start] + data[after:], data[:after] + data[start:]):
            found = read_or_none(read, changed)
            assert found is None or not proven(found).all()
