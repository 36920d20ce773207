"""The records of REMISE-TPE: their columns, and what may follow what."""

from __future__ import annotations

from enum import IntEnum

from app.wording.i18n import N_
from importers.formats import layout
from importers.reading.columns import Column, choice, currency, digits, key, letters, moment, shaped, text

NAME = "REMISE-TPE"
VERSION = "1"

COMPLETE, TOTALS_ONLY, PAYMENTS_ONLY = "COMPLET", "TELECOLLECTES", "TRANSACTIONS"

_AMOUNT = "[0-9]{1,15}"
_EXPECTED_AMOUNT = N_("expected a whole number of minor units, without sign")
_DECIMAL = "[0-9]{1,9}(?:[.][0-9]{1,9})?"
_EXPECTED_DECIMAL = N_("expected a number with a decimal point")
_CARD = "(?:[0-9]{6}|[*]{6})[*]{3,9}[0-9]{4}"


def _amount(name: str, label: str, *, required: bool = False) -> Column:
    return shaped(name, label, _AMOUNT, _EXPECTED_AMOUNT, required=required)


HEADER = (
    choice("format", N_("format"), [NAME], required=True),
    choice("version", N_("version"), [VERSION], required=True),
    text("source", N_("source"), 64, required=True),
    text("file_key", N_("file id"), 64, required=True),
    choice("content", N_("content"), [COMPLETE, TOTALS_ONLY, PAYMENTS_ONLY], required=True),
    shaped(
        "created_at",
        N_("created at"),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})",
        N_("expected a time with its offset such as 2026-03-03T02:00:00+01:00"),
        required=True,
    ),
)
REMITTANCE = (
    letters("contract", N_("contract"), 15, required=True),
    digits("rank", N_("rank"), 3, 3, required=True),
    key("application", N_("application"), 20, required=True),
    digits("number", N_("batch number"), 1, 6, required=True),
    letters("file_number", N_("file number"), 6),
    digits("bank_code", N_("bank code"), 5, 5),
    digits("siret", N_("SIRET"), 14, 14),
    digits("terminal_number", N_("terminal number"), 3, 3),
    key("serial_number", N_("serial number"), 24),
    text("manufacturer", N_("manufacturer"), 20),
    currency("currency", N_("currency"), required=True),
    moment("opened_local", N_("opened at")),
    moment("collected_local", N_("collected at"), required=True),
    choice("status", N_("status"), list(layout.STATUSES), required=True),
    text("status_text", N_("status text"), 80),
    choice("transmission", N_("transmission"), list(layout.TRANSMISSIONS)),
)
TRANSACTION = (
    digits("sequence_number", N_("sequence number"), 1, 6, required=True),
    moment("occurred_local", N_("at"), required=True),
    choice("type", N_("operation"), list(layout.TYPES), required=True),
    choice("outcome", N_("outcome"), list(layout.OUTCOMES), required=True),
    _amount("amount", N_("amount"), required=True),
    shaped("card", N_("card"), _CARD, N_("expected a truncated card such as 497010******0044")),
    shaped("expiry", N_("expiry"), "(?:0[1-9]|1[0-2])[0-9]{2}", N_("expected a month and year such as 0329")),
    choice("entry_mode", N_("entry mode"), list(layout.ENTRY_MODES)),
    text("scheme", N_("scheme"), 40),
    text("product", N_("product"), 60),
    text("issuer", N_("issuer"), 60),
    letters("aid", N_("AID"), 32),
    choice("authorisation_asked", N_("authorisation asked"), ["0", "1"]),
    letters("authorisation_number", N_("authorisation number"), 8),
    letters("response_code", N_("response code"), 4),
    letters("certificate", N_("certificate"), 32),
    text("dossier_number", N_("dossier number"), 32),
    text("order_reference", N_("order reference"), 64),
    digits("original_sequence_number", N_("original sequence number"), 1, 6),
    _amount("requested_amount", N_("requested amount")),
    _amount("cardholder_amount", N_("cardholder amount")),
    currency("cardholder_currency", N_("cardholder currency")),
    shaped("exchange_rate", N_("exchange rate"), _DECIMAL, _EXPECTED_DECIMAL),
    shaped("markup_percent", N_("mark-up"), _DECIMAL, _EXPECTED_DECIMAL),
)
TICKET = (shaped("ticket", N_("ticket line"), "[^;]{0,48}", N_("expected at most 48 characters")),)
TOTAL = (
    choice("total_type", N_("total type"), list(layout.TOTALS), required=True),
    digits("total_count", N_("count"), 1, 9, required=True),
    _amount("total_amount", N_("amount"), required=True),
)
REMITTANCE_END = (
    digits("number", N_("batch number"), 1, 6, required=True),
    digits("transaction_count", N_("number of transactions"), 1, 9, required=True),
    shaped(
        "net_amount", N_("net"), "-?[0-9]{1,15}", N_("expected a whole number of minor units"), required=True
    ),
)
FILE_END = (
    digits("remittance_count", N_("number of batches"), 1, 9, required=True),
    digits("transaction_count", N_("number of transactions"), 1, 9, required=True),
)


class Record(IntEnum):
    """The records of the file."""

    FIC = 0
    REM = 1
    TRX = 2
    TKT = 3
    TOT = 4
    FRM = 5
    FIN = 6


COLUMNS = {
    Record.FIC: HEADER,
    Record.REM: REMITTANCE,
    Record.TRX: TRANSACTION,
    Record.TKT: TICKET,
    Record.TOT: TOTAL,
    Record.FRM: REMITTANCE_END,
    Record.FIN: FILE_END,
}
_TOTALLED = {
    Record.FIC: {Record.REM, Record.FIN},
    Record.REM: {Record.TRX, Record.TKT, Record.TOT},
    Record.TRX: {Record.TRX, Record.TKT, Record.TOT},
    Record.TKT: {Record.TRX, Record.TKT, Record.TOT},
    Record.TOT: {Record.TOT, Record.FRM},
    Record.FRM: {Record.REM, Record.FIN},
}
_BARE = {Record.REM, Record.TRX, Record.TKT, Record.FIN}
#: What may follow what, for each content.
FOLLOWS = {
    COMPLETE: _TOTALLED,
    TOTALS_ONLY: {before: after - {Record.TRX} for before, after in _TOTALLED.items()},
    PAYMENTS_ONLY: {
        Record.FIC: {Record.REM, Record.FIN},
        Record.REM: _BARE,
        Record.TRX: _BARE,
        Record.TKT: _BARE,
    },
}
