"""REMISE-TPE files in plain Python, written from the format page alone: no code of the portal's is used."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

TOTAL_TYPES = ("DEBT", "DBTR", "CRDT", "CRDR", "DECL", "FAIL")
_ACCEPTED = {"DEBIT": "DEBT", "ANNULATION": "DBTR", "CREDIT": "CRDT", "ANNUL_CREDIT": "CRDR"}


@dataclass(frozen=True, kw_only=True)
class Trx:
    sequence: str = "000101"
    at: str = "2026-03-02T12:31:09"
    operation: str = "DEBIT"
    outcome: str = "ACCEPTEE"
    amount: int = 3900
    card: str = "497010******0028"
    expiry: str = "1228"
    scheme: str = "CB"
    issuer: str = "BNP PARIBAS"
    aid: str = "A0000000421010"
    authorisation: str = "123456"
    response: str = "00"
    certificate: str = "A1B2C3D4E5F60718"
    dossier: str = ""
    order: str = ""
    original: str = ""
    ticket: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        columns = [
            "TRX", self.sequence, self.at, self.operation, self.outcome, str(self.amount), self.card,
            self.expiry,
            "PUCE", self.scheme, "VISA CLASSIC", self.issuer, self.aid, "1", self.authorisation,
            self.response, self.certificate, self.dossier, self.order, self.original, "", "", "", "", "",
        ]  # fmt: skip
        return [";".join(columns), *(f"TKT;{line}" for line in self.ticket)]

    @property
    def total(self) -> str | None:
        if self.operation == "PREAUTO":
            return None
        return {"REFUSEE": "DECL", "ABANDON": "FAIL"}.get(self.outcome) or _ACCEPTED[self.operation]


@dataclass(frozen=True, kw_only=True)
class Rem:
    contract: str = "7654321"
    rank: str = "001"
    application: str = "CBEMV"
    number: str = "000417"
    siret: str = "99999999800019"
    serial: str = "219300290018"
    terminal: str = "001"
    currency: str = "EUR"
    opened: str = "2026-03-02T08:00:11"
    collected: str = "2026-03-02T23:15:07"
    status: str = "CORRECTE"
    status_text: str = "TERMINAL CORRECTS"
    transmission: str = "REUSSIE"
    transactions: tuple[Trx, ...] = (Trx(),)
    ticket: tuple[str, ...] = ()

    def sums(self) -> dict[str, tuple[int, int]]:
        sums = dict.fromkeys(TOTAL_TYPES, (0, 0))
        for trx in self.transactions:
            if trx.total:
                count, amount = sums[trx.total]
                sums[trx.total] = (count + 1, amount + trx.amount)
        return sums

    @property
    def net(self) -> int:
        sums = {kind: amount for kind, (_, amount) in self.sums().items()}
        return sums["DEBT"] - sums["DBTR"] - sums["CRDT"] + sums["CRDR"]

    def lines(self, content: str) -> list[str]:
        columns = [
            "REM", self.contract, self.rank, self.application, self.number, "D00183", "30004", self.siret,
            self.terminal, self.serial, "INGENICO", self.currency, self.opened, self.collected, self.status,
            self.status_text,
            self.transmission,
        ]  # fmt: skip
        lines = [";".join(columns), *(f"TKT;{line}" for line in self.ticket)]
        if content != "TELECOLLECTES":
            lines += [line for trx in self.transactions for line in trx.lines()]
        if content != "TRANSACTIONS":
            lines += [f"TOT;{kind};{count};{amount}" for kind, (count, amount) in self.sums().items()]
            lines.append(f"FRM;{self.number};{len(self.transactions)};{self.net}")
        return lines


@dataclass(frozen=True, kw_only=True)
class File:
    remittances: tuple[Rem, ...] = field(default_factory=lambda: (Rem(),))
    source: str = "demo-host"
    key: str = "20260303-0001"
    content: str = "COMPLET"
    created: str = "2026-03-03T02:00:00+01:00"

    def text(self) -> str:
        lines = [f"FIC;REMISE-TPE;1;{self.source};{self.key};{self.content};{self.created}"]
        for rem in self.remittances:
            lines += rem.lines(self.content)
        count = (
            0 if self.content == "TELECOLLECTES" else sum(len(rem.transactions) for rem in self.remittances)
        )
        return "\n".join([*lines, f"FIN;{len(self.remittances)};{count}"]) + "\n"

    def data(self) -> bytes:
        return self.text().encode()

    def write(self, folder: Path, name: str = "night.txt") -> Path:
        return written(folder, name, self.data())

    def but(self, **changes: object) -> File:
        return replace(self, **changes)  # type: ignore[arg-type]


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


DIRECTORY_HEADING = (
    "reseller;merchant_code;merchant_name;siret;trade_name;label;address;postcode;city;time_zone;"
    "contract;rank;application;bank_code;bank_name;mcc;currency;valid_from;valid_to"
)


def directory(*lines: dict[str, str]) -> bytes:
    known = {
        "reseller": "acme", "merchant_code": "FICTION", "merchant_name": "CAFES DE LA FICTION",
        "siret": "99999999800019", "trade_name": "CAFE DE LA FICTION", "label": "Comptoir",
        "address": "1 rue de l'Exemple", "postcode": "99000", "city": "EXEMPLEVILLE",
        "time_zone": "Europe/Paris",
        "contract": "7654321", "rank": "001", "application": "CBEMV", "bank_code": "30004",
        "bank_name": "BNP Paribas", "mcc": "5812", "currency": "EUR", "valid_from": "2025-01-01",
        "valid_to": "",
    }  # fmt: skip
    rows = [";".join((known | line)[name] for name in known) for line in lines or ({},)]
    return ("\n".join([DIRECTORY_HEADING, *rows]) + "\n").encode()


#: A night of two contracts: three payments of the one, a call without any of the other.
THREE = (
    Trx(),
    Trx(sequence="000102", outcome="REFUSEE", amount=1800),
    Trx(sequence="000103", operation="CREDIT", amount=500),
)
NIGHT = File(remittances=(Rem(transactions=THREE), Rem(rank="701", application="CBCLESS", transactions=())))
BOTH = ({}, {"rank": "701", "application": "CBCLESS"})
