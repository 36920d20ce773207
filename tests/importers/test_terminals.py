"""Terminals and the days on which they called follow the rows, whatever order these come in."""

from __future__ import annotations

import pytest

from tests.examples import few_orders
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem

SIRET, OTHER = "99999999800019", "99999999800027"
CALLS = """
SELECT terminal_number, day::text, first_called::time::text, last_called::time::text, serial_number
FROM terminal_day ORDER BY 1, 2
"""
KEPT = "SELECT number, first_on::text, last_on::text, serial_number, cardinality(contract_ids) FROM terminal"


def night(day: str, *remittances: Rem, key: str = "") -> File:
    return File(remittances=remittances or (call(day),), key=key or day, created="2026-04-30T23:00:00+02:00")


def call(day: str, time: str = "23:15:07", **changes: str) -> Rem:
    number = day[5:7] + day[8:] + time[:2]
    return Rem(
        **{"opened": "", "transactions": (), "collected": f"{day}T{time}", "number": number, **changes}
    )


NIGHTS = (
    night("2026-03-02"),
    night("2026-03-03", call("2026-03-03", serial="NEW"), call("2026-03-03", "13:00:00", serial="OLD")),
    night("2026-03-04", call("2026-03-04", terminal="002", serial="SECOND"), call("2026-03-04", rank="002")),
)


def test_a_day_keeps_its_first_and_last_call_and_the_device_of_the_last(operator: Operator) -> None:
    operator.declare({})
    for file in NIGHTS[:2]:
        operator.deliver(file)
    serial = Rem().serial
    assert operator.rows(CALLS) == [
        ("001", "2026-03-02", "23:15:07", "23:15:07", serial),
        ("001", "2026-03-03", "13:00:00", "23:15:07", "NEW"),
    ]
    assert operator.rows(KEPT) == [("001", "2026-03-02", "2026-03-03", "NEW", 1)]


def test_a_month_keeps_its_days_as_bits(operator: Operator) -> None:
    """In whatever order they come; a day by the hours of its first and its last call."""
    operator.declare({}, {"rank": "002"})
    calls = ("04-01", "02:30:00"), ("03-31", "12:00:00"), ("03-31", "03:59:59"), ("03-01", "19:59:00")
    for day, at in (*calls, ("04-30", "20:00:00")):
        operator.deliver(night(f"2026-{day}", call(f"2026-{day}", at), key=f"{day} {at}"))
    operator.deliver(night("2026-03-02", call("2026-03-02", rank="002")))
    bits = "to_hex(called), first_at_night, last_at_night, to_hex(last_from_noon), last_in_evening"
    assert operator.rows(f"SELECT month::text, {bits} FROM terminal_month ORDER BY 1, 2") == [
        ("2026-03-01", "20000000", 0, 0, "20000000", 1 << 29),
        ("2026-03-01", "40000001", 1, 0, "40000001", 0),
        ("2026-04-01", "40000002", 1 << 30, 1 << 30, "2", 2),
    ]
    operator.check_terminal_months()


@pytest.mark.orders
def test_they_are_the_same_in_every_order(operator: Operator) -> None:
    seen = set()
    for order in few_orders(NIGHTS):
        operator.empty()
        operator.declare({}, {"rank": "002"})
        for file in order:
            operator.deliver(file)
        seen.add(repr((operator.rows(CALLS), operator.terminals())))
        operator.check_terminal_months()
    assert len(seen) == 1
    assert operator.count("terminal") == 2


def test_what_waited_for_its_owner_becomes_a_terminal_of_theirs(operator: Operator) -> None:
    operator.deliver(NIGHTS[0])
    assert operator.count("terminal") == operator.count("terminal_day") == 0
    operator.declare({})
    assert operator.rows(KEPT) == [("001", "2026-03-02", "2026-03-02", Rem().serial, 1)]
    operator.check_terminal_months()


def test_a_replaced_file_takes_its_terminal_along(operator: Operator) -> None:
    operator.declare({})
    operator.deliver(night("2026-03-02", call("2026-03-02", terminal="007"), key="night"))
    operator.deliver(night("2026-03-02", call("2026-03-02", terminal="008"), key="night"), replace=True)
    assert operator.rows("SELECT number FROM terminal") == [("008",)]
    assert operator.rows("SELECT terminal_number FROM terminal_day") == [("008",)]
    operator.check_terminal_months()


def test_a_contract_takes_its_calls_along_to_another_outlet(operator: Operator) -> None:
    operator.declare({"siret": SIRET}, {"siret": SIRET, "rank": "002"})
    operator.deliver(NIGHTS[0])
    operator.deliver(NIGHTS[2])
    operator.declare({"siret": OTHER, "trade_name": "AUTRE"})
    rows = operator.rows(
        "SELECT o.siret, t.number FROM terminal t JOIN outlet o ON o.id = t.outlet_id ORDER BY 1, 2"
    )
    assert rows == [(SIRET, "001"), (OTHER, "001"), (OTHER, "002")]


def test_an_outlet_whose_clock_is_corrected_takes_the_instants_of_its_calls_along(operator: Operator) -> None:
    operator.declare({"time_zone": "Europe/Paris"})
    operator.deliver(NIGHTS[0])
    operator.declare({"time_zone": "Indian/Reunion"})
    same = "SELECT t.last_called_at = r.collected_at FROM terminal t, remittance r"
    assert operator.rows(same) == [(True,)]
    assert operator.rows(same.replace("terminal t", "terminal_day t")) == [(True,)]
