"""The first tables: parties, payments, accounts, imports, journal.

The payment tables follow research/citus.md R1 to R24: keys lead with ``merchant_id``, nothing
defaults to a sequence, every constraint is named, and partitions are made by a function of the
owner's so that the importing role can ask for one without owning the tables. Roles and their rights are no
migration's: every ``bordereau migrate`` makes them so (``app.database.privileges``).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

# Words match without case or accents. One definition, inlined by the planner.
FOLD = """
CREATE FUNCTION fold(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN regexp_replace(replace(lower(normalize(words, NFKD)), 'œ', 'oe'), '[\u0300-\u036f]', '', 'g')
"""

# The instant of a local time; of the two that an autumn night has, the one that is asked for.
INSTANT_OF = """
CREATE FUNCTION instant_of(local_time timestamp, zone text, second_fold boolean)
RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
  WHEN NOT second_fold
    AND ((local_time AT TIME ZONE zone) - interval '1 hour') AT TIME ZONE zone = local_time
  THEN (local_time AT TIME ZONE zone) - interval '1 hour'
  ELSE local_time AT TIME ZONE zone
END
"""

# Partitions are created by the owner on demand of the importing role (SECURITY DEFINER), one
# caller at a time, and named after their month.
ENSURE_PARTITIONS = """
CREATE FUNCTION ensure_partitions(first date, last date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  month date := date_trunc('month', first)::date;
  parent text;
BEGIN
  IF first < date '2000-01-01' OR last > date '2100-01-01' THEN
    RAISE EXCEPTION 'no partition outside of this century';
  END IF;
  PERFORM pg_advisory_xact_lock(7251002);
  WHILE month <= last LOOP
    FOREACH parent IN ARRAY ARRAY['remittance', 'transaction'] LOOP
      IF to_regclass(format('public.%I', parent || to_char(month, '"_p"YYYYMM'))) IS NULL THEN
        EXECUTE format(
          'CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
          parent || to_char(month, '"_p"YYYYMM'), parent, month, (month + interval '1 month')::date);
      END IF;
    END LOOP;
    month := (month + interval '1 month')::date;
  END LOOP;
END $$
"""


def upgrade() -> None:
    _functions()
    _tables()
    _seed()
    _queue()
    op.execute(ENSURE_PARTITIONS)


def _functions() -> None:
    for statement in (FOLD, INSTANT_OF):
        op.execute(statement)
    op.execute("CREATE SEQUENCE party_id START 1")
    # Each value stands for a block of 1024 ids: the loader numbers its rows without asking again.
    op.execute("CREATE SEQUENCE payment_id_block START 1")


def _seed() -> None:
    op.execute(
        "INSERT INTO reseller (id, slug, name, declared) OVERRIDING SYSTEM VALUE VALUES (0, '', '', false)"
    )
    op.execute(
        "INSERT INTO merchant (id, reseller_id, code, name) OVERRIDING SYSTEM VALUE VALUES (0, 0, '', '')"
    )


def _queue() -> None:
    connection = op.get_bind().connection.driver_connection
    with connection.cursor() as cursor:  # the script holds '%' signs and many statements
        cursor.execute(SchemaManager.get_schema())


def _tables() -> None:
    op.create_table(
        "import_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("file_key", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("contract_count", sa.Integer(), nullable=False),
        sa.Column("remittance_count", sa.Integer(), nullable=False),
        sa.Column("transaction_count", sa.Integer(), nullable=False),
        sa.Column("unclaimed_count", sa.Integer(), nullable=False),
        sa.Column("sums", postgresql.JSONB(), nullable=False),
        sa.Column("merchant_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("replaced_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "status IN ('loaded', 'superseded', 'quarantined')", name=op.f("import_file_status_check")
        ),
        sa.PrimaryKeyConstraint("id", name="import_file_pkey"),
    )
    op.create_index(
        "import_file_file_key_key",
        "import_file",
        ["source_id", "file_key"],
        unique=True,
        postgresql_where=sa.text("status = 'loaded' AND file_key IS NOT NULL"),
    )
    op.create_index(
        "import_file_sha256_key",
        "import_file",
        ["sha256"],
        unique=True,
        postgresql_where=sa.text("status <> 'quarantined'"),
    )
    op.create_table(
        "journal_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("merchant_id", sa.BigInteger(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="journal_entry_pkey"),
    )
    op.create_index("journal_entry_merchant_idx", "journal_entry", ["merchant_id", "at"], unique=False)
    op.create_table(
        "received_day",
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("import_file_id", sa.BigInteger(), nullable=False),
        sa.Column("remittances", sa.Boolean(), nullable=False),
        sa.Column("transactions", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "day", "import_file_id", name="received_day_pkey"),
    )
    op.create_table(
        "remittance",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("collected_on", sa.Date(), nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("file_number", sa.Text(), nullable=True),
        sa.Column("bank_code", sa.Text(), nullable=True),
        sa.Column("siret", sa.Text(), nullable=True),
        sa.Column("terminal_number", sa.Text(), nullable=True),
        sa.Column("serial_number", sa.Text(), nullable=True),
        sa.Column("manufacturer", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("opened_local", sa.DateTime(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collected_local", sa.DateTime(), nullable=False),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_text", sa.Text(), nullable=True),
        sa.Column("transmission", sa.Text(), nullable=True),
        sa.Column("has_totals", sa.Boolean(), nullable=False),
        sa.Column("transaction_count", sa.Integer(), nullable=False),
        sa.Column("debit_count", sa.Integer(), nullable=False),
        sa.Column("debit_amount", sa.BigInteger(), nullable=False),
        sa.Column("cancellation_count", sa.Integer(), nullable=False),
        sa.Column("cancellation_amount", sa.BigInteger(), nullable=False),
        sa.Column("refund_count", sa.Integer(), nullable=False),
        sa.Column("refund_amount", sa.BigInteger(), nullable=False),
        sa.Column("refund_cancellation_count", sa.Integer(), nullable=False),
        sa.Column("refund_cancellation_amount", sa.BigInteger(), nullable=False),
        sa.Column("declined_count", sa.Integer(), nullable=False),
        sa.Column("declined_amount", sa.BigInteger(), nullable=False),
        sa.Column("abandoned_count", sa.Integer(), nullable=False),
        sa.Column("abandoned_amount", sa.BigInteger(), nullable=False),
        sa.Column("net_amount", sa.BigInteger(), nullable=False),
        sa.Column("received_count", sa.Integer(), nullable=False),
        sa.Column("received_net", sa.BigInteger(), nullable=False),
        sa.Column("second_fold", sa.Boolean(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("missing_sequences", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=True),
        sa.Column("header_file_id", sa.BigInteger(), nullable=False),
        sa.Column("totals_file_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "seal IN ('complete', 'awaiting_payments', 'awaiting_totals', 'differs')",
            name=op.f("remittance_seal_check"),
        ),
        sa.CheckConstraint(
            "status IN ('correct', 'rejected', 'incomplete')", name=op.f("remittance_status_check")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", "collected_on", name="remittance_pkey"),
        sa.UniqueConstraint(
            "merchant_id", "contract_id", "collected_on", "number", name="remittance_natural_key"
        ),
        postgresql_partition_by="RANGE (collected_on)",
    )
    op.create_index(
        "remittance_contract_idx",
        "remittance",
        ["merchant_id", "contract_id", "collected_at", "id"],
        unique=False,
    )
    op.create_index("remittance_list_idx", "remittance", ["merchant_id", "collected_at", "id"], unique=False)
    op.create_index(
        "remittance_number_idx",
        "remittance",
        ["merchant_id", sa.literal_column("ltrim(number, '0')"), "collected_at"],
        unique=False,
    )
    op.create_index(
        "remittance_serial_idx",
        "remittance",
        ["merchant_id", sa.literal_column("ltrim(serial_number, '0')"), "collected_at"],
        unique=False,
    )
    op.create_table(
        "remittance_day",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contract_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("is_empty", sa.Boolean(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("debit", sa.BigInteger(), nullable=False),
        sa.Column("refund", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), nullable=False),
        sa.Column("refund_cancelled", sa.BigInteger(), nullable=False),
        sa.Column("declined", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "merchant_id",
            "contract_id",
            "day",
            "currency",
            "status",
            "is_empty",
            name="remittance_day_pkey",
        ),
    )
    op.create_table(
        "reseller",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("declared", sa.Boolean(), server_default="true", nullable=False),
        sa.PrimaryKeyConstraint("id", name="reseller_pkey"),
        sa.UniqueConstraint("slug", name="reseller_slug_key"),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="sign_in_attempt_pkey"),
    )
    op.create_index("sign_in_attempt_key_idx", "sign_in_attempt", ["key", "at"], unique=False)
    op.create_table(
        "transaction",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("remittance_id", sa.BigInteger(), nullable=False),
        sa.Column("collected_on", sa.Date(), nullable=False),
        sa.Column("sequence_number", sa.Text(), nullable=False),
        sa.Column("occurred_local", sa.DateTime(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_fold", sa.Boolean(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("remitted", sa.Boolean(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("card_bin", sa.Text(), nullable=True),
        sa.Column("card_last4", sa.Text(), nullable=True),
        sa.Column("expiry", sa.Text(), nullable=True),
        sa.Column("entry_mode", sa.Text(), nullable=True),
        sa.Column("scheme", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("aid", sa.Text(), nullable=True),
        sa.Column("authorisation_asked", sa.Boolean(), nullable=True),
        sa.Column("authorisation_number", sa.Text(), nullable=True),
        sa.Column("response_code", sa.Text(), nullable=True),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("dossier_number", sa.Text(), nullable=True),
        sa.Column("order_reference", sa.Text(), nullable=True),
        sa.Column("original_sequence_number", sa.Text(), nullable=True),
        sa.Column("requested_amount", sa.BigInteger(), nullable=True),
        sa.Column("cardholder_amount", sa.BigInteger(), nullable=True),
        sa.Column("cardholder_currency", sa.Text(), nullable=True),
        sa.Column("exchange_rate", sa.Numeric(), nullable=True),
        sa.Column("markup_percent", sa.Numeric(), nullable=True),
        sa.Column("ticket", sa.Text(), nullable=True),
        sa.Column("import_file_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'declined', 'abandoned')", name=op.f("transaction_outcome_check")
        ),
        sa.CheckConstraint(
            "type IN ('debit', 'refund', 'cancellation', 'refund_cancellation', 'preauthorisation')",
            name=op.f("transaction_type_check"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", "occurred_on", name="transaction_pkey"),
        sa.UniqueConstraint(
            "merchant_id",
            "remittance_id",
            "sequence_number",
            "occurred_on",
            name="transaction_natural_key",
        ),
        postgresql_partition_by="RANGE (occurred_on)",
    )
    op.create_index(
        "transaction_amount_idx",
        "transaction",
        ["merchant_id", "amount", "occurred_at", "id"],
        unique=False,
    )
    op.create_index(
        "transaction_authorisation_idx",
        "transaction",
        ["merchant_id", sa.literal_column("ltrim(authorisation_number, '0')"), "occurred_at"],
        unique=False,
    )
    op.create_index(
        "transaction_card_idx",
        "transaction",
        ["merchant_id", "card_last4", "occurred_at", "id"],
        unique=False,
    )
    op.create_index(
        "transaction_contract_idx",
        "transaction",
        ["merchant_id", "contract_id", "occurred_at", "id"],
        unique=False,
    )
    op.create_index("transaction_list_idx", "transaction", ["merchant_id", "occurred_at", "id"], unique=False)
    op.create_table(
        "transaction_day",
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contract_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("remitted", sa.Boolean(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "merchant_id",
            "contract_id",
            "day",
            "currency",
            "type",
            "outcome",
            "remitted",
            name="transaction_day_pkey",
        ),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="user_account_pkey"),
        sa.UniqueConstraint("email", name="user_account_email_key"),
    )
    op.create_table(
        "import_refusal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("import_file_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("column", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_file_id"],
            ["import_file.id"],
            name="import_refusal_import_file_id_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="import_refusal_pkey"),
    )
    op.create_index("import_refusal_import_file_id_idx", "import_refusal", ["import_file_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("limited", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint(
            "role IN ('owner', 'fleet', 'finance', 'viewer')", name=op.f("membership_role_check")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="membership_user_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="membership_pkey"),
        sa.UniqueConstraint("user_id", "merchant_id", name="membership_user_id_merchant_id_key"),
    )
    op.create_table(
        "merchant",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["reseller_id"], ["reseller.id"], name="merchant_reseller_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="merchant_pkey"),
        sa.UniqueConstraint("reseller_id", "code", name="merchant_reseller_id_code_key"),
    )
    op.create_table(
        "source",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["reseller_id"], ["reseller.id"], name="source_reseller_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="source_pkey"),
        sa.UniqueConstraint("name", name="source_name_key"),
    )
    op.create_table(
        "user_session",
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), nullable=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="user_session_user_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key_hash", name="user_session_pkey"),
    )
    op.create_index("user_session_user_id_idx", "user_session", ["user_id"], unique=False)
    op.create_table(
        "membership_limit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("membership_id", sa.BigInteger(), nullable=False),
        sa.Column("outlet_id", sa.BigInteger(), nullable=True),
        sa.Column("contract_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["membership_id"],
            ["membership.id"],
            name="membership_limit_membership_id_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="membership_limit_pkey"),
    )
    op.create_index("membership_limit_membership_id_idx", "membership_limit", ["membership_id"], unique=False)
    op.create_table(
        "outlet",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("trade_name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name="outlet_merchant_id_fkey"),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="outlet_pkey"),
        sa.UniqueConstraint("merchant_id", "siret", name="outlet_merchant_id_siret_key"),
    )
    op.create_table(
        "contract",
        sa.Column("merchant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.Column("outlet_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("rank", sa.Text(), nullable=False),
        sa.Column("application", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("bank_code", sa.Text(), nullable=True),
        sa.Column("bank_name", sa.Text(), nullable=True),
        sa.Column("mcc", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merchant_id", "outlet_id"],
            ["outlet.merchant_id", "outlet.id"],
            name="contract_outlet_fkey",
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name="contract_merchant_id_fkey"),
        sa.ForeignKeyConstraint(["reseller_id"], ["reseller.id"], name="contract_reseller_id_fkey"),
        sa.PrimaryKeyConstraint("merchant_id", "id", name="contract_pkey"),
        sa.UniqueConstraint(
            "merchant_id",
            "reseller_id",
            "number",
            "rank",
            "application",
            name="contract_natural_key",
        ),
    )
    op.create_index(
        "contract_look_up_idx",
        "contract",
        ["reseller_id", "number", "rank", "application"],
        unique=False,
    )
