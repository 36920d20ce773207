"""What platforms tell of the sales of the week of :mod:`tests.importers.money.scenario`, in each format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from tests.importers.money.scenario import CONTRACT, Sale, SoldDay
from tests.importers.money.scenario_files import Files, journal, major


def jrb(net_unit: int, commission_unit: int) -> Callable[[Sequence[SoldDay]], Files]:
    heading = (
        "ENTETE;CONTRACT;PAYMENT_DATE;TRANSACTION_ID;OPERATION_TYPE;REMITTANCE_DATE;"
        "BRUT_AMOUNT;REMITTANCE_NB;NET_AMOUNT;COMMISSION_AMOUNT"
    )

    def row(one: SoldDay, sale: Sale) -> str:
        kind, net = ("CT" if sale.kind == "refund" else "DT"), (sale.amount - sale.fee) * net_unit // 100
        return (
            f"MATCHING;{CONTRACT};{sale.at:%Y%m%d};{sale.sequence};{kind};{one.day:%Y%m%d};{sale.amount};"
            f"{one.number};{net};{sale.fee * commission_unit // 100}"
        )

    def files(days: Sequence[SoldDay]) -> Files:
        rows = (row(one, sale) for one in days for sale in one.settled)
        return journal("JRB", days, "TABLE_V1", heading, rows)

    return files


def jrfi(days: Sequence[SoldDay]) -> Files:
    """A file for each transfer, whose reference stands in its name alone."""
    heading = (
        "ENTETE;CONTRACT;PAYMENT_DATE;TRANSACTION_ID;OPERATION_TYPE;BRUT_AMOUNT;NET_AMOUNT;COMMISSION_AMOUNT"
    )
    found = []
    for one in days:
        rows = (
            f"DETAIL;{CONTRACT};{sale.at:%Y%m%d};{sale.sequence};{'CT' if sale.kind == 'refund' else 'DT'};"
            f"{sale.amount};{sale.amount - sale.fee};{sale.fee}"
            for sale in one.settled
        )
        ((_, data),) = journal("JRFI", (one,), "V1", heading, rows)
        found.append((f"70258842_JRFI_V1_CL889532_CLIENT_DEMO_EUR_{one.number}.csv", data))
    return found


def _sold(sale: Sale) -> int:
    return sale.amount if sale.kind == "debit" else -sale.amount


def adyen(days: Sequence[SoldDay]) -> Files:
    heading = (
        "Merchant Account,Psp Reference,Merchant Reference,Creation Date,Type,Net Currency,Gross Debit (GC),"
        "Gross Credit (GC),Net Debit (NC),Net Credit (NC),Commission (NC),Batch Number"
    )
    rows = [heading]
    for one in days:
        for sale in one.settled:
            net = _sold(sale) - sale.fee
            gross = ("", major(sale.amount)) if sale.kind == "debit" else (major(sale.amount), "")
            nets = ("", major(net)) if net >= 0 else (major(-net), "")
            kind = "Refunded" if sale.kind == "refund" else "Settled"
            rows.append(f"{CONTRACT},R{sale.sequence},{sale.order},{sale.at},{kind},EUR,{','.join(gross)},"
                        f"{','.join(nets)},{major(sale.fee)},{one.number}")  # fmt: skip
        paid = major(one.net - one.fee)
        rows.append(f"{CONTRACT},,,{one.day} 23:00:00,MerchantPayout,EUR,,,{paid},,,{one.number}")
    return [("adyen.csv", "\n".join(rows).encode())]


def stripe(days: Sequence[SoldDay]) -> Files:
    heading = (
        "automatic_payout_id,automatic_payout_effective_at_utc,balance_transaction_id,created_utc,"
        "currency,gross,fee,net,reporting_category,charge_id"
    )
    rows = [heading]
    for one in days:
        head = f"po_{one.number},{one.day} 00:00:00"
        for sale in one.settled:
            kind, sold = ("refund" if sale.kind == "refund" else "charge"), _sold(sale)
            rows.append(f"{head},R{sale.sequence},{sale.at},eur,{major(sold)},{major(sale.fee)},"
                        f"{major(sold - sale.fee)},{kind},{sale.order}")  # fmt: skip
        net = one.net - one.fee
        rows.append(f"{head},PO{one.number},{one.day} 23:00:00,eur,{major(-net)},0,{major(-net)},payout,")
    return [("stripe.csv", "\n".join(rows).encode())]


def checkout(days: Sequence[SoldDay]) -> Files:
    """Gross and fee of a sale are rows of their own."""
    heading = (
        "Client Entity ID,Payment ID,Action ID,Breakdown Type,Reference,Holding Currency,"
        "Holding Currency Amount,Processed On,Payout ID"
    )
    rows = [heading]
    for one in days:
        for sale in one.settled:
            kind = "Refund" if sale.kind == "refund" else "Capture"
            tail = f"{sale.at.isoformat()},{one.number}"
            head = f"{CONTRACT},R{sale.sequence},A{sale.sequence}"
            rows.append(f"{head},{kind},{sale.order},EUR,{major(_sold(sale))},{tail}")
            if sale.fee:
                rows.append(f"{head},Scheme Fixed Fee,{sale.order},EUR,{major(-sale.fee)},{tail}")
    return [("checkout.csv", "\n".join(rows).encode())]


def sumup(days: Sequence[SoldDay]) -> Files:
    rows = ["Transaction ID,Transaction Type,Status,Date,Payout Date,Payout ID,Process As,Total,Fee,Payout"]
    for one in days:
        for sale in one.settled:
            kind, sold = ("Refund" if sale.kind == "refund" else "Payout"), _sold(sale)
            rows.append(
                f"R{sale.sequence},Sale,Successful,{sale.at:%Y-%m-%d},,,CREDIT,{major(sold)},0.00,0.00"
            )
            rows.append(f"R{sale.sequence},{kind},Paid,{sale.at:%Y-%m-%d},{one.day},{one.number},CREDIT,"
                        f"{major(sold)},{major(sale.fee)},{major(sold - sale.fee)}")  # fmt: skip
    return [("sumup.csv", "\n".join(rows).encode())]


def paypal(days: Sequence[SoldDay]) -> Files:
    rows = [
        '"RH",2026/03/07 02:44:19 -0700,"A","X",009,',
        (
            '"CH","Transaction ID","Invoice ID","Transaction Event Code","Transaction Completion Date",'
            '"Transaction Debit or Credit","Gross Transaction Amount","Gross Transaction Currency",'
            '"Fee Debit or Credit","Fee Amount"'
        ),
    ]
    for one in days:
        for sale in one.settled:
            code, side = ("T1107", "DR") if sale.kind == "refund" else ("T0006", "CR")
            said = f'"R{sale.sequence}","{sale.order}","{code}",{sale.at:%Y/%m/%d %H:%M:%S} +0100'
            rows.append(f'"SB",{said},"{side}",{sale.amount},"EUR","DR",{sale.fee}')
    return [("paypal.csv", "\n".join([*rows, f'"SF",{len(rows)}']).encode())]


def paypal_activity(days: Sequence[SoldDay]) -> Files:
    """The list of what happened, as an account in French exports it."""
    heading = (
        "Date;Heure;Fuseau horaire;Nom;Type;État;Devise;Avant commission;Commission;Net;"
        "Numéro de transaction;Numéro de facture"
    )
    rows = [heading]
    for one in days:
        for sale in one.settled:
            kind = "Remboursement" if sale.kind == "refund" else "Paiement express"
            net = _thousands(_sold(sale) - sale.fee)
            rows.append(
                f"{sale.at:%d/%m/%Y};{sale.at:%H:%M:%S};CET;DURAND;{kind};Terminé;EUR;{_thousands(_sold(sale))};"
                f"{_thousands(-sale.fee)};{net};R{sale.sequence};{sale.order}"
            )
    return [("activite.csv", "\n".join(rows).encode())]


def _thousands(amount: int) -> str:
    return f"{Decimal(amount) / 100:,.2f}".translate(str.maketrans(",.", ".,"))


#: Mappings of one's own, by what the portal has none of.
MAPPINGS = {
    "PayPal's activity": """
name = "PayPal activity"
record = "settlements"
payer = "PAYPAL"
recognised_by = ["Numéro de transaction", "Avant commission"]
decimal = ","
thousands = "."
days = "dmy"

[columns]
kind = ["Type"]
day = ["Date"]
time = ["Heure"]
currency = ["Devise"]
gross = ["Avant commission"]
fee = ["-Commission"]
net = ["Net"]
reference = ["Numéro de transaction"]
merchant_reference = ["Numéro de facture"]

[words]
"Paiement *" = "sale"
"Remboursement*" = "refund"
"Conversion *" = "conversion"
"Virement *" = "payout"
"""
}
PLATFORMS: dict[str, Callable[[Sequence[SoldDay]], Files]] = {
    "JRB, net in hundredths": jrb(10_000, 100),
    "JRB, all in hundredths": jrb(10_000, 10_000),
    "JRB, all in cents": jrb(100, 100),
    "JRFI": jrfi,
    "Adyen": adyen,
    "Stripe": stripe,
    "Checkout.com": checkout,
    "SumUp": sumup,
    "PayPal": paypal,
    "PayPal's activity": paypal_activity,
}
