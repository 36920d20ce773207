"""The columns of the portal's own file formats, in order: what the reader, the writer and the demo share.

Names are those of the model's attributes. Source: shared format page "The portal's own file
formats, version 1".
"""

from __future__ import annotations

from app.rules import directory_columns

#: REMISE-TPE: the columns of each record, without the record code itself.
HEADER = ("format", "version", "source", "file_key", "content", "created_at")
REMITTANCE = (
    "contract",
    "rank",
    "application",
    "number",
    "file_number",
    "bank_code",
    "siret",
    "terminal_number",
    "serial_number",
    "manufacturer",
    "currency",
    "opened_local",
    "collected_local",
    "status",
    "status_text",
    "transmission",
)
TRANSACTION = (
    "sequence_number",
    "occurred_local",
    "type",
    "outcome",
    "amount",
    "card",
    "expiry",
    "entry_mode",
    "scheme",
    "product",
    "issuer",
    "aid",
    "authorisation_asked",
    "authorisation_number",
    "response_code",
    "certificate",
    "dossier_number",
    "order_reference",
    "original_sequence_number",
    "requested_amount",
    "cardholder_amount",
    "cardholder_currency",
    "exchange_rate",
    "markup_percent",
)
TICKET = ("ticket",)
TOTAL = ("total_type", "total_count", "total_amount")
REMITTANCE_END = ("number", "transaction_count", "net_amount")
FILE_END = ("remittance_count", "transaction_count")

#: Words of the file for each value of the model.
TYPES = {
    "DEBIT": "debit",
    "CREDIT": "refund",
    "ANNULATION": "cancellation",
    "ANNUL_CREDIT": "refund_cancellation",
    "PREAUTO": "preauthorisation",
}
OUTCOMES = {"ACCEPTEE": "accepted", "REFUSEE": "declined", "ABANDON": "abandoned"}
STATUSES = {"CORRECTE": "correct", "REJETEE": "rejected", "INCOMPLETE": "incomplete"}
TRANSMISSIONS = {"REUSSIE": "succeeded", "ECHOUEE": "failed"}
ENTRY_MODES = {
    "PUCE": "chip",
    "SANS_CONTACT": "contactless",
    "PISTE": "magstripe",
    "MANUEL": "manual",
    "EN_LIGNE": "online",
}
#: The six totals of a remittance, in their order in the file: type -> (count, amount) columns.
TOTALS = {
    "DEBT": "debit",
    "DBTR": "cancellation",
    "CRDT": "refund",
    "CRDR": "refund_cancellation",
    "DECL": "declined",
    "FAIL": "abandoned",
}

#: What identifies a contract is kept in capitals.
CAPITALS = ("contract", "rank", "application")
#: REFERENTIEL: the header line, in order.
MERCHANT_DIRECTORY = directory_columns.NAMES
