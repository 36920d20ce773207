"""The database: engine and roles, the embedded server, migrations."""
