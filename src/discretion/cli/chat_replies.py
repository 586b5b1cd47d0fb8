"""`discretion import --chat`: a chat assistant's reply to a trial, kept as a recorded arm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from discretion.cli.app import print_json, remark
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.workspace import Workspace

SHOWN, WIDE = 5, 80
"""How many lines that could not be read are shown, and how much of each."""


def import_chat(here: Workspace, file: Path, arm: str, *, as_json: bool) -> None:
    """Read a reply and keep what it decided as recorded/ARM; whom it would ask decides nothing."""
    from discretion.canonical import digest
    from discretion.importing.chat import read_reply
    from discretion.storage import recorded

    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DiscretionError(
            f"cannot be read ({error.strerror})", where=str(file), fix="check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise DiscretionError(
            "is no UTF-8 text", where=str(file), fix="save the reply as plain text, in UTF-8"
        ) from error
    reply = read_reply(text, str(file))
    cases = _asked(here, reply.trial, file)
    for number in sorted({*reply.decisions, *reply.unread}):
        if not 1 <= number <= len(cases):
            raise DiscretionError(
                f"answers request {number}, but the trial has 1 to {len(cases)}",
                where=str(file),
                fix="number the answers as the trial does, or name the trial that they are to, "
                "with its line: Trial …",
            )
    decided = {
        cases[number - 1]: decision == "grant"
        for number, decision in reply.decisions.items()
        if decision != "unsure"
    }
    again = recorded.shares(here.store, arm).keys() & decided.keys()
    new = here.store.append(
        recorded.decision_entry(arm, case, float(granted), decision=digest(text))
        for case, granted in decided.items()
    )
    silent = [
        number
        for number in range(1, len(cases) + 1)
        if number not in reply.decisions and number not in reply.unread
    ]
    counts = {
        "asked": len(cases),
        "granted": sum(decided.values()),
        "refused": len(decided) - sum(decided.values()),
        "a person": len(reply.decisions) - len(decided),
        "unread": len(reply.unread),
        "unanswered": len(silent),
    }
    if as_json:
        print_json(counts)
        return
    print(", ".join(f"{count} {name}" for name, count in counts.items() if count))
    _remark_on(reply.unread, silent)
    if again and any(new):
        remark(
            f"recorded/{arm} had decided {len(again)} of these before, and has now its share of "
            "grants; keep what another prompt decided apart: --arm NAME"
        )
    if decided:
        remark(f"next: discretion evaluate --arm recorded/{arm} && discretion report")
    else:
        remark("none of it is a decision, so there is nothing to compare")


def _remark_on(unread: dict[int, str], silent: list[int]) -> None:
    """Which requests decide nothing, so that their lines can be mended or asked again."""
    for number in sorted(unread)[:SHOWN]:
        said = unread[number] if len(unread[number]) <= WIDE else f"{unread[number][:WIDE]}…"
        remark(f"request {number} is not plainly granted, refused or handed on: {said}")
    if len(unread) > SHOWN:
        remark(f"and {len(unread) - SHOWN} more")
    if silent:
        remark(f"no answer to: {', '.join(map(str, silent))}")


def _asked(here: Workspace, trial: str, file: Path) -> list[str]:
    """The cases of the trial that a reply names, or of the only one that was made."""
    trials = {entry.key: list(entry.body["cases"]) for entry in here.store.entries("trial")}
    if not trials:
        raise DiscretionError(
            "no trial was made here", where=str(file), fix="make one: discretion prompt --test 20"
        )
    if trial and trial not in trials:
        raise DiscretionError(
            f"answers trial {trial}, which was not made in this workspace",
            where=str(file),
            fix=f"trials here: {', '.join(trials)}",
        )
    if not trial and len(trials) > 1:
        raise DiscretionError(
            "does not say which trial it answers",
            where=str(file),
            fix=f"add the line of its trial, one of: Trial {', Trial '.join(trials)}",
        )
    return trials[trial] if trial else next(iter(trials.values()))
