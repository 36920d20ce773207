"""A world of nights, delivered as files in any order, and what plain Python says of it.

Three time zones, calls after midnight, halves apart, a merchant directory that comes late and a night that is
replaced: daily sums, completeness, lists and totals must be those of the written nights.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from app.listing import query, sums
from app.listing.criteria import Criteria
from app.listing.period import Days
from app.listing.scope import Scope
from app.lists import REMITTANCES, TRANSACTIONS
from importers.load import Status
from tests.importers.files import File, Rem, Trx, directory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.listing.spec import ListSpec
    from tests.importers.conftest import Operator

TODAY = date(2026, 3, 9)
DAYS = Days.of(TODAY)
NIGHTS = [date(2026, 3, 2) + timedelta(days) for days in range(5)]
ZONES = {
    "99999999800019": "Europe/Paris",
    "99999999800027": "Indian/Reunion",
    "99999999800035": "America/Martinique",
}
#: Contracts by their outlet's SIRET: two each.
CONTRACTS = {f"765432{index}": siret for index, siret in enumerate([*ZONES, *ZONES])}
TYPES = {
    "DEBIT": "debit",
    "CREDIT": "refund",
    "ANNULATION": "cancellation",
    "ANNUL_CREDIT": "refund_cancellation",
    "PREAUTO": "preauthorisation",
}
OUTCOMES = {"ACCEPTEE": "accepted", "REFUSEE": "declined", "ABANDON": "abandoned"}
#: Minutes after the opening at which payments happen: before and after midnight, wherever the shop is.
MOMENTS = (0, 95, 240, 480, 600, 719, 800)


@dataclass(frozen=True)
class Paid:
    """A payment as it was written, and where it must be found."""

    rem: Rem
    trx: Trx

    @property
    def local(self) -> datetime:
        return datetime.fromisoformat(self.trx.at)

    @property
    def instant(self) -> datetime:
        return self.local.replace(tzinfo=ZoneInfo(ZONES[self.rem.siret]))

    @property
    def remitted(self) -> bool:
        """Whether its money is on its way to the bank."""
        arrived = self.rem.status == "CORRECTE" and self.rem.transmission != "ECHOUEE"
        return arrived and self.trx.outcome == "ACCEPTEE" and self.trx.operation != "PREAUTO"

    @property
    def group(self) -> tuple[Any, ...]:
        kind, outcome = TYPES[self.trx.operation], OUTCOMES[self.trx.outcome]
        return self.rem.contract, self.local.date(), kind, outcome, self.remitted

    @property
    def key(self) -> tuple[str, str, str]:
        return self.rem.contract, self.rem.number, self.trx.sequence


def a_payment(chance: random.Random, sequence: int, at: datetime) -> Trx:
    return Trx(
        sequence=f"{sequence:06}",
        at=at.isoformat(),
        operation=chance.choice(["DEBIT", "DEBIT", "DEBIT", *TYPES]),
        outcome=chance.choice(["ACCEPTEE", "ACCEPTEE", "ACCEPTEE", "REFUSEE", "ABANDON"]),
        amount=chance.choice((1, 1250, 3900, 125000)),
    )


def a_call(chance: random.Random, contract: str, siret: str, number: int, day: date) -> Rem:
    """A remise opened at noon; it calls in the evening (overseas tomorrow by UTC) or after midnight."""
    opened = datetime.combine(day, datetime.min.time()) + timedelta(hours=11)
    called = chance.choice((705, 805, 815))
    possible = [minutes for minutes in MOMENTS if minutes < called]
    moments = sorted(chance.sample(possible, min(chance.choice((0, 1, 4, 6)), len(possible))))
    payments = (
        a_payment(chance, number * 100 + place, opened + timedelta(minutes=minutes))
        for place, minutes in enumerate(moments)
    )
    return Rem(
        contract=contract,
        siret=siret,
        number=f"{number:06}",
        opened=opened.isoformat(),
        collected=(opened + timedelta(minutes=called)).isoformat(),
        status=chance.choice(["CORRECTE", "CORRECTE", "REJETEE", "INCOMPLETE"]),
        transmission=chance.choice(["REUSSIE", "REUSSIE", "ECHOUEE"]),
        transactions=tuple(payments),
    )


def a_night(chance: random.Random, index: int, day: date) -> File:
    calls = (
        a_call(chance, contract, siret, 10 * index + place, day)
        for place, (contract, siret) in enumerate(CONTRACTS.items())
    )
    made = f"{day + timedelta(days=1)}T08:00:00+01:00"
    return File(remittances=tuple(calls), key=f"night-{index}", created=made)


def deliveries_of(chance: random.Random, night: File) -> Iterator[list[tuple[File, bool]]]:
    """The files of a night, those in a list one after the other, each with whether it replaces."""
    way = chance.choice(["whole", "halves", "replaced"])
    if way == "halves":
        for half in ("TELECOLLECTES", "TRANSACTIONS"):
            yield [(night.but(key=f"{night.key}-{half}", content=half), False)]
    elif way == "replaced":
        wrong = tuple(
            replace(rem, transactions=tuple(replace(trx, amount=trx.amount + 1) for trx in rem.transactions))
            for rem in night.remittances
        )
        yield [(night.but(remittances=wrong), False), (night, True)]
    else:
        yield [(night, False)]


def deliver(operator: Operator, chance: random.Random, nights: list[File]) -> None:
    """Every file of the nights in any order, and somewhere among them who owns the contracts."""
    owners = directory(
        *(
            {"siret": siret, "time_zone": ZONES[siret], "contract": contract, "trade_name": ZONES[siret]}
            for contract, siret in CONTRACTS.items()
        )
    )
    steps = [step for night in nights for step in deliveries_of(chance, night)]
    chance.shuffle(steps)
    declared_at = chance.randrange(len(steps) + 1)
    for place, step in enumerate([*steps, []]):
        if place == declared_at:
            assert operator.deliver(owners).status is Status.LOADED
        for file, replaces in step:
            result = operator.deliver(file, replace=replaces)
            expected = Status.REPLACED if replaces else Status.LOADED
            assert result.status is expected, [refusal.text() for refusal in result.refusals]


def payments_of(nights: list[File]) -> list[Paid]:
    return [Paid(rem, trx) for night in nights for rem in night.remittances for trx in rem.transactions]


def rows_of(operator: Operator, spec: ListSpec) -> list[Any]:
    """All rows of a list, page after page."""
    scope, found = the_merchant(operator), []
    args: Any = [("date_from", "2026-03-01"), ("date_to", TODAY.isoformat())]
    with operator.database.reading_as(scope) as connection:
        while args is not None:
            page = query.page(connection, spec, scope, Criteria.from_args(spec, args, DAYS), 7)
            found += page.rows
            args = page.next_args
    return found


def the_merchant(operator: Operator) -> Scope:
    return Scope(operator.value("SELECT id FROM merchant WHERE id <> 0"))


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(3))
def test_what_was_written_is_what_is_kept_shown_and_summed(operator: Operator, seed: int) -> None:
    chance = random.Random(seed)
    nights = [a_night(chance, index, day) for index, day in enumerate(NIGHTS)]
    deliver(operator, chance, nights)
    check_completeness(operator, nights)
    check_daily_sums(operator, payments_of(nights))
    check_list(operator, payments_of(nights))
    for spec in (REMITTANCES, TRANSACTIONS):
        check_totals(operator, spec)


def check_completeness(operator: Operator, nights: list[File]) -> None:
    calls = {(rem.contract, rem.number): rem for night in nights for rem in night.remittances}
    kept = operator.rows(
        "SELECT c.number, r.number, r.seal, r.received_count, r.received_net, r.net_amount FROM remittance r"
        " JOIN contract c ON c.merchant_id = r.merchant_id AND c.id = r.contract_id"
    )
    assert {row[:2]: row[2:] for row in kept} == {
        key: ("complete", len(rem.transactions), rem.net, rem.net) for key, rem in calls.items()
    }
    assert len(rows_of(operator, REMITTANCES)) == len(calls)


def check_daily_sums(operator: Operator, payments: list[Paid]) -> None:
    expected: dict[Any, tuple[int, int]] = {}
    for paid in payments:
        count, amount = expected.get(paid.group, (0, 0))
        expected[paid.group] = count + 1, amount + paid.trx.amount
    kept = operator.rows(
        "SELECT c.number, d.day, d.type, d.outcome, d.remitted, d.count, d.amount FROM transaction_day d"
        " JOIN contract c ON c.merchant_id = d.merchant_id AND c.id = d.contract_id"
    )
    assert {row[:5]: row[5:] for row in kept} == expected
    operator.check_remittance_days()


def check_list(operator: Operator, payments: list[Paid]) -> None:
    """Each payment once, on its own day, in the order of instants whatever the zone."""
    shown = rows_of(operator, TRANSACTIONS)
    keys = [(row["contract"], row["remittance"], row["sequence_number"]) for row in shown]
    written = {paid.key: paid for paid in payments}
    assert set(keys) == written.keys()
    assert len(keys) == len(payments)
    order = [written[key].instant for key in keys]
    assert order == sorted(order, reverse=True)
    assert [row["date"] for row in shown] == [written[key].local for key in keys]


def check_totals(operator: Operator, spec: ListSpec) -> None:
    """From each day on, the daily sums and the rows say the same."""
    scope = the_merchant(operator)
    for first in NIGHTS:
        args = [("date_from", first.isoformat()), ("date_to", NIGHTS[-1].isoformat())]
        criteria = Criteria.from_args(spec, args, DAYS)
        with operator.database.reading_as(scope) as connection:
            daily = sums.daily_sums(spec, scope, criteria)
            assert daily is not None
            rows = sums.row_sums(spec, scope, criteria)
            assert connection.execute(daily).all() == connection.execute(rows).all()
