"""People and their memberships: adding them, and saying plainly what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.accounts import passwords, second_factor
from app.accounts.journal import Event, record
from app.accounts.sessions import end_all_sessions
from app.database.isolation import Isolation
from app.mail import AddressError, mail_address
from app.models import (
    UNCLAIMED_MERCHANT,
    Contract,
    Membership,
    MembershipLimit,
    Merchant,
    Outlet,
    Reseller,
    Role,
    UserAccount,
)
from app.wording.i18n import gettext


class UserError(Exception):
    """A person cannot be added so; the message says why, in the language of the moment."""


@dataclass(frozen=True, kw_only=True)
class NewAccess:
    """An access to give: who, to which merchant, as what, over which outlets or contracts."""

    email: str
    merchant: str
    reseller: str | None
    role: Role
    outlets: Sequence[str] = ()
    contracts: Sequence[str] = ()


def normal_email(email: str) -> str:
    """An address as it is stored and looked up."""
    return email.strip().lower()


def give_access(connection: Connection, access: NewAccess, password: str | None) -> bool:
    """Create the person or add the membership; returns whether the person is new.

    The sessions of one who is known end: their rights have changed. ``password`` None keeps the one there
    is. Raises UserError naming what is unknown or too short.
    """
    merchant_id = _merchant(connection, access.merchant, access.reseller)
    Isolation(merchant_id=merchant_id).enter(connection)
    limits = [
        *_outlet_limits(connection, merchant_id, access.outlets),
        *_contract_limits(connection, merchant_id, access.contracts),
    ]
    user_id, is_new = ensure_account(connection, checked_email(access.email), password)
    membership_id = _membership(connection, user_id, merchant_id, access.role, limited=bool(limits))
    if limits:
        connection.execute(
            insert(MembershipLimit), [{"membership_id": membership_id, **limit} for limit in limits]
        )
    end_all_sessions(connection, user_id)
    record(
        connection,
        Event.ACCESS_GIVEN,
        user_id=user_id,
        merchant_id=merchant_id,
        role=access.role.value,
        outlets=list(access.outlets),
        contracts=list(access.contracts),
    )
    return is_new


def forget_second_factor(connection: Connection, email: str) -> None:
    """Remove a person's app and recovery codes, which they lost; their sessions end. Raises UserError."""
    known = connection.scalar(select(UserAccount.id).where(UserAccount.email == normal_email(email)))
    if known is None:
        raise UserError(gettext("Nobody here has the address %(email)s.", email=email))
    second_factor.remove(connection, known)
    end_all_sessions(connection, known)
    record(connection, Event.SECOND_FACTOR_REMOVED, user_id=known)


def checked_email(email: str) -> str:
    """``email`` as it is stored. Raises UserError for what no mail could reach."""
    try:
        mail_address(email)
    except AddressError as error:
        raise UserError(str(error)) from error
    return normal_email(email)


def _merchant(connection: Connection, code: str, reseller: str | None) -> int:
    wanted = (
        select(Merchant.id, Reseller.slug)
        .join(Reseller, Reseller.id == Merchant.reseller_id)
        .where(Merchant.code == code, Merchant.id != UNCLAIMED_MERCHANT)
        .order_by(Reseller.slug)
    )
    if reseller is not None:
        wanted = wanted.where(Reseller.slug == reseller)
    found = connection.execute(wanted).all()
    if not found:
        raise UserError(gettext("No merchant has the code %(code)s.", code=code))
    if len(found) > 1:
        slugs = ", ".join(row.slug for row in found)
        raise UserError(
            gettext(
                "Several maintainers have a merchant %(code)s: choose one with --reseller (%(slugs)s).",
                code=code,
                slugs=slugs,
            )
        )
    return int(found[0].id)


def _outlet_limits(
    connection: Connection, merchant_id: int, sirets: Sequence[str]
) -> list[dict[str, int | None]]:
    wanted = select(Outlet.siret, Outlet.id).where(
        Outlet.merchant_id == merchant_id, Outlet.siret.in_(sirets)
    )
    known = {row.siret: row.id for row in connection.execute(wanted)}
    for siret in sirets:
        if siret not in known:
            raise UserError(gettext("This merchant has no outlet with the SIRET %(siret)s.", siret=siret))
    return [{"outlet_id": outlet_id, "contract_id": None} for outlet_id in known.values()]


def _contract_limits(
    connection: Connection, merchant_id: int, numbers: Sequence[str]
) -> list[dict[str, int | None]]:
    wanted = select(Contract.number, Contract.id).where(
        Contract.merchant_id == merchant_id, Contract.number.in_(numbers)
    )
    found = connection.execute(wanted).all()
    known = {row.number for row in found}
    for number in numbers:
        if number not in known:
            raise UserError(gettext("This merchant has no contract %(number)s.", number=number))
    return [{"outlet_id": None, "contract_id": row.id} for row in found]


def ensure_account(connection: Connection, email: str, password: str | None) -> tuple[int, bool]:
    """The person's id and whether they were created; a given password replaces the former one.

    Raises UserError for a password that is too short, and for somebody new without one.
    """
    fault = password is not None and passwords.fault(password, [email])
    if fault:
        raise UserError(fault)
    known = connection.scalar(select(UserAccount.id).where(UserAccount.email == email))
    if known is None:
        if password is None:
            raise UserError(gettext("%(email)s is new: give a password.", email=email))
        return _insert_user(connection, email, passwords.hashed(password)), True
    if password is not None:
        connection.execute(
            update(UserAccount)
            .where(UserAccount.id == known)
            .values(password_hash=passwords.hashed(password))
        )
        end_all_sessions(connection, known)
    return known, False


def _insert_user(connection: Connection, email: str, password_hash: str) -> int:
    added = insert(UserAccount).values(email=email, password_hash=password_hash)
    return connection.execute(added.returning(UserAccount.id)).scalar_one()


def _membership(connection: Connection, user_id: int, merchant_id: int, role: Role, *, limited: bool) -> int:
    """The membership with its new role; the limits it had are gone."""
    statement = (
        upsert(Membership)
        .values(user_id=user_id, merchant_id=merchant_id, role=role.value, limited=limited)
        .on_conflict_do_update(
            index_elements=["user_id", "merchant_id"],
            set_={"role": role.value, "limited": limited},
        )
        .returning(Membership.id)
    )
    membership_id: int = connection.execute(statement).scalar_one()
    connection.execute(delete(MembershipLimit).where(MembershipLimit.membership_id == membership_id))
    return membership_id
