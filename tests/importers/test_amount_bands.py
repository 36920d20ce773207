"""Bands of amounts beside the payments of large merchants, whatever comes and goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importers.derived import amount_bands
from importers.load import Status
from tests.importers.files import File, Rem, Trx

if TYPE_CHECKING:
    import pytest

    from tests.importers.conftest import Operator


def night(day: int, *amounts: int) -> File:
    payments = tuple(
        Trx(sequence=f"{number:06}", at=f"2026-03-{day:02}T12:31:09", amount=amount)
        for number, amount in enumerate(amounts, 1)
    )
    rem = Rem(
        number=f"{day:06}",
        opened=f"2026-03-{day:02}T08:00:11",
        collected=f"2026-03-{day:02}T23:15:07",
        transactions=payments,
    )
    return File(remittances=(rem,), key=str(day))


def deliver(operator: Operator, file: File) -> None:
    result = operator.deliver(file)
    assert result.status is Status.LOADED, [refusal.text() for refusal in result.refusals]


def bands(operator: Operator) -> list[tuple[int, int, int, int]]:
    return operator.rows(
        "SELECT extract(day FROM day)::int, band, count, amount FROM transaction_band ORDER BY 1, 2"
    )


def test_a_merchant_has_bands_of_all_days_from_their_first_large_day_on(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amount_bands, "LARGE_DAY", 3)
    operator.declare({})
    deliver(operator, night(1, 100, 120))
    assert bands(operator) == []
    deliver(operator, night(2, 24, 1999, 2000))
    assert bands(operator) == [(1, 5, 2, 220), (2, 1, 1, 24), (2, 80, 1, 1999), (2, 81, 1, 2000)]
    deliver(operator, night(3, 25))
    assert bands(operator)[-1] == (3, 2, 1, 25)


def test_many_days_are_added_up_as_few_are(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    operator.declare({})
    monkeypatch.setattr("importers.derived.daily_sums.MOST_LOOKED_UP", 0)
    deliver(operator, night(1, 100, 120))
    deliver(operator, night(2, 24))
    assert bands(operator) == [(1, 5, 2, 220), (2, 1, 1, 24)]
