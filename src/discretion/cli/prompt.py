"""`discretion prompt`: a prompt for any chat assistant, and a trial of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from discretion.cli import completion
from discretion.cli.app import app, desk, remark
from discretion.cli.commands import see
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.core.cases import Case, CaseSet
    from discretion.core.judgments import Panel
    from discretion.workspace import Workspace


@app.command(epilog=see("discretion prompt --output prompt.txt", "without-training"))
def prompt(
    policy: Annotated[
        str, typer.Option("--policy", help="Which policy; may be left out where there is one.")
    ] = "",
    language: Annotated[
        Literal["en", "ru"], typer.Option("--language", help="Of the instructions.")
    ] = "en",
    tokens: Annotated[
        int, typer.Option("--tokens", min=200, help="About how long the prompt may be.")
    ] = 2000,
    panel: Annotated[
        str,
        typer.Option(
            "--panel", autocompletion=completion.panels, help="Whose decisions are shown."
        ),
    ] = "",
    test: Annotated[
        int,
        typer.Option("--test", min=0, metavar="N", help="Print N held-out cases to try it on."),
    ] = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file, in place of the screen.")
    ] = None,
) -> None:
    """Print a prompt that lets any chat assistant decide your cases.

    It carries the rule, its purpose, what is never allowed, the steps, and what people decided in
    earlier cases. --test prints a second paste, of cases that no prompt shows;
    `discretion import --chat FILE` scores the reply.
    """
    from discretion.importing import approval

    here = desk()
    if approval.needed(here.store):
        remark(
            "the texts in this prompt are not approved yet: they may hold personal data. Check "
            "them with: discretion privacy samples; then: discretion privacy approve"
        )
    if test:
        held = _held_out(here, _under(here.cases, policy), panel)
        _write(_trial(here, held, test, language), output)
        return
    _write(prompt_text(here, policy, language=language, tokens=tokens, panel=panel), output)


def prompt_text(
    here: Workspace,
    policy: str = "",
    *,
    language: Literal["en", "ru"] = "en",
    tokens: int = 2000,
    panel: str = "",
) -> str:
    """The prompt by which a chat assistant can decide under a policy."""
    from discretion.methods import chat
    from discretion.storage import records

    cases = _under(here.cases, policy)
    judged = _judged(here, panel)
    held = _held_out(here, cases, panel)
    pool = records.precedents(here.store, cases, judged) if judged else []
    shown = chat.without_trial(pool, held)
    written = cases.policy_of(cases[0])
    if not written.rule:
        remark(
            f"the policy {written.id!r} has no rule yet, so the prompt has none; write "
            f"policies/{written.id}.yaml with two lines, id: {written.id} and rule: TEXT"
        )
    if not any(one.case.text for one in shown):
        remark("nobody's judgments can be shown, so the prompt has no earlier cases")
    units = {case.unit for case in cases}
    return chat.chat_prompt(
        written,
        shown,
        language=language,
        tokens=tokens,
        unit=units.pop() if len(units) == 1 else "",
        simulated=judged is not None and judged.simulated,
    )


def _judged(here: Workspace, panel: str) -> Panel | None:
    from discretion.storage import records

    return here.panel(panel) if records.panel_names(here.store) else None


def _held_out(here: Workspace, cases: CaseSet, panel: str) -> list[Case]:
    """Cases that no prompt shows."""
    from discretion.methods import chat

    judged = _judged(here, panel)
    rates = zip(judged.cases, judged.rate, strict=True) if judged else ()
    decided = {case for case, rate in rates if rate == rate}
    return chat.choose_trial([case for case in cases if case.id in decided])


def _under(cases: CaseSet, policy: str) -> CaseSet:
    """The cases under one policy."""
    known = sorted({case.policy for case in cases})
    if not known:
        raise DiscretionError(
            "there are no cases yet",
            fix="describe some in scenarios/, or bring some in with: discretion import FILE",
        )
    if not policy and len(known) > 1:
        raise DiscretionError(
            "there are several policies", fix=f"name one with --policy: {', '.join(known)}"
        )
    if policy and policy not in known:
        raise DiscretionError(
            f"no case falls under a policy {policy!r}", fix=f"choose from: {', '.join(known)}"
        )
    return cases.only(case for case in cases if case.policy == (policy or known[0]))


def _trial(here: Workspace, held: list[Case], count: int, language: str) -> str:
    """The paste of a trial, which the log remembers by its id."""
    from discretion.canonical import digest
    from discretion.methods import chat
    from discretion.storage import records

    if not held:
        raise DiscretionError(
            "there are too few judged cases with a text to hold any out",
            fix="bring in more with: discretion import FILE",
        )
    if count > len(held):
        remark(f"only {len(held)} cases are held out, so there are {len(held)} in place of {count}")
    cases = held[:count]
    ids = [case.id for case in cases]
    trial = digest(("trial", ids))[:8]
    records.note(here.store, "trial", trial, {"cases": ids})
    return chat.trial_text(trial, cases, language=language)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        print(text, end="")
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DiscretionError(
            f"cannot be written ({error.strerror})", where=str(output), fix="name another file"
        ) from error
    remark(f"wrote {output}")
