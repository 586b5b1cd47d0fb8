"""Cards of a tuned model that broke something, and of one that does not go by what it says."""

from discretion.scorecard.changes_from_base import TunedBesideBase, breakage_card
from discretion.scorecard.explanation_faithfulness import Stated, reason_cards
from discretion.scorecard.study import study_of
from scorecard.hand_made import like_people, panel, strict

ILL = "cause", "illness"


def breakage(some, tuned="tuned:tiny-labels/direct", after=like_people):
    """The strict model, tuned until it decides like these people."""
    study = study_of(some.cases, panel(some.cases))
    before, tried = ({case.id: of(case) for case in some} for of in (strict, after))
    return breakage_card(
        study, [TunedBesideBase(tuned, "tiny/direct", before, [tried])], some.policies
    )


def reasons(some, arm="tuned:tiny-real-before/chain-of-thought", effect=0.3):
    """It names illness in every other explanation, and moves by it alike."""

    def of(case):
        p = 0.9 - effect * (case.factors["cause"] == "none")
        jitter = 0.02 * (hash_of(case) % 7) / 7
        return [
            Stated(p + jitter * (draw % 3), frozenset({ILL} if draw % 2 else ()))
            for draw in range(16)
        ]

    study = study_of(some.cases, panel(some.cases))
    return reason_cards(study, some.scenarios, {arm: {case.id: of(case) for case in some}})


def hash_of(case):
    return int(case.id[:8], 16)
