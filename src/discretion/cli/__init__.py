"""The command line: parses, calls, prints."""

from __future__ import annotations

import gc
import sys

from discretion.cli import (  # noqa: F401  each module registers its commands
    arms,
    cases,
    check,
    doctor,
    evaluate,
    evidence,
    fine_tuning,
    gate,
    importing,
    init,
    log,
    models,
    models_catalog,
    models_tuned,
    plan,
    power,
    privacy,
    prompt,
    report,
    schema,
    start,
    tune,
)
from discretion.cli.app import app, options
from discretion.cli.streams import speak_plainly
from discretion.errors import DiscretionError

__all__ = ["app", "main"]


def main() -> None:
    """Run one command; what users can fix is one sentence on stderr and exit code 2."""
    # Many small records are read and few refer to each other: Python looked for such too often.
    gc.set_threshold(100_000, 20, 20)
    for stream in (sys.stdout, sys.stderr):
        speak_plainly(stream)
    try:
        app()
    except DiscretionError as error:
        if options.debug:
            raise
        print(f"discretion: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
