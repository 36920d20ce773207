"""Terminals that were silent on the last day received, over all the merchants of a maintainer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, and_, func, select

from app.lists.silence import LAST_DAYS, quiet_terminals
from app.models import Outlet, Terminal


def silent_terminals(connection: Connection) -> Mapping[int, Sequence[str]]:
    """The trade names of the outlets of silent terminals, one a terminal, by merchant in sight."""
    quiet = quiet_terminals(LAST_DAYS)
    same = and_(quiet.c.merchant_id == Terminal.merchant_id, quiet.c.terminal_id == Terminal.id)
    its_outlet = and_(Outlet.merchant_id == Terminal.merchant_id, Outlet.id == Terminal.outlet_id)
    statement = (
        select(Terminal.merchant_id, func.coalesce(Outlet.trade_name, Terminal.number).label("name"))
        .join(quiet, same)
        .outerjoin(Outlet, its_outlet)
        .where(quiet.c.is_silent)
        .order_by(Terminal.merchant_id, Outlet.trade_name_key, Terminal.number)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for row in connection.execute(statement):
        found[row.merchant_id].append(row.name)
    return found
