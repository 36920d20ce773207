"""The records of GRRCN: their fields in order, and their widths in the encoding of fixed places.

Source: shared research page "formats", section 10.1; the vendor's public samples. In quoted text the
fields are the same, in the same order, without the filler at the end (version 1.01 has it).
"""

from __future__ import annotations

from typing import Final, NamedTuple

#: Length of a line in the encoding of fixed places.
WIDTH: Final = 800


class Part(NamedTuple):
    """A field of a record: its name, and how many places it has."""

    name: str
    width: int


def _parts(written: str) -> tuple[Part, ...]:
    return tuple(Part(name, int(width)) for name, _, width in (one.partition("/") for one in written.split()))


_PAYMENT = "type/10 payee/15 account_type/3 number/10 paid_on/8 currency/3 "
_BUSINESS = "merchant/15 submitted_on/8 processed_on/8 invoice/15 submission_currency/3 "
_DISPUTED = """
merchant/15 submitted_on/8 location/15 reference/30 seller/20 card/19 industry/30 processed_on/8 invoice/15
submission_currency/3 case_number/30 reason_code/10 reason_text/280 gross/16 discount/16 fee/16 tax/16
net/16 discount_rate/7 fee_rate/7 batch_code/3 bill_code/3
"""
_ACCELERATION = """
instalment/5 acceleration_number/9 original_date/8 acceleration_date/8 days_in_advance/5
acceleration_fee/16 acceleration_net/16
"""

#: Fields by the code that begins a record.
RECORDS: Final = {
    "HEADER": _parts("type/10 created_on/8 created_at/6 sequential/10 file_id/10 file_name/20 version/4"),
    "SUMMARY": _parts(
        _PAYMENT
        + "unique_reference/18 net/16 gross/16 discount/16 fee/16 adjustment/16 tax/16 opening_debit/16"
        + " deposit/17 account/34 iban/34 bic/15"
    ),
    "SUBMISSION": _parts(
        _PAYMENT
        + _BUSINESS
        + "filler/15 exchange_rate/15 submission_gross/16 gross/16 discount/16 fee/16 tax/16 net/16"
        + " discount_rate/7 tax_rate/7 count/7 tracking/11 "
        + _ACCELERATION
        + " debit_gross/16 credit_gross/16"
    ),
    "TRANSACTN": _parts(
        _PAYMENT
        + _BUSINESS
        + "location/15 reference/30 seller/20 card/19 industry/30 submission_gross/16 gross/16 sold_on/8"
        + " sold_at/6 transaction_id/15 approval_code/6 terminal/10 mcc/4 cardmember_reference/30"
        + " acquirer_reference/23"
    ),
    "TXNPRICING": _parts(
        _PAYMENT
        + "merchant/15 location/15 filler/15 reference/30 seller/20 card/19 gross/16 sold_on/8 fee_code/2"
    ),
    "CHARGEBACK": _parts(_PAYMENT + _DISPUTED),
    "ADJUSTMENT": _parts(_PAYMENT + _DISPUTED),
    "TAXRECORD": _parts(_PAYMENT + "tax_type/2 tax_text/64 base/24 taxed_on/8 rate/20 amount/24"),
    "FEEREVENUE": _parts(
        "type/10 payee/15 number/10 paid_on/8 currency/3 merchant/15 location/15 gross/16 reason_text/80"
    ),
    "TRAILER": _parts("type/10 sequential/10 record_count/10"),
}
