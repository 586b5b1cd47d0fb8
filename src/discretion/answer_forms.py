"""In what form an arm's answers are scored: chosen once for each model and method, by a probe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from discretion.canonical import digest
from discretion.core.arms import ANSWER_CUE, Arm, Form
from discretion.core.cases import Case
from discretion.core.prompted import PromptedArm
from discretion.coroutines import run_sync
from discretion.storage import Store, records

KIND = "form"
"""Of the log's entries that hold what a probe chose."""
PROBED = 12
"""Prompts in a probe, each of another case."""
WORKS = 0.2
"""Mean mass on neither answer up to which complete answers are kept: they need no cue, and no
guess where an answer ends."""
ALIKE = 0.01
"""Forms whose mass outside differs by less are alike: the one nearer to a complete answer stays."""

IN_WORDS: Mapping[Form, str] = {
    "end": "complete answers",
    "cue": f'complete answers after "{ANSWER_CUE}"',
    "word": "the first words of its answers",
    "cue-word": f'the first words after "{ANSWER_CUE}"',
}
"""What is scored in each form."""


def settle(
    arms: Sequence[Arm],
    cases: Sequence[Case],
    store: Store,
    *,
    probe: bool = True,
) -> list[Arm]:
    """The arms, each scored in its form: the model's own, the one in the log, or what a probe
    chooses now and the log keeps.

    Args:
        cases: what will be asked; a hash takes the probe's prompts from them.
        probe: without it arms that were never probed stay as they are, and nothing is loaded.

    Raises:
        DiscretionError: a model cannot be loaded, or cannot spell the answers.
    """
    return [_settled(arm, cases, store, probe=probe) for arm in arms]


def told(arms: Sequence[Arm], store: Store) -> list[str]:
    """Which form each arm that was probed is scored in, and why, in one sentence each."""
    said = []
    for arm in arms:
        noted = _noted(arm, store) if isinstance(arm, PromptedArm) else None
        if noted is not None:
            said.append(_sentence(arm.name, noted["form"], noted["outside"], noted["prompts"]))
    return said


def choose(outside: Mapping[Form, float]) -> Form:
    """The form by the mean mass on neither answer in each: complete answers where those work,
    else the least, the earlier one of those that are alike."""
    if not outside or outside.get("end", 1.0) <= WORKS:
        return "end"
    least = min(outside.values())
    return next(form for form, mass in outside.items() if mass <= least + ALIKE)


def _settled(arm: Arm, cases: Sequence[Case], store: Store, *, probe: bool) -> Arm:
    if not isinstance(arm, PromptedArm) or arm.form != "end":
        return arm
    if arm.settled_form is not None:
        return arm.in_form(arm.settled_form)
    noted = _noted(arm, store)
    if noted is None and not probe:
        return arm
    if noted is None:
        asked = list(islice((case for case in _by_hash(cases) if arm.calls(case)), PROBED))
        outside = {form: round(mass, 4) for form, mass in run_sync(arm.probe(asked)).items()}
        if not outside:  # nothing could be asked, so nothing was chosen
            return arm
        noted = {
            "arm": arm.name,
            "form": choose(outside),
            "outside": outside,
            "prompts": len(asked),
        }
        records.note(store, KIND, _key(arm), noted)
    return arm.in_form(noted["form"])


def _noted(arm: PromptedArm, store: Store) -> Mapping[str, Any] | None:
    """What the log holds of a probe of this model and method."""
    if arm.settled_form is not None:
        return None
    found = next(iter(store.find(KIND, [_key(arm)])), None)
    return None if found is None else found.body


def _key(arm: PromptedArm) -> str:
    return digest((KIND, arm.in_form("end").fingerprint))


def _by_hash(cases: Sequence[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: digest(("probe", case.id)))


def _sentence(name: str, form: Form, outside: Mapping[Form, float], prompts: int) -> str:
    other = f" ({100 * outside['end']:.0f}% with {IN_WORDS['end']})" if form != "end" else ""
    return (
        f"{name} is scored by {IN_WORDS[form]}: on {prompts} prompts {100 * outside[form]:.0f}% of "
        f"its probability was on neither answer{other}"
    )
