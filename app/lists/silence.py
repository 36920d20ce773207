"""Silent terminals: those that did not call on a day that was received, though they usually do.

A false alarm is worse than silence, so all of this must hold of a terminal that did not call on a day:

- it has called for three weeks, and one of its contracts is valid;
- the day has been received from every source of its contracts;
- of the same weekday in the last eight weeks it called three times out of four, at least three times known;
- it hardly ever missed a usual day: one in fifteen, in weeks where it called on more than half;
- it has not stopped, and its shop is not on leave: it missed at most two usual days before when it calls on
  every day of the week, for it stays on while the shop is closed; one when another terminal of its outlet
  called; else none, for a shop that is dark on its closing days goes dark on leave;
- on a public holiday, or the morning after where it calls before 4: it called on all known, at least two;
- more of its merchant's terminals called than are missing, where as many as five are missing.

A call wanders across midnight: before 4 o'clock it belongs to the night before where a terminal usually
calls in the afternoon or the evening; where it calls earlier, one after 20 o'clock counts for the next day
too.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from sqlalchemy import CTE, BigInteger, Boolean, Column, Date, DateTime, text

from app.models import DEFAULT_TIME_ZONE
from app.rules.calls import DAYS_KEPT, MONTH_DAYS, MORNING
from app.rules.holidays import public_holidays

#: How far back the usual rhythm is read, in days, and since when a terminal must have called.
RHYTHM_DAYS = 56
KNOWN_DAYS = 21
#: Usual days in a row that a terminal can miss and not have stopped: one that calls every day; another beside
#: a neighbour that called; one of an outlet where none called.
_MISSED_OF_EVERY_DAY, _MISSED_BESIDE_OTHERS, _MISSED = 3, 2, 1
#: Beyond this number of silent terminals of a merchant, it is the day that is unusual, not they.
_FEW = 4
_HOLIDAY_DAYS = 460
#: Days as bits of a number, the day that is asked for as the second one, those before it above: all that the
#: rule asks of a terminal is told by two such numbers, and no day of it has to be a row.
_TODAY = 1 << 1
_PAST = sum(1 << (ago + 1) for ago in range(1, RHYTHM_DAYS + 1))
_WEEKDAYS = tuple(sum(1 << (ago + 1) for ago in range(first, RHYTHM_DAYS + 1, 7)) for first in range(7))
_WEEKS = tuple(sum(1 << (ago + 2) for ago in range(first, first + 7)) for first in range(0, RHYTHM_DAYS, 7))
_WINDOW = (1 << (RHYTHM_DAYS + 2)) - 1
#: A row of each year with its holidays: those of three are looked at, not of a century.
_HOLIDAYS = ", ".join(
    f"({year}, '{{{','.join(day.isoformat() for day in days)}}}'::date[])"
    for year, days in groupby(sorted(public_holidays()), lambda day: day.year)
)

#: A file vouches for a day: see :mod:`app.lists.freshness`. ``r`` is a received day, ``z`` bears the clock.
_VOUCHED = """r.subject = 'remittances' AND r.day < (r.made_at AT TIME ZONE z.time_zone)::date
  AND (r.caught_up OR r.day = (r.made_at AT TIME ZONE z.time_zone)::date - 1)"""
#: The source of the telecollections of contract ``c``.
_SOURCE = "COALESCE(c.remittances_source_id, c.source_id)"
_CLOCK = f"COALESCE(o.time_zone, '{DEFAULT_TIME_ZONE}') AS time_zone"


def _count(days: str) -> str:
    """The number of days that are set."""
    return f"bit_count(({days})::bit(64))::int"


def _those(masks: tuple[int, ...], condition: Callable[[str], str]) -> str:
    """The days of those of ``masks`` of which ``condition`` holds."""
    days = (f"CASE WHEN {condition(mask)} THEN {mask} ELSE 0 END" for mask in map(_number, masks))
    return f"({' | '.join(days)})"


def _number(days: int) -> str:
    return f"{days}::bigint"


def _often(days: str) -> str:
    """Whether it called on three out of four of ``days`` that are known."""
    return f"4 * {_count(f'called & known & {days} & {_PAST}')} >= 3 * {_count(f'known & {days} & {_PAST}')}"


def _mostly(days: str) -> str:
    """Whether it called on more than half of its usual days among ``days``."""
    return f"2 * {_count(f'usual & called & {days}')} > {_count(f'usual & {days}')}"


#: The numbers of days before the one that is asked for.
_PAST_DAYS = {days: _count(f"{days} & {_PAST}") for days in DAYS_KEPT}


def _in_window(days: str) -> str:
    """The days of a month ``t`` where those of a number stand that begins with the day after ``q.day``."""
    return f"(CASE WHEN s > 0 THEN {days}::bigint << s ELSE {days}::bigint >> -s END) & {_WINDOW} AS {days}"


#: One day of one merchant: ``:merchant_id`` and ``:day``.
ONE_DAY = "SELECT CAST(:merchant_id AS bigint) AS merchant_id, CAST(:day AS date) AS day"
#: The last day received of each merchant in sight.
LAST_DAYS = f"""
SELECT z.merchant_id, max(r.day) AS day FROM (
  SELECT DISTINCT c.merchant_id, {_SOURCE} AS source_id, {_CLOCK}
  FROM contract c LEFT JOIN outlet o ON o.merchant_id = c.merchant_id AND o.id = c.outlet_id
) AS z JOIN received_day r ON r.source_id = z.source_id WHERE {_VOUCHED} GROUP BY z.merchant_id
"""
_CALLS_OF = """c.merchant_id = q.merchant_id AND c.contract_id = ANY (q.contract_ids)
  AND c.terminal_number = q.number"""
_RULE = f"""
WITH given AS MATERIALIZED ({{days}}), holiday AS MATERIALIZED (
  SELECT unnest(y.days) AS day FROM (VALUES {_HOLIDAYS}) AS y (year, days)
  WHERE y.year BETWEEN (SELECT date_part('year', min(day) - {_HOLIDAY_DAYS + RHYTHM_DAYS}) FROM given)
    AND (SELECT date_part('year', max(day)) FROM given)
), asked AS MATERIALIZED (
  SELECT merchant_id, day, COALESCE((
    SELECT bit_or(1::bigint << (a.day - h.day + 1)) FROM holiday h
    WHERE h.day BETWEEN a.day - {RHYTHM_DAYS + 1} AND a.day
  ), 0) AS holidays FROM given AS a
), active AS MATERIALIZED (
  SELECT q.merchant_id, q.id, q.number, q.contract_ids, q.first_on, q.outlet_id, q.last_called, a.day,
    a.holidays
  FROM asked a JOIN terminal q ON q.merchant_id = a.merchant_id
  WHERE q.first_on <= a.day - {KNOWN_DAYS} AND q.last_on >= a.day - {KNOWN_DAYS}
), absent AS MATERIALIZED (
  -- Most called last on the day that is asked for: nothing has to be looked up of them.
  SELECT q.* FROM active q
  WHERE NOT (q.last_called >= q.day + time '{MORNING}' AND q.last_called < q.day + 1) AND NOT EXISTS (
    SELECT FROM terminal_day c WHERE {_CALLS_OF} AND c.day = q.day
      AND c.last_called >= c.day + time '{MORNING}'
  )
), quiet AS MATERIALIZED (
  SELECT * FROM (
    SELECT q.*, {_CLOCK}, ARRAY(
      SELECT DISTINCT {_SOURCE} FROM contract c
      WHERE c.merchant_id = q.merchant_id AND c.id = ANY (q.contract_ids) AND {_SOURCE} IS NOT NULL
        AND q.day BETWEEN COALESCE(c.valid_from, '-infinity') AND COALESCE(c.valid_to, 'infinity')
    ) AS source_ids
    FROM absent q LEFT JOIN outlet o ON o.merchant_id = q.merchant_id AND o.id = q.outlet_id
    OFFSET 0  -- so that each is worked out once
  ) AS q WHERE cardinality(source_ids) > 0
), received AS MATERIALIZED (
  SELECT DISTINCT r.source_id, z.time_zone, r.day
  FROM (SELECT DISTINCT time_zone, unnest(source_ids) AS source_id FROM quiet) AS z
  JOIN received_day r ON r.source_id = z.source_id WHERE {_VOUCHED}
    AND r.day >= (SELECT min(day) - {RHYTHM_DAYS} FROM quiet)
), whole AS MATERIALIZED (
  -- The days on which all sources of some terminals were received.
  SELECT day, source_ids, time_zone, bit_or(1::bigint << (day - came + 1)) AS days FROM (
    SELECT q.day, q.source_ids, q.time_zone, r.day AS came
    FROM (SELECT DISTINCT day, source_ids, time_zone FROM quiet) AS q
    JOIN received r ON r.source_id = ANY (q.source_ids) AND r.time_zone = q.time_zone
      AND r.day BETWEEN q.day - {RHYTHM_DAYS} AND q.day
    GROUP BY q.day, q.source_ids, q.time_zone, r.day HAVING count(*) = cardinality(q.source_ids)
  ) AS r GROUP BY day, source_ids, time_zone
), habit AS MATERIALIZED (
  SELECT q.*, c.*, COALESCE(c.in_mornings::int, 0) AS mornings,
    CASE WHEN is_late THEN from_four | (to_four << 1) WHEN NOT is_late THEN at_all | (evenings >> 1)
      ELSE at_all END AS called
  FROM quiet q CROSS JOIN LATERAL (
    SELECT 2 * sum({_PAST_DAYS["last_from_noon"]}) >= nullif(sum({_PAST_DAYS["called"]}), 0) AS is_late,
      2 * sum({_PAST_DAYS["last_at_night"]}) > sum({_PAST_DAYS["called"]}) AS in_mornings,
      bit_or(called) AS at_all, bit_or(called & ~last_at_night) AS from_four,
      bit_or(first_at_night) AS to_four, bit_or(last_in_evening) AS evenings
    FROM (
      SELECT {", ".join(map(_in_window, DAYS_KEPT))}
      FROM (
        SELECT t.*, q.day - t.month + 2 - {MONTH_DAYS} AS s FROM terminal_month t
        WHERE t.merchant_id = q.merchant_id AND t.contract_id = ANY (q.contract_ids)
          AND t.terminal_number = q.number
          AND t.month BETWEEN q.day - {RHYTHM_DAYS + MONTH_DAYS - 1} AND q.day + 1
      ) AS t
      OFFSET 0  -- so that each is worked out once
    ) AS t
  ) AS c WHERE c.at_all <> 0
), known AS MATERIALIZED (
  SELECT h.*, w.days & ((1::bigint << (least({RHYTHM_DAYS}, h.day - h.first_on) + 2)) - 1)
    & ~((h.holidays >> h.mornings) & {_PAST}) AS known
  FROM habit h JOIN whole w
    ON w.day = h.day AND w.source_ids = h.source_ids AND w.time_zone = h.time_zone
), by_weekday AS MATERIALIZED (
  SELECT k.*, called & known & {_PAST} AS before, {_those(_WEEKDAYS, _often)} & known AS usual
  FROM known k
), by_week AS MATERIALIZED (
  SELECT k.*, {_those(_WEEKS, _mostly)} & usual AS counts
  FROM by_weekday k WHERE before <> 0 AND known & {_TODAY} <> 0
), judged AS MATERIALIZED (
  SELECT merchant_id, id, number, contract_ids, outlet_id, day, mornings, at_all,
    called & {_TODAY} <> 0 AS called,
    usual & {_TODAY} <> 0 AND {_count(f"known & {_WEEKDAYS[0] & _PAST}")} >= {KNOWN_DAYS // 7}
      AND 15 * {_count("counts & called")} >= 14 * {_count("counts")} AS is_usual,
    {_count(f"usual & {_PAST} & ((before & -before) - 1)")} AS missed,
    {" AND ".join(f"usual & {_number(days)} <> 0" for days in _WEEKDAYS)} AS is_of_every_day
  FROM by_week
), lively AS MATERIALIZED (
  SELECT merchant_id, outlet_id FROM active
  WHERE (merchant_id, id) NOT IN (SELECT merchant_id, id FROM absent)
  UNION ALL SELECT merchant_id, outlet_id FROM judged WHERE called
), missing AS MATERIALIZED (
  SELECT j.merchant_id, j.id, j.number, j.contract_ids, j.day, j.called,
    -- The last day with a call up to that night.
    j.day + 1 - {_count("(days & -days) - 1")} AS last_day,
    NOT j.called AND j.is_usual AND j.missed < CASE WHEN j.is_of_every_day THEN {_MISSED_OF_EVERY_DAY}
      WHEN (j.merchant_id, j.outlet_id) IN (TABLE lively) THEN {_MISSED_BESIDE_OTHERS} ELSE {_MISSED} END
    AND CASE WHEN j.day - j.mornings IN (SELECT day FROM holiday) THEN (
      SELECT count(*) > 1 AND bool_and(EXISTS (
        SELECT FROM terminal_day c WHERE {_CALLS_OF} AND (
          c.day = h.day + j.mornings AND (j.mornings = 1 OR c.last_called >= c.day + time '{MORNING}')
          OR c.day = h.day + 1 AND c.first_called < c.day + time '{MORNING}')
      ))
      FROM quiet q JOIN holiday h
        ON h.day BETWEEN greatest(q.first_on, q.day - {_HOLIDAY_DAYS}) AND q.day - 1 - j.mornings
      WHERE q.merchant_id = j.merchant_id AND q.id = j.id AND EXISTS (
          SELECT FROM received_day r WHERE r.source_id = ANY (q.source_ids) AND r.day = h.day
            AND r.subject = 'remittances')
    ) ELSE true END AS is_silent
  FROM (SELECT *, at_all & CASE WHEN called THEN -1 ELSE ~1 END AS days FROM judged) AS j
), counted AS (
  SELECT merchant_id, sum(called) AS called, sum(silent) AS silent FROM (
    SELECT merchant_id, count(*) AS called, 0 AS silent FROM active GROUP BY merchant_id
    UNION ALL SELECT merchant_id, -count(*), 0 FROM quiet GROUP BY merchant_id
    UNION ALL SELECT merchant_id, count(*) FILTER (WHERE called), count(*) FILTER (WHERE is_silent)
    FROM missing GROUP BY merchant_id
  ) AS n GROUP BY merchant_id
)
SELECT q.merchant_id, q.id AS terminal_id, q.day, q.is_silent, (
  SELECT max(c.last_called) FROM terminal_day c WHERE {_CALLS_OF} AND c.day = q.last_day
) AS last_called
FROM missing q JOIN counted n ON n.merchant_id = q.merchant_id
WHERE q.called OR q.is_silent AND (n.silent <= {_FEW} OR n.silent < n.called)
"""
_COLUMNS = (
    Column("merchant_id", BigInteger),
    Column("terminal_id", BigInteger),
    Column("day", Date),
    Column("is_silent", Boolean),
    Column("last_called", DateTime),
)


def quiet_terminals(days: str) -> CTE:
    """The terminals that did not call on the day itself: silent ones, and those whose call wandered.

    ``days`` is a query of ``merchant_id`` and ``day``: :data:`ONE_DAY` or :data:`LAST_DAYS`. Row security
    bounds what is read. Columns: ``merchant_id``, ``terminal_id``, ``day``, ``is_silent``, ``last_called``
    (the last call up to that night, by the terminal's clock).
    """
    found = text(_RULE.replace("{days}", days)).columns(*_COLUMNS)
    # Worked out once, however it is joined.
    return found.cte("quiet").prefix_with("MATERIALIZED")
