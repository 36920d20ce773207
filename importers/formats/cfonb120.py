"""CFONB 120: statements of a bank account in records of 120 characters.

Source: shared format page "Money", section 3.1; the French banks' "relevé de compte" standard. Records
01, 04, 05 and 07 are the balance before, a movement, its complement, the balance after.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.rules import cfonb_records
from app.rules.cfonb_records import FIRST_LINE, WIDTH
from app.wording.i18n import N_, NN_
from app.wording.money import DEFAULT_EXPONENT, exponent
from importers.formats import Format, searched_by_field
from importers.reading.fixed_width import FixedWidth, PlaceRange, Texts, Truths, first_refused, texts
from importers.records import banking
from importers.records.banking import BankStatements
from importers.refusals import FileRefusedError, Notice, Refusal, refuse

NAME: Final = "CFONB 120"
_CODE = PlaceRange(N_("record code"), 1, 2)
_BANK = PlaceRange(N_("bank code"), 3, 7)
_INNER_CODE = PlaceRange(N_("bank's own code"), 8, 11)
_BRANCH = PlaceRange(N_("branch"), 12, 16)
_CURRENCY = PlaceRange(N_("currency"), 17, 19)
_DECIMALS = PlaceRange(N_("decimals"), 20, 20)
_ACCOUNT = PlaceRange(N_("account number"), 22, 32)
_INTERBANK_CODE = PlaceRange(N_("interbank code"), 33, 34)
_DAY = PlaceRange(N_("day"), 35, 40)
_VALUE_DAY = PlaceRange(N_("value day"), 43, 48)
_LABEL = PlaceRange(N_("label"), 49, 79)
_ENTRY_NUMBER = PlaceRange(N_("entry number"), 82, 88)
_AMOUNT = PlaceRange(N_("amount"), 91, 104)
_REFERENCE = PlaceRange(N_("reference"), 105, 120)
_QUALIFIER = PlaceRange(N_("qualifier"), 46, 48)
_OLD_DAY = PlaceRange(N_("day"), 43, 48)
_INFORMATION = PlaceRange(N_("information"), 49, 118)

_OPENING, _MOVEMENT, _COMPLEMENT, _CLOSING = "01", "04", "05", "07"
#: The place of a complement in the old layout, whose text begins where a date ends.
_OLD_LAYOUT = ""
# è is -0 where é is +0, as in French seven-bit sets; some writers mean +0. The balance tells.
_GRAVE, _PLUS_ZERO = 0xE8, ord("{")
_DEFAULT_CURRENCY = "EUR"
_OTHER_ACCOUNT = NN_(
    "%(num)s record names another account than its statement",
    "%(num)s records name another account than their statement",
)


def read(data: bytes) -> BankStatements:
    """The statements of a whole file, each proven by its balances.

    Raises FileRefusedError, naming records.
    """
    records = FixedWidth.of(list(cfonb_records.records(cfonb_records.decoded(data))), WIDTH)
    if not len(records):
        raise refuse(N_("the file is empty"))
    try:
        return _statements(records)
    except FileRefusedError:
        other = _with_grave_as_plus(records)
        if other is None:
            raise
        return _statements(other)


def _with_grave_as_plus(records: FixedWidth) -> FixedWidth | None:
    last = records.places[:, _AMOUNT.last - 1]
    if not (last == _GRAVE).any():
        return None
    places = records.places.copy()
    places[:, _AMOUNT.last - 1] = np.where(last == _GRAVE, _PLUS_ZERO, last)
    return FixedWidth(places, records.numbers)


def _statements(records: FixedWidth) -> BankStatements:
    codes = records.text(_CODE)
    _refuse_order(records, codes)
    openings, closings = records.at(codes == _OPENING), records.at(codes == _CLOSING)
    movements = records.at(codes == _MOVEMENT)
    statement = np.cumsum(codes == _OPENING)[codes == _MOVEMENT] - 1
    _refuse_values(openings, closings, movements)
    currencies = _currencies(openings, closings, movements, statement)
    lines = _movements(movements, statement, currencies[statement])
    complements = records.at(codes == _COMPLEMENT)
    parent = np.cumsum(codes == _MOVEMENT)[codes == _COMPLEMENT] - 1
    lines = lines.join(_complements(complements, parent)).fillna({"details": "", "payer": ""})
    frame = pd.DataFrame(
        {
            "account_key": _account_keys(openings),
            "currency": currencies,
            "opened_on": openings.days_ddmmyy(_DAY),
            "closed_on": closings.days_ddmmyy(_DAY),
            "opening": pd.array(_amounts(openings, currencies), dtype="Int64"),
            "closing": pd.array(_amounts(closings, currencies), dtype="Int64"),
            "notification": "",
        }
    )
    notices = _other_accounts(openings, closings, movements, statement)
    return banking.statements(frame, lines[list(banking.MOVEMENT)], notices)


def _other_accounts(
    openings: FixedWidth, closings: FixedWidth, movements: FixedWidth, statement: NDArray[np.int64]
) -> tuple[Notice, ...]:
    """The records that name another account than their statement, as anonymised files do."""
    own = _account_keys(openings)
    count = int((_account_keys(movements) != own[statement]).sum() + (_account_keys(closings) != own).sum())
    return Notice.counted(_OTHER_ACCOUNT, count)


# What may follow what: each code with the codes it may stand behind; None is the beginning of the file.
_MAY_FOLLOW: dict[str, tuple[set[str], str]] = {
    _OPENING: ({"", _CLOSING}, N_("a statement begins before the one in front has ended")),
    _MOVEMENT: ({_OPENING, _MOVEMENT, _COMPLEMENT}, N_("a movement outside of a statement")),
    _COMPLEMENT: ({_MOVEMENT, _COMPLEMENT}, N_("a complement without its movement")),
    _CLOSING: ({_OPENING, _MOVEMENT, _COMPLEMENT}, N_("an end without the beginning of its statement")),
}


def _refuse_order(records: FixedWidth, codes: Texts) -> None:
    before = np.concatenate([[""], codes[:-1]])
    refusals = records.refusals(
        ~np.isin(codes, list(_MAY_FOLLOW)), _CODE, N_("not a record code of CFONB 120")
    )
    for code, (behind, reason) in _MAY_FOLLOW.items():
        refusals += records.refusals((codes == code) & ~np.isin(before, list(behind)), _CODE, reason)
    if codes[-1] != _CLOSING:
        last = np.arange(len(codes)) == len(codes) - 1
        refusals += records.refusals(last, _CODE, N_("the last statement does not end"))
    first_refused(refusals)


def _refuse_values(openings: FixedWidth, closings: FixedWidth, movements: FixedWidth) -> None:
    refusals: list[Refusal] = []
    for some in (openings, closings, movements):
        refusals += some.refusals(
            ~some.overpunched(_AMOUNT)[1], _AMOUNT, N_("expected an amount that ends with its sign")
        )
        refusals += some.refusals(np.isnat(some.days_ddmmyy(_DAY)), _DAY, N_("expected a day such as 020326"))
    valued = ~movements.is_blank(_VALUE_DAY)
    missing = np.isnat(movements.days_ddmmyy(_VALUE_DAY)) & valued
    refusals += movements.refusals(missing, _VALUE_DAY, N_("expected a day such as 020326"))
    first_refused(refusals)


def _account_keys(records: FixedWidth) -> Texts:
    """Bank, branch and account number as one text of 21 characters: what a French IBAN holds too."""
    places = np.hstack([records.block(field) for field in (_BANK, _BRANCH, _ACCOUNT)])
    return texts(np.where(places == ord(" "), ord("0"), places))


def _currencies(
    openings: FixedWidth, closings: FixedWidth, movements: FixedWidth, statement: NDArray[np.int64]
) -> Texts:
    """The currency of each statement: of its first record, else its last, else its movements, else EUR."""
    found = openings.text(_CURRENCY)
    found = np.where(found == "", closings.text(_CURRENCY), found)
    own = pd.Series(movements.text(_CURRENCY), index=statement)
    first = (
        own[own != ""].groupby(level=0).first().reindex(range(len(openings)), fill_value=_DEFAULT_CURRENCY)
    )
    return np.where(found == "", first.to_numpy(dtype=str), found)


def _amounts(records: FixedWidth, currencies: Texts) -> NDArray[np.int64]:
    """Amounts in minor units of their currency. Raises FileRefusedError where there is a part of one."""
    values, _ = records.overpunched(_AMOUNT)
    decimals, given = records.whole_number(_DECIMALS)
    named, places = np.unique(currencies, return_inverse=True)
    own = np.array([exponent(str(currency)) for currency in named], dtype=np.int64)[places]
    more = np.where(given, decimals, np.where(own == 0, 0, DEFAULT_EXPONENT)) - own
    if not more.any():
        return values
    divisor = 10 ** np.maximum(more, 0)
    records.require(values % divisor == 0, _AMOUNT, N_("more decimals than the currency has"))
    scaled: NDArray[np.int64] = values // divisor * 10 ** np.maximum(-more, 0)
    return scaled


def _movements(records: FixedWidth, statement: NDArray[np.int64], currencies: Texts) -> pd.DataFrame:
    count = len(records)
    starts = np.searchsorted(statement, statement)
    booked = records.days_ddmmyy(_DAY)
    value = records.days_ddmmyy(_VALUE_DAY)
    own = records.text(_CURRENCY)
    return pd.DataFrame(
        {
            "statement": statement,
            "rank": np.arange(count) - starts,
            "booked_on": booked,
            "value_on": np.where(np.isnat(value), booked, value),
            "amount": _amounts(records, currencies),
            "currency": np.where(own == "", currencies, own),
            "code": records.text(_INTERBANK_CODE),
            "inner_code": records.text(_INNER_CODE),
            "label": records.text(_LABEL),
            "entry_number": records.text(_ENTRY_NUMBER),
            "reference": records.text(_REFERENCE),
            "batch_count": pd.array([None] * count, dtype="Int64"),
            "gross": pd.array([None] * count, dtype="Int64"),
            "fee": pd.array([None] * count, dtype="Int64"),
            "reversal": np.zeros(count, dtype=bool),
        }
    )


def _complements(records: FixedWidth, parent: NDArray[np.int64]) -> pd.DataFrame:
    """The free labels and the payer of each movement that has some, by its row."""
    qualifiers = qualifiers_of(records)
    free = np.isin(qualifiers, ("LIB", _OLD_LAYOUT))
    return pd.DataFrame(
        {"details": _joined(records, parent, free), "payer": _joined(records, parent, qualifiers == "NPY")}
    )


def _joined(records: FixedWidth, parent: NDArray[np.int64], chosen: Truths) -> pd.Series:
    """The information of some complements, those of a movement after each other."""
    found: dict[int, str] = {}
    texts_of = records.at(chosen).text(_INFORMATION)
    for row, text in zip(parent[chosen].tolist(), texts_of.tolist(), strict=True):
        found[row] = f"{found[row]} {text}" if row in found else text
    return pd.Series(found, dtype=object)


def qualifiers_of(records: FixedWidth) -> Texts:
    """The qualifiers of complements; empty in the old layout, where a date stands in their place."""
    return np.where(np.isnat(records.days_ddmmyy(_OLD_DAY)), records.raw(_QUALIFIER), _OLD_LAYOUT)


FORMAT = Format(
    name=NAME,
    first_line=FIRST_LINE,
    find_cards=searched_by_field,
    read=lambda data, context: read(data).of_source(context.settings),
    archived=False,
)
