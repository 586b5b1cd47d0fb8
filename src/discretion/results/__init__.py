"""Results: everything that a run, or judgments alone, come to, put together in one place.

The command line, Python, the gate and evidence read what `build` gives, so that a figure is the
same wherever it is shown.
"""

from discretion.results.build import ReportOptions, build, build_people, prices_changed

__all__ = ["ReportOptions", "build", "build_people", "prices_changed"]
