"""The scope: what may be seen. Criteria, which say what is asked, never share an object with it."""

from __future__ import annotations

from dataclasses import dataclass

from app.database.isolation import Isolation

#: Merchants and contracts are numbered from here on. Below stand the rows that nobody owns yet, and the sums
#: over all the contracts of a merchant.
FIRST_ID = 1


@dataclass(frozen=True)
class Scope:
    """A merchant, or chosen contracts of theirs; ``contract_ids`` None means the whole merchant.

    An empty tuple sees nothing at all. Raises ValueError for what no user may ever see.
    """

    merchant_id: int
    contract_ids: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.merchant_id < FIRST_ID:
            raise ValueError("nobody owns the unclaimed rows")
        if any(contract_id < FIRST_ID for contract_id in self.contract_ids or ()):
            raise ValueError("the sum of all contracts is not a contract")

    @property
    def isolation(self) -> Isolation:
        """The rows of the merchant; which of them are in scope, each query says."""
        return Isolation(merchant_id=self.merchant_id)
