"""The page: one HTML file with everything in it, which opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.measures.figure import Figure
from discretion.reports import charts
from discretion.reports.charts import calibration_chart, curve_chart
from discretion.scorecards import Scorecard
from discretion.scorecards.cards import ArmCard


def write_page(card: Scorecard, path: Path) -> Path:
    """Write a scorecard as one HTML file, whole or not at all.

    Raises:
        DiscretionError: the file cannot be written.
    """
    text = render_page(card)
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise DiscretionError(
            f"cannot be written ({error.strerror})", where=str(path), mend="name another file"
        ) from error
    return path


def render_page(card: Scorecard) -> str:
    """The page as text. Everything that comes from data is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("discretion.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=number, signed=signed, percent=percent, interval=interval, ends=ends
    )
    drawn = _drawn(card.arms)
    return environment.get_template("report.html").render(
        card=card,
        drawn=drawn,
        box=charts,
        curves=[(curve, curve_chart(curve, drawn)) for curve in card.curves],
        calibration=[calibration_chart(arm) for arm in card.arms if arm.name in drawn],
    )


def _drawn(arms: Sequence[ArmCard]) -> list[str]:
    """The arms whose lines are drawn: models and recorded decisions first, the nearest first."""
    ranked = sorted(arms, key=lambda arm: arm.kind == "baseline")
    return [arm.name for arm in ranked][: charts.LINES]


def number(figure: Figure, digits: int = 2) -> str:
    """A figure's value; a dash where there is none."""
    return "–" if figure.value is None else _minus(f"{figure.value:.{digits}f}")


def signed(figure: Figure, digits: int = 2) -> str:
    """A figure's value with its sign."""
    return "–" if figure.value is None else _minus(f"{figure.value:+.{digits}f}")


def percent(figure: Figure) -> str:
    """A share in percent."""
    return "–" if figure.value is None else f"{100 * figure.value:.0f}%"


def interval(figure: Figure, digits: int = 2) -> str:
    """A figure's interval; a dash where there is none."""
    if figure.low is None or figure.high is None:
        return "–"
    return _minus(f"{figure.low:.{digits}f} to {figure.high:.{digits}f}")


def ends(figure: Figure) -> dict[str, Any]:
    """Where a small bar of the interval stands, in percent of the range from -0.2 to 1."""
    if figure.value is None:
        return {}
    low = figure.value if figure.low is None else figure.low
    high = figure.value if figure.high is None else figure.high
    place = [min(max((end + 0.2) / 1.2, 0.0), 1.0) * 100 for end in (low, figure.value, high)]
    return {"low": place[0], "at": place[1], "width": place[2] - place[0]}


def _minus(text: str) -> str:
    """Hyphens before digits as minus signs."""
    return text.replace("-", "−")
