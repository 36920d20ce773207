"""Statements of real banks: each sample gives the counts, sums, balances and verdict that its list says."""

from __future__ import annotations

import pandas as pd
import pytest

from app.rules import cfonb_records
from importers.formats import camt, cfonb120
from importers.refusals import FileRefusedError
from tests.importers.money.samples import content, expected, named

# The list calls two of its lines equal; they differ in the bank's own code, at places 8 to 11.
NOT_TWINS = "idx_internal_code_and_operation_code_can_be_empty_under_conditions.txt"


@pytest.mark.parametrize("name", named("cfonb120/"))
def test_each_cfonb_sample_gives_what_an_independent_reader_finds(name):
    said = expected()[name]
    if said["verdict"] == "refuse":
        with pytest.raises(FileRefusedError) as refused:
            cfonb120.read(content(name))
        assert all(one.line for one in refused.value.refusals)
        return
    assert cfonb_records.FIRST_LINE.match(content(name))
    found = cfonb120.read(content(name))
    assert {
        "statements": len(found.statements),
        "movements": len(found.movements),
        "moved": int(found.movements["amount"].sum()),
    } == said["once"]
    assert found.statements["proven"].all()
    assert found.notices or said["verdict"] == "load" or name.endswith(NOT_TWINS)
    accounts = {one["account"].replace(" ", "") for one in said["statements"]}
    assert set(found.statements["account_key"]) == accounts
    if said["counts"]["statements"] == said["once"]["statements"]:
        assert sums_by_code(found) == said.get("sums", {})


def sums_by_code(found):
    codes = "code " + found.movements["code"].replace("", "(blank)")
    return {code: int(value) for code, value in found.movements["amount"].groupby(codes).sum().items()}


@pytest.mark.parametrize("name", named("camt/"))
def test_each_camt_sample_gives_what_an_independent_reader_finds(name):
    said = expected()[name]
    assert camt.FIRST_LINE.match(content(name))
    if said["verdict"] == "refuse":
        with pytest.raises(FileRefusedError):
            camt.read(content(name))
        return
    found = camt.read(content(name))
    assert len(found.statements) == said["counts"]["statements"]
    assert len(found.movements) == said["counts"].get("status BOOK", 0)
    assert balances(found) == [
        (one["opening"], one["booked"], one["closing"], one["balanced"] is True) for one in said["statements"]
    ]
    assert booked_sums(found.movements) == {
        key: value for key, value in said.get("sums", {}).items() if key.startswith("BOOK ")
    }
    if "first" in said and len(found.movements):
        days = found.movements["booked_on"]
        assert (f"{days.min():%Y-%m-%d}", f"{days.max():%Y-%m-%d}") == (said["first"], said["last"])
    if said["format"].startswith("camt."):
        assert camt.version(content(name)) == said["format"]


def balances(found):
    absent = found.statements.astype(object).where(found.statements.notna(), None)
    return [(one.opening, one.line_sum, one.closing, one.proven) for one in absent.itertuples(index=False)]


def booked_sums(movements: pd.DataFrame) -> dict[str, int]:
    side = movements["amount"].map(lambda amount: "credit" if amount > 0 else "debit")
    keys = "BOOK " + movements["currency"] + " " + side
    return {key: int(value) for key, value in movements["amount"].groupby(keys).sum().items()}


@pytest.mark.parametrize("name", named("camt/subite/LT625883379695428516/CAMT_053/"))
def test_days_of_one_account_are_of_one_key(name):
    keys = camt.read(content(name)).statements["account_key"]
    assert "LT625883379695428516" in set(keys)
