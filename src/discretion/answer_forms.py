"""In what form an arm's answers are scored: chosen once for each model and method, by a probe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from discretion.arms import ANSWER_CUE, Arm, Form
from discretion.canonical import digest
from discretion.cases import Case
from discretion.coroutines import complete
from discretion.prompted import PromptedArm
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
    tell: Callable[[str], None] | None = None,
) -> list[Arm]:
    """The arms, each scored in its form: the model's own, the one in the log, or what a probe
    chooses now and the log keeps.

    Args:
        cases: what will be asked; a hash takes the probe's prompts from them.
        probe: without it arms that were never probed stay as they are, and nothing is loaded.
        tell: hears which form each arm that can be probed is scored in, in one sentence.

    Raises:
        DiscretionError: a model cannot be loaded, or cannot spell the answers.
    """
    return [_settled(arm, cases, store, probe=probe, tell=tell) for arm in arms]


def choose(outside: Mapping[Form, float]) -> Form:
    """The form by the mean mass on neither answer in each: complete answers where those work,
    else the least, the earlier one of those that are alike."""
    if not outside or outside.get("end", 1.0) <= WORKS:
        return "end"
    least = min(outside.values())
    return next(form for form, mass in outside.items() if mass <= least + ALIKE)


def _settled(
    arm: Arm,
    cases: Sequence[Case],
    store: Store,
    *,
    probe: bool,
    tell: Callable[[str], None] | None,
) -> Arm:
    if not isinstance(arm, PromptedArm) or arm.form != "end":
        return arm
    if arm.settled_form is not None:
        return arm.in_form(arm.settled_form)
    key = digest((KIND, arm.fingerprint))
    noted = next(iter(store.find(KIND, [key])), None)
    if noted is not None:
        form: Form = noted.body["form"]
        outside: Mapping[Form, float] = noted.body["outside"]
    elif probe:
        asked = [case for case in _by_hash(cases) if arm.calls(case)][:PROBED]
        outside = {form: round(mass, 4) for form, mass in complete(arm.probe(asked)).items()}
        form = choose(outside)
        body = {"arm": arm.name, "form": form, "outside": outside, "prompts": len(asked)}
        records.note(store, KIND, key, body)
    else:
        return arm
    if tell is not None and outside:
        tell(_sentence(arm.name, form, outside))
    return arm.in_form(form)


def _by_hash(cases: Sequence[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: digest(("probe", case.id)))


def _sentence(name: str, form: Form, outside: Mapping[Form, float]) -> str:
    share = f"{100 * outside[form]:.0f}% of its probability is on neither answer"
    if form == "end":
        return f"{name}: scored by {IN_WORDS[form]}; {share} (tried on {PROBED} prompts)"
    before = "" if "end" not in outside else f", {100 * outside['end']:.0f}% for {IN_WORDS['end']}"
    return f"{name}: scored by {IN_WORDS[form]}; {share}{before} (tried on {PROBED} prompts)"
