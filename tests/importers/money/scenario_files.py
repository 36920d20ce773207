"""The week of :mod:`tests.importers.money.scenario` in each format, written from the format page alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from app.rules.amex_records import GRRCN, WIDTH
from tests.importers.files import File, Rem, Trx
from tests.importers.money import test_caaa as caaa
from tests.importers.money.scenario import AMEX, CONTRACT, Sale, SoldDay, paid_on
from tests.importers.money.test_camt import IBAN
from tests.importers.money.test_cfonb120 import Statement, overpunched, written
from tests.importers.money.test_remote_payments_stored import HEADING as JT_HEADING
from tests.importers.money.test_settlements_stored import amount as padded

#: A file: its name, which journals say something in, and its bytes.
Files = list[tuple[str, bytes]]


def major(amount: int, sign: str = ".") -> str:
    return f"{Decimal(amount) / 100:.2f}".replace(".", sign)


# --- the bank --------------------------------------------------------------------------------------


def cfonb(end: str) -> Callable[[Sequence[Statement]], Files]:
    return lambda found: [("releve.txt", written(*found, end=end))]


def cfonb_by_day(found: Sequence[Statement]) -> Files:
    return [(f"releve-{one.day}.txt", written(one)) for one in reversed(found)]


def camt(message: str, version: str, block: str) -> Callable[[Sequence[Statement]], Files]:
    def files(found: Sequence[Statement]) -> Files:
        statements = "".join(_camt_statement(one, block) for one in found)
        namespace = f"urn:iso:std:iso:20022:tech:xsd:{message}.001.{version}"
        return [("camt.xml", f'<Document xmlns="{namespace}"><X>{statements}</X></Document>'.encode())]

    return files


def _camt_statement(one: Statement, block: str) -> str:
    before = one.since or one.day - timedelta(days=1)
    root = {"Stmt": "BkToCstmrStmt", "Rpt": "BkToCstmrAcctRpt"}[block]
    entries = "".join(
        f'<Ntry><Amt Ccy="EUR">{major(abs(line.amount))}</Amt>{_direction(line.amount)}<Sts>BOOK</Sts>'
        f"<BookgDt><Dt>{one.day}</Dt></BookgDt><ValDt><Dt>{one.day}</Dt></ValDt>"
        f"<BkTxCd><Prtry><Cd>{line.code}</Cd><Issr>CFONB</Issr></Prtry></BkTxCd>"
        f"<CardTx><AggtdNtry><SaleRcncltnId>0000417</SaleRcncltnId></AggtdNtry></CardTx>"
        f"<AddtlNtryInf>{line.label}</AddtlNtryInf></Ntry>"
        for line in one.lines
    )
    return (
        f"<{root}><{block}><Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{_balance('OPBD', one.opening, before)}{_balance('CLBD', one.closing, one.day)}{entries}"
        f"</{block}></{root}>"
    )


def notifications(found: Sequence[Statement]) -> Files:
    """A notification a day, without balances: the last first, as they may arrive."""
    return [(f"camt054-{one.day}.xml", _notification(one)) for one in reversed(found)]


def _notification(one: Statement) -> bytes:
    """Its statement, without balances and with a number of its own."""
    entries = _camt_statement(one, "Stmt").rpartition("</Bal>")[2].removesuffix("</Stmt></BkToCstmrStmt>")
    account = f"<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn><Ntfctn>'
        f"<Id>N{one.day:%Y%m%d}</Id>{account}{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()


def _direction(amount: int) -> str:
    return f"<CdtDbtInd>{'CRDT' if amount >= 0 else 'DBIT'}</CdtDbtInd>"


def _balance(code: str, amount: int, day: date) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{major(abs(amount))}</Amt>{_direction(amount)}<Dt><Dt>{day}</Dt></Dt></Bal>'
    )


def cic(found: Sequence[Statement]) -> Files:
    """The newest line first, a balance beside each."""
    rows = []
    for one in found:
        balance = one.opening
        for line in one.lines:
            balance += line.amount
            sides = ("", major(line.amount, ",")) if line.amount >= 0 else (major(line.amount, ","), "")
            rows.append(
                f"{one.day:%d/%m/%Y};{one.day:%d/%m/%Y};{';'.join(sides)};{line.label};{major(balance, ',')}"
            )
    heading = "Date;Date de valeur;Débit;Crédit;Libellé;Solde"
    return [("cic.csv", "\n".join([heading, *reversed(rows)]).encode("cp1252"))]


BANK: dict[str, Callable[[Sequence[Statement]], Files]] = {
    "CFONB 120": cfonb("\n"),
    "CFONB 120 in one line": cfonb(""),
    "CFONB 120, a file a day, the last first": cfonb_by_day,
    "camt.053.001.02": camt("camt.053", "02", "Stmt"),
    "camt.053.001.08": camt("camt.053", "08", "Stmt"),
    "camt.052.001.08": camt("camt.052", "08", "Rpt"),
    "CSV of CIC": cic,
}


# --- payments --------------------------------------------------------------------------------------


def remise_tpe(days: Sequence[SoldDay], contract: str = CONTRACT, application: str = "CBVAD") -> Files:
    remittances = tuple(_remittance(one, contract, application) for one in days)
    made = f"{days[-1].day + timedelta(days=1)}T02:00:00+01:00"
    return [("nights.txt", File(remittances=remittances, created=made).data())]


def _remittance(one: SoldDay, contract: str, application: str) -> Rem:
    payments = tuple(
        Trx(
            sequence=sale.sequence,
            at=sale.at.isoformat(),
            operation="CREDIT" if sale.kind == "refund" else "DEBIT",
            outcome="REFUSEE" if sale.is_declined else "ACCEPTEE",
            amount=sale.amount,
            card=f"497010******{sale.card}",
            authorisation=sale.authorisation,
            order=sale.order,
        )
        for sale in one.sales
    )
    return Rem(
        contract=contract,
        application=application,
        number=one.number,
        opened=f"{one.day}T08:00:11",
        collected=f"{one.day}T23:15:07",
        transactions=payments,
    )


def journal(kind: str, days: Sequence[SoldDay], version: str, heading: str, rows: Iterable[str]) -> Files:
    title = f"TITRE;CAFE;{days[-1].day + timedelta(days=1):%y/%m/%d}_02:05:00;{version}"
    return [(f"{kind}_CAFE.csv", "\n".join([title, heading, *rows, "FIN"]).encode())]


def jt(days: Sequence[SoldDay]) -> Files:
    rows = (
        f"TRANSACTION;{sale.sequence};{CONTRACT};{'CREDIT' if sale.kind == 'refund' else 'DEBIT'};"
        f"{sale.amount};{0 if sale.is_declined else sale.amount};978;{sale.at:%Y%m%d};{sale.at:%H%M%S};"
        f"{'' if sale.is_declined else f'{one.day:%Y%m%d}'};CB;4970XXXXXXXX{sale.card};{sale.authorisation};"
        f"{'REFUSED' if sale.is_declined else 'CAPTURED'};{sale.order};;;00"
        for one in days
        for sale in one.sales
    )
    return journal("JT", days, "TABLE_V4", JT_HEADING, rows)


def nexo(days: Sequence[SoldDay]) -> Files:
    return [(f"{one.number}.xml", _batch(one)) for one in days]


def _batch(one: SoldDay) -> bytes:
    transactions = (
        caaa.tx(
            sale.sequence,
            major(sale.amount),
            "RFND" if sale.kind == "refund" else "CRDP",
            "DECL" if sale.is_declined else "APPR",
            card=f"<MskdPAN>497010******{sale.card}</MskdPAN>",
        )
        .replace("2026-03-02T12:31:09", sale.at.isoformat())
        .replace("<AuthstnCd>123456", f"<AuthstnCd>{sale.authorisation}")
        for sale in one.sales
    )
    return (
        caaa.batch(*transactions)
        .replace(b"2026-03-02T23:15", f"{one.day}T23:15".encode())
        .replace(b"<RcncltnId>000417", f"<RcncltnId>{one.number}".encode())
    )


PAYMENTS: dict[str, Callable[[Sequence[SoldDay]], Files]] = {
    "REMISE-TPE": remise_tpe,
    "JT": jt,
    "caaa.011": nexo,
}


# --- American Express ------------------------------------------------------------------------------


def _records(days: Sequence[SoldDay], version: str) -> Iterator[tuple[str, dict[str, str]]]:
    """A payment of one submission for each day, in the fields of all versions."""
    yield "HEADER", {"created_on": f"{paid_on(days[-1]):%Y%m%d}", "version": version}
    for one in days:
        payment = {
            "payee": AMEX, "account_type": "002", "number": f"P{one.number}", "currency": "EUR",
            "paid_on": f"{paid_on(one):%Y%m%d}", "gross": padded(one.net), "discount": padded(one.fee),
            "net": padded(one.net - one.fee), "fee": padded(0), "tax": padded(0),
        }  # fmt: skip
        yield "SUMMARY", payment | {"adjustment": padded(0)}
        submission = payment | {"merchant": AMEX, "submitted_on": f"{one.day:%Y%m%d}", "invoice": one.number}
        yield "SUBMISSION", submission
        yield from (("TRANSACTN", submission | _transaction(sale)) for sale in one.settled)
    yield "TRAILER", {"record_count": f"{2 + sum(2 + len(one.settled) for one in days)}"}


def _transaction(sale: Sale) -> dict[str, str]:
    return {
        "gross": padded(sale.signed), "card": f"37XXXXXXXXX{sale.card}", "reference": sale.order,
        "sold_on": f"{sale.at:%Y%m%d}", "sold_at": f"{sale.at:%H%M%S}", "approval_code": sale.authorisation,
    }  # fmt: skip


def grrcn(encoding: str, version: str) -> Callable[[Sequence[SoldDay]], Files]:
    def line(code: str, values: dict[str, str]) -> str:
        cells = [(values | {"type": code}).get(part.name, "") for part in GRRCN[code]]
        if encoding == "places":
            widths = [part.width for part in GRRCN[code]]
            return "".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).ljust(WIDTH)
        return encoding.join(f'"{cell}"' for cell in cells)

    def files(days: Sequence[SoldDay]) -> Files:
        return [("grrcn.txt", "\n".join(line(*record) for record in _records(days, version)).encode())]

    return files


def eptrn(days: Sequence[SoldDay]) -> Files:
    """All payments in one file, each a section of fixed places."""
    lines: list[str] = []
    for one in days:
        julian, paid = f"{one.day:%Y%j}", f"{paid_on(one):%Y%j}"
        head = f"{AMEX:10}{AMEX:10}{'':10}{f'P{one.number}':12}"
        net, gross = one.net - one.fee, one.net
        lines += [
            f"DFHDR{paid_on(one):%m%d%Y}",
            f"{head}100{paid}{overpunched(net)[-11:]}{overpunched(0)[-9:]}",
            (
                f"{head}210{julian}{'':7}{one.number}{overpunched(gross)[-11:]}{overpunched(one.fee)[-9:]}"
                f"{overpunched(0)[-7:]}{'':7}{overpunched(net)[-11:]}"
            ),
            *(
                _roc(f"{head}311{julian}{'':7}{one.number}{overpunched(gross)[-13:]}", sale)
                for sale in one.settled
            ),
            f"DFTRL{'':78}{2 + len(one.settled):07}",
        ]
    return [("eptrn.txt", "\n".join(line.ljust(450) for line in lines).encode())]


def _roc(submission: str, sale: Sale) -> str:
    card, amount = f"37XXXXXXXXX{sale.card}", overpunched(sale.signed)[-13:]
    return f"{submission}{amount}{card}{'':40}{sale.at:%Y%j}{sale.order:30}"


ACQUIRER: dict[str, Callable[[Sequence[SoldDay]], Files]] = {
    "GRRCN with commas": grrcn(",", "3.01"),
    "GRRCN with tabs": grrcn("\t", "2.01"),
    "GRRCN of places": grrcn("places", "3.01"),
    "EPTRN": eptrn,
}
