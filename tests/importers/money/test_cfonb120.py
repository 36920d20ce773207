"""CFONB 120 as banks and transfer tools deliver it, from statements made here in plain Python."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.formats import cfonb120
from importers.refusals import FileRefusedError

CREDIT, DEBIT = "{ABCDEFGHI", "}JKLMNOPQR"


def overpunched(amount: int) -> str:
    digits = f"{abs(amount):014d}"
    return digits[:-1] + (CREDIT if amount >= 0 else DEBIT)[int(digits[-1])]


@dataclass(frozen=True)
class MovementLine:
    amount: int
    code: str = "30"
    label: str = "REMISE CB 7654321001"
    complement: str = ""
    day: date | None = None


@dataclass(frozen=True)
class Statement:
    lines: tuple[MovementLine, ...]
    opening: int = 100_000
    day: date = date(2026, 3, 3)
    bank: str = "99999"
    account: str = "00000000001"
    since: date | None = None

    @property
    def closing(self) -> int:
        return self.opening + sum(line.amount for line in self.lines)

    def records(self) -> list[str]:
        head = f"{self.bank}    00001EUR2 {self.account}  "
        before = self.since or self.day - timedelta(days=1)
        records = [f"01{head}{before:%d%m%y}".ljust(90) + overpunched(self.opening)]
        for line in self.lines:
            day = line.day or self.day
            own = f"{self.bank}CB0100001EUR2 {self.account}{line.code}{day:%d%m%y}  "
            body = f"{day:%d%m%y}{line.label[:31]:31}  0000417 0"
            records.append(f"04{own}{body}".ljust(90) + overpunched(line.amount))
            if line.complement:
                records.append(f"05{own}   LIB{line.complement}")
        records.append(f"07{head}{self.day:%d%m%y}".ljust(90) + overpunched(self.closing))
        return [record.ljust(120) for record in records]


lines = st.builds(
    MovementLine,
    amount=st.integers(-(10**11), 10**11),
    code=st.sampled_from(["30", "36", "62", "B1", "  "]),
    label=st.text("ABC 0123456789/-", min_size=1, max_size=31),
    complement=st.text("XYZ 09", max_size=60),
)
statements = st.builds(
    Statement, lines=st.lists(lines, max_size=6).map(tuple), opening=st.integers(-(10**11), 10**11)
)


def written(*found: Statement, end: str = "\n") -> bytes:
    return end.join(record for statement in found for record in statement.records()).encode("latin-1")


@given(statements, st.sampled_from(["\n", "\r\n", "", "\n\n"]))
def test_a_statement_is_read_whatever_ends_its_records(statement, end):
    found = cfonb120.read(written(statement, end=end))
    only = found.statements.iloc[0]
    assert (only["opening"], only["closing"], only["line_sum"]) == (
        statement.opening,
        statement.closing,
        statement.closing - statement.opening,
    )
    assert found.movements["amount"].tolist() == [line.amount for line in statement.lines]
    assert found.movements["label"].tolist() == [line.label.strip() for line in statement.lines]
    assert only["proven"]


@given(statements)
def test_trailing_blanks_that_a_tool_has_cut_change_nothing(statement):
    whole = cfonb120.read(written(statement))
    cut = b"\n".join(record.rstrip().encode("latin-1") for record in statement.records())
    assert cfonb120.read(cut).movements.equals(whole.movements)


@given(statements, st.data())
def test_an_amount_changed_anywhere_is_noticed(statement, data):
    records = statement.records()
    place = data.draw(st.integers(0, len(records) - 1).filter(lambda row: records[row][:2] != "05"))
    amount = records[place][90:104]
    other = f"{(int(amount[:13]) + 1) % 10**13:013d}{amount[13]}"
    records[place] = records[place][:90] + other + records[place][104:]
    with pytest.raises(FileRefusedError):
        cfonb120.read("\n".join(records).encode("latin-1"))


@pytest.mark.parametrize(
    ("amount", "value"),
    [
        ("0000000000057{", 570),
        ("0000000000057}", -570),
        ("0000000000057a", 571),
        ("0000000000057j", -571),
        ("0000000000057é", 570),
        ("0000000000057è", -570),
        ("00000000000570", 570),
        ("           57{", 570),
    ],
)
def test_the_sign_of_an_amount_is_read_in_each_of_its_spellings(amount, value):
    records = Statement((MovementLine(value),)).records()
    records[1] = records[1][:90] + amount + records[1][104:]
    assert cfonb120.read("\n".join(records).encode("latin-1")).movements["amount"].tolist() == [value]


def test_an_end_of_text_of_systems_of_old_is_no_record():
    statement = Statement((MovementLine(100),))
    plain, ended = cfonb120.read(written(statement)), cfonb120.read(written(statement) + b"\r\n\x1a\r\n")
    assert ended.statements.equals(plain.statements)


def test_e_grave_is_a_plus_where_the_balance_says_so():
    records = Statement((MovementLine(570),)).records()
    records[1] = records[1][:90] + "0000000000057è" + records[1][104:]
    assert cfonb120.read("\n".join(records).encode("latin-1")).movements["amount"].tolist() == [570]


def test_text_that_a_tool_has_made_utf_8_keeps_its_places():
    statement = Statement((MovementLine(570, label="CAFÉ DE L'ÉTÉ"),))
    text = "\n".join(statement.records())
    assert cfonb120.read(text.encode("utf-8")).movements.equals(
        cfonb120.read(text.encode("latin-1")).movements
    )


def test_equal_movements_all_count_and_an_equal_statement_counts_once():
    statement = Statement((MovementLine(-1_369_560), MovementLine(-1_369_560), MovementLine(-1_369_560)))
    found = cfonb120.read(written(statement, statement))
    assert (len(found.statements), len(found.movements)) == (1, 3)
    assert found.movements["rank"].tolist() == [0, 1, 2]
    assert len(found.notices) == 2


def test_the_digest_does_not_depend_on_the_order_of_the_lines():
    one, other = Statement((MovementLine(5), MovementLine(7))), Statement((MovementLine(7), MovementLine(5)))
    digests = [cfonb120.read(written(some)).statements["digest"].iloc[0] for some in (one, other)]
    assert digests[0] == digests[1]
    different = (
        cfonb120.read(written(Statement((MovementLine(5), MovementLine(8))))).statements["digest"].iloc[0]
    )
    assert different != digests[0]


def test_a_refusal_names_record_and_field_also_where_everything_stands_in_one_line():
    records = Statement((MovementLine(570),)).records()
    records[1] = records[1][:34] + "310226" + records[1][40:]
    with pytest.raises(FileRefusedError) as refused:
        cfonb120.read("".join(records).encode("latin-1"))
    refusal = refused.value.refusals[0]
    assert (refusal.unit, refusal.line, refusal.column) == ("record", 2, "day")


@pytest.mark.parametrize("label", ["CARTE 4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111"])
def test_a_full_card_number_in_a_label_is_refused(label):
    with pytest.raises(FileRefusedError) as refused:
        cfonb120.read(written(Statement((MovementLine(570, label=label),))))
    assert refused.value.holds_card_number


def test_account_code_and_date_side_by_side_are_never_a_card_number():
    """Each digit that an account may begin with, a month of codes 30 and 62 for each account."""
    draw = random.Random(7)
    statements = []
    for number in range(3_000):
        account = f"{draw.randrange(10**11):011d}"
        day = date(2026, 3, 1) + timedelta(days=number % 31)
        lines = (MovementLine(3_900), MovementLine(-46, code="62", label="COM CB"))
        statements.append(replace(Statement(lines), account=account, day=day))
    assert len(cfonb120.read(written(*statements)).statements) == 3_000
