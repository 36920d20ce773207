"""The demonstration's bank: every state of a credit is there to be seen, and every total adds up."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pandas as pd
import pytest
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.listing.scope import Scope
from app.lists.credit_reasons import closing_parts
from app.lists.remittances import REMITTANCES
from importers.demo import american_express, bank
from importers.demo.profiles import CHAIN_CODE
from tests.lists.closing import check_closed
from tests.lists.test_oracle import criteria_of, seen_as

LAST_DAY = date(2026, 3, 31)


@pytest.fixture(scope="module")
def rows(stored):
    """A small demonstration with its bank: a way to ask for rows."""
    return stored(bank, LAST_DAY, merchants=2, days=40, transactions=6_000, chain_shops=2)


@pytest.fixture(scope="module")
def credited(rows):
    """The rows of credits by merchant and state."""
    return rows(
        "SELECT m.code, r.credit, count(*) AS count FROM remittance r"
        " JOIN merchant m ON m.id = r.merchant_id GROUP BY 1, 2"
    )


def test_both_styles_credit_most_and_leave_some_late_and_some_expected(credited):
    for code in ("FOURNIL", "BOULANGERIE"):
        states = {row.credit: row.count for row in credited if row.code == code}
        paid = states.get("credited", 0)
        assert paid > 0.8 * sum(states.get(name, 0) for name in ("credited", "differs", "late", "expected"))
        assert {"late", "expected"} <= set(states)
    assert "differs" in {row.credit for row in credited}


def test_what_was_not_passed_on_is_not_credited(rows, module_database):
    def found(connection):
        every = bank._remittances(connection, LAST_DAY, [CHAIN_CODE], text("true"))
        return set(zip(every["contract"], every["rank"], every["number"], strict=True))

    with module_database.writing(DatabaseRole.OWNER) as connection:
        before = found(connection)
        failed = before - _after_a_failure(connection, found)
        assert len(failed) == 1
        connection.rollback()


def _after_a_failure(connection, found):
    """What the bank credits when one of the chain's correct remittances was not passed on."""
    connection.execute(
        text(
            "UPDATE remittance SET transmission = 'failed' WHERE id = (SELECT r.id FROM remittance r"
            " JOIN merchant m ON m.id = r.merchant_id WHERE m.code = :code AND r.status = 'correct'"
            " AND r.net_amount <> 0 AND r.seal = 'complete' ORDER BY r.collected_on DESC LIMIT 1)"
        ),
        {"code": CHAIN_CODE},
    )
    return found(connection)


@pytest.mark.parametrize(("code", "by"), [("FOURNIL", "collected_on"), ("BOULANGERIE", "id")])
def test_each_credit_that_the_bank_lost_is_named_and_nothing_else_is(rows, code, by):
    """Once its time has passed; what is proposed is to be confirmed first."""
    expected = rows(_CREDITS.format(code=code, by=by))
    booked = Counter(row.amount for row in rows(_AMOUNTS.format(code=code)))
    lost = Counter(row.net for row in expected) - booked
    due = lost & Counter(row.net for row in expected if row.is_due)
    named = Counter(row.net for row in expected if row.credit == "late")
    false, missed = named - lost, due - named
    print(  # noqa: T201 - figures to read
        f"\n[{code}: lost {lost.total()}, due {due.total()}, named {named.total()}, falsely {false.total()}]"
    )
    assert named.total() > 0
    assert (false, missed) == (Counter(), Counter())


# What the bank credits by a line of its own, its amount, and whether statements cover the day it was due.
_CREDITS = """
SELECT c.number, sum(r.net_amount)::bigint AS net, max(r.credit) AS credit,
  max(r.expected_by) <= (SELECT max(closed_on) FROM bank_statement s WHERE s.merchant_id = m.id)
    AND NOT bool_or(r.is_proposed) AS is_due
FROM merchant m
JOIN LATERAL (
  SELECT r.*, EXISTS (SELECT FROM credit_link l WHERE l.merchant_id = r.merchant_id
    AND l.remittance_id = r.id AND l.certainty = 'proposed') AS is_proposed
  FROM remittance r WHERE r.merchant_id = m.id AND r.credit NOT IN ('unknown', 'not_expected', 'differs')
) AS r ON true
JOIN contract c ON c.merchant_id = r.merchant_id AND c.id = r.contract_id
WHERE m.code = '{code}' AND c.application NOT LIKE 'AMEX%' AND c.application NOT LIKE 'CONECS%'
GROUP BY m.id, c.number, r.{by}
"""
_AMOUNTS = """
SELECT b.amount FROM bank_movement b JOIN merchant m ON m.id = b.merchant_id
WHERE m.code = '{code}' AND b.kind IN ('remittance', 'refund')
"""


def test_what_is_not_credited_is_what_the_bank_lost(rows):
    """Of the chain, whose bank credits each contract and day by a line: nothing else waits for its money."""
    days, lines = rows(_DAYS_OF_CHAIN), rows(_LINES_OF_CHAIN)
    lost = Counter((row.number, row.net) for row in days) - Counter(map(tuple, lines))
    waiting = Counter(
        (row.number, row.net) for row in days if row.credits != ["credited"] and not row.proposed
    )
    assert lost.total() > 1
    assert waiting == lost
    late = [row for row in days if row.credits == ["late"]]
    assert len(late) >= lost.total() // 2


_CHAIN = "SELECT id FROM merchant WHERE code = 'FOURNIL'"
_DAYS_OF_CHAIN = f"""
SELECT c.number, r.collected_on, sum(r.net_amount)::bigint AS net, array_agg(DISTINCT r.credit) AS credits,
  bool_or(EXISTS (SELECT FROM credit_link l WHERE l.merchant_id = r.merchant_id AND l.remittance_id = r.id
    AND l.certainty = 'proposed')) AS proposed
FROM remittance r JOIN contract c ON c.merchant_id = r.merchant_id AND c.id = r.contract_id
WHERE r.merchant_id = ({_CHAIN}) AND r.credit NOT IN ('unknown', 'not_expected')
  AND c.application NOT LIKE 'AMEX%' AND c.application NOT LIKE 'CONECS%'
GROUP BY 1, 2
"""
_LINES_OF_CHAIN = f"""
SELECT contract_number, amount FROM bank_movement
WHERE merchant_id = ({_CHAIN}) AND kind IN ('remittance', 'refund')
"""


def test_a_chargeback_may_be_of_several_sales_and_none_is_chosen(rows):
    (found,) = rows("SELECT candidates, transaction_id FROM chargeback")
    assert (found.candidates in range(2, 6), found.transaction_id) == (True, None)


def test_the_bank_charges_nothing_back_that_it_did_not_pay(rows, module_database):
    """Of 60 days American Express may have the most equal sums; its contract would be named by nothing."""
    with module_database.writing(DatabaseRole.OWNER) as connection:
        unpaid = bank._unpaid(connection, LAST_DAY)
        connection.execute(
            text("UPDATE contract SET application = 'AMEX' WHERE number = :contract"), unpaid._asdict()
        )
        another = bank._unpaid(connection, LAST_DAY)
        assert another is None or another.contract != unpaid.contract
        connection.rollback()


@pytest.mark.parametrize("days", range(7))
def test_a_payment_is_announced_whatever_the_day_of_the_week(days):
    last_day = LAST_DAY + timedelta(days=days)
    calls = pd.date_range(end=last_day, periods=10).astype("datetime64[s]")
    said = american_express.submissions(
        pd.DataFrame(
            {"code": CHAIN_CODE, "contract": "1", "number": "1", "collected_on": calls, "net": 1000}
        ),
        last_day,
    )
    assert (said["paid_on"] > pd.Timestamp(last_day)).any()
    assert (said["paid_on"] <= pd.Timestamp(last_day)).any()


def test_american_express_announces_credits_and_differs(rows):
    states = rows(
        "SELECT r.credit, count(*) AS count, count(r.fee_amount) AS fees FROM remittance r"
        " JOIN contract c ON c.merchant_id = r.merchant_id AND c.id = r.contract_id"
        " JOIN merchant m ON m.id = r.merchant_id"
        " WHERE c.application LIKE 'AMEX%' AND m.code = 'FOURNIL' GROUP BY 1"
    )
    counts = {row.credit: row.count for row in states}
    assert {"announced", "credited", "differs"} <= set(counts)
    assert counts["credited"] > 0.7 * sum(counts.values()) - counts.get("not_expected", 0)
    assert not {"late", "unknown"} & set(counts)


def test_every_certain_link_adds_up_to_its_line(rows):
    wrong = rows(
        "SELECT m.id FROM bank_movement m JOIN credit_link l ON l.merchant_id = m.merchant_id"
        " AND l.bank_movement_id = m.id AND l.certainty = 'certain'"
        " GROUP BY m.id, m.amount HAVING sum(l.amount) <> m.amount"
    )
    assert wrong == []


_WITH_MONEY = """
SELECT DISTINCT m.code, m.id FROM merchant m
WHERE m.id IN (SELECT merchant_id FROM bank_account UNION SELECT merchant_id FROM settlement)
"""


def test_a_month_of_each_merchant_is_closed_to_the_cent_and_says_why(rows, module_database):
    """Where the net is adds up to it; each gap and each credit that is missing has its reason."""
    merchants = rows(_WITH_MONEY)
    assert {"FOURNIL", "BOULANGERIE"} <= {row.code for row in merchants}
    reasons = set()
    for merchant in merchants:
        with module_database.reading() as connection:
            scope = seen_as(connection, Scope(merchant.id))
            criteria = criteria_of(REMITTANCES, {}, LAST_DAY - timedelta(30), LAST_DAY)
            (table,) = check_closed(connection, scope, criteria)
        assert sum(closing_parts(table.lines).values()) > 0
        reasons |= {line.key for line in table.lines}
    assert not reasons & {"differs/less", "differs/more"}
    assert reasons >= {
        "credited",
        "late/absent",
        "differs/refunds",
        "differs/received_less/AMERICAN EXPRESS",
        "announced/unproven/AMERICAN EXPRESS",
        "not_expected/nothing",
        "not_expected/issuers",
    }
