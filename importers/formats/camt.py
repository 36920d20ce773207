"""ISO 20022 camt.052, camt.053 and camt.054: reports, statements and notifications of an account.

Source: shared format page "Money", section 3.3. Any version and namespace: local names decide. Only
booked entries are money; the direction of an entry is what its indicator says, also for a reversal.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from itertools import chain
from typing import Any, Final
from xml.etree.ElementTree import Element

import pandas as pd

from app.refusals import Unit
from app.rules import account_keys
from app.wording.i18n import N_, NN_
from app.wording.money import exponent
from importers.formats import Format, searched_by_field
from importers.reading import xml
from importers.reading.amounts import minor_units
from importers.reading.xml import first_text, text
from importers.records import banking
from importers.records.banking import BankStatements
from importers.refusals import FileRefusedError, Notice, Refusal, refuse

NAME: Final = "camt"
#: What its first bytes hold, in each of the three messages.
FIRST_LINE = xml.XmlBeginning(
    rb"(?s)(?:\xef\xbb\xbf)?\s*<.{0,2000}?BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn)|(?s:.{0,500}camt\.05[234]\.001\.)"
)

_NOTIFICATION = "Ntfctn"
_STATEMENTS = frozenset({"Stmt", "Rpt", _NOTIFICATION})
_ENDED = _STATEMENTS | {"Ntry", "TxDtls"}
_BOOKED = "BOOK"
_OPENINGS = ("OPBD", "PRCD")
_CLOSING = "CLBD"
_DEFAULT_CURRENCY = "EUR"
_CFONB_CODE = re.compile(r"[0-9A-F][0-9]", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)
_MOST_DETAILS = 500
_FIRST_DAY, _AFTER_LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)
_EXPECTED_DAY = N_("expected a day that exists")
_EXPECTED_AMOUNT = N_("expected an amount such as 1234.56, in whole units of its currency")
_WRONG_IBANS = NN_(
    "%(num)s statement of an IBAN whose check digits are wrong: ask the bank which is right",
    "%(num)s statements of IBANs whose check digits are wrong: ask the bank which are right",
)
_UNBOOKED = NN_(
    "%(num)s entry with the status %(status)s: information only, never money",
    "%(num)s entries with the status %(status)s: information only, never money",
)


class _NoDayError(ValueError):
    """A text under ``path`` that is no day."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass
class _EntryDetails:
    """The details of one entry, as they pass by."""

    words: list[str] = field(default_factory=list)
    payer: str = ""
    number: str = ""
    length: int = 0

    def add(self, element: Element) -> None:
        words = [text(one, ".") for one in element.iterfind("RmtInf/Ustrd")]
        room = _MOST_DETAILS - self.length
        if room > 0:
            self.words += words
            self.length += sum(map(len, words))
        self.payer = self.payer or first_text(element, "RltdPties/Dbtr/Nm", "RltdPties/Dbtr/Pty/Nm")
        self.number = self.number or text(element, "CardTx/Tx/Indv/SaleRcncltnId")


@dataclass
class _StatementReader:
    """The statements that have ended, the entries of the one that has not, the details of the entry."""

    statements: list[dict[str, Any]] = field(default_factory=list)
    movements: list[dict[str, Any]] = field(default_factory=list)
    unbooked: Counter[str] = field(default_factory=Counter)
    details: _EntryDetails = field(default_factory=_EntryDetails)
    first_entry: int = 0
    entries: int = 0
    wrong_ibans: int = 0

    def take(self, element: Element) -> None:
        """Read an element that has ended: details come before their entry, entries before their statement."""
        if element.tag == "TxDtls":
            self.details.add(element)
        elif element.tag == "Ntry":
            self.entries += 1
            self._add_entry(element)
            self.details = _EntryDetails()
        else:
            self._end_statement(element)

    def _add_entry(self, element: Element) -> None:
        status = first_text(element, "Sts", "Sts/Cd", "Sts/Prtry") or _BOOKED
        if status != _BOOKED:
            self.unbooked[status] += 1
            return
        try:
            self.movements.append(_movement(element, self.details) | {"statement": len(self.statements)})
        except _NoDayError as error:
            raise _refuse_entry(self.entries, error.path, _EXPECTED_DAY) from None
        except ValueError:
            raise _refuse_entry(self.entries, "Amt", _EXPECTED_AMOUNT) from None

    def _end_statement(self, element: Element) -> None:
        entries = self.movements[self.first_entry :]
        try:
            statement = _statement(element)
            _complete(statement, entries, first_text(element, "CreDtTm", "FrToDt/ToDtTm"))
        except ValueError:
            raise _refuse_statement(
                len(self.statements), N_("expected amounts and days that exist")
            ) from None
        if not statement["account_key"]:
            raise _refuse_statement(len(self.statements), N_("no account is named"))
        self.wrong_ibans += bool(iban := _iban(element)) and not account_keys.is_iban(iban)
        self.statements.append(statement)
        self.first_entry = len(self.movements)

    def notices(self) -> tuple[Notice, ...]:
        unbooked = (
            Notice.counted(_UNBOOKED, count, status=status) for status, count in sorted(self.unbooked.items())
        )
        return (*chain.from_iterable(unbooked), *Notice.counted(_WRONG_IBANS, self.wrong_ibans))


def read(data: bytes) -> BankStatements:
    """The statements of a whole file and their booked entries. Raises FileRefusedError, naming entries."""
    reader = _StatementReader()
    for element in xml.ended(data, _ENDED):
        reader.take(element)
    if not reader.statements:
        raise refuse(N_("no statement, report or notification of an account"))
    return banking.statements(_statements_frame(reader), _movements_frame(reader), reader.notices())


def version(data: bytes) -> str:
    """The message and version that the namespace names; ``camt`` where it names none."""
    namespace, _ = xml.root(data)
    found = re.search(r"camt\.05[234]\.001\.[0-9]{2}", namespace)
    return found[0] if found else NAME


def _refuse_entry(number: int, path: str, reason: str) -> FileRefusedError:
    return FileRefusedError([Refusal(reason=reason, unit=Unit.ENTRY, line=number, column=path)])


def _refuse_statement(before: int, reason: str) -> FileRefusedError:
    return FileRefusedError([Refusal(reason=reason, unit=Unit.STATEMENT, line=before + 1)])


def _movement(entry: Element, details: _EntryDetails) -> dict[str, Any]:
    """One booked entry; ``booked_on`` is None where its bank leaves it to the statement."""
    amount, currency = _amount(entry, "Amt")
    debit = text(entry, "CdtDbtInd") == "DBIT"
    code, inner_code = _codes(entry)
    point = text(entry, "CardTx/POI/Id/Id")
    return {
        "booked_on": _day(entry, "BookgDt"),
        "value_on": _day(entry, "ValDt"),
        "amount": -amount if debit else amount,
        "currency": currency,
        "code": code,
        "inner_code": inner_code,
        "label": text(entry, "AddtlNtryInf"),
        "details": " ".join([*([point] if point else []), *details.words])[:_MOST_DETAILS],
        "payer": "" if debit else details.payer,
        "entry_number": text(entry, "CardTx/AggtdNtry/SaleRcncltnId") or details.number,
        "reference": first_text(entry, "AcctSvcrRef", "NtryRef"),
        "batch_count": _count(entry, "NtryDtls/Btch/NbOfTxs"),
        "gross": _gross(entry, currency),
        "fee": _fee(entry, currency),
        "reversal": text(entry, "RvslInd") in {"true", "1"},
    }


def _amount(element: Element, path: str) -> tuple[int, str]:
    """An amount in minor units, without sign, and its currency. Raises ValueError."""
    found = element.find(path)
    if found is None:
        raise ValueError("no amount")
    currency = found.get("Ccy", "")
    return minor_units((found.text or "").strip(), exponent(currency)), currency


def _codes(entry: Element) -> tuple[str, str]:
    """The interbank code, or the path of the ISO code, and the bank's own."""
    own = text(entry, "BkTxCd/Prtry/Cd")
    if _CFONB_CODE.fullmatch(own):
        return own, own
    domain = (text(entry, "BkTxCd/Domn/" + path) for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd"))
    return "/".join(part for part in domain if part), own


def _day(element: Element, path: str) -> date | None:
    written = first_text(element, f"{path}/Dt", f"{path}/DtTm")
    try:
        return date.fromisoformat(written[:10]) if written else None
    except ValueError:
        raise _NoDayError(path) from None


def _count(element: Element, path: str) -> int | None:
    written = text(element, path)
    return int(written) if _COUNT.fullmatch(written) else None


def _gross(entry: Element, currency: str) -> int | None:
    """The sum of a batch, signed as its indicator says, where it is in the entry's own currency."""
    batch = entry.find("NtryDtls/Btch")
    if batch is None or batch.find("TtlAmt") is None:
        return None
    gross, own = _amount(batch, "TtlAmt")
    if own != currency:
        return None
    return -gross if text(batch, "CdtDbtInd") == "DBIT" else gross


def _fee(entry: Element, currency: str) -> int | None:
    """What the bank has taken off the entry, positive; charges that it gives back count against it."""
    charges = [
        *entry.iterfind("Chrgs/Rcrd"),
        *(one for one in entry.iterfind("Chrgs") if one.find("Amt") is not None),
    ]
    amounts = []
    for charge in charges:
        amount, own = _amount(charge, "Amt")
        if own == currency:
            amounts.append(-amount if text(charge, "CdtDbtInd") == "CRDT" else amount)
    return sum(amounts) if amounts else None


def _statement(element: Element) -> dict[str, Any]:
    balances = {
        text(one, "Tp/CdOrPrtry/Cd") or text(one, "Tp/Cd"): one for one in reversed(element.findall("Bal"))
    }
    opening = next((balances[code] for code in _OPENINGS if code in balances), None)
    closing = balances.get(_CLOSING)
    amounts = [one.find("Amt") for one in (opening, closing) if one is not None]
    own = [amount.get("Ccy", "") for amount in amounts if amount is not None]
    return {
        "account_key": _account_key(element),
        "currency": text(element, "Acct/Ccy") or next(iter(own), ""),
        "opened_on": None if opening is None else _day(opening, "Dt"),
        "closed_on": None if closing is None else _day(closing, "Dt"),
        "opening": _balance(opening),
        "closing": _balance(closing),
        "notification": _notification(element),
    }


def _notification(element: Element) -> str:
    """The hash of the number of a notification and of its page; "" for a statement or a report."""
    number = f"{text(element, 'Id')} {text(element, 'NtfctnPgntn/PgNb')}".strip()
    return sha256(number.encode()).hexdigest() if number and element.tag == _NOTIFICATION else ""


def _balance(element: Element | None) -> int | None:
    if element is None:
        return None
    amount, _ = _amount(element, "Amt")
    return -amount if text(element, "CdtDbtInd") == "DBIT" else amount


def _iban(element: Element) -> str:
    return text(element, "Acct/Id/IBAN").replace(" ", "")


def _account_key(element: Element) -> str:
    if iban := _iban(element):
        return account_keys.of_iban(iban)
    number = first_text(element, "Acct/Id/Othr/Id", "Acct/Id/PrtryAcct/Id")
    scheme = first_text(element, "Acct/Id/Othr/SchmeNm/Cd", "Acct/Id/Othr/SchmeNm/Prtry")
    return account_keys.of_other(scheme, number) if number else ""


def _complete(statement: dict[str, Any], entries: list[dict[str, Any]], created: str) -> None:
    """Days and currency that a statement and its entries leave to each other."""
    made_on = date.fromisoformat(created[:10]) if created else None
    booked = [entry["booked_on"] for entry in entries if entry["booked_on"]]
    last = statement["closed_on"] or max(booked, default=None) or made_on
    statement["opened_on"] = statement["opened_on"] or min(booked, default=None) or last
    statement["closed_on"] = last
    currencies = [entry["currency"] for entry in entries]
    statement["currency"] = statement["currency"] or next(iter(currencies), _DEFAULT_CURRENCY)
    for rank, entry in enumerate(entries):
        entry["rank"] = rank
        entry["booked_on"] = entry["booked_on"] or last or entry["value_on"]
        entry["value_on"] = entry["value_on"] or entry["booked_on"]


def _statements_frame(reader: _StatementReader) -> pd.DataFrame:
    frame = pd.DataFrame(reader.statements)
    for name in ("opened_on", "closed_on"):
        frame[name] = _days(frame[name], Unit.STATEMENT)
    return frame.astype({"opening": "Int64", "closing": "Int64"})


def _movements_frame(reader: _StatementReader) -> pd.DataFrame:
    frame = pd.DataFrame(reader.movements, columns=list(banking.MOVEMENT))
    for name in ("booked_on", "value_on"):
        frame[name] = _days(frame[name], Unit.ENTRY)
    whole = dict.fromkeys(("batch_count", "gross", "fee"), "Int64")
    return frame.astype({"statement": "int64", "rank": "int64", "amount": "int64", **whole})


def _days(days: pd.Series, unit: Unit) -> pd.Series:
    """Days as numbers of the calendar. Raises FileRefusedError for one outside of what the portal keeps."""
    known = days.map(lambda day: day is not None and _FIRST_DAY <= day < _AFTER_LAST_DAY).astype(bool)
    if not known.all():
        number = int((~known).to_numpy().argmax()) + 1
        raise FileRefusedError([Refusal(reason=_EXPECTED_DAY, unit=unit, line=number)])
    return pd.to_datetime(days).astype("datetime64[s]")


FORMAT = Format(
    name=NAME,
    first_line=FIRST_LINE,
    find_cards=searched_by_field,
    read=lambda data, context: read(data).of_source(context.settings),
    archived=False,
)
