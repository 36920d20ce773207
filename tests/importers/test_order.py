"""Files come when they come: halves meet, order does not matter, nights repeat and clocks change."""

from __future__ import annotations

import os
import random
import subprocess
from contextlib import suppress
from datetime import UTC
from itertools import permutations
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from app.database.login_addresses import Addresses
from importers.load import Status, load_file
from importers.records.payments.rows import instants
from tests import commands
from tests.conftest import SECRET_KEY
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx, directory

PAYMENTS = (
    Trx(),
    Trx(sequence="000102", amount=1250),
    Trx(sequence="000103", operation="CREDIT", amount=500),
)
REM = Rem(transactions=PAYMENTS)
TOTALS = File(remittances=(REM,), key="totals", content="TELECOLLECTES")
DETAILS = File(remittances=(REM,), key="details", content="TRANSACTIONS")
COMPLETENESS = (
    "SELECT seal, transaction_count, received_count, net_amount, received_net, has_totals FROM remittance"
)


def test_totals_then_payments(operator: Operator) -> None:
    operator.declare({})
    operator.deliver(TOTALS)
    assert operator.rows(COMPLETENESS) == [("awaiting_payments", 3, 0, 4650, 0, True)]
    operator.deliver(DETAILS)
    assert operator.rows(COMPLETENESS) == [("complete", 3, 3, 4650, 4650, True)]
    assert operator.rows("SELECT DISTINCT remitted FROM transaction") == [(True,)]
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()


def test_payments_then_totals(operator: Operator) -> None:
    operator.declare({})
    operator.deliver(DETAILS)
    assert operator.rows(COMPLETENESS) == [("awaiting_totals", 3, 3, 4650, 4650, False)]
    assert operator.rows("SELECT DISTINCT remitted FROM transaction") == [(False,)]
    operator.deliver(TOTALS)
    assert operator.rows(COMPLETENESS) == [("complete", 3, 3, 4650, 4650, True)]
    assert operator.rows("SELECT DISTINCT remitted FROM transaction") == [(True,)]
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()


def test_payments_that_do_not_add_up_are_said_to_differ(operator: Operator) -> None:
    operator.deliver(TOTALS)
    operator.deliver(DETAILS.but(remittances=(Rem(transactions=PAYMENTS[:2]),)))
    assert operator.rows(COMPLETENESS) == [("differs", 3, 2, 4650, 5150, True)]
    operator.deliver(DETAILS.but(key="late", remittances=(Rem(transactions=PAYMENTS[2:]),)))
    assert operator.rows(COMPLETENESS) == [("complete", 3, 3, 4650, 4650, True)]


def test_an_empty_telecollection_is_complete(operator: Operator) -> None:
    operator.deliver(File(remittances=(Rem(transactions=()),), content="TELECOLLECTES"))
    assert operator.rows(COMPLETENESS) == [("complete", 0, 0, 0, 0, True)]


@pytest.mark.parametrize("first", ["TELECOLLECTES", "TRANSACTIONS"])
def test_an_empty_remittance_that_meets_its_other_half_is_complete(operator: Operator, first: str) -> None:
    """Nothing is awaited of a remittance that announces nothing, whichever half comes first."""
    for content in sorted(("TELECOLLECTES", "TRANSACTIONS"), key=lambda half: half != first):
        operator.deliver(File(remittances=(Rem(transactions=()),), key=content, content=content))
    assert operator.rows(COMPLETENESS) == [("complete", 0, 0, 0, 0, True)]


@pytest.mark.parametrize(
    "changes", [{"status": "REJETEE"}, {"status": "INCOMPLETE"}, {"transmission": "ECHOUEE"}]
)
def test_payments_of_a_failed_telecollection_are_not_remitted(
    operator: Operator, changes: dict[str, str]
) -> None:
    operator.deliver(File(remittances=(Rem(**changes),)))
    assert operator.rows("SELECT remitted FROM transaction") == [(False,)]


def test_the_same_remittance_in_another_file_is_not_stored_twice(operator: Operator) -> None:
    night = File(remittances=(REM,))
    operator.deliver(night)
    before = operator.digest()
    assert operator.deliver(night.but(key="again")).status is Status.LOADED
    assert operator.digest() == before


@pytest.mark.parametrize(
    ("rem", "line"),
    [
        (Rem(transactions=(Trx(amount=1), *PAYMENTS[1:])), 2),
        (Rem(transactions=PAYMENTS, serial="OTHER"), 2),
        (Rem(transactions=PAYMENTS, collected="2026-03-02T23:59:59"), 2),
    ],
)
def test_a_contradiction_refuses_the_whole_file(operator: Operator, rem: Rem, line: int) -> None:
    operator.deliver(File(remittances=(REM,)))
    before = operator.digest()
    stranger = Rem(contract="1234567")
    result = operator.deliver(File(remittances=(rem, stranger), key="again"))
    assert result.refused
    assert result.refusals[0].line == line
    assert operator.digest() == before


def test_a_changed_payment_alone_is_a_contradiction(operator: Operator) -> None:
    operator.deliver(DETAILS)
    changed = (PAYMENTS[0], Trx(sequence="000102", amount=1251))
    result = operator.deliver(DETAILS.but(key="again", remittances=(Rem(transactions=changed),)))
    assert [refusal.line for refusal in result.refusals] == [4]


def test_remittance_numbers_come_round_again(operator: Operator) -> None:
    operator.deliver(File(remittances=(REM,)))
    later = Rem(transactions=PAYMENTS, opened="", collected="2026-09-02T23:15:07")
    file = File(remittances=(later,), key="later", created="2026-09-03T02:00:00+02:00")
    assert operator.deliver(file).status is Status.LOADED
    assert operator.count("remittance") == 2


def test_a_gap_in_the_numbering_is_a_warning(operator: Operator) -> None:
    gap = (Trx(sequence="000007"), Trx(sequence="000010"), Trx(sequence="000011"))
    round_again = (Trx(sequence="999999"), Trx(sequence="000001"))
    operator.deliver(
        File(
            remittances=(Rem(transactions=gap), Rem(rank="002", transactions=round_again)),
            content="TRANSACTIONS",
        )
    )
    assert operator.rows(
        "SELECT rank, missing_sequences FROM remittance JOIN contract c ON c.id = contract_id ORDER BY 1"
    ) == [
        ("001", 2),
        ("002", 0),
    ]
    operator.deliver(DETAILS.but(key="rest", remittances=(Rem(transactions=(Trx(sequence="000008"),)),)))
    assert (
        operator.value(
            "SELECT missing_sequences FROM remittance r JOIN contract c ON c.id = r.contract_id"
            " WHERE rank = '001'"
        )
        == 1
    )


@pytest.mark.no_cover
def test_order_of_files_does_not_matter(operator: Operator) -> None:
    """Any order of six files that hang together gives the same payments and the same sums."""
    second = Rem(rank="701", application="CBCLESS", transactions=(Trx(sequence="5"),))
    files = [
        directory({}),
        directory({"rank": "701", "application": "CBCLESS", "time_zone": "Europe/Paris"}),
        TOTALS.data(),
        DETAILS.data(),
        File(remittances=(second,), key="second").data(),
        DETAILS.but(key="late", remittances=(Rem(transactions=(Trx(sequence="000104", amount=77),)),)).data(),
    ]
    orders = random.Random(7).sample(list(permutations(range(6))), 6)
    digests = []
    for order in orders:
        operator.empty()
        for place in order:
            assert operator.deliver(files[place]).status is Status.LOADED
        assert operator.sums_kept() == operator.sums_from_rows()
        operator.check_remittance_days()
        digests.append(operator.digest())
    for digest in digests:
        assert digest == digests[0]


def test_the_archive_rebuilds_every_payment(operator: Operator) -> None:
    operator.deliver(TOTALS)
    operator.declare({})
    operator.deliver(DETAILS)
    night = File(remittances=(Rem(number="000500"),), key="night")
    operator.deliver(night)
    operator.deliver(night.but(remittances=(Rem(number="000500", status_text="REPRISE"),)), replace=True)
    before = operator.digest()
    operator.empty()
    for path in sorted((operator.data / "archive").iterdir()):
        assert load_file(operator.database, path, operator.data).status is Status.LOADED
    assert operator.digest() == before


# --- clocks ---------------------------------------------------------------------------------------


def test_the_hour_that_comes_twice_is_told_apart_by_the_numbering(operator: Operator) -> None:
    operator.declare({})
    night = (
        Trx(sequence="1", at="2026-10-25T01:50:00"),
        Trx(sequence="2", at="2026-10-25T02:45:00"),
        Trx(sequence="3", at="2026-10-25T02:15:00"),
        Trx(sequence="4", at="2026-10-25T03:05:00"),
    )
    rem = Rem(opened="2026-10-24T18:00:00", collected="2026-10-25T03:30:00", transactions=night)
    operator.deliver(File(remittances=(rem,), created="2026-10-25T04:00:00+01:00"))
    hours = operator.rows(
        "SELECT sequence_number, to_char(occurred_at, 'HH24:MI') FROM transaction ORDER BY occurred_at"
    )
    assert hours == [("1", "23:50"), ("2", "00:45"), ("3", "01:15"), ("4", "02:05")]


@pytest.mark.parametrize("zone", ["Europe/Paris", "Pacific/Noumea", "America/Martinique", "America/Miquelon"])
def test_the_database_and_the_loader_agree_on_every_instant(operator: Operator, zone: str) -> None:
    local = pd.Series(pd.date_range("2026-01-01", "2027-12-31", freq="29min")).astype("datetime64[s]")
    second = np.arange(len(local)) % 2 == 1
    ours = instants(local, pd.Series([zone] * len(local)), second)
    theirs = operator.rows(
        "SELECT instant_of(t, :zone, n % 2 = 0)"
        " FROM generate_series(timestamp '2026-01-01', '2027-12-31', '29 min')"
        " WITH ORDINALITY AS s (t, n) ORDER BY n",
        zone=zone,
    )
    assert [at.to_pydatetime().astimezone(UTC) for at in ours] == [at for (at,) in theirs]


@pytest.mark.parametrize(
    ("zone", "made", "vouched"),
    [
        ("Europe/Paris", "2026-03-03T02:00:00+01:00", ["2026-03-02"]),
        # Sent again in the afternoon of its own day, it vouches for the day before.
        ("Europe/Paris", "2026-03-02T15:00:00+01:00", ["2026-03-01"]),
        # Two nights late, it catches up the day of its calls.
        ("Europe/Paris", "2026-03-05T02:00:00+01:00", ["2026-03-02", "2026-03-04"]),
        # At two in Paris the evening goes on in Martinique, and the next day has begun in Nouméa.
        ("America/Martinique", "2026-03-03T02:00:00+01:00", ["2026-03-01"]),
        ("Pacific/Noumea", "2026-03-03T02:00:00+01:00", ["2026-03-02"]),
    ],
)
def test_a_file_vouches_for_the_days_that_had_ended_where_the_outlet_is(
    operator: Operator, zone: str, made: str, vouched: list[str]
) -> None:
    operator.declare({"time_zone": zone})
    operator.deliver(File(remittances=(REM,), created=made))
    assert received(operator, "remittances", zone) == vouched
    assert received(operator, "transactions", zone) == vouched


def test_a_night_without_a_call_is_received_in_what_it_is_about(operator: Operator) -> None:
    operator.deliver(TOTALS.but(remittances=(), created="2026-03-06T02:30:00+01:00"))
    assert received(operator, "remittances", "Europe/Paris") == ["2026-03-05"]
    assert received(operator, "transactions", "Europe/Paris") == []


def received(operator: Operator, subject: str, zone: str) -> list[str]:
    """The days received, by the rule as the issue words it."""
    rows = operator.rows(
        "SELECT day, made_at, caught_up FROM received_day WHERE subject = :subject ORDER BY 1",
        subject=subject,
    )
    ended = {day: (made_at.astimezone(ZoneInfo(zone)).date() - day).days for day, made_at, _ in rows}
    return [str(day) for day, _, caught_up in rows if ended[day] == 1 or (caught_up and ended[day] > 1)]


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("Europe/Paris", ("00:30:00", "23:45:00")),  # half past midnight is yesterday in UTC
        ("America/Martinique", ("00:30:00", "22:10:00")),  # an evening is tomorrow in UTC
        ("Pacific/Noumea", ("00:30:00", "10:55:00")),
    ],
)
def test_daily_sums_hold_payments_whose_day_differs_in_utc(
    operator: Operator, zone: str, hours: tuple[str, str]
) -> None:
    operator.declare({"time_zone": zone})
    payments = tuple(
        Trx(sequence=str(number), at=f"2026-03-02T{hour}", amount=100 * number)
        for number, hour in enumerate(hours, 1)
    )
    rem = Rem(opened="2026-03-02T00:10:00", collected="2026-03-02T23:50:00", transactions=payments)
    operator.deliver(File(remittances=(rem,)))
    assert operator.rows(
        "SELECT DISTINCT day::text, count, amount FROM transaction_day WHERE outcome = 'accepted'"
    ) == [("2026-03-02", 2, 300)]
    assert operator.sums_kept() == operator.sums_from_rows()
    operator.check_remittance_days()


# --- kills ----------------------------------------------------------------------------------------


@pytest.mark.no_cover
def test_killed_anywhere_a_file_is_loaded_whole_or_not_at_all(operator: Operator) -> None:
    """Kill the importer at random moments; the next run always ends in the same state."""
    payments = tuple(Trx(sequence=f"{n:06}", amount=n) for n in range(1, 400))
    operator.declare({})
    importer = {
        **Addresses(importer=operator.database.addresses.importer).settings(),
        "BORDEREAU_DATA": str(operator.data),
        "BORDEREAU_SECRET_KEY": SECRET_KEY,
    }
    moments = random.Random(3)
    for turn in range(int(os.environ.get("BORDEREAU_KILLS", "5"))):
        night = File(remittances=(Rem(number=f"{turn:06}", transactions=payments),), key=f"night-{turn}")
        path = night.write(operator.folder, f"night-{turn}.txt")
        with suppress(subprocess.TimeoutExpired):
            done = commands.run("import", str(path), env=importer, seconds=moments.uniform(0.01, 0.4))
            assert done.returncode == 0, done.stderr  # it was quicker
        found = operator.value(
            "SELECT count(*) FROM transaction t JOIN remittance r ON r.id = t.remittance_id"
            " WHERE r.number = :number",
            number=f"{turn:06}",
        )
        assert found in (0, len(payments))
        known = operator.value("SELECT count(*) FROM import_file WHERE file_key = :key", key=f"night-{turn}")
        assert known == (found > 0)
        result = operator.deliver(night)
        assert result.status is (Status.KNOWN if found else Status.LOADED)
        assert operator.sums_kept() == operator.sums_from_rows()
        operator.check_remittance_days()
