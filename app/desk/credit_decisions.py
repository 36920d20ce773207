"""Decisions on proposed credits: asked of the worker, which alone writes what becomes of a payment."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from app.desk.tasks import NewTask, ask
from app.models import CreditVerdict, DeskTask, DeskTaskKind, DeskTaskState, Merchant


def decide(
    connection: Connection,
    merchant_id: int,
    user_id: int,
    movement_ids: Collection[int],
    verdict: CreditVerdict,
) -> int:
    """Ask that what lines are proposed to credit be confirmed or rejected; returns the id of the task.

    It is one for all of them: a merchant's months are matched once for what is decided at once.
    """
    reseller_id = connection.scalars(select(Merchant.reseller_id).where(Merchant.id == merchant_id)).one()
    return ask(
        connection,
        NewTask(
            reseller_id=reseller_id,
            user_id=user_id,
            kind=DeskTaskKind.DECIDE,
            merchant_id=merchant_id,
            details={"bank_movement_ids": sorted(movement_ids), "verdict": verdict.value},
        ),
    )


def under_way(connection: Connection, merchant_ids: Collection[int]) -> frozenset[int]:
    """The lines of merchants that somebody has decided on, and the worker has not followed yet."""
    waiting = select(DeskTask.details).where(
        DeskTask.merchant_id.in_(merchant_ids),
        DeskTask.kind == DeskTaskKind.DECIDE,
        DeskTask.state == DeskTaskState.WAITING,
    )
    decided = connection.scalars(waiting)
    return frozenset(line for details in decided for line in details["bank_movement_ids"])
