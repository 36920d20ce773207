"""Grants of access, and the one rule of delegation: nobody grants more than they have."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.accounts.roles import PERMISSIONS
from app.models import Membership, MembershipLimit, Role


@dataclass(frozen=True)
class Grant:
    """A role over the whole merchant, or over chosen outlets and contracts when ``limited``."""

    role: Role
    limited: bool = False
    outlet_ids: frozenset[int] = frozenset()
    contract_ids: frozenset[int] = frozenset()

    def covers(self, given: Grant, sight: Collection[int] | None) -> bool:
        """Whether the holder of this may give ``given``; ``sight``: the contracts they see, None for all."""
        if not PERMISSIONS[given.role] <= PERMISSIONS[self.role]:
            return False
        if not self.limited:
            return True
        in_sight = given.contract_ids <= frozenset(sight or ())
        return given.limited and given.outlet_ids <= self.outlet_ids and in_sight


#: What reseller's staff may give: everything.
EVERYTHING = Grant(Role.OWNER)


class NotYoursError(Exception):
    """No such access or invitation in this merchant, or one that goes beyond the actor's own."""


@dataclass(frozen=True)
class Actor:
    """A person who acts: what they hold at the merchant, and the contracts they see there (None for all).

    ``is_staff``: they act for the reseller, without an access of their own.
    """

    user_id: int
    merchant_id: int
    grant: Grant
    sight: Collection[int] | None
    request_id: str
    is_staff: bool = False

    def may_give(self, grant: Grant) -> bool:
        """Whether ``grant`` stays within their own."""
        return self.grant.covers(grant, self.sight)


def grant_of(connection: Connection, user_id: int, merchant_id: int) -> Grant | None:
    """What a person holds at a merchant, suspended or not; None without a membership."""
    held = connection.execute(
        select(Membership.id, Membership.role, Membership.limited).where(
            Membership.user_id == user_id, Membership.merchant_id == merchant_id
        )
    ).one_or_none()
    if held is None:
        return None
    limits = connection.execute(
        select(MembershipLimit.outlet_id, MembershipLimit.contract_id).where(
            MembershipLimit.membership_id == held.id
        )
    ).all()
    return Grant(
        Role(held.role),
        held.limited,
        frozenset(row.outlet_id for row in limits if row.outlet_id is not None),
        frozenset(row.contract_id for row in limits if row.contract_id is not None),
    )


def give(connection: Connection, user_id: int, merchant_id: int, grant: Grant) -> bool:
    """Add a membership; returns False, changing nothing, for a person who has one there."""
    row = {"user_id": user_id, "merchant_id": merchant_id, "role": grant.role.value, "limited": grant.limited}
    added = upsert(Membership).values(row).on_conflict_do_nothing().returning(Membership.id)
    membership_id = connection.scalar(added)
    if membership_id is not None:
        write_limits(connection, membership_id, grant)
    return membership_id is not None


def write_limits(connection: Connection, membership_id: int, grant: Grant) -> None:
    """Let the limits of a membership be those of ``grant``."""
    connection.execute(delete(MembershipLimit).where(MembershipLimit.membership_id == membership_id))
    rows = [
        *({"outlet_id": outlet_id, "contract_id": None} for outlet_id in sorted(grant.outlet_ids)),
        *({"outlet_id": None, "contract_id": contract_id} for contract_id in sorted(grant.contract_ids)),
    ]
    if rows:
        connection.execute(insert(MembershipLimit), [{"membership_id": membership_id, **row} for row in rows])
