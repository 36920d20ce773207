"""The demo's log-ins: who they are and what they may see. Data only; the command makes the passwords."""

from __future__ import annotations

from dataclasses import dataclass

from importers.demo.profiles import CHAIN_CODE, siret


@dataclass(frozen=True)
class DemoAccount:
    """A person; ``sirets`` limits the sight to those outlets, and is empty for the whole merchant."""

    email: str
    merchant_code: str
    role: str
    sirets: tuple[str, ...] = ()


#: Who works for the reseller, at the desk.
STAFF = "equipe@demo.example"
#: Those of the usual seven merchants; a smaller demo has only the log-ins of its own (:func:`accounts`).
ACCOUNTS: tuple[DemoAccount, ...] = (
    DemoAccount("direction@demo.example", CHAIN_CODE, "owner"),
    DemoAccount("daf@demo.example", CHAIN_CODE, "finance"),
    DemoAccount("flotte@demo.example", CHAIN_CODE, "fleet"),
    DemoAccount("boutique12@demo.example", CHAIN_CODE, "viewer", (siret(0, 11),)),
    DemoAccount("boulangerie@demo.example", "BOULANGERIE", "owner"),
    DemoAccount("restaurant@demo.example", "RESTAURANT", "owner"),
    DemoAccount("hotel@demo.example", "HOTEL", "owner"),
    DemoAccount("vpc@demo.example", "VPC", "owner"),
    DemoAccount("pharmacie@demo.example", "PHARMACIE", "owner"),
    DemoAccount("lagon@demo.example", "LAGON", "owner"),
)
