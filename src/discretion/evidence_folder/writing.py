"""Writing: a run's evidence as one folder, checked before it gets its name."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discretion
from discretion.errors import DiscretionError
from discretion.evidence_folder import files as kept
from discretion.evidence_folder.disclosure import Disclosure
from discretion.evidence_folder.figures import tables
from discretion.evidence_folder.rows import write_rows
from discretion.evidence_folder.selection import facts_of, named_in, places
from discretion.evidence_folder.verifying import Verdict, verify_evidence
from discretion.models.folder import read_notes
from discretion.models.tuned import PREFIX
from discretion.runs import Run, runs
from discretion.storage import Store, records
from discretion.storage.extract import hashes, placed
from discretion.tuning.asking import taught_method
from discretion.tuning.measured import models_of

UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True)
class Shown:
    """What else goes into the folder, beside what figures need."""

    cases: bool = False
    explanations: bool = False
    prompts: bool = False
    whole_log: bool = False
    """Every row of the log, without personal parts that no figure needs."""


def write_evidence(
    run: Run,
    into: Path,
    *,
    made: str,
    panel: str = "",
    models: Path,
    model: str = "",
    shown: Shown = Shown(),
) -> Verdict:
    """Write everything that the figures of a run depend on, and recompute them from it.

    Args:
        into: the folder to make; it must not be there.
        made: when, ISO 8601.
        panel: whom to compare with; by default the plan's, or the only one.
        models: the folder of the workspace's tuned models.
        model: the tuned model that it is about, whose card is put in.

    Returns:
        What the verification of the folder found: no problems.

    Raises:
        DiscretionError: the folder is there, the run is not finished, or what was written does not
            give the same figures. Then nothing stands under that name.
    """
    if into.exists():
        raise DiscretionError("is there already", where=str(into), fix="name another with --into")
    if not run.finished:
        raise DiscretionError(
            "the run was stopped before its end", where=run.id, fix="repeat it, it goes on"
        )
    run.store.flush()
    work = into.with_name(into.name + UNFINISHED)
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir(parents=True)
        people = records.panel(run.store, panel or run.plan.compared_with).name
        notes = {one: read_notes(models / one) for one in models_of(run)}
        _fill(work, run, people, notes, shown)
        if model:
            shutil.copyfile(models / model / "README.md", work / kept.CARD)
        _seal(work, run, people, made, model, shown)
        verdict = verify_evidence(work)
        if verdict.problems:
            raise DiscretionError(
                f"what was written does not give the same figures: {verdict.problems[0]}",
                where=run.id,
                fix="repeat it when nothing else writes to the log",
            )
        work.rename(into)
    except OSError as error:
        raise DiscretionError(
            f"cannot be written ({error.strerror})", where=str(into), fix="name another folder"
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return verdict


def run_of(store: Store, model: str) -> Run:
    """The newest finished run in which a tuned model was asked what it had not seen.

    Raises:
        DiscretionError: there is none.
    """
    begin = f"{PREFIX}{model}/"
    for run in reversed(runs(store)):
        asked = any(name.startswith(begin) for name, _ in run.arms)
        if asked and run.finished and not run.plan.rehearsal:
            return run
    raise DiscretionError(
        f"{PREFIX}{model} was never asked what it had not seen",
        where=str(store.path),
        fix=f"run: discretion evaluate --arm {begin}{taught_method(store, model)}",
    )


def _fill(
    work: Path, run: Run, people: str, notes: dict[str, dict[str, Any]], shown: Shown
) -> None:
    """Everything but the card and the manifest."""
    store = run.store
    chain = hashes(store.path)
    last = len(chain)
    needed = places(run, people)
    chosen = range(1, last + 1) if shown.whole_log else {*needed, last}
    disclosure = Disclosure(
        cases=shown.cases,
        explanations=shown.explanations,
        prompts=shown.prompts,
        facts=facts_of(run),
        about=named_in(run, people),
    )
    write_rows(
        work,
        (
            disclosure.of(row, needed=row.seq in needed)
            for row in placed(store.path, chosen)
            if row.seq <= last
        ),
    )
    (work / kept.CHAIN).write_text("\n".join(chain) + "\n", encoding="ascii")
    stated = tables(run, people, notes, texts=shown.prompts)
    # The head of the rows that are here, should others have been added meanwhile.
    stated["run"]["head"] = chain[-1]
    kept.write_json(work / kept.TABLES, stated)
    kept.write_json(work / kept.ENVIRONMENT, kept.environment())
    kept.write_json(work / kept.NOTES, notes)


def _seal(work: Path, run: Run, people: str, made: str, model: str, shown: Shown) -> None:
    """The manifest, when everything else is there."""
    chain = kept.read_chain(work)
    kept.write_manifest(
        work,
        kept.Manifest(
            format=kept.FORMAT,
            version=discretion.__version__,
            made=made,
            run=run.id,
            panel=people,
            model=model,
            head=chain[-1],
            entries=len(chain),
            shown={
                "cases": shown.cases,
                "explanations": shown.explanations,
                "prompts": shown.prompts,
                "whole_log": shown.whole_log,
            },
            files=kept.file_hashes(work),
        ),
    )
