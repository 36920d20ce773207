"""Making a delivery: taken by one worker at a time, tried, and its outcome written down.

A worker holds an advisory lock on its own connection while it sends; one that is killed lets go of it, and
the row tells the next how far it had come. Each step is committed by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, func, select, text, update

from app.config import Config
from app.database.engine import Database, DatabaseRole
from app.locks import Lock
from app.mail.smtp import Smtp
from app.mail.transport import FOLDER, Folder, Mail, NotTakenError, Transport
from app.models import OPEN_STATES, Delivery, DeliveryState

# One minute after the first try, twice as long after each, half an hour at most; spread, so that mails
# that failed together do not come back together.
_TRIES = "CASE WHEN state = 'queued' THEN 0 ELSE attempts END"
_NEXT_TRY = text(
    f"now() + interval '1 minute' * least(power(2, least({_TRIES}, 9)), 30) * (0.8 + 0.4 * random())"
)
_PUT_OFF = text("CASE WHEN next_try_at > deadline THEN 'failed' ELSE 'retrying' END")


def transport_of(config: Config) -> Transport | None:
    """The configured mail server; else the folder in development, and nothing in production: mail waits."""
    if config.smtp:
        return Smtp(config.smtp)
    return Folder(config.data / FOLDER) if config.development else None


def deliver(database: Database, transport: Transport, delivery_id: int) -> None:
    """Try a delivery that is due. Does nothing for one that is not, or that another worker is trying."""
    with _held(database, delivery_id) as connection:
        mail = _take(connection, delivery_id) if connection else None
        if connection is None or mail is None:
            return
        try:
            reply = transport.send(mail, lambda: _hand_over(connection, delivery_id))
        except NotTakenError as error:
            _not_taken(connection, delivery_id, error)
        else:
            _taken(connection, delivery_id, reply)


@contextmanager
def _held(database: Database, delivery_id: int) -> Iterator[Connection | None]:
    """A connection that commits each statement and holds the delivery's lock; None when another does."""
    engine = database.engine(DatabaseRole.IMPORT).execution_options(isolation_level="AUTOCOMMIT")
    key = Lock.DELIVERY.of(delivery_id)
    with engine.connect() as connection:
        if not connection.scalar(select(func.pg_try_advisory_lock(key))):
            yield None
            return
        try:
            yield connection
        except BaseException:
            connection.invalidate()  # the lock goes with it
            raise
        connection.execute(select(func.pg_advisory_unlock(key)))


def _take(connection: Connection, delivery_id: int) -> Mail | None:
    """Begin a try of a delivery that is due; None when it is not.

    The next try is fixed already: a mail that brings a worker down does not do so again at once. A
    hand-over without an outcome means that the try now begun may double the mail: it is counted.
    """
    taken = (
        update(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.state.in_(OPEN_STATES),
            Delivery.next_try_at <= func.now(),
            Delivery.message.is_not(None),
        )
        .values(
            state=DeliveryState.SENDING,
            attempts=text(f"{_TRIES} + 1"),
            next_try_at=_NEXT_TRY,
            uncertain_tries=text("uncertain_tries + CAST(handed_over_at IS NOT NULL AS int)"),
            handed_over_at=None,
        )
        .returning(Delivery.sender, Delivery.recipient, Delivery.message_id, Delivery.message)
    )
    row = connection.execute(taken).one_or_none()
    return Mail(row.sender, str(row.recipient), row.message_id, bytes(row.message or b"")) if row else None


def _hand_over(connection: Connection, delivery_id: int) -> None:
    _note(connection, delivery_id, handed_over_at=func.clock_timestamp())


def _taken(connection: Connection, delivery_id: int, reply: str) -> None:
    """The mail is the server's now: its text is let go of."""
    _note(
        connection,
        delivery_id,
        state=DeliveryState.SENT,
        sent_at=func.clock_timestamp(),
        message=None,
        last_fault=None,
        last_reply=reply,
    )


def _not_taken(connection: Connection, delivery_id: int, error: NotTakenError) -> None:
    """Give up what is final or past its time, put off the rest.

    A server that answered has not taken the mail; after silence the hand-over stays, uncertain.
    """
    _note(
        connection,
        delivery_id,
        state=DeliveryState.FAILED if error.final else _PUT_OFF,
        last_fault=error.fault,
        last_reply=error.reply,
        **({"handed_over_at": None} if error.reply else {}),
    )


def _note(connection: Connection, delivery_id: int, **values: Any) -> None:
    """Write down where the try in progress stands."""
    connection.execute(update(Delivery).where(Delivery.id == delivery_id).values(values))
