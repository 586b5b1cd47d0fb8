"""`discretion import --chat`: a chat assistant's reply to a trial, kept as a recorded arm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from discretion.cli.app import print_json, remark
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.workspace import Workspace


def import_chat(here: Workspace, file: Path, arm: str, *, as_json: bool) -> None:
    """Read a reply and keep what it decided as recorded/ARM; whom it would ask decides nothing."""
    from discretion.canonical import digest
    from discretion.importing.chat import read_reply
    from discretion.storage import records

    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DiscretionError(
            "cannot be read as UTF-8 text", where=str(file), mend="save the reply as a text file"
        ) from error
    reply = read_reply(text)
    cases = _asked(here, reply.trial, file)
    beyond = sorted(number for number in reply.decisions if not 1 <= number <= len(cases))
    if beyond:
        raise DiscretionError(
            f"answers request {beyond[0]}, but the trial has {len(cases)}",
            where=str(file),
            mend="paste the reply to the newest trial, with its line: Trial …",
        )
    decided = {
        cases[number - 1]: decision == "grant"
        for number, decision in reply.decisions.items()
        if decision != "unsure"
    }
    here.store.append(
        records.recorded_entry(arm, case, float(granted), decision=digest(text))
        for case, granted in decided.items()
    )
    counts = {
        "asked": len(cases),
        "granted": sum(decided.values()),
        "refused": len(decided) - sum(decided.values()),
        "a person": len(reply.decisions) - len(decided),
        "unread": len(reply.unread),
        "unanswered": len(cases) - len(reply.decisions),
    }
    if as_json:
        print_json(counts)
        return
    print(", ".join(f"{count} {name}" for name, count in counts.items() if count))
    remark(f"next: discretion evaluate --arm recorded/{arm} && discretion report")


def _asked(here: Workspace, trial: str, file: Path) -> list[str]:
    """The cases of a trial, or of the newest where the reply does not name it."""
    trials = {entry.key: list(entry.body["cases"]) for entry in here.store.entries("trial")}
    if not trials:
        raise DiscretionError(
            "no trial was made here", where=str(file), mend="make one: discretion prompt --test 20"
        )
    if trial and trial not in trials:
        raise DiscretionError(
            f"answers trial {trial}, which was not made in this workspace",
            where=str(file),
            mend=f"trials here: {', '.join(trials)}",
        )
    return trials[trial] if trial else list(trials.values())[-1]
