"""Reports: a run, or judgments alone, as one HTML page, as JSON, and as CSV tables."""

from __future__ import annotations

from pathlib import Path

from discretion.reports.page import write_page
from discretion.reports.tables import to_json, write_tables
from discretion.results import ReportOptions, build
from discretion.runs import Run

__all__ = ["ReportOptions", "report", "to_json", "write_page", "write_tables"]


def report(
    run: Run,
    output: str | Path = "report.html",
    options: ReportOptions | None = None,
) -> Path:
    """Write a run's report as one HTML file that opens without a network.

    Args:
        run: what `discretion.evaluate` returned.
        output: the file to write.
        options: what the page shows, like ``ReportOptions(panel="staff", with_cases=True)``.

    Returns:
        The file that was written.
    """
    return write_page(build(run, options or ReportOptions()), Path(output))
