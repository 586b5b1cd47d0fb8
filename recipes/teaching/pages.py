"""The teaching table as pages: all of it, and the part on docs/reference/teaching.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- teaching: begin -->", "<!-- teaching: end -->"
SHOWN = {
    "base": "untuned",
    "baseline/logistic": "logistic regression on the true features",
    "baseline/nearest": "nearest judged cases",
    "baseline/mean": "the people's mean rate",
}
LEFT_OUT = ("baseline/always-grant", "baseline/always-refuse")


def page(table: dict[str, Any]) -> str:
    """Every figure of every panel, as Markdown."""
    lines = [
        "# What each target teaches the built-in model",
        "",
        "**Simulated people and the built-in model**: this shows that the machinery works, and "
        "says nothing of real people or models.",
        "",
        _setting(table),
        "",
        "Gap is the noise-corrected gap to the people (0 would be an arm that knows their true "
        "rates), with its 95% interval between held-out domains; lean is too lax above zero. "
        "`+empty` and `+neutral`: the model that thinks first, with such a reasoning put in.",
    ]
    for panel, found in table["panels"].items():
        lines += [
            "",
            f"## {panel}",
            "",
            *_rows(found["teaching"]),
            "",
            *_contrasts(found["teaching"]),
        ]
        lines += ["", _clock(found, table)]
    lines += ["", f"Made by `python -m recipes.teaching` on commit {table['commit']}."]
    return "\n".join(lines) + "\n"


def summary(table: dict[str, Any]) -> str:
    """The short table: the gap of each target on each panel, and the verdicts."""
    panels = table["panels"]
    names = list(
        dict.fromkeys(
            row["name"]
            for found in panels.values()
            for row in found["teaching"]["rows"]
            if row["name"] not in LEFT_OUT and "+" not in row["name"] and row["kind"] != "method"
        )
    )
    best = {name: _mean_gap(table, name) for name in names}
    lines = [
        "| " + " | ".join(["gap to simulated people, unseen domains", *panels]) + " |",
        "|---|" + "---:|" * len(panels),
    ]
    for name in sorted(names, key=lambda one: best[one]):
        lines.append(f"| {SHOWN.get(name, name)} | " + " | ".join(_gaps(table, name, "raw")) + " |")
        if name == "base":
            cells = " | ".join(_gaps(table, name, "after a and b"))
            lines.append(f"| untuned, recalibrated | {cells} |")
    lines += ["", *_verdicts(table)]
    return "\n".join(lines)


def put_into_page(place: Path, table: dict[str, Any]) -> None:
    """Replace the table between its markers."""
    before = place.read_text(encoding="utf-8")
    part = f"{BEGIN}\n{summary(table)}\n{END}"
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    place.write_text(pattern.sub(lambda _: part, before), encoding="utf-8")


def _setting(table: dict[str, Any]) -> str:
    size = table["size"]
    seeds = "one training" if size["seeds"] == 1 else f"{size['seeds']} trainings, seeds averaged,"
    return (
        f"{size['domains']} domains, each held out in turn; {size['cases']} cases of each, judged "
        f"by {size['each']} of {size['people']} people; {size['taught']} judgments taught in each "
        f"fold, {seeds} of each target. Cases and people are new: settings were tried on others."
    )


def _clock(found: dict[str, Any], table: dict[str, Any]) -> str:
    since = (
        "since it was taken up again" if found["resumed"] else "from the first case to the report"
    )
    return f"By the clock: {found['hours']} hours {since}, {table['jobs']} panels at once."


def _rows(teaching: dict[str, Any]) -> Iterator[str]:
    yield "| | read | gap | 95% | lean | Brier | log loss | AUC | between seeds |"
    yield "|---|---|---:|---|---:|---:|---:|---:|---:|"
    for row in teaching["rows"]:
        if row["gap"]["value"] is None:
            continue
        cells = [row["name"], row["reading"], _number(row["gap"]), _interval(row["gap"], 3)]
        cells += [_number(row[name]) for name in ("signed", "brier", "log_loss", "auc")]
        spread = row["spread"]
        cells.append("–" if spread is None else f"{spread:.3f}")
        yield "| " + " | ".join(cells) + " |"


def _contrasts(teaching: dict[str, Any]) -> Iterator[str]:
    yield "| first | against | read | Brier difference | 95% | adjusted p | verdict |"
    yield "|---|---|---|---:|---|---:|---|"
    for one in teaching["contrasts"]:
        p = one["adjusted"] if one["family"] else one["p"]
        cells = [one["name"], one["against"], one["reading"], _number(one["difference"], 4)]
        cells += [_interval(one["difference"], 4), "–" if p is None else f"{p:.3f}"]
        cells.append(one["verdict"] + ("" if one["declared"] else " (exploratory)"))
        yield "| " + " | ".join(cells) + " |"


def _verdicts(table: dict[str, Any]) -> Iterator[str]:
    panels = table["panels"]
    said: dict[tuple[str, str], list[str]] = {}
    for found in panels.values():
        for one in found["teaching"]["contrasts"]:
            if one["family"] and one["reading"] == "raw":
                said.setdefault((one["name"], one["against"]), []).append(one["verdict"])
    yield "| declared contrast | " + " | ".join(panels) + " |"
    yield "|---|" + "---|" * len(panels)
    for (name, against), verdicts in said.items():
        yield f"| {name} against {against} | " + " | ".join(verdicts) + " |"


def _gaps(table: dict[str, Any], name: str, reading: str) -> list[str]:
    return [
        next(
            (
                _number(row["gap"])
                for row in found["teaching"]["rows"]
                if (row["name"], row["reading"]) == (name, reading)
            ),
            "–",
        )
        for found in table["panels"].values()
    ]


def _mean_gap(table: dict[str, Any], name: str) -> float:
    values = [float(gap) for gap in _gaps(table, name, "raw") if gap != "–"]
    return sum(values) / len(values) if values else float("inf")


def _number(figure: dict[str, Any], digits: int = 3) -> str:
    value = figure["value"]
    return "–" if value is None else f"{value:.{digits}f}"


def _interval(figure: dict[str, Any], digits: int) -> str:
    if figure["low"] is None or figure["high"] is None:
        return "–"
    return f"{figure['low']:.{digits}f} to {figure['high']:.{digits}f}"
