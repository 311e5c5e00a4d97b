"""What is said to DuckDB about documents: how they are kept, typed and counted."""

from __future__ import annotations

TABLES = """
CREATE TABLE document (
  file INTEGER, ts BIGINT, level VARCHAR, host VARCHAR, message VARCHAR, grp VARCHAR,
  served DOUBLE, type VARCHAR, again BOOLEAN);
CREATE TABLE unreadable (file INTEGER, low BIGINT, high BIGINT, open BOOLEAN);
"""

# A line with several types has a row for each; those after the first are the same document again.
ADD_DOCUMENTS = """
INSERT INTO document
SELECT $file, ts, left(trim(level), 40), coalesce($host, host), left(message, 2000),
  left(grp, 200), served, unnest(types), unnest(range(len(types))) > 0
FROM (
  SELECT ts, level, host, message, grp, served, list_distinct(list_transform(
    CASE WHEN len(types) = 0 THEN [''] ELSE types END,
    lambda one: coalesce(nullif(left(one, 1000), ''), $no_type)
  )) AS types
  FROM parsed WHERE ts >= $floor
)
"""

# Which templates messages have is told when they are counted, and then kept.
ADD_UNTYPED = """
INSERT INTO document
SELECT $file, ts, left(trim(level), 40), coalesce($host, host), left(message, 2000),
  left(grp, 200), served, NULL, false
FROM parsed WHERE ts >= $floor
"""

UNTYPED = """
SELECT DISTINCT message FROM document
WHERE type IS NULL AND level IN (SELECT unnest($levels::VARCHAR[])) LIMIT 20000
"""

TYPE = """
UPDATE document SET type = coalesce(nullif(form, ''), $no_type)
FROM (SELECT unnest($messages::VARCHAR[]) AS said, unnest($forms::VARCHAR[]) AS form)
WHERE type IS NULL AND message = said
"""

# An unreadable line was written some time between its readable neighbours.
ADD_UNREADABLE = """
INSERT INTO unreadable
SELECT $file, coalesce(low, high), greatest(low, coalesce(high, $until)), high IS NULL
FROM (
  SELECT ts,
    coalesce(last_value(ts IGNORE NULLS) OVER (
      ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), $before) AS low,
    first_value(ts IGNORE NULLS) OVER (
      ORDER BY seq ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS high
  FROM parsed
)
WHERE ts IS NULL
"""

CLOSE_UNREADABLE = """
UPDATE unreadable
SET low = coalesce(low, $first), high = greatest(low, least(high, $first)), open = false
WHERE file = $file AND open
"""

TYPES = """
SELECT type, level, CASE WHEN $by_host THEN host ELSE '' END AS host,
  CASE WHEN $bucket > 0 THEN ts - ts % $bucket END AS bucket, count(*)
FROM document
WHERE ts >= $start AND ts < $end AND level IN (SELECT unnest($levels::VARCHAR[]))
  AND ($group = '' OR grp = $group)
GROUP BY ALL
"""

HOSTS = """
SELECT host, count(*), min(ts)
FROM document
WHERE ts >= $start AND ts < $end AND level <> '' AND NOT again AND ($group = '' OR grp = $group)
GROUP BY host
"""

ALIVE = """
SELECT host, ts - ts % $bucket AS bucket, count(*), ceil(greatest(coalesce(sum(served), 0), 0))
FROM document
WHERE ts >= $start AND ts < $end AND level <> '' AND NOT again AND ($group = '' OR grp = $group)
GROUP BY ALL ORDER BY ALL
"""

SAMPLES = """
SELECT type, min(ts), arg_min(message, (ts, message))
FROM document
WHERE ts >= $start AND ts < $end AND level IN (SELECT unnest($levels::VARCHAR[]))
  AND ($group = '' OR grp = $group)
  AND (len($hosts::VARCHAR[]) = 0 OR host IN (SELECT unnest($hosts::VARCHAR[])))
GROUP BY type
"""

UNREADABLE = """
SELECT bad.file, bad.lines, bad.lines / (bad.lines + coalesce(good.lines, 0))
FROM (
  SELECT file, count(*) AS lines FROM unreadable
  WHERE coalesce(low, 0) < $end AND high >= $start GROUP BY file
) AS bad
LEFT JOIN (
  SELECT file, count(*) AS lines FROM document
  WHERE ts >= $start AND ts < $end AND NOT again GROUP BY file
) AS good USING (file)
"""


WITHOUT_LEVEL = """
SELECT count(*) FILTER (WHERE level = ''), count(*)
FROM document WHERE ts >= $start AND ts < $end AND NOT again
"""

LACKING = "SELECT count(*), count(grp), count(served) FROM document"
