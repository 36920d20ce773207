"""Rows as app/tickets/query.py gives them, keyword by keyword, and the families of tickets made of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

PAYMENT: dict[str, Any] = {
    "id": 1,
    "contract_id": 2,
    "remittance_id": 3,
    "occurred_on": datetime(2026, 3, 2).date(),
    "collected_on": datetime(2026, 3, 2).date(),
    "date": datetime(2026, 3, 2, 12, 31, 9),
    "state": "remitted",
    "application": "CBEMV",
    "contract": "7654321",
    "label": "Comptoir",
    "rank": "001",
    "bank": "30004",
    "amount": 3900,
    "type": "debit",
    "outcome": "accepted",
    "reversal": "none",
    "reversed_amount": None,
    "original_id": None,
    "original_on": None,
    "chargeback": "none",
    "chargeback_on": None,
    "chargeback_amount": None,
    "chargeback_reason": None,
    "answer_by": None,
    **dict.fromkeys(("captured_on", "three_ds", "card_country", "schedule", "platform_reference")),
    "response_code": "00",
    "reason": None,
    "card": "497010******0929",
    "expiry": "1128",
    "authorisation": "123456",
    "issuer": "BNP PARIBAS",
    "product": "VISA CLASSIC",
    "remittance": "000417",
    "file_number": "D00183",
    "dossier": None,
    "serial": "219300290018",
    "manufacturer": "INGENICO",
    "trade_name": "CAFÉ DE LA FICTION",
    "siret": "99999999800019",
    "bank_name": "BNP Paribas",
    "currency": "EUR",
    "net_amount": 3900,
    "requested_amount": None,
    "sequence_number": "000101",
    "original_sequence_number": None,
    "collected": datetime(2026, 3, 2, 23, 15, 7),
    "terminal": "001",
    "entry_mode": "chip",
    "scheme": "CB",
    "aid": "A0000000421010",
    "authorisation_asked": True,
    "certificate": "A1B2C3D4E5F60718",
    "order_reference": None,
    "cardholder_amount": None,
    "cardholder_currency": None,
    "exchange_rate": None,
    "markup_percent": None,
    "address": "1 rue de l'Exemple",
    "postcode": "99000",
    "city": "EXEMPLEVILLE",
    "ticket": None,
}
REMITTANCE: dict[str, Any] = {
    "id": 3,
    "contract_id": 2,
    "outlet_id": 1,
    "collected_on": datetime(2026, 3, 2).date(),
    "credit": "unknown",
    "credit_proposal": "none",
    "credited_on": None,
    "expected_by": None,
    "credit_gap": None,
    "fee_amount": None,
    "credit_reason": "unknown",
    "date": datetime(2026, 3, 2, 23, 15, 7),
    "application": "CBEMV",
    "contract": "7654321",
    "label": "Comptoir",
    "rank": "001",
    "amount": 5240,
    "net_amount": 5240,
    "status": "correct",
    "count": 4,
    "bank": "30004",
    "serial": "219300290018",
    "manufacturer": "INGENICO",
    "number": "000417",
    "file_number": "D00183",
    "trade_name": "CAFÉ DE LA FICTION",
    "siret": "99999999800019",
    "bank_name": "BNP Paribas",
    "currency": "EUR",
    "terminal": "001",
    "opened": datetime(2026, 3, 2, 8, 0, 11),
    "status_text": "TERMINAL CORRECTS",
    "transmission": "succeeded",
    "debit_count": 2,
    "debit": 5740,
    "cancelled_count": 0,
    "cancelled": 0,
    "refund_count": 1,
    "refund": 500,
    "refund_cancelled_count": 0,
    "refund_cancelled": 0,
    "declined_count": 1,
    "declined": 1800,
    "abandoned_count": 0,
    "abandoned": 0,
    "seal": "complete",
    "received_count": 4,
    "received_net": 5240,
    "gap_count": 0,
    "gap_amount": 0,
    "missing_sequences": 0,
    "address": "1 rue de l'Exemple",
    "postcode": "99000",
    "city": "EXEMPLEVILLE",
    "ticket": None,
}
EMPTY = {
    name: 0
    for name in REMITTANCE
    if name in ("amount", "debit", "refund", "declined") or name.endswith("_count") or name == "count"
}


def a_payment(**values: Any) -> dict[str, Any]:
    """A payment by chip of 39,00 EUR, unless told otherwise."""
    assert set(values) <= set(PAYMENT)
    return {**PAYMENT, **values}


def a_remittance(**values: Any) -> dict[str, Any]:
    """A telecollection of two debits, a refund and a refusal, unless told otherwise."""
    assert set(values) <= set(REMITTANCE)
    return {**REMITTANCE, **values}


_MEAL = {
    "application": "CONECS",
    "contract": "0000000143",
    "bank": None,
    "card": "************0929",
    "issuer": "EDENRED",
    "scheme": "CONECS",
    "product": "TITRE RESTAURANT",
    "aid": None,
    "certificate": "FEDCBA9876543210",
    "authorisation": "246810",
}
_AMEX = {
    "application": "AMEX",
    "contract": "9999999999",
    "bank": None,
    "card": "374500*****1234",
    "issuer": "AMERICAN EXPRESS",
    "scheme": "AMEX",
    "product": "AMEX GREEN",
    "aid": "A000000025010801",
    "amount": 2756,
    "authorisation": "168208",
    "certificate": "00112233AABBCCDD",
}
_JCB = {"scheme": "JCB", "product": "JCB", "issuer": "JCB", "aid": "A0000000651010"}
_DISTANT = {"aid": None, "certificate": None, "order_reference": "CMD-00004711", "terminal": None}
_STAY = {"application": "PLBS", "dossier": "00001234", "amount": 47600}
_OPENED = {**_STAY, "type": "preauthorisation", "amount": 35700}
_DOLLARS = {
    **_STAY,
    "application": "DCCPLBS",
    "amount": 5000,
    "scheme": "VISA",
    "product": None,
    "issuer": None,
    "aid": "A0000000031010",
    "original_sequence_number": "000088",
    "cardholder_amount": 5677,
    "cardholder_currency": "USD",
    "exchange_rate": Decimal("1.1024"),
    "markup_percent": Decimal("3.00"),
}
_REFUSED = {"outcome": "declined", "authorisation": None, "certificate": None}
_UNKNOWN = {
    name: None
    for name in PAYMENT
    if name
    not in (
        "date",
        "application",
        "contract",
        "amount",
        "type",
        "outcome",
        "currency",
        "sequence_number",
        "trade_name",
    )
}

#: Golden file -> its payment.
PAYMENTS = {
    "payment-cb": a_payment(),
    "payment-contactless": a_payment(application="CBCLESS", entry_mode="contactless", amount=690),
    "payment-vad": a_payment(application="CBVAD", entry_mode="online", **_DISTANT),
    "payment-vad-keyed": a_payment(application="CBVAD", entry_mode="manual", **_DISTANT),
    "payment-plbs-opening": a_payment(**_OPENED),
    "payment-plbs-addition": a_payment(**_OPENED, original_sequence_number="000088"),
    "payment-plbs-closing": a_payment(**_STAY, original_sequence_number="000088"),
    "payment-plbs-plus": a_payment(**{**_OPENED, "application": "PLBS+"}),
    "payment-plbs-gcb": a_payment(**{**_STAY, "application": "PLBSGCB"}),
    "payment-plbs-no-dossier": a_payment(application="PLBS"),
    "payment-amex": a_payment(**_AMEX),
    "payment-amex-contactless": a_payment(
        **{**_AMEX, "application": "AMEXCLESS", "entry_mode": "contactless"}
    ),
    "payment-jcb": a_payment(application="JCBEMV", **_JCB),
    "payment-jcb-vad": a_payment(application="JCBVAD", entry_mode="online", **{**_JCB, **_DISTANT}),
    "payment-quasi-cash": a_payment(application="QUASI CASH", amount=20000),
    "payment-dcc": a_payment(**_DOLLARS),
    "payment-dcc-yen": a_payment(
        **{
            **_DOLLARS,
            "cardholder_amount": 8361,
            "cardholder_currency": "JPY",
            "exchange_rate": Decimal("162.3500"),
        }
    ),
    "payment-dcc-refund": a_payment(**{**_DOLLARS, "type": "refund", "amount": -5000}),
    "payment-dcc-not-converted": a_payment(
        **{
            **_DOLLARS,
            **dict.fromkeys(("cardholder_amount", "cardholder_currency", "exchange_rate", "markup_percent")),
        }
    ),
    "payment-conecs": a_payment(**_MEAL, amount=940),
    "payment-conecs-partial": a_payment(**_MEAL, amount=2500, requested_amount=3150, response_code="10"),
    "payment-conecs-contactless": a_payment(
        **{**_MEAL, "application": "CONECSLESS", "entry_mode": "contactless", "amount": 1230}
    ),
    "payment-conecs-refused": a_payment(**{**_MEAL, **_REFUSED}, amount=1850, response_code="57"),
    "payment-refund": a_payment(
        type="refund", amount=-500, original_sequence_number="000103", authorisation=None
    ),
    "payment-cancellation": a_payment(
        type="cancellation", amount=-3900, original_sequence_number="000101", authorisation=None
    ),
    "payment-refund-cancelled": a_payment(type="refund_cancellation", amount=500, authorisation=None),
    "payment-refused": a_payment(**_REFUSED, amount=1800, response_code="51"),
    "payment-refused-lost-card": a_payment(**_REFUSED, amount=1800, response_code="41"),
    "payment-refused-unknown-code": a_payment(**_REFUSED, amount=1800, response_code="Z9"),
    "payment-refused-refund": a_payment(**_REFUSED, type="refund", amount=-500, response_code="05"),
    "payment-refused-dossier": a_payment(**{**_OPENED, **_REFUSED, "response_code": "51"}),
    "payment-abandoned": a_payment(
        **{**_REFUSED, "outcome": "abandoned"},
        response_code=None,
        card=None,
        expiry=None,
        aid=None,
        scheme=None,
        product=None,
        authorisation_asked=False,
    ),
    "payment-xpf": a_payment(
        amount=4650, currency="XPF", trade_name="COMPTOIR DU LAGON", city="NOUMÉA", postcode="98800"
    ),
    "payment-tnd": a_payment(amount=12345, currency="TND"),
    "payment-long-labels": a_payment(
        trade_name="GRAINES ET JARDINS PAR CORRESPONDANCE DE L'ÎLE-AUX-MOINES",
        address="Zone d'activités de Llanfairpwllgwyngyllgogerychwyrndrobwll",
        order_reference="COMMANDE-2026-03-02-000000004711-GRAINES-ET-BULBES",
        amount=123_456_789_012_345,
    ),
    "payment-unknown": a_payment(**_UNKNOWN),
    "payment-printed": a_payment(
        ticket=(
            "     CARTE BANCAIRE\nA0000000421010\nCB\nLE 02/03/2026 A 12:31:09\nCAFE DE LA FICTION\n"
            "EXEMPLEVILLE\n7654321\n497010******0929\nFIN 11/28\nA1B2C3D4E5F60718\n001 000101 17 C @\n"
            "NO AUTO : 123456\nMONTANT :\n               39,00 EUR\nDEBIT\n     TICKET CLIENT\n"
            "      A CONSERVER"
        )
    ),
    "payment-printed-wide": a_payment(
        ticket=(
            "                 CARTE BANCAIRE\n"
            "------------------------------------------------\n"
            "CAFÉ DE LA FICTION                  EXEMPLEVILLE\n"
            "CARTE 4970 10** **** 0929  FIN 11/28        PUCE\n"
            "MONTANT                                39,00 EUR\n\n"
            "                 *** MERCI ***"
        )
    ),
}
#: Golden file -> its remittance.
REMITTANCES = {
    "remittance-cb": a_remittance(),
    "remittance-conecs": a_remittance(
        date=datetime(2020, 7, 29, 14, 54, 45),
        application="CONECS",
        contract="143",
        rank="010",
        bank="10000",
        bank_name=None,
        number="039284",
        amount=4480,
        debit_count=4,
        debit=4480,
        refund_count=0,
        refund=0,
        declined_count=1,
        declined=940,
    ),
    "remittance-empty": a_remittance(**EMPTY),
    "remittance-negative": a_remittance(
        amount=-12_345, debit_count=0, debit=0, refund_count=3, refund=12_345, refund_cancelled_count=12
    ),
    "remittance-rejected": a_remittance(status="rejected", status_text="REMISE REFUSÉE : CONTRAT INCONNU"),
    "remittance-incomplete": a_remittance(
        status="incomplete", status_text="APPEL INTERROMPU", transmission="failed"
    ),
    "remittance-xpf": a_remittance(
        application="JCBEMV", currency="XPF", amount=1_234_567, debit=1_234_567, refund=0, refund_count=0
    ),
    "remittance-printed": a_remittance(
        ticket=(
            "      TELECOLLECTE\n         CBEMV\nLE 02/03/2026 A 23:15:07\nCAFE DE LA FICTION\n"
            "EXEMPLEVILLE\nCONTRAT 7654321\nRANG 001 TPE 001\nREMISE 000417 D00183\n"
            "------------------------\nDEBITS        2    57,40\nREFUSEES      1    18,00\n"
            "------------------------\nNET EUR            52,40\nTERMINAL CORRECTS\nTRANSMISSION REUSSIE"
        )
    ),
}
