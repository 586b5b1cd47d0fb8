"""Dates: in which of the usual formats a file's dates are written, as strptime names them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone

_DAYS = (
    "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%Y/%m/%d",
    "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y",
    "%b %d %Y", "%B %d, %Y", "%B %d %Y",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
EPOCHS: Mapping[str, int] = {"epoch": 1, "epoch-ms": 1_000}
"""Formats of times that are counted from 1970 on, and the counts in a second."""
_EPOCH_YEARS = range(946_684_800, 4_102_444_800)
"""Seconds from 1970 to the year 2000, and to 2100: other numbers are hardly times."""
_ZONE = re.compile(r"(?<=[\d ])\s?(?:(?P<utc>UTC|GMT|Z)|(?P<sign>[+-])(?P<h>\d\d):?(?P<m>\d\d)?)$")
_LONGEST = 40
_ENOUGH = 500
"""Different cells that are looked at."""


def formats_of(cells: Iterable[str]) -> tuple[str, ...]:
    """The fewest formats that read these cells, ISO dates and what is no date aside.

    Where two read equally many they cannot be told apart, as with 03/04/2026: both are named, and
    whoever reads by both will stop at such a date.
    """
    reads: dict[str, set[str]] = {}
    for cell in list(dict.fromkeys(cells))[:_ENOUGH]:
        for one in () if iso_moment(cell) else _reading(cell):
            reads.setdefault(one, set()).add(cell)
    found: list[str] = []
    while reads:
        most = max(len(read) for read in reads.values())
        best = [one for one, read in reads.items() if len(read) == most]
        same = [one for one in best if reads[one] == reads[best[0]]]
        found += same
        done = reads[best[0]]
        reads = {one: left for one, read in reads.items() if (left := read - done)}
    return tuple(found)


def moment_in(cell: str, one: str) -> datetime | None:
    """The moment that a cell names in one format, as in `strptime` or `EPOCHS`; None where it does
    not. A zone behind a time (UTC, Z, +0200) counts, whether or not the format has one."""
    if one in EPOCHS:
        if epoch_format(cell) != one:
            return None
        return datetime.fromtimestamp(int(cell) / EPOCHS[one], tz=UTC)
    try:
        return datetime.strptime(cell, one)  # noqa: DTZ007
    except ValueError:
        pass
    bare, zone = without_zone(cell)
    if zone is None:
        return None
    try:
        return datetime.strptime(bare, one).replace(tzinfo=zone)
    except ValueError:
        return None


def iso_moment(cell: str) -> datetime | None:
    """The moment that a cell names by ISO 8601, perhaps with UTC or GMT behind it."""
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        pass
    bare, zone = without_zone(cell)
    if zone is None:
        return None
    try:
        return datetime.fromisoformat(bare).replace(tzinfo=zone)
    except ValueError:
        return None


def without_zone(cell: str) -> tuple[str, timezone | None]:
    """A time of day without what is said of its zone, and that zone; None where nothing is."""
    found = _ZONE.search(cell) if ":" in cell else None
    if found is None:
        return cell, None
    if found["utc"]:
        return cell[: found.start()], UTC
    away = timedelta(hours=int(found["h"]), minutes=int(found["m"] or 0))
    if away >= timedelta(hours=24):
        return cell, None
    return cell[: found.start()], timezone(-away if found["sign"] == "-" else away)


def epoch_format(cell: str) -> str:
    """``epoch`` or ``epoch-ms`` where a number can be a time in seconds or milliseconds since 1970,
    and empty where it cannot."""
    if len(cell) not in (10, 13) or not (cell.isascii() and cell.isdigit()):
        return ""
    kind = "epoch" if len(cell) == 10 else "epoch-ms"
    return kind if int(cell) // EPOCHS[kind] in _EPOCH_YEARS else ""


_STARTS = (
    "delivered|delivery|received|bought|purchased|purchase|ordered|order|created|opened|started|"
    "start|shipped|issued|booked|due|checkin|from|arrived|lieferung|geliefert|gekauft|bestellt"
)
_ENDS = (
    "returned|return|asked|requested|request|closed|ended|end|resolved|submitted|filed|claimed|"
    "checkout|out|until|cancelled|canceled|reported|paid|today|zurückgegeben|retour|erstattet"
)


def elapsed(columns: Mapping[str, Sequence[str]], date_format: str = "") -> tuple[str, str] | None:
    """The two columns of dates whose difference a rule about days most likely limits, the later one
    first; None where no two are such.

    Args:
        columns: by name, the cells of the same rows in each; those that are no dates are passed
            over.
        date_format: formats as `--date-format` takes them; where empty they are found.
    """
    read = {name: _dates(cells, date_format) for name, cells in columns.items()}
    dated = {name: days for name, days in read.items() if days}
    best: tuple[int, float, int] | None = None
    found: tuple[str, str] | None = None
    for place, later in enumerate(dated):
        for other, earlier in enumerate(dated):
            both = [
                (dated[later][row], day)
                for row, day in dated[earlier].items()
                if row in dated[later]
            ]
            if later == earlier or len(both) < 3:
                continue
            ordered = sum(end >= start for end, start in both) / len(both)
            strictly = sum(end > start for end, start in both) / len(both)
            if ordered < 0.95 or strictly < 0.5:
                continue
            named = _has_word(later, _ENDS) + _has_word(earlier, _STARTS)
            rated = named, strictly, -abs(place - other)
            if best is None or rated > best:
                best, found = rated, (later, earlier)
    return found


def _dates(cells: Sequence[str], date_format: str) -> dict[int, float]:
    """The dates among the cells, in seconds, by row; none where most filled cells are none."""
    if not date_format:
        formats: Sequence[str] = formats_of(cells)
        # 03/04/2026 in all cells: whichever way, later stays later within most months.
        formats = formats[:1] if len(formats) == 2 else formats
    else:
        formats = [one.strip() for one in date_format.split("|")]
    found: dict[int, float] = {}
    for row, cell in enumerate(cells):
        moment = next(filter(None, (moment_in(cell, one) for one in formats)), iso_moment(cell))
        if (moment is not None and not cell.isdigit()) or (moment and epoch_format(cell)):
            found[row] = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    filled = sum(map(bool, cells))
    return found if found and len(found) >= 0.9 * filled else {}


def _has_word(name: str, words: str) -> bool:
    return any(re.fullmatch(words, word) for word in re.findall(r"[^\W_]+", name.lower()))


def _reading(cell: str) -> Iterator[str]:
    """The formats that read a cell."""
    if len(cell) > _LONGEST or not any(letter.isdigit() for letter in cell):
        return
    if kind := epoch_format(cell):
        yield kind
        return
    cell, _ = without_zone(cell)
    times = _TIMES[1:] if ":" in cell else _TIMES[:1]
    for day in _DAYS:
        if day[2] not in cell:  # strptime takes ten times as long to see that.
            continue
        for time in times:
            try:
                datetime.strptime(cell, day + time)  # noqa: DTZ007
            except ValueError:
                continue
            yield day + time
