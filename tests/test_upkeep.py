"""The upkeep of a night: what it lets go of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select

from app.models import Invitation, SignInAttempt, UserAccount, UserSession
from app.operation.nightly_upkeep import ATTEMPTS_KEPT, LINKS_KEPT, upkeep

NOW = datetime(2026, 3, 3, 3, 17, tzinfo=UTC)


def test_upkeep_lets_go_of_what_is_past_its_time_and_of_nothing_else(database):
    with database.writing() as connection:
        user = connection.scalar(insert(UserAccount).values(email="a@example.org").returning(UserAccount.id))
        session = {"user_id": user, "host": "localhost", "created_at": NOW, "last_seen_at": NOW}
        ends = {b"over": NOW - timedelta(seconds=1), b"open": NOW + timedelta(seconds=1)}
        connection.execute(
            insert(UserSession), [session | {"key_hash": key, "expires_at": end} for key, end in ends.items()]
        )
        for name, age in (("past", ATTEMPTS_KEPT * 1.01), ("recent", ATTEMPTS_KEPT * 0.99)):
            connection.execute(insert(SignInAttempt).values(key=name, at=NOW - age))
        link = {"kind": "reset", "email": "a@example.org", "host": "localhost"}
        for name, age in ((b"past", LINKS_KEPT * 1.01), (b"recent", LINKS_KEPT * 0.99)):
            values = {**link, "nonce_hash": name, "expires_at": NOW - age, "revoked_at": NOW}
            connection.execute(insert(Invitation).values(values))
    upkeep(database, NOW)
    with database.reading() as connection:
        assert connection.scalars(select(UserSession.key_hash)).all() == [b"open"]
        assert connection.scalars(select(SignInAttempt.key)).all() == ["recent"]
        assert connection.scalars(select(Invitation.nonce_hash)).all() == [b"recent"]
