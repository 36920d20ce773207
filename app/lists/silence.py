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

from sqlalchemy import CTE, BigInteger, Boolean, Column, Date, DateTime, text

from app.models import DEFAULT_TIME_ZONE
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
_MORNING, _NOON, _EVENING = "04:00", "12:00", "20:00"
_HOLIDAYS = "{" + ",".join(sorted(day.isoformat() for day in public_holidays())) + "}"

#: A file vouches for a day: see :mod:`app.lists.freshness`. ``r`` is a received day, ``z`` bears the clock.
_VOUCHED = """r.subject = 'remittances' AND r.day < (r.made_at AT TIME ZONE z.time_zone)::date
  AND (r.caught_up OR r.day = (r.made_at AT TIME ZONE z.time_zone)::date - 1)"""
#: The source of the telecollections of contract ``c``.
_SOURCE = "COALESCE(c.remittances_source_id, c.source_id)"
_CLOCK = f"COALESCE(o.time_zone, '{DEFAULT_TIME_ZONE}') AS time_zone"
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
WITH asked AS MATERIALIZED (
  {{days}}
), holiday AS MATERIALIZED (
  SELECT unnest('{_HOLIDAYS}'::date[]) AS day
), active AS MATERIALIZED (
  SELECT q.merchant_id, q.id, q.number, q.contract_ids, q.first_on, q.outlet_id, q.last_called, a.day
  FROM asked a JOIN terminal q ON q.merchant_id = a.merchant_id
  WHERE q.first_on <= a.day - {KNOWN_DAYS} AND q.last_on >= a.day - {KNOWN_DAYS}
), absent AS MATERIALIZED (
  -- Most called last on the day that is asked for: nothing has to be looked up of them.
  SELECT q.* FROM active q
  WHERE NOT (q.last_called >= q.day + time '{_MORNING}' AND q.last_called < q.day + 1) AND NOT EXISTS (
    SELECT FROM terminal_day c WHERE {_CALLS_OF} AND c.day = q.day
      AND c.last_called >= c.day + time '{_MORNING}'
  )
), quiet AS MATERIALIZED (
  SELECT * FROM (
    SELECT q.*, {_CLOCK}, ARRAY(
      SELECT DISTINCT {_SOURCE} FROM contract c
      WHERE c.merchant_id = q.merchant_id AND c.id = ANY (q.contract_ids) AND {_SOURCE} IS NOT NULL
        AND q.day BETWEEN COALESCE(c.valid_from, '-infinity') AND COALESCE(c.valid_to, 'infinity')
    ) AS source_ids
    FROM absent q LEFT JOIN outlet o ON o.merchant_id = q.merchant_id AND o.id = q.outlet_id
  ) AS q WHERE cardinality(source_ids) > 0
), received AS MATERIALIZED (
  SELECT DISTINCT r.source_id, z.time_zone, r.day
  FROM (SELECT DISTINCT time_zone, unnest(source_ids) AS source_id FROM quiet) AS z
  JOIN received_day r ON r.source_id = z.source_id WHERE {_VOUCHED}
    AND r.day >= (SELECT min(day) - {RHYTHM_DAYS} FROM quiet)
), known AS (
  SELECT q.merchant_id, q.id, q.day AS asked_day, q.first_on, r.day, q.day - r.day AS ago
  FROM quiet q JOIN received r ON r.source_id = ANY (q.source_ids) AND r.time_zone = q.time_zone
    AND r.day BETWEEN greatest(q.day - {RHYTHM_DAYS}, q.first_on) AND q.day
  GROUP BY q.merchant_id, q.id, q.day, q.first_on, q.source_ids, r.day
  HAVING count(*) = cardinality(q.source_ids)
), calls AS MATERIALIZED (
  SELECT q.merchant_id, q.id, q.day AS asked_day, c.day, c.first_called, c.last_called,
    avg((c.last_called::time >= '{_NOON}')::int) FILTER (WHERE c.day < q.day)
      OVER (PARTITION BY q.merchant_id, q.id) >= 0.5 AS is_late,
    (avg((c.last_called::time < '{_MORNING}')::int) FILTER (WHERE c.day < q.day)
      OVER (PARTITION BY q.merchant_id, q.id) > 0.5)::int AS mornings
  FROM quiet q JOIN terminal_day c ON {_CALLS_OF} AND c.day BETWEEN q.day - {RHYTHM_DAYS} AND q.day + 1
), called AS (
  SELECT DISTINCT merchant_id, id, unnest(ARRAY[
    CASE WHEN is_late AND at::time < '{_MORNING}' THEN at::date - 1 ELSE at::date END,
    CASE WHEN NOT is_late AND at::time >= '{_EVENING}' THEN at::date + 1 END
  ]) AS day
  FROM (SELECT merchant_id, id, is_late, unnest(ARRAY[first_called, last_called]) AS at FROM calls) AS made
), facts AS (
  SELECT k.merchant_id, k.id, k.asked_day, k.ago, h.mornings, c.day IS NOT NULL AS called
  FROM known k
  JOIN (SELECT DISTINCT merchant_id, id, mornings FROM calls) AS h
    ON h.merchant_id = k.merchant_id AND h.id = k.id
  LEFT JOIN called c ON c.merchant_id = k.merchant_id AND c.id = k.id AND c.day = k.day
  WHERE k.ago = 0 OR k.day - COALESCE(h.mornings, 0) NOT IN (SELECT day FROM holiday)
), by_weekday AS (
  SELECT *, 4 * count(*) FILTER (WHERE called AND ago > 0) OVER weekday
    >= 3 * count(*) FILTER (WHERE ago > 0) OVER weekday AS is_usual,
    min(ago) FILTER (WHERE called AND ago > 0) OVER (PARTITION BY merchant_id, id) AS last_ago
  FROM facts WINDOW weekday AS (PARTITION BY merchant_id, id, ago % 7)
), by_week AS (
  SELECT *, is_usual AND ago > 0
    AND 2 * count(*) FILTER (WHERE is_usual AND called AND ago > 0) OVER week
      > count(*) FILTER (WHERE is_usual AND ago > 0) OVER week AS counts
  FROM by_weekday WINDOW week AS (PARTITION BY merchant_id, id, (ago - 1) / 7)
), judged AS (
  SELECT merchant_id, id, asked_day AS day, COALESCE(min(mornings), 0) AS mornings,
    bool_or(called) FILTER (WHERE ago = 0) AS called,
    count(*) FILTER (WHERE ago > 0 AND ago % 7 = 0) >= {KNOWN_DAYS // 7}
      AND bool_or(is_usual) FILTER (WHERE ago = 0)
      AND 15 * count(*) FILTER (WHERE counts AND called) >= 14 * count(*) FILTER (WHERE counts) AS is_usual,
    count(*) FILTER (WHERE is_usual AND ago > 0 AND ago < last_ago) AS missed,
    count(DISTINCT ago % 7) FILTER (WHERE is_usual) = 7 AS is_of_every_day
  FROM by_week WHERE last_ago IS NOT NULL GROUP BY merchant_id, id, asked_day
), lively AS MATERIALIZED (
  SELECT DISTINCT a.merchant_id, a.outlet_id FROM active a
  LEFT JOIN absent b ON b.merchant_id = a.merchant_id AND b.id = a.id
  LEFT JOIN judged j ON j.merchant_id = a.merchant_id AND j.id = a.id
  WHERE b.id IS NULL OR j.called
), missing AS (
  SELECT j.merchant_id, j.id, j.day, j.called,
    NOT j.called AND j.is_usual AND j.missed < CASE WHEN j.is_of_every_day THEN {_MISSED_OF_EVERY_DAY}
      WHEN o.outlet_id IS NOT NULL THEN {_MISSED_BESIDE_OTHERS} ELSE {_MISSED} END
    AND CASE WHEN j.day - j.mornings IN (SELECT day FROM holiday) THEN (
      SELECT count(*) > 1 AND bool_and(EXISTS (
        SELECT FROM terminal_day c WHERE {_CALLS_OF} AND (
          c.day = h.day + j.mornings AND (j.mornings = 1 OR c.last_called >= c.day + time '{_MORNING}')
          OR c.day = h.day + 1 AND c.first_called < c.day + time '{_MORNING}')
      ))
      FROM holiday h
      WHERE h.day BETWEEN greatest(q.first_on, q.day - {_HOLIDAY_DAYS}) AND q.day - 1 - j.mornings
        AND EXISTS (
          SELECT FROM received_day r WHERE r.source_id = ANY (q.source_ids) AND r.day = h.day
            AND r.subject = 'remittances')
    ) ELSE true END AS is_silent
  FROM judged j JOIN quiet q ON q.merchant_id = j.merchant_id AND q.id = j.id
  LEFT JOIN lively o ON o.merchant_id = q.merchant_id AND o.outlet_id = q.outlet_id
  WHERE j.called IS NOT NULL
), counted AS (
  SELECT a.merchant_id, count(*) FILTER (WHERE q.id IS NULL OR m.called) AS called,
    count(*) FILTER (WHERE m.is_silent) AS silent
  FROM active a LEFT JOIN quiet q ON q.merchant_id = a.merchant_id AND q.id = a.id
  LEFT JOIN missing m ON m.merchant_id = a.merchant_id AND m.id = a.id
  GROUP BY a.merchant_id
)
SELECT m.merchant_id, m.id AS terminal_id, m.day,
  m.is_silent AND (n.silent <= {_FEW} OR n.silent < n.called) AS is_silent,
  max(c.last_called) FILTER (WHERE c.day <= m.day OR m.called) AS last_called
FROM missing m JOIN counted n ON n.merchant_id = m.merchant_id
JOIN calls c ON c.merchant_id = m.merchant_id AND c.id = m.id
WHERE m.is_silent OR m.called
GROUP BY m.merchant_id, m.id, m.day, m.is_silent, m.called, n.silent, n.called
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
