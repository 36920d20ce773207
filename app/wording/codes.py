"""The words of the codes that payments are stored with."""

from __future__ import annotations

from app.wording.i18n import N_

TYPES = {
    "debit": N_("Debit"),
    "refund": N_("Refund"),
    "cancellation": N_("Cancellation"),
    "refund_cancellation": N_("Cancelled refund"),
    "preauthorisation": N_("Pre-authorisation"),
}
OUTCOMES = {
    "accepted": N_("Accepted"),
    "declined": N_("Declined"),
    "abandoned": N_("Abandoned"),
}
REVERSALS = {
    "cancelled": N_("Cancelled"),
    "refunded": N_("Refunded"),
    "partly_refunded": N_("Partly refunded"),
    "none": N_("No"),
}
STATES = {"remitted": N_("Remitted"), "pending": N_("Not remitted")}
STATUSES = {
    "correct": N_("Correct"),
    "rejected": N_("Rejected"),
    "incomplete": N_("Incomplete"),
}
CONTENTS = {"with": N_("With transactions"), "without": N_("Without transactions")}
TRANSMISSIONS = {"succeeded": N_("Succeeded"), "failed": N_("Failed")}
COMPLETENESS = {
    "complete": N_("Complete: the payments add up to the totals"),
    "awaiting_payments": N_("Waiting for the payments"),
    "awaiting_totals": N_("Waiting for the totals"),
    "differs": N_("The payments differ from the totals"),
    "no_totals": N_("Without totals: made by a platform"),
    "no_payments": N_("Payments not communicated: the acquirer tells the sum alone"),
}
ENTRY_MODES = {
    "chip": N_("Chip"),
    "contactless": N_("Contactless"),
    "magstripe": N_("Magnetic stripe"),
    "manual": N_("Keyed in"),
    "online": N_("Online"),
}
AUTHENTICATIONS = {
    "3D_SUCCESS": N_("Cardholder authenticated"),
    "3D_ATTEMPT": N_("Authentication attempted"),
    "3D_FAILURE": N_("Authentication failed"),
    "3D_ERROR": N_("Authentication broke off"),
    "NO_3D": N_("Without 3-D Secure"),
}
CREDITS = {
    "unknown": N_("Not known"),
    "not_expected": N_("No credit expected"),
    "expected": N_("Credit expected"),
    "announced": N_("Payment announced"),
    "credited": N_("Credited"),
    "differs": N_("Credited with a gap"),
    "late": N_("Not credited"),
}
CREDIT_PROPOSALS = {"open": N_("Credit to confirm"), "none": N_("None")}
MOVEMENTS = {
    "remittance": N_("Credit of batches"),
    "refund": N_("Debit of refunds"),
    "chargeback": N_("Chargeback"),
    "chargeback_reversal": N_("Chargeback given back"),
    "fee": N_("Commission"),
    "payout": N_("Payment of an acquirer"),
}
LINE_STATES = {
    "explained": N_("Pays batches that are known"),
    "proposed": CREDIT_PROPOSALS["open"],
    "unexplained": N_("Explains no batch"),
    "apart": N_("Commission or chargeback"),
}
CHARGEBACKS = {
    "notice": N_("Disputed"),
    "debited": N_("Charged back"),
    "reversed": N_("Chargeback given back"),
    "none": N_("No"),
}
CHARGEBACK_STAGES = {
    "notice": N_("Inquiry before a chargeback"),
    "debit": N_("Chargeback debited"),
    "reversal": N_("Chargeback given back"),
}
OPERATIONS = {
    "capture": N_("Capture"),
    "cancel": N_("Cancellation"),
    "refund": N_("Refund"),
    "validate": N_("Validation"),
    "modify": N_("Modification"),
    "duplicate": N_("Duplication"),
}
CREDIT_RULES = {
    "remittance_number": N_("same batch number and same amount"),
    "contract_rank": N_("same contract, rank and amount"),
    "contract_day": N_("the sum of a day of the contract, or one of its batches"),
    "contract_booking": N_("the sum of a contract's days that are settled together"),
    "contract_scheme": N_(
        "what one scheme brought on a day of the contract, and a line for each of the others"
    ),
    "contract_fees": N_("the sum of a day of the contract, less the commission that the bank says"),
    "account_day": N_("the sum of a day of the account"),
    "shop_day": N_("the sum of a day of the shop"),
    "contract_part": N_("a part of a contract's days that are settled together"),
    "contract_twins": N_("the same sum on several days of the contract, and as many lines"),
    "contract_net": N_("the sum of a day of the contract, less what may be a commission"),
    "equal_amount": N_("the same amount, and nothing else"),
    "settlement_number": N_("same payment number and same amount"),
    "payer_window": N_("same payer and same amount, on the day of the payment"),
    "settlement_net": N_("same contract, and what is left after the commission"),
    "submission_number": N_("same contract, batch number and amount"),
    "submission_day": N_("same contract, day and amount"),
    "submission_only": N_("same contract and batch number, on the same day"),
    "sales": N_("the payments of the batch, one by one"),
}
