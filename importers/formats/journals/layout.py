"""The columns of journals: the field each heading becomes, the vendor's own and French ones.

Source: shared format page "Money", section 3.2; pages of the vendors.
"""

from __future__ import annotations

from importers.reading.headings import bare

_FIELDS = {
    "record": ("ENTETE", "HEADER"),
    "sale_number": (
        "TRANSACTION_ID",
        "N° transaction",
        "Numéro de transaction",
        "Transaction",
        "N° de transaction",
    ),
    "merchant_id": ("MERCHANT_ID", "Identifiant commerçant", "Boutique"),
    "contract": (
        "CONTRACT",
        "CONTRACT_NUMBER",
        "Contrat commerçant",
        "Contrat",
        "N° contrat",
        "N° de contrat",
        "Numéro de contrat",
    ),
    "type": ("TRANSACTION_TYPE", "OPERATION_TYPE", "Type", "Type d'opération", "Type opération"),
    "direction": ("OPERATION_DIRECTION",),
    "origin_amount": ("ORIGIN_AMOUNT", "Montant initial"),
    "amount": ("AMOUNT", "Montant total", "Montant", "Montant actuel"),
    "currency": ("CURRENCY_CODE", "OPERATION_CURRENCY", "CURRENCY", "Devise"),
    "payment_date": ("PAYMENT_DATE", "Date du paiement", "Date de paiement", "Date paiement"),
    "payment_time": ("PAYMENT_TIME", "Heure du paiement", "Heure de paiement", "Heure paiement"),
    "capture_time": ("CAPTURE_TIME", "Heure remise", "Heure de remise"),
    "schedule": ("PAYMENT_SCHEDULE", "SCHEDULE", "Échéance"),
    "capture_date": ("CAPTURE_DATE", "Date remise", "Date de remise", "Date de capture"),
    "scheme": ("CARD_TYPE", "PAYMENT_METHOD", "Type de carte", "Moyen de paiement"),
    "card": ("CARD_NUMBER", "Numéro de carte", "N° carte"),
    "authorisation_number": ("AUTHORIZATION_ID", "AUTHORISATION_ID", "N° autorisation"),
    "status": ("TRANSACTION_STATUS", "Statut", "État"),
    "order_reference": ("ORDER_ID", "Commande", "Référence commande", "Référence de commande", "N° commande"),
    "three_ds": ("TRANSACTION_CONDITION",),
    "complementary": ("COMPLEMENTARY_INFO",),
    "response_code": ("BANK_RESPONSE_CODE",),
    "sequence": ("OPERATION_SEQUENCE", "OPERATION_NUMBER"),
    "operation": ("OPERATION_NAME", "Opération"),
    "operation_amount": ("OPERATION_AMOUNT", "Montant opération"),
    "operation_date": ("OPERATION_DATE", "Date opération"),
    "origin": ("OPERATION_ORIGIN",),
    "remittance_date": ("REMITTANCE_DATE", "Date de la remise"),
    "remittance_number": ("REMITTANCE_NB", "N° remise", "N° de remise", "Numéro de remise"),
    "gross": ("BRUT_AMOUNT", "GROSS_AMOUNT", "Montant brut"),
    "net": ("NET_AMOUNT", "Montant net"),
    "commission": ("COMMISSION_AMOUNT", "Commission"),
    "source_amount": ("SOURCE_AMOUNT",),
    "reason": ("UNPAID_CODE", "Motif"),
    "platform_reference": ("TRANSACTION_UUID",),
}
#: Fields by bare heading.
ALIASES = {bare(heading): field for field, headings in _FIELDS.items() for heading in headings}
