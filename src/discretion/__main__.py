"""`python -m discretion`: the command line."""

from __future__ import annotations

from discretion.cli import main

main()
