"""Choices of the daily mail: who wants one, of which merchant, with which file; the link that stops it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.accounts.roles import Permission
from app.models import DailyMail, FileKind, Merchant
from app.wording.i18n import language

#: What a person must be allowed to be sent it: its figures are of the bank, its file is an export.
NEEDED: Final = (Permission.BANK, Permission.EXPORT)
#: The address of the link that stops it, before its token.
PATH: Final = "/releve-quotidien"
_SIGNER: Final = {"digest_method": hashlib.sha256}


@dataclass(frozen=True)
class DailyMailChoice:
    """A choice: the kind of the file, None for no mail at all, and whether empty mails are wanted."""

    file_kind: FileKind | None
    also_empty: bool = False


def choose(connection: Connection, user_id: int, merchant_id: int, choice: DailyMailChoice) -> None:
    """Let a person be sent the mail of a merchant as they choose, in the language of the moment, or none."""
    key = {"user_id": user_id, "merchant_id": merchant_id}
    if choice.file_kind is None:
        connection.execute(delete(DailyMail).filter_by(**key))
        return
    values = {
        "file_kind": choice.file_kind.value,
        "also_empty": choice.also_empty,
        "language": language(),
    }
    added = upsert(DailyMail).values(**key, **values)
    connection.execute(added.on_conflict_do_update(index_elements=list(key), set_=values))


def chosen(connection: Connection, user_id: int) -> Mapping[int, DailyMailChoice]:
    """The choices of a person by merchant."""
    rows = connection.execute(select(DailyMail.__table__).where(DailyMail.user_id == user_id))
    return {row.merchant_id: DailyMailChoice(FileKind(row.file_kind), row.also_empty) for row in rows}


def token_of(secret_keys: Sequence[str], mail_id: int) -> str:
    """The token of the link that stops the mail ``mail_id``: it works as long as that is wanted."""
    return str(_signer(secret_keys).dumps(mail_id))


def stoppable(connection: Connection, secret_keys: Sequence[str], token: str) -> Row[*tuple[Any, ...]] | None:
    """The choice that a link would stop, with the name of its ``merchant``; None when there is none."""
    try:
        mail_id = _signer(secret_keys).loads(token)
    except BadSignature:
        return None
    return connection.execute(
        select(DailyMail.id, DailyMail.user_id, DailyMail.merchant_id, Merchant.name.label("merchant"))
        .join(Merchant, Merchant.id == DailyMail.merchant_id)
        .where(DailyMail.id == mail_id)
    ).one_or_none()


def stop(connection: Connection, mail_id: int) -> None:
    """Send this mail no more."""
    connection.execute(delete(DailyMail).where(DailyMail.id == mail_id))


def _signer(secret_keys: Sequence[str]) -> URLSafeSerializer:
    return URLSafeSerializer(secret_keys, salt="daily-mail-v1", signer_kwargs=_SIGNER)
