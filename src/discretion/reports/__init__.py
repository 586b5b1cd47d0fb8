"""Reports: a run, or judgments alone, as one HTML page, as JSON, and as CSV tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from discretion.measures.weights import Weigh
from discretion.reports.page import write_page
from discretion.reports.tables import to_json, write_tables
from discretion.results import ReportOptions, build
from discretion.runs import Run
from discretion.scorecards.cards import PricesOf

__all__ = ["report", "to_json", "write_page", "write_tables"]


def report(
    run: Run,
    output: str | Path = "report.html",
    *,
    title: str = "",
    panel: str = "",
    by: Sequence[str] = (),
    others: Sequence[str] = (),
    prices: PricesOf = "run",
    as_they_occur: bool = False,
    weigh: Weigh = "scenarios",
    with_cases: bool = False,
) -> Path:
    """Write a run's report as one HTML file that opens without a network.

    Args:
        run: what `discretion.evaluate` returned.
        output: the file to write.
        title: the page's heading.
        panel: whom to compare with; may be left out where there is one panel.
        by: columns of the judgments whose values make groups of raters to compare with too.
        others: panels to set beside it.
        prices: what wrong decisions cost: as the policies said when the run was made, or today.
        as_they_occur: count money as often as cases occur in the imported tickets.
        weigh: whether scenarios or cases count the same.
        with_cases: show the texts of the largest disagreements.

    Returns:
        The file that was written.
    """
    options = ReportOptions(
        title=title,
        panel=panel,
        by=tuple(by),
        others=tuple(others),
        prices=prices,
        as_they_occur=as_they_occur,
        weigh=weigh,
        with_cases=with_cases,
    )
    return write_page(build(run, options), Path(output))
