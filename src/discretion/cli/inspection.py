"""`discretion import LOG.eval`: a log of Inspect AI, kept as a recorded arm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from discretion.cli.app import print_json, remark

if TYPE_CHECKING:
    from discretion.workspace import Workspace


def import_log(here: Workspace, file: Path, arm: str, *, as_json: bool) -> None:
    """Keep each decision of a log as recorded/ARM, by default under the model's name."""
    from discretion.importing.inspect_logs import read_log
    from discretion.storage import recorded

    log = read_log(file, here.cases, arm=arm)
    fresh = here.store.append(
        recorded.decision_entry(one.arm, one.case, one.p, decision=one.id, n=one.n)
        for one in log.recorded
    )
    counts = {
        "decisions": len(log.recorded),
        "undecided": log.undecided,
        "of no case here": log.unknown,
    }
    if as_json:
        print_json({"arm": f"recorded/{log.arm}", **counts, "new": sum(fresh)})
        return
    parts = [f"{count:,} {what}" for what, count in counts.items() if count]
    print(f"{file.name}: {', '.join(parts)}; {sum(fresh):,} new, as recorded/{log.arm}")
    remark(f"next: discretion evaluate --arm recorded/{log.arm} && discretion report")
