"""The second factor: time-based codes of an app (RFC 6238: SHA-1, 6 digits, 30 seconds), recovery codes.

The secret of a person is derived from a random salt of theirs and the portal's secret key: what the
database holds opens nothing by itself. While a former key is taken, an app that was paired under it goes on;
its next code covers the secret anew, under the present key. A key that is no longer taken ends the pairings
that it covers; recovery codes, which are random and kept as hashes, go on working.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from urllib.parse import quote, urlencode

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.accounts import notices
from app.accounts.journal import Client, Event, record
from app.accounts.links import Links
from app.accounts.notices import Recipient
from app.models import RecoveryCode, SecondFactor

DIGITS = 6
STEP_SECONDS = 30
#: Steps before and after the present one whose code is taken: clocks differ.
DRIFT = 1
CODES = 10
_SECRET_BYTES = 20
#: Of a recovery code: 80 random bits, which no dictionary holds.
_CODE_BYTES = 10


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a time step (RFC 4226 §5.3 over RFC 6238's counter)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}}"


def offered(links: Links, user_id: int, key: str) -> bytes:
    """The secret to show to a person who enrols in the session of ``key``: nothing is stored yet."""
    return _derived_secret(links.secret_keys[-1], user_id, _salt(links, key))


def enrol(
    connection: Connection, links: Links, user_id: int, key: str, code: str, client: Client
) -> list[str] | None:
    """Pair the app that was offered: a first good code proves it.

    Returns the recovery codes, to be shown once; None for a wrong code or one who is paired already.
    """
    salt = _salt(links, key)
    step = _step_of(_present_step(connection), offered(links, user_id, key), tidy(code))
    if step is None:
        return None
    row = {"user_id": user_id, "salt": salt, "last_step": step}
    added = upsert(SecondFactor).values(row).on_conflict_do_nothing().returning(SecondFactor.user_id)
    if connection.scalar(added) is None:
        return None
    record(connection, Event.SECOND_FACTOR_ADDED, user_id=user_id, request_id=client.request_id)
    return new_codes(connection, user_id)


def passes(connection: Connection, links: Links, person: Recipient, code: str, client: Client) -> bool:
    """Whether ``code`` is one of the person's app or a recovery code; either serves once.

    Of a recovery code a mail tells: it may have been found.
    """
    plain = tidy(code)
    if len(plain) == DIGITS:
        return _app_code_is_good(connection, links, person.user_id, plain)
    used = delete(RecoveryCode).where(
        RecoveryCode.user_id == person.user_id, RecoveryCode.code_hash == _code_hash(plain)
    )
    if connection.scalar(used.returning(RecoveryCode.id)) is None:
        return False
    record(connection, Event.RECOVERY_CODE_USED, user_id=person.user_id, request_id=client.request_id)
    notices.recovery_code_used(connection, links, person, client)
    return True


def tidy(code: str) -> str:
    """A code as it was meant: without the spaces and dashes people type."""
    return re.sub(r"[\s-]", "", code).upper()


def remove(connection: Connection, user_id: int) -> None:
    """Forget a person's app and recovery codes."""
    connection.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))
    connection.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def new_codes(connection: Connection, user_id: int) -> list[str]:
    """Fresh recovery codes, to be shown once; the former ones are worth nothing any more."""
    connection.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode() for _ in range(CODES)]
    rows = [{"user_id": user_id, "code_hash": _code_hash(code)} for code in codes]
    connection.execute(insert(RecoveryCode), rows)
    return ["-".join(_groups(code)) for code in codes]


def codes_left(connection: Connection, user_id: int) -> int:
    """How many recovery codes a person still has."""
    mine = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user_id)
    return connection.execute(mine).scalar_one()


def is_enrolled(connection: Connection, user_id: int) -> bool:
    """Whether a person has paired an app."""
    paired = select(SecondFactor.user_id).where(SecondFactor.user_id == user_id)
    return connection.scalar(paired) is not None


def shown(secret: bytes) -> str:
    """A secret as it is typed into an app: base 32, in groups of four."""
    return " ".join(_groups(base64.b32encode(secret).decode()))


def address(secret: bytes, email: str, issuer: str) -> str:
    """The ``otpauth://`` address that an app reads from the QR code."""
    asked = {"secret": base64.b32encode(secret).decode(), "issuer": issuer, "digits": DIGITS}
    return f"otpauth://totp/{quote(issuer)}:{quote(email)}?{urlencode(asked, quote_via=quote)}"


def qr_path(text: str) -> tuple[int, str]:
    """``text`` as a QR code made here: the width in modules, and the dark ones as an SVG path."""
    from reportlab.graphics.barcode.qrencoder import (  # noqa: PLC0415 - few pages show one
        QRCode,
        QRErrorCorrectLevel,
    )

    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    size = code.getModuleCount()
    dark = (f"M{x} {y}h1v1h-1z" for y in range(size) for x in range(size) if code.isDark(y, x))
    return size, "".join(dark)


def _app_code_is_good(connection: Connection, links: Links, user_id: int, code: str) -> bool:
    """Whether ``code`` is the app's, of a step newer than any used before: none serves twice."""
    paired = connection.execute(
        select(SecondFactor.salt, SecondFactor.cover).where(SecondFactor.user_id == user_id)
    ).one_or_none()
    if paired is None:
        return False
    present = _present_step(connection)
    for secret in _secrets(links, user_id, paired.salt, paired.cover):
        if step := _step_of(present, secret, code):
            return _used(connection, user_id, step, _cover(links, user_id, paired.salt, secret))
    return False


def _used(connection: Connection, user_id: int, step: int, cover: bytes) -> bool:
    """Whether a code of ``step`` serves; in one statement: of any number at once exactly one succeeds."""
    newer = update(SecondFactor).where(SecondFactor.user_id == user_id, SecondFactor.last_step < step)
    values = {"last_step": step, "cover": cover}
    return connection.scalar(newer.values(values).returning(SecondFactor.user_id)) is not None


def _present_step(connection: Connection) -> int:
    """The time step of the database's clock."""
    now = int(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())
    return now // STEP_SECONDS


def _step_of(present: int, secret: bytes, code: str) -> int | None:
    """The time step around the ``present`` one whose code this is; the newest if several."""
    given = code.encode()
    for step in range(present + DRIFT, present - DRIFT - 1, -1):
        if hmac.compare_digest(code_at(secret, step).encode(), given):
            return step
    return None


def _secrets(links: Links, user_id: int, salt: bytes, cover: bytes) -> Iterator[bytes]:
    """What may be the secret of a person, by each key that is taken, the present one first."""
    for secret_key in reversed(links.secret_keys):
        yield _xor(cover, _derived_secret(secret_key, user_id, salt))


def _cover(links: Links, user_id: int, salt: bytes, secret: bytes) -> bytes:
    """What makes ``secret`` of what the present key derives: nothing but zeros where it is that."""
    return _xor(secret, _derived_secret(links.secret_keys[-1], user_id, salt))


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))


def _derived_secret(secret_key: str, user_id: int, salt: bytes) -> bytes:
    return _derived(secret_key, b"second-factor-v1:%d:" % user_id + salt)[:_SECRET_BYTES]


def _salt(links: Links, key: str) -> bytes:
    """Random for each session, since its key is; the same each time the page of one session is shown."""
    return _derived(links.secret_keys[-1], b"second-factor-salt-v1:" + key.encode())


def _derived(secret_key: str, words: bytes) -> bytes:
    return hmac.digest(secret_key.encode(), words, "sha256")


def _code_hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


def _groups(text: str) -> Iterator[str]:
    return (text[start : start + 4] for start in range(0, len(text), 4))
