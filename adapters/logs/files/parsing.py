"""How a raw line becomes a document, as DuckDB says it; nothing is inferred from the lines."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.core.config.log_store import Fields, FilesLogStore

_MOMENT = {
    # try_cast also knows words such as `epoch`; a time in a log begins with a digit.
    "": r"CASE WHEN regexp_matches(t, '^\s*\d') "
    "THEN epoch_us(try_cast(replace(t, ',', '.') AS TIMESTAMPTZ)) END",
    "epoch": "try_cast(trunc(try_cast(t AS DECIMAL(28, 9)) * 1000000) AS BIGINT)",
    "epoch_ms": "try_cast(trunc(try_cast(t AS DECIMAL(28, 9)) * 1000) AS BIGINT)",
}
_STRPTIME = "epoch_us(try_strptime(t, f)::TIMESTAMPTZ)"
_YEARLESS = """
coalesce(
  CASE WHEN epoch_us(try_strptime(concat(y, ' ', t), '%Y ' || f)::TIMESTAMPTZ) <= latest
       THEN epoch_us(try_strptime(concat(y, ' ', t), '%Y ' || f)::TIMESTAMPTZ) END,
  epoch_us(try_strptime(concat(y - 1, ' ', t), '%Y ' || f)::TIMESTAMPTZ)
)
"""
_HAS_YEAR = re.compile(r"%-?[YyGcxs]")

# A time outside of the years 1970 to 9999 is no time: nothing could be said about its line.
_MACROS = """
CREATE MACRO moment(t, f, y, latest) AS {moment};
CREATE MACRO readable(ts) AS CASE WHEN ts BETWEEN 0 AND 253402300799999999 THEN ts END;
CREATE MACRO types(given, plain) AS CASE WHEN json_type(given) = 'ARRAY'
  THEN list_filter(json_transform(given, '["VARCHAR"]'), lambda one: one IS NOT NULL)
  ELSE [coalesce(plain, '')] END;
CREATE MACRO finite(said) AS CASE WHEN isfinite(try_cast(said AS DOUBLE))
  THEN try_cast(said AS DOUBLE) END;
CREATE MACRO part(line, p, g) AS CASE WHEN g = 0 THEN '' ELSE regexp_extract(line, p, g) END;
"""

_LINES = """
CREATE OR REPLACE TEMP TABLE line AS
SELECT seq, rtrim(line, chr(13)) AS line FROM (
  SELECT unnest(l) AS line, unnest(range(len(l))) AS seq
  FROM (SELECT string_split($block, chr(10)) AS l)
)
WHERE line <> '' AND line <> chr(13)
"""

_JSON = """
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT seq,
  readable(moment(coalesce(f[1], f[2]), $time_format, $year, $latest)) AS ts,
  coalesce(f[3], f[4], '') AS level,
  types(coalesce(g[1], g[2]), coalesce(f[5], f[6])) AS types,
  coalesce(f[7], f[8], '') AS message,
  coalesce(f[9], f[10], '') AS host,
  coalesce(f[11], f[12]) AS grp,
  finite(coalesce(f[13], f[14])) AS served
FROM (
  SELECT seq, json_extract_string(j, $paths) AS f, json_extract(j, $paths[5:6]) AS g
  FROM (SELECT seq, try_cast(line AS JSON) AS j FROM line)
)
"""

_PATTERN = """
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT seq,
  readable(CASE WHEN fits
    THEN moment(part(line, $pattern, $time), $time_format, $year, $latest) END) AS ts,
  part(line, $pattern, $level) AS level,
  [part(line, $pattern, $error_type)] AS types,
  CASE WHEN $message = 0 THEN line ELSE part(line, $pattern, $message) END AS message,
  part(line, $pattern, $host) AS host,
  CASE WHEN $group > 0 THEN part(line, $pattern, $group) END AS grp,
  finite(part(line, $pattern, $exposure)) AS served
FROM (SELECT seq, line, regexp_matches(line, $pattern) AS fits FROM line)
WHERE fits OR $continuation = '' OR NOT regexp_matches(line, $continuation)
"""

_NAMES = ("time", "level", "error_type", "message", "host", "group", "exposure")
_NOWHERE = "\0"
"""The name of a field that no line has."""
_GROUP = re.compile(
    r"\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\((?:\?P<(\w+)>|(?!\?))", re.DOTALL
)


class Parsing:
    """Parses blocks of whole lines into the temporary table `parsed`.

    Its columns: seq (order in the block), ts (microseconds since the epoch, UTC; NULL: unreadable),
    level, message, host (text, empty where the line has none), types (the values that the line has
    for the type: one, empty where it has none, or those of a list), grp (text, NULL where the line
    has none), served (a number, NULL where the line has none).
    """

    def __init__(self, config: FilesLogStore) -> None:
        form = config.time_format
        strptime = _STRPTIME if _HAS_YEAR.search(form) else _YEARLESS
        self.macros = _MACROS.format(moment=_MOMENT.get(form, strptime))
        self.lines = _LINES
        self.parse = _JSON if config.format == "json" else _PATTERN
        self._params: dict[str, object] = {"time_format": form}
        if config.format == "json":
            self._params["paths"] = _pointers(config.fields)
        else:
            groups = group_numbers(config.pattern)
            self._params |= {n: groups.get(getattr(config.fields, n), 0) for n in _NAMES}
            self._params |= {"pattern": config.pattern, "continuation": config.continuation}

    def params(self, now: datetime) -> dict[str, object]:
        """Say what `parse` has to know; `now` tells the year of times that carry none."""
        # A day of grace: clocks differ, and the zone of the line may be ahead.
        latest = int(now.timestamp() + 86400) * 1_000_000
        return self._params | {"year": now.astimezone(UTC).year, "latest": latest}


def _pointers(fields: Fields) -> list[str]:
    """For each field the JSON pointers of its flat and of its nested name."""
    pointers: list[str] = []
    for name in _NAMES:
        flat = (getattr(fields, name) or _NOWHERE).replace("~", "~0").replace("/", "~1")
        pointers += ["/" + flat, "/" + flat.replace(".", "/")]
    return pointers


def group_numbers(pattern: str) -> dict[str, int]:
    """The number of each named group of an RE2 expression; DuckDB knows groups by number only."""
    found = [match for match in _GROUP.finditer(pattern) if match[0].startswith("(")]
    return {match[1]: number for number, match in enumerate(found, start=1) if match[1]}
