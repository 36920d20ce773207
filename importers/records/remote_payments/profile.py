"""The profile of a source of remote payments: what their files leave unsaid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd

from app.models import DEFAULT_TIME_ZONE

_USUAL_ZONE: Final = ZoneInfo(DEFAULT_TIME_ZONE)
#: Means of payment that the acquirer of the contract does not pay: money of a channel of their own.
_OTHER_CHANNELS: Final = frozenset({"PAYPAL"})


@dataclass(frozen=True, kw_only=True)
class PaymentProfile:
    """The rank, application and zone of a source's payments, which their files leave unsaid.

    ``applications`` has the application by the length of the contract's number, where acquirers are told by
    it, ``application`` that of all others. ``contracts`` has the contract of each shop that files name by a
    number of the platform's; of a longer number the last ``contract_length`` characters are the contract's.
    """

    rank: str = "001"
    application: str = "CBVAD"
    applications: Mapping[str, str] = field(default_factory=dict)
    contracts: Mapping[str, str] = field(default_factory=dict)
    contract_length: int = 0
    zone: ZoneInfo = _USUAL_ZONE

    @classmethod
    def of(cls, time_zone: str | None, settings: Mapping[str, Any]) -> PaymentProfile:
        """The profile of a source, from its zone and settings."""
        known = {name: settings[name] for name in _SETTINGS if settings.get(name)}
        return cls(zone=ZoneInfo(time_zone or DEFAULT_TIME_ZONE), **known)

    def contracts_of(self, payments: pd.DataFrame) -> pd.Series[Any]:
        """The number of each payment's contract: its own, or its shop's; empty where neither is known."""
        known = dict(self.contracts)
        named = payments["contract_number"].map(
            lambda number: known.get(number, number[-self.contract_length :])
        )
        shop = payments["shop"].map(lambda number: known.get(number, ""))
        found: pd.Series[Any] = named.where(named != "", shop).astype(object)
        return found.str.upper()

    def applications_of(self, contracts: pd.Series[Any], schemes: pd.Series[Any]) -> list[str]:
        """The application of each payment."""
        return [
            scheme.upper()
            if scheme.upper() in _OTHER_CHANNELS
            else self.applications.get(str(len(number)), self.application)
            for number, scheme in zip(contracts, schemes, strict=True)
        ]


_SETTINGS = ("rank", "application", "applications", "contracts", "contract_length")
