"""Codes of merchants and applications of contracts are written as files are read now.

Two that only look alike stay as they are: which of them holds, a person decides.
"""

from __future__ import annotations

from alembic import op

revision = "0065"
down_revision = "0064"

_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\u3164\ufeff\uffa0"
)
_BLANKS = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_TIDY = f"normalize(btrim(regexp_replace(translate({{}}, '{_UNSEEN}', ''), '[{_BLANKS}]+', ' ', 'g')), NFC)"
#: Of each table, the column of what is written, and those that tell its twin.
_KEYS = {
    "merchant": ("code", ("reseller_id",)),
    "contract": ("application", ("merchant_id", "reseller_id", "number", "rank", "aside_source_id")),
}


def statements() -> list[str]:
    return [
        f"""
        UPDATE {table} AS own SET {column} = {_TIDY.format(f"own.{column}")}
        WHERE own.{column} <> {_TIDY.format(f"own.{column}")} AND NOT EXISTS (
          SELECT FROM {table} AS twin WHERE twin.id <> own.id
            AND ({", ".join(f"twin.{name}" for name in others)})
              IS NOT DISTINCT FROM ({", ".join(f"own.{name}" for name in others)})
            AND {_TIDY.format(f"twin.{column}")} = {_TIDY.format(f"own.{column}")}
        )
        """
        for table, (column, others) in _KEYS.items()
    ]


def upgrade() -> None:
    for statement in statements():
        op.execute(statement)
