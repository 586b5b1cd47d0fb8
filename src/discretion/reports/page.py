"""The page: one HTML file with everything in it, which opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.models.tuned import PREFIX
from discretion.reports import charts, figures
from discretion.reports.bias_chart import leanings
from discretion.reports.first_screen import first_screen
from discretion.reports.teaching import lesson
from discretion.scorecard import Scorecard
from discretion.scorecard.cards import ArmCard
from discretion.stats.figure import Figure

DRAWN = 3
"""How many arms a picture and the first table show; the others are folded or stand in files."""
PICTURES = 24
"""How many scenarios are drawn; tables and files hold them all."""
FAILURES = 10
"""How many kinds of failure are shown, the commonest first."""
ROWS = 200
"""How many rows a table shows; files hold them all."""


def write_page(card: Scorecard, path: Path) -> Path:
    """Write a scorecard as one HTML file, whole or not at all.

    Raises:
        DiscretionError: the file cannot be written.
    """
    if path.is_dir():
        raise DiscretionError("is a folder", where=str(path), fix="name a file in it")
    text = render_page(card)
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise DiscretionError(
            f"cannot be written ({error.strerror})",
            where=str(path),
            fix="name a file in another folder: --output FILE",
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
        text=figures.text,
        interval=figures.interval,
        points=figures.points,
        points_interval=figures.points_interval,
        best=best,
        money=figures.money,
        money_interval=figures.money_interval,
        about=figures.about,
        bar=bar,
    )
    environment.tests["tuned"] = lambda name: name.startswith(PREFIX)
    drawn = _drawn(card)
    taught = card.teaching
    headlines = [*taught.answer, *taught.findings] if taught else []
    first = first_screen(card)
    asked = [arm.name for arm in card.arms if arm.name in drawn and arm.kind != "baseline"]
    return environment.get_template("report.html").render(
        card=card,
        drawn=drawn,
        first=first,
        glance=charts.curve_chart(
            first.curve, [first.arm] if first.arm else [], charts.LARGE, stop_of=first.arm
        )
        if first.curve
        else None,
        box=charts,
        rows=ROWS,
        failures=FAILURES,
        leanings=leanings(card.leans, asked or drawn),
        asked=asked,
        lesson=lesson(taught) if taught else None,
        headlines=[one for one in card.findings if one in headlines],
        columns=DRAWN,
        entries=figures.told(card.arms),
        figure_of=figures.of,
        pictures=[charts.curve_chart(curve, drawn) for curve in card.curves[:PICTURES]],
        calibration=[
            charts.calibration_chart(arm)
            for arm in sorted(card.arms, key=lambda arm: arm.kind == "baseline")
            if arm.name in drawn and arm.calibration
        ],
    )


def best(arms: Sequence[ArmCard]) -> list[ArmCard]:
    """The closest arms, those that decide by themselves before baselines and controls; in the
    order of all."""
    led = sorted(arms, key=lambda arm: (arm.kind == "baseline", arm.control))[:DRAWN]
    return [arm for arm in arms if arm in led]


def _drawn(card: Scorecard) -> list[str]:
    """The arms that are drawn: models and recorded decisions first, the closest first, controls
    after them. An arm that says the same to every case has no line."""
    has_line = {lean.arm for row in card.leans for lean in row.arms}
    has_line |= {line.arm for curve in card.curves for line in curve.arms}
    ranked = sorted(card.arms, key=lambda arm: (arm.kind == "baseline", arm.control))
    return [arm.name for arm in ranked if arm.name in has_line][:DRAWN]


def bar(figure: Figure) -> dict[str, Any]:
    """Where a small bar of the interval stands, in percent of the range from -0.2 to 1."""
    if figure.value is None:
        return {}
    low = figure.value if figure.low is None else figure.low
    high = figure.value if figure.high is None else figure.high
    first, at, last = (
        min(max((end + 0.2) / 1.2, 0.0), 1.0) * 100 for end in (low, figure.value, high)
    )
    return {"low": first, "at": at, "width": last - first}
