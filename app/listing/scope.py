"""The scope: what may be seen. Criteria, which say what is asked, never share an object with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, BindParameter, bindparam

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

    @property
    def any_such(self) -> AnyScope:
        """All scopes like this one, for a statement that is built once."""
        return WHOLE if self.contract_ids is None else LIMITED

    @property
    def values(self) -> Mapping[str, Any]:
        """What this scope is to such a statement."""
        whole = {"merchant_id": self.merchant_id}
        return whole if self.contract_ids is None else {**whole, "contract_ids": list(self.contract_ids)}


@dataclass(frozen=True, eq=False)
class AnyScope:
    """A scope whose ids are parameters of a statement: those of :attr:`Scope.values`."""

    merchant_id: BindParameter[int]
    contract_ids: BindParameter[Any] | None = None


#: A scope, or all those like it: a statement is built of either.
Scoped = Scope | AnyScope
_MERCHANT = bindparam("merchant_id", type_=BigInteger)
#: The scopes of a whole merchant, and those of chosen contracts.
WHOLE: Final = AnyScope(_MERCHANT)
LIMITED: Final = AnyScope(_MERCHANT, bindparam("contract_ids", type_=ARRAY(BigInteger)))
