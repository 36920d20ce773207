"""The maintainers who know a person: mails about an account are written in the name of one of them."""

from __future__ import annotations

from sqlalchemy import Connection, exists, or_, select

from app.models import Membership, Merchant, Reseller, StaffMember
from app.themes import DEFAULT


def maintainer_of(connection: Connection, slug: str, user_id: int) -> str:
    """The slug of whose name a person's mails bear who knocks at the door of ``slug``.

    It is that of the maintainer of the door where they belong to a merchant of theirs or work for them, else
    of another of whom that is so, else of none. The door of no maintainer is everybody's.
    """
    of_merchant = exists().where(
        Membership.user_id == user_id,
        Merchant.id == Membership.merchant_id,
        Merchant.reseller_id == Reseller.id,
    )
    of_staff = exists().where(StaffMember.user_id == user_id, StaffMember.reseller_id == Reseller.id)
    known = set(connection.scalars(select(Reseller.slug).where(or_(of_merchant, of_staff))))
    if slug in known or not connection.scalar(select(exists().where(Reseller.slug == slug))):
        return slug
    return min(known, default=DEFAULT)
