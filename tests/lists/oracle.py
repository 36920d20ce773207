"""What the filters, groups, order and totals of the lists mean, over the rows of :mod:`tests.lists.world`.

Nothing here imports ``app.lists``: all is written down a second time, in the plainest way there is.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.lists.world import CREDITS, EXPONENTS, Row


def fold(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).lower().replace("œ", "oe")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def holds(value: str, text: str) -> bool:
    """Each word of ``text``, wherever it stands; all of it where it has none, as "%"."""
    return all(fold(word) in fold(value) for word in re.findall(r"[^\W_]+", text) or [text])


def bare(code: str) -> str:
    return code.lstrip("0").upper()


WORDS = ("label", "trade_name", "manufacturer", "issuer", "product", "scheme")
CODES = (
    *("contract", "rank", "number", "file_number", "serial", "authorisation", "siret"),
    *("response_code", "dossier", "remittance", "terminal", "order_reference"),
)


def matches(row: Row, name: str, text: str) -> bool:
    """Whether ``row`` meets one value of one parameter."""
    if name.startswith("group_"):
        return KEYS[name.removeprefix("group_")](row) == (None if text == "~" else text)
    if name in TESTS:
        return TESTS[name](row, text)
    value = row[name]
    if value is None:
        return False
    if text.startswith('"'):
        return text == f'"{value}"'
    if name in WORDS:
        return holds(value, text)
    return bare(text) == bare(value) if name in CODES else text == value


def _outlet(row: Row) -> str:
    return f"{row['trade_name']} · {row['_contract']['outlet']['siret']}"


def _reason(row: Row) -> str | None:
    return (row["reason"] or "other") if row["outcome"] == "declined" else None


#: The group of a row by each dimension; None for what nobody said.
KEYS: dict[str, Callable[[Row], Any]] = {
    "day": operator.itemgetter("_on"),
    "week": lambda row: row["_on"] - timedelta(row["_on"].weekday()),
    "month": lambda row: row["_on"].replace(day=1),
    "weekday": lambda row: str(row["_on"].isoweekday()),
    "hour": lambda row: row["date"][11:13],
    "outlet": _outlet,
    "terminal": lambda row: f"{_outlet(row)} · {row['terminal']}",
    "contract": lambda row: f"{row['contract']} · {row['rank']} · {row['application']}",
    "application": operator.itemgetter("application"),
    "scheme": operator.itemgetter("scheme"),
    "issuer": operator.itemgetter("issuer"),
    "reason": _reason,
    "response_code": operator.itemgetter("response_code"),
    "credit": operator.itemgetter("credit"),
    "credit_reason": operator.itemgetter("credit_reason"),
}


def _size(row: Row, text: str) -> tuple[int, Decimal]:
    """The amount of a row and the one asked for, in the row's minor units."""
    return abs(row["amount"]), Decimal(text.replace(",", ".")).scaleb(EXPONENTS[row["currency"]])


def _bank(row: Row, text: str) -> bool:
    named = any(letter.isalpha() for letter in text)
    return holds(row["bank_name"], text) if named else bare(text) == bare(row["bank"])


def _authorisation(row: Row, text: str) -> bool:
    if text == "none":
        return row["authorisation"] is None
    return bare(text) == bare(row["authorisation"] or "")


def _card(row: Row, text: str) -> bool:
    card = row["card"] or ""
    return card.endswith(text[-4:]) and (len(text) == 4 or card.startswith(text[:6]))


TESTS: dict[str, Callable[[Row, str], bool]] = {
    "amount": lambda row, text: operator.eq(*_size(row, text)),
    "amount_from": lambda row, text: operator.ge(*_size(row, text)),
    "amount_to": lambda row, text: operator.le(*_size(row, text)),
    "credited_on_from": lambda row, text: (row["credited_on"] or "") >= text,
    "credited_on_to": lambda row, text: row["credited_on"] is not None and row["credited_on"] <= text,
    "count": lambda row, text: (row["count"] > 0) == (text == "with"),
    "bank": _bank,
    "authorisation": _authorisation,
    "card": _card,
    "expiry": lambda row, text: text.replace("/", "") == row["expiry"],
}


def asked_for(name: str, rows: list[Row], asked: dict[str, list[str]], first: date, last: date) -> list[Row]:
    """The rows of a period that meet every parameter by any of its values, in the order of the list ``name``.

    That is newest first; but one day's remittances stand by place and time, and those that the bank has not
    stand first.
    """
    found = [
        row
        for row in rows
        if first <= row["_on"] <= last
        and all(any(matches(row, name, text) for text in texts) for name, texts in asked.items())
    ]
    if name == "remittances" and first == last:
        return sorted(found, key=lambda row: (_place(row), row["_at"]))
    return sorted(found, key=lambda row: row["_at"], reverse=True)


def _place(row: Row) -> str:
    is_at_bank = row["status"] == "correct" and row["transmission"] != "failed"
    outlet = row["_contract"]["outlet"]
    names = (fold(outlet["trade_name"]), str(outlet["id"]), row["label"], row["terminal"])
    return "/".join([str(int(is_at_bank and row["seal"] != "awaiting_totals")), *filter(None, names)])


def totals(name: str, rows: list[Row]) -> list[Row]:
    """The ``totals`` of the JSON."""
    add = _remittance_sums if name == "remittances" else _transaction_sums
    sums: dict[str, Counter[str]] = {}
    for row in rows:
        line = sums.setdefault(row["currency"], Counter())
        line.update(add(row), count=1)
    return [_line(name, currency, sums[currency]) for currency in sorted(sums)]


def _line(name: str, currency: str, line: Counter[str]) -> Row:
    net = line["debit"] - line["cancelled"] - line["refund"] + line["refund_cancelled"]
    further = ("declined_count",) if name == "transactions" else ()
    measured = ("debit", "refund", "cancelled", "refund_cancelled", "declined", "count", *further)
    kept: Row = {measure: line[measure] for measure in measured}
    if name == "remittances":
        kept["apart"] = {
            why: {what: line[f"{why}_{what}"] for what in ("count", "net")}
            for why in ("rejected", "incomplete", "untransmitted", "awaiting_totals")
        }
        said = (*CREDITS, "fee", "gap", "to_confirm")
        kept["apart"]["credit"] = {name: line[f"credit_{name}"] for name in said}
    return {"currency": currency, "net": net, **kept}


def _remittance_sums(row: Row) -> dict[str, int]:
    why = _why_apart(row)
    parts = ("debit", "refund", "cancelled", "refund_cancelled") if why is None else ()
    apart = {} if why is None else {f"{why}_count": 1, f"{why}_net": row["amount"]}
    credit = {f"credit_{row['credit']}": row["amount"]} if why is None else {}
    is_proposed = row["credit_proposal"] == "open"
    credit["credit_to_confirm"] = row["amount"] if why is None and is_proposed else 0
    credit["credit_fee"] = row["fee_amount"] or 0
    credit["credit_gap"] = row["credit_gap"] or 0
    return {"declined": row["declined"] or 0, **{name: row[name] for name in parts}, **apart, **credit}


def _why_apart(row: Row) -> str | None:
    """Why a remittance is not money at the bank."""
    if row["status"] is None:
        return "awaiting_totals"
    if row["status"] != "correct":
        return str(row["status"])
    return "untransmitted" if row["transmission"] == "failed" else None


def _transaction_sums(row: Row) -> dict[str, int]:
    if row["type"] == "preauthorisation" or row["outcome"] == "abandoned":
        return {}
    names = {"cancellation": "cancelled", "refund_cancellation": "refund_cancelled"}
    name = "declined" if row["outcome"] == "declined" else names.get(row["type"], row["type"])
    declined = {"declined_count": 1} if name == "declined" else {}
    return {name: abs(row["amount"]), **declined}
