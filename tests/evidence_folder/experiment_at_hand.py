"""A small experiment in a log, as a training and its evaluation leave it, made without training.

Two targets and one seed; the first scenario is held out. Answers are known tables.
"""

import json
from dataclasses import replace

from discretion.core.arms import TableArm
from discretion.core.judgments import Judgment
from discretion.core.plans import HeldOut, Plan
from discretion.core.tuning_plans import TuningPlan
from discretion.evaluation import evaluate
from discretion.storage import Store, records
from discretion.training.cards import LIMITS, RESULTS
from discretion.tuning import freeze
from scorecard import hand_made

HELD = "scenario-0"
SOME = hand_made.case_set(3)
CASES = SOME.only(replace(case, columns={"desk": "north", "name": "Ann"}) for case in SOME.cases)
NAMES = ("Ann Archer", "Bob Baker", "Cy Cole", "Di Dean", "Ed Eves", "Flo Fry", "Gus", "Hal", "Io")
MODELS = ("tiny-labels-0", "tiny-real-after-0")
NOTES = {
    "base": {"model": "tiny", "fingerprint": "f" * 64},
    "seed": 0,
    "fold": 0,
    "hold_out": {"by": "scenario", "held": [HELD]},
    "examples": {"count": 40, "hash": "e" * 64},
}
PLAN = TuningPlan(
    model="tiny",
    targets=("labels", "real-after"),
    hold_out=HeldOut(by="scenario", groups=(HELD,)),
    seeds=1,
    beside=("direct",),
)


def rater(place):
    return NAMES[place] if place < len(NAMES) else f"Rater {place}"


def judge(store, panel="staff"):
    store.append(
        [
            records.judgment_entry(
                Judgment(
                    id=f"{panel}-{case.id}-{place}",
                    case=case.id,
                    panel=panel,
                    answer="grant" if place < hand_made.grants(case) else "refuse",
                    rater=rater(place),
                    explanation=f"Because, says {rater(place)}.",
                    source="tickets.csv",
                    columns={"tenure": "lead" if place < 4 else "starter", "phone": "555-0100"},
                )
            )
            for case in CASES
            for place in range(hand_made.RATERS)
        ]
    )


def table(name, shift, cases):
    """Grants as often as the people, but for a shift that grows with the case's place."""
    answers = {
        case.id: min(0.97, max(0.03, hand_made.grants(case) / 10 + shift + place % 7 / 50))
        for place, case in enumerate(cases)
    }
    return TableArm(name, "scored", answers, f"print of {name} on {len(cases)}")


def make(folder):
    """A workspace's log and models in a new folder; the run that asked what was held out."""
    store = Store(folder / "discretion.db")
    judge(store)
    held = CASES.only(case for case in CASES if case.scenario == HELD)
    taught = CASES.only(case for case in CASES if case.scenario != HELD)
    freeze(store, PLAN, held, "2026-01-01T00:00:00+00:00", asked=True)
    for model, target in zip(MODELS, PLAN.targets, strict=True):
        notes = NOTES | {"target": target}
        records.note(store, "tuned", model, notes, grouping=PLAN.hash)
        place = folder / "models" / model
        place.mkdir(parents=True)
        (place / "discretion.json").write_text(json.dumps(notes), encoding="utf-8")
        (place / "README.md").write_text(
            f"# {model}\n\n{RESULTS}\n\nNone.\n\n{LIMITS}\n\nMany.\n", encoding="utf-8"
        )
    clock = iter(f"2026-01-02T00:00:0{second}+00:00" for second in range(10))
    run = None
    for cases, rehearsal in ((taught, True), (held, False)):
        arms = [
            table("tiny/direct", -0.3, cases),
            table("tuned:tiny-labels-0/direct", 0.1, cases),
            table("tuned:tiny-real-after-0/direct", -0.05, cases),
            table("baseline/logistic", 0.02, cases),
        ]
        plan = Plan(arms=tuple(one.name for one in arms), tuning=PLAN.hash, rehearsal=rehearsal)
        run = evaluate(cases, arms, store, plan=plan, clock=lambda: next(clock))
    assert run is not None
    return run
