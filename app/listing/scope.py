"""What may be seen. It is not what is asked: criteria and scope never share an object."""

from __future__ import annotations

from dataclasses import dataclass

from app.models import ALL_CONTRACTS, UNCLAIMED_MERCHANT


@dataclass(frozen=True)
class Scope:
    """A merchant, or chosen contracts of his; ``contract_ids`` None means the whole merchant.

    An empty tuple sees nothing at all. Raises ValueError for what no user may ever see.
    """

    merchant_id: int
    contract_ids: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.merchant_id == UNCLAIMED_MERCHANT:
            raise ValueError("nobody owns the unclaimed rows")
        if self.contract_ids and ALL_CONTRACTS in self.contract_ids:
            raise ValueError("the sum of all contracts is not a contract")
