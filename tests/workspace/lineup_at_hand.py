"""Six people's judgments on 24 cases, and arms by name over them."""

from discretion.core.judgments import Judgment
from discretion.core.plans import Plan
from discretion.storage import records
from discretion.workspace.lineup import Lineup
from stand_in import case_set

CASES_AT_HAND = case_set(24)
"""Four cases in each of six scenarios."""


def judged(otherwise=()):
    """Six raters; those of `otherwise` (scenarios) all decide the other way round."""
    return [
        records.judgment_entry(
            Judgment(
                f"{case.id}-{rater}",
                case.id,
                "people",
                "grant" if grants != (case.scenario in otherwise) else "refuse",
                f"rater-{rater}",
                f"Why of {case.id}.",
            )
        )
        for number, case in enumerate(CASES_AT_HAND)
        for rater in range(6)
        for grants in [(number + rater) % 24 < 12]
    ]


def lineup(store, *, cases=CASES_AT_HAND, settings=None, **plan):
    return Lineup(
        folder=store.path.parent,
        models={"qwen": {}, **(settings or {})},
        case_set=cases,
        plan=Plan(**{"arms": ("qwen/direct",), **plan}),
        panel=lambda name: records.panel(store, name),
        store=store,
    )


def told(error):
    return str(error.value)
