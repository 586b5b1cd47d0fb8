"""Values that reached no model: cases whose prompts, as they were sent, do not hold the value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from discretion.core.cases import Case, CaseSet
from discretion.core.facts import holds_value, value_stands
from discretion.runs import Run
from discretion.storage import records

_PAGE = 500


def unseen_values(run: Run, case_set: CaseSet, names: Mapping[str, str]) -> Iterator[str]:
    """One sentence for each arm that was not shown a value.

    Only cases whose text does not hold the value are looked at: a text is in every prompt.

    Args:
        case_set: the run's cases.
        names: the name under which an arm stands on the page, where it is another.
    """
    cases = {
        case.id: case for case in case_set if not value_stands(case) and case.value is not None
    }
    kinds = {arm: kind for (arm, _), kind in zip(run.arms, run.kinds, strict=True)}
    asked: dict[str, dict[str, str]] = {}
    for arm, case, key in records.used(run.store, run.id) if cases else ():
        if case in cases and kinds.get(arm) == "model":
            asked.setdefault(names.get(arm, arm), {}).setdefault(case, key)
    for arm, keys in asked.items():
        unseen = [cases[case] for case in _without_value(run, cases, keys)]
        if unseen:
            yield (
                f"{arm} was not shown the value of {len(unseen):,} of {len(keys):,} cases whose "
                f"text does not hold it, for example of case {unseen[0].id} ({unseen[0].label}). "
                "Put {facts} into its prompt and ask again."
            )


def _without_value(run: Run, cases: dict[str, Case], keys: dict[str, str]) -> Iterator[str]:
    """The cases in whose prompt, where it is at hand, the value does not stand."""
    pairs = list(keys.items())
    for start in range(0, len(pairs), _PAGE):
        page = pairs[start : start + _PAGE]
        answers = records.answers(run.store, [key for _, key in page], texts=True)
        for case, key in page:
            prompt = answers[key].prompt
            if prompt and not holds_value(cases[case], prompt):
                yield case
