"""A reseller's staff: people of the desk, with a second factor that is proved already."""

from __future__ import annotations

from sqlalchemy import insert, select, text

from app.accounts import passwords
from app.database.engine import DatabaseRole
from app.models import Reseller, SecondFactor, StaffMember, UserAccount
from tests.views.town import PASSWORD


def let_staff_in(database, email, slug):
    """Somebody who works for a reseller, with their second factor proved."""
    with database.writing(DatabaseRole.OWNER) as connection:
        user_id = connection.scalar(select(UserAccount.id).where(UserAccount.email == email)) or (
            connection.scalar(
                insert(UserAccount)
                .values(email=email, password_hash=passwords.hashed(PASSWORD))
                .returning(UserAccount.id)
            )
        )
        reseller_id = connection.scalar(select(Reseller.id).where(Reseller.slug == slug))
        connection.execute(insert(StaffMember).values(user_id=user_id, reseller_id=reseller_id))
        if not connection.scalar(select(SecondFactor.user_id).where(SecondFactor.user_id == user_id)):
            connection.execute(insert(SecondFactor).values(user_id=user_id, salt=b"salt"))
    return user_id


def sign_in(browser, email):
    """Sign in; the second step, where there is one, is taken for granted (see tests of access)."""
    browser.sign_in(email)
    second_step_taken(browser.application.extensions["bordereau.database"])


def second_step_taken(database):
    """Whoever waits for their second step has taken it."""
    with database.writing(DatabaseRole.OWNER) as connection:
        connection.execute(text("UPDATE user_session SET pending = false"))
