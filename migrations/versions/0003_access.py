"""One-time links, the maintainer's staff, the second factor, suspension, and what sessions know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _invitations()
    _staff()
    _second_factor()
    _sessions()
    for table in ("merchant", "membership"):
        op.add_column(table, _instant("suspended_at"))


def _instant(name: str, *, nullable: bool = True, now: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id"], ["user_account.id"], name=f"{table}_user_id_fkey", ondelete="CASCADE"
    )


def _invitations() -> None:
    op.create_table(
        "invitation",
        _id(),
        sa.Column("nonce_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=True),
        sa.Column("merchant_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("limited", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("outlet_ids", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("contract_ids", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("invited_by", sa.BigInteger(), nullable=True),
        _instant("created_at", nullable=False, now=True),
        _instant("expires_at", nullable=False),
        _instant("used_at"),
        _instant("revoked_at"),
        sa.CheckConstraint("kind IN ('invite', 'staff', 'reset')", name=op.f("invitation_kind_check")),
        sa.CheckConstraint(
            "role IN ('owner', 'fleet', 'finance', 'viewer')", name=op.f("invitation_role_check")
        ),
        sa.ForeignKeyConstraint(["reseller_id"], ["reseller.id"], name="invitation_reseller_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="invitation_pkey"),
        sa.UniqueConstraint("nonce_hash", name="invitation_nonce_hash_key"),
    )
    op.create_index(
        "invitation_open_key",
        "invitation",
        ["kind", "email", "reseller_id", "merchant_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
    )
    op.create_index("invitation_merchant_idx", "invitation", ["merchant_id"])


def _staff() -> None:
    op.create_table(
        "staff_member",
        _id(),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        _instant("created_at", nullable=False, now=True),
        _of_user("staff_member"),
        sa.ForeignKeyConstraint(["reseller_id"], ["reseller.id"], name="staff_member_reseller_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="staff_member_pkey"),
        sa.UniqueConstraint("user_id", "reseller_id", name="staff_member_user_id_reseller_id_key"),
    )


def _second_factor() -> None:
    op.create_table(
        "second_factor",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        _instant("confirmed_at", nullable=False, now=True),
        _of_user("second_factor"),
        sa.PrimaryKeyConstraint("user_id", name="second_factor_pkey"),
    )
    op.create_table(
        "recovery_code",
        _id(),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        _of_user("recovery_code"),
        sa.PrimaryKeyConstraint("id", name="recovery_code_pkey"),
        sa.UniqueConstraint("user_id", "code_hash", name="recovery_code_user_id_code_hash_key"),
    )


def _sessions() -> None:
    op.add_column("user_session", _id())
    op.create_unique_constraint("user_session_id_key", "user_session", ["id"])
    op.add_column("user_session", sa.Column("pending", sa.Boolean(), server_default="false", nullable=False))
    op.add_column(
        "user_session",
        sa.Column("idle", sa.Interval(), server_default=sa.text("'02:00:00'::interval"), nullable=False),
    )
