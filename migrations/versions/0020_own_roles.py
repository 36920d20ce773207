"""Roles of the portal's own, in place of those that all portals of a server shared.

What the shared ones own and may do in this database is taken from them, and they go with the last database
that knows them. The new ones are given all of it when migrations are through (``app.database.privileges``).
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"

LET_GO = """
DO $$
DECLARE shared text;
BEGIN
  FOR shared IN SELECT rolname FROM pg_roles
    WHERE rolname IN ('portal_web', 'portal_web_desk', 'portal_import')
      AND EXISTS (SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = pg_roles.oid
        AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()))
  LOOP
    EXECUTE format('GRANT %I TO CURRENT_USER', shared);
    EXECUTE format('REASSIGN OWNED BY %I TO CURRENT_USER', shared);
    EXECUTE format('DROP OWNED BY %I', shared);
    BEGIN
      EXECUTE format('DROP ROLE %I', shared);
    EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN NULL;
    END;
  END LOOP;
END $$
"""


def upgrade() -> None:
    op.execute(LET_GO)
