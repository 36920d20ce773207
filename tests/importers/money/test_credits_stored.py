"""What became of remittances at the bank, stored: the same whatever order, split or repetition of files."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.database.engine import DatabaseRole
from app.database.migrate import alembic_config
from app.desk import tasks
from app.models import DeskTaskKind
from importers import desk
from importers.load import Status
from tests.examples import orders_of_files
from tests.importers.conftest import Operator
from tests.importers.files import File, Rem, Trx
from tests.importers.money.test_bank_statements_stored import declaration, deliver
from tests.importers.money.test_bank_statements_stored import operator as operator  # noqa: PLC0414
from tests.importers.money.test_cfonb120 import MovementLine, Statement, written

FIRST = date(2026, 3, 2)  # a Monday
AMOUNTS = (3900, 1840, 4100, 2500)


def night(number: int, amount: int, **said) -> bytes:
    """The file of a night: one remittance, its number that of the night."""
    day = FIRST + timedelta(days=number)
    payment = Trx(amount=amount, at=f"{day.isoformat()}T12:31:09")
    rem = Rem(
        number=f"{417 + number:06}",
        opened=f"{day.isoformat()}T08:00:11",
        collected=f"{day.isoformat()}T23:15:07",
        transactions=(payment,),
        **said,
    )
    made = f"{(day + timedelta(days=1)).isoformat()}T02:00:00+01:00"
    return File(key=f"N{number}", remittances=(rem,), created=made).data()


def statement(number: int, *lines: MovementLine) -> bytes:
    """The statement of the day after a night; balances join from one to the next."""
    day = FIRST + timedelta(days=number + 1)
    return written(Statement(lines, opening=100_000, day=day))


def credits_of(operator: Operator) -> list[tuple]:
    return operator.rows(
        "SELECT number, credit, credited_on::text, credit_gap FROM remittance ORDER BY number"
    )


def links_of(operator: Operator) -> list[tuple]:
    return operator.rows(
        "SELECT r.number, m.amount, m.booked_on::text, l.part, l.amount, l.rule, l.certainty"
        " FROM credit_link l JOIN remittance r ON r.merchant_id = l.merchant_id AND r.id = l.remittance_id"
        " JOIN bank_movement m ON m.merchant_id = l.merchant_id AND m.id = l.bank_movement_id"
        " ORDER BY 1, 3, 4"
    )


def marked(operator: Operator) -> list[str]:
    """The remittances that are marked as proposed to be credited."""
    return [number for (number,) in operator.rows("SELECT number FROM remittance WHERE credit_proposed")]


def line(amount: int, label: str = "REMISE CB 7654321001") -> MovementLine:
    return MovementLine(amount, label=label)


def test_nothing_is_known_without_a_bank(operator):
    operator.deliver(night(0, 3900))
    assert credits_of(operator) == [("000417", "unknown", None, None)]


def test_a_line_with_its_number_credits_a_remittance(operator):
    operator.deliver(declaration(operator))
    operator.deliver(night(0, 3900))
    deliver(operator, statement(0, line(3900)))
    assert credits_of(operator) == [("000417", "credited", "2026-03-03", 0)]
    assert [(number, rule) for number, *_, rule, _ in links_of(operator)] == [("000417", "remittance_number")]
    operator.check_remittance_days()
    assert operator.rows("SELECT DISTINCT credit, debit FROM remittance_day WHERE contract_id = 0") == [
        ("credited", 3900)
    ]


def test_a_credit_is_expected_and_late_once_a_statement_covers_its_day(operator):
    operator.deliver(declaration(operator))
    operator.deliver(night(0, 3900))
    deliver(operator, written(Statement((), day=FIRST + timedelta(days=1))))
    assert credits_of(operator)[0][1] == "expected"
    for number in range(2, 8):
        deliver(operator, written(Statement((), day=FIRST + timedelta(days=number))))
    assert credits_of(operator)[0][1] == "late"
    assert operator.value("SELECT expected_by::text FROM remittance") == "2026-03-09"


def test_what_was_there_before_the_account_is_declared_is_matched_then(operator):
    operator.deliver(night(0, 3900))
    deliver(operator, statement(0, line(3900)))
    assert credits_of(operator)[0][1] == "unknown"
    assert operator.deliver(declaration(operator)).status is Status.LOADED
    assert credits_of(operator)[0][1] == "credited"


def test_a_replaced_remittance_is_matched_anew(operator):
    operator.deliver(declaration(operator))
    operator.deliver(night(0, 3900))
    deliver(operator, statement(0, line(3900)))
    assert operator.deliver(night(0, 3950), replace=True).status is Status.REPLACED
    assert credits_of(operator)[0][1] == "expected"
    assert [one[-1] for one in links_of(operator)] in ([], ["proposed"])


def test_a_replaced_statement_is_matched_anew(operator):
    operator.deliver(declaration(operator))
    operator.deliver(night(0, 3900))
    deliver(operator, statement(0, line(3000)))
    assert credits_of(operator)[0][1] == "expected"
    assert deliver(operator, statement(0, line(3900)), replace=True).status is Status.LOADED
    assert credits_of(operator)[0][1] == "credited"


def test_a_half_that_is_booked_later_still_counts_when_the_link_of_the_other_is_kept(operator):
    """Five weeks later the line of the debits is not matched again, and that of the refunds is."""
    day = FIRST.isoformat()
    payments = (
        Trx(amount=5740, at=f"{day}T12:31:09"),
        Trx(sequence="000102", operation="CREDIT", amount=500, at=f"{day}T12:40:00"),
    )
    operator.deliver(declaration(operator))
    operator.deliver(File(remittances=(Rem(transactions=payments),)).data())
    deliver(operator, statement(0, line(5740)))
    deliver(operator, statement(1, line(-500)))
    halved = [("000417", "credited", "2026-03-04", 0)]
    assert credits_of(operator) == halved
    operator.deliver(night(33, 2500))
    assert credits_of(operator)[:1] == halved
    assert len(links_of(operator)) == 2


def test_nothing_is_expected_of_a_rejected_remittance(operator):
    operator.deliver(declaration(operator))
    operator.deliver(night(0, 3900, status="REJETEE"))
    deliver(operator, statement(0, line(100)))
    assert credits_of(operator)[0][1] == "not_expected"


def decide(operator: Operator, verdict: str) -> list[dict]:
    """Somebody decides on all lines at once; the worker does it. Returns why it could not."""
    lines = operator.rows("SELECT merchant_id, reseller_id, id FROM bank_movement")
    merchant, reseller, _ = lines[0]
    with operator.database.writing() as connection:
        task_id = tasks.ask(
            connection,
            tasks.NewTask(
                reseller_id=reseller,
                user_id=1,
                kind=DeskTaskKind.DECIDE,
                merchant_id=merchant,
                details={"bank_movement_ids": [one[-1] for one in lines], "verdict": verdict},
            ),
        )
    desk.perform(operator.database, operator.data, task_id)
    return operator.value(f"SELECT refusals FROM desk_task WHERE id = {task_id}")


@pytest.fixture
def proposed(operator):
    """A remittance that a line without any number may credit: the amount alone is the same."""
    operator.deliver(declaration(operator))
    operator.deliver(night(1, 3900))
    deliver(operator, statement(1, line(3900, label="REMISE CARTE")))
    assert [one[-1] for one in links_of(operator)] == ["proposed"]
    assert credits_of(operator)[0][1] == "expected"
    assert marked(operator) == ["000418"]
    return operator


def test_proposals_from_before_they_were_marked_are_marked_by_the_migration(proposed):
    migration = ScriptDirectory.from_config(alembic_config(proposed.database)).get_revision("0050").module
    with proposed.database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE remittance SET credit_proposed = false"))
        connection.execute(text(migration.PROPOSED))
    assert marked(proposed) == ["000418"]


def test_a_confirmed_proposal_credits_and_stays_whatever_comes(proposed):
    assert decide(proposed, "confirmed") == []
    assert marked(proposed) == []
    assert credits_of(proposed) == [("000418", "credited", "2026-03-04", 0)]
    proposed.check_remittance_days()
    proposed.deliver(night(2, 1840))
    deliver(proposed, statement(2, line(1840)))
    assert [one[-2:] for one in links_of(proposed)] == [
        ("equal_amount", "confirmed"),
        ("contract_rank", "certain"),
    ]
    assert [one[1] for one in credits_of(proposed)] == ["credited", "credited"]


def test_lines_that_are_confirmed_at_once_are_all_credited(proposed):
    proposed.deliver(night(2, 1840))
    deliver(proposed, statement(2, line(1840, label="REMISE CARTE")))
    assert decide(proposed, "confirmed") == []
    assert [one[-1] for one in links_of(proposed)] == ["confirmed", "confirmed"]
    assert [one[1] for one in credits_of(proposed)] == ["credited", "credited"]
    proposed.check_remittance_days()


def test_a_rejected_proposal_is_not_made_again(proposed):
    assert decide(proposed, "rejected") == []
    assert links_of(proposed) == marked(proposed) == []
    proposed.deliver(night(2, 1840))
    assert links_of(proposed) == []
    assert decide(proposed, "confirmed")[0]["reason"] == "this proposal is not there any more"


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize(("verdict", "told"), [("confirmed", ["confirmed"]), ("rejected", [])])
def test_what_is_decided_of_a_line_holds_when_its_statement_is_sent_again(proposed, verdict, told, replace):
    """The day half told gives way to the whole one; an operator replaces it: it is the same line."""
    assert decide(proposed, verdict) == []
    first = () if not replace else (line(250, label="REMISE CB 9999999001"),)
    whole = statement(1, *first, line(3900, label="REMISE CARTE"), line(5, label="COMMISSION CB"))
    assert not deliver(proposed, whole, replace=replace).refused
    assert [one[-1] for one in links_of(proposed)] == told
    assert marked(proposed) == []
    assert credits_of(proposed)[0][1] == ("credited" if told else "expected")


def test_what_is_decided_of_a_line_holds_of_no_other_one(proposed):
    """Of two lines that are alike one was confirmed; a line that is taken back credits nothing more."""
    assert decide(proposed, "confirmed") == []
    twins = [line(3900, label="REMISE CARTE")] * 2
    assert not deliver(proposed, statement(1, *twins), replace=True).refused
    assert [one[-1] for one in links_of(proposed)] == ["confirmed"]
    other = statement(1, line(3900, label="REMISE CARTES"))
    assert not deliver(proposed, other, replace=True).refused
    assert "confirmed" not in [one[-1] for one in links_of(proposed)]
    assert credits_of(proposed)[0][1] == "expected"


def credited_net(operator: Operator) -> list[str]:
    """The states of two nights, the first credited less 1,00 EUR, once all their statements are there."""
    operator.deliver(night(1, 39_000))
    operator.deliver(night(2, 18_400))
    deliver(operator, statement(1, line(38_900, label="REMISE CB 7654321001")))
    for number in range(3, 10):
        deliver(operator, written(Statement((), opening=138_900, day=FIRST + timedelta(days=number))))
    return [state for _, state, *_ in credits_of(operator)]


def test_a_bank_that_deducts_its_commission_makes_late_only_what_no_line_may_hold(operator):
    operator.deliver(declaration(operator, fees="deducted"))
    assert credited_net(operator) == ["differs", "late"]


def test_a_net_credit_of_a_bank_that_says_nothing_of_its_commission_is_to_be_confirmed(operator):
    operator.deliver(declaration(operator))
    assert credited_net(operator) == ["expected", "late"]
    assert {one[-2:] for one in links_of(operator)} == {("contract_net", "proposed")}


def files_of(operator: Operator) -> list[tuple[str, bytes]]:
    """Four nights and their statements; the last one is credited short."""
    nights = [("night", night(number, amount)) for number, amount in enumerate(AMOUNTS)]
    lines = [statement(number, line(amount)) for number, amount in enumerate(AMOUNTS[:-1])]
    return [*nights, *(("bank", one) for one in lines), ("bank", statement(3, line(2480))), ("accounts", b"")]


def load(operator: Operator, files) -> tuple[list[tuple], list[tuple]]:
    for kind, content in files:
        done = (
            deliver(operator, content)
            if kind == "bank"
            else operator.deliver(content or declaration(operator), replace=kind == "replace")
        )
        assert not done.refused, [one.text() for one in done.refusals]
    proposed = {number for number, *_, certainty in links_of(operator) if certainty == "proposed"}
    assert set(marked(operator)) == proposed
    return credits_of(operator), links_of(operator)


@pytest.fixture
def expected(operator):
    found = load(operator, files_of(operator))
    assert [one[1] for one in found[0]] == ["credited", "credited", "credited", "expected"]
    return found


@orders_of_files()
@given(data=st.data())
def test_the_order_of_files_and_their_repetition_change_nothing(operator, expected, data):
    with_twice = data.draw(st.permutations([*files_of(operator), *files_of(operator)[:3]]))
    empty(operator)
    assert load(operator, with_twice) == expected


def empty(operator: Operator) -> None:
    """As if no file had come."""
    with operator.database.writing(DatabaseRole.OWNER) as connection:
        connection.exec_driver_sql(
            "TRUNCATE remittance, transaction, remittance_day, transaction_day, bank_account, bank_statement,"
            " bank_movement, credit_link, credit_decision, import_file, import_refusal, received_day,"
            " remittance_third, transaction_third, transaction_band"
        )
        connection.exec_driver_sql("UPDATE contract SET bank_account_id = NULL")


#: What becomes of the four nights, by what somebody said of the line that may be of the second.
DECIDED = {
    "confirmed": ["credited", "credited", "credited", "expected"],
    "rejected": ["credited", "expected", "credited", "expected"],
}


@orders_of_files()
@given(verdict=st.sampled_from(sorted(DECIDED)), data=st.data())
def test_what_is_decided_holds_whatever_comes_after_it_and_in_which_order(operator, verdict, data):
    """Files after a decision, in any order, some twice, one of them instead of a night that was there."""
    empty(operator)
    before = [("accounts", b""), ("night", night(1, AMOUNTS[1])), ("night", night(2, 1900))]
    load(operator, [*before, ("bank", statement(1, line(AMOUNTS[1], label="REMISE CARTE")))])
    assert decide(operator, verdict) == []
    others = [
        file
        for file in files_of(operator)[:-1]
        if file[1] not in (before[1][1], statement(1, line(AMOUNTS[1])))
    ]
    second = ("night", night(2, AMOUNTS[2]))
    others = [("replace", second[1]) if file == second else file for file in others]
    load(operator, data.draw(st.permutations([*others, *others[-2:]])))
    assert [state for _, state, *_ in credits_of(operator)] == DECIDED[verdict]
    told = [one[-1] for one in links_of(operator) if one[-2] == "equal_amount"]
    assert told == ["confirmed"] * (verdict == "confirmed")


# --- a credit that may be of a call that has not come ------------------------------------------------

CALLS = 11
#: The night of which no call has come yet, and the day of which the statement has not: a Wednesday each.
LATE_NIGHT, LATE_DAY = 9, 15


def calls(*nights: int) -> bytes:
    """One file of several nights."""
    rems = []
    for number in nights:
        day = (FIRST + timedelta(days=number)).isoformat()
        rems.append(
            Rem(
                number=f"{417 + number:06}",
                opened=f"{day}T08:00:11",
                collected=f"{day}T23:15:07",
                transactions=(Trx(amount=1000 + 7 * number, at=f"{day}T12:31:09"),),
            )
        )
    return File(key=f"C{nights[0]}", remittances=tuple(rems), created="2026-03-20T02:00:00+01:00").data()


def days_of_bank(first: int, last: int, opening: int, *lines: MovementLine) -> bytes:
    """A statement of some days, from the evening before them."""
    day, since = (FIRST + timedelta(days=number) for number in (last, first - 1))
    return written(Statement(lines, opening=opening, day=day, since=since))


#: The line of the eighth night, which may be of the night of which no call has come.
HELD_BACK = MovementLine(1056, label="REMISE CB 7654321001", day=FIRST + timedelta(days=10))


def files_of_doubt(operator: Operator) -> dict[str, tuple[str, bytes]]:
    come = [number for number in range(CALLS) if number != LATE_NIGHT]
    return {
        "accounts": ("accounts", b""),
        "calls": ("night", calls(*come)),
        "bank": ("bank", days_of_bank(6, 10, 100_000, HELD_BACK)),
        "end": ("bank", days_of_bank(LATE_DAY + 1, 20, 101_556)),
        "late call": ("night", calls(LATE_NIGHT)),
        "late statement": (
            "bank",
            days_of_bank(11, LATE_DAY, 101_056, MovementLine(500, code="05", label="VIR")),
        ),
    }


@pytest.mark.parametrize(
    ("late", "certainty"),
    [((), "proposed"), (("late call",), "certain"), (("late statement",), "certain")],
)
def test_a_credit_that_may_be_of_a_missing_call_is_certain_once_that_or_the_statement_comes(
    operator, late, certainty
):
    files = files_of_doubt(operator)
    load(operator, [files[name] for name in ("accounts", "calls", "bank", "end")])
    assert links_of(operator)[0][-2:] == ("contract_rank", "proposed")
    assert marked(operator) == ["000425"]
    load(operator, [files[name] for name in late])
    assert links_of(operator)[0][-2:] == ("contract_rank", certainty)


@orders_of_files()
@given(late=st.sampled_from(["", "late call", "late statement"]), data=st.data())
def test_doubt_is_the_same_in_whatever_order_files_come(operator, late, data):
    files = files_of_doubt(operator)
    given_ = [name for name in files if late == name or not name.startswith("late")]
    empty(operator)
    load(operator, [files[name] for name in data.draw(st.permutations([*given_, given_[1], given_[2]]))])
    certainty = "certain" if late else "proposed"
    assert [one[0::6] for one in links_of(operator)] == [("000425", certainty)]
