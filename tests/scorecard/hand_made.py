"""A study small enough to know by heart: people who stop at a known distance, and arms beside them.

Each scenario has five values, one factor that matters and one that should not. Of ten raters, the
first `grants(case)` grant each case.
"""

from dataclasses import fields

from discretion import scorecard
from discretion.core.answers import Estimate
from discretion.core.cases import CaseSet, cases_of
from discretion.core.judgments import Judgment, Tally, gather
from discretion.core.policies import Policy
from discretion.core.scenarios import Scenario
from discretion.core.selections import parse_selection
from discretion.scorecard import Answered, Beside, Heading, Pricing, ScoreOptions

VALUES = ("9", "11", "14", "20", "40")
GRANTS = {"9": 10, "11": 9, "14": 7, "20": 3, "40": 1}
"""Of ten people, without a cause; with one, one more grants."""
RATERS = 10
LEADS = 3


def policy(index=0, **more):
    return Policy(id=f"policy-{index}", rule="At most ten.", domain="returns", **more)


def scenario(index=0, title=""):
    return Scenario.model_validate(
        {
            "id": f"scenario-{index}",
            "policy": f"policy-{index}",
            "title": title,
            "limit": "10",
            "unit": "days",
            "values": list(VALUES),
            "wordings": ["{value} of {limit}. {cause} {channel}"],
            "factors": {
                "cause": {"levels": {"none": "", "illness": "They were ill."}},
                "channel": {
                    "levels": {"phone": "By phone.", "mail": "By mail."},
                    "should_not_matter": True,
                },
            },
        }
    )


def case_set(scenarios=6, titles=("",), **policy_facts):
    policies = {f"policy-{index}": policy(index, **policy_facts) for index in range(scenarios)}
    described = {
        f"scenario-{index}": scenario(index, titles[index % len(titles)])
        for index in range(scenarios)
    }
    cases = tuple(
        case for one in described.values() for case in cases_of(one, policies[one.policy])
    )
    return CaseSet(cases, policies, described)


def grants(case):
    """How many of the ten people grant a case."""
    more = case.factors["cause"] == "illness"
    # Scenarios differ a little, or nothing between them would vary.
    odd = int(case.scenario[-1]) % 2
    return min(RATERS, max(0, GRANTS[str(case.value)] + more - odd))


def judgments(some, skip=0):
    """What the ten decided one by one; the first three of them are leads."""
    return [
        Judgment(
            f"{case.id}-{rater}",
            case.id,
            "staff",
            "grant" if rater < grants(case) else "refuse",
            rater=f"rater-{rater}",
            columns={"tenure": "lead" if rater < LEADS else "starter"},
        )
        for place, case in enumerate(some)
        for rater in range(RATERS)
        if not skip or (place * place + rater) % skip
    ]


def groups(some):
    """The leads and the starters among them, each as a panel."""
    return [
        ("tenure", one, gather(parse_selection(f"staff[tenure={one}]"), judgments(some)))
        for one in ("lead", "starter")
    ]


def panel(some, unsure=0, skip=0):
    """Ten people who judged every case, or passed over some; the first `unsure` cases also have an
    unsure answer."""
    rows = judgments(some, skip)
    rows += [Judgment(f"{case.id}-u", case.id, "staff", "unsure") for case in some[:unsure]]
    return gather("staff", rows)


def counted(some, n=RATERS):
    """The same people, of whom only rates are known."""
    return gather(
        "staff", [], [Tally(case.id, case.id, "staff", grants(case) / RATERS, n) for case in some]
    )


def estimate(case, p, **more):
    return Estimate(
        **{
            "case": case.id,
            "p": p,
            "variance": 0.0,
            "calls": 1,
            "how": "scored",
            "outside": None,
            "at": "2026-01-02T00:00:00+00:00",
            "ever_grants": p > 0.5,
            **more,
        }
    )


def strict(case):
    """Keeps to the rule."""
    return 0.95 if case.value <= 10 else 0.05


def like_people(case):
    return grants(case) / RATERS


def always(p):
    return lambda case: p


def answers(some, **arms):
    """(arm, estimate) of arms whose probabilities are functions of the case."""
    return [(name, estimate(case, of(case))) for name, of in arms.items() for case in some]


def score(title, some, people, estimates=(), **more):
    """`scorecard.score` with every part's fields by name."""
    more["estimates"] = estimates

    def part(of, **own):
        return of(**own, **{one.name: more.pop(one.name) for one in fields(of) if one.name in more})

    heading = part(Heading, title=title)
    answered, beside, pricing, options = map(part, (Answered, Beside, Pricing, ScoreOptions))
    assert not more
    return scorecard.score(
        heading, some, people, answered, beside=beside, pricing=pricing, options=options
    )


def card(some=None, people=None, arms=None, kinds=None, **more):
    """The scorecard of these arms; by default of the strict model beside two baselines."""
    some = case_set() if some is None else some
    arms = {"strict": strict, "mean": always(0.5), "like": like_people} if arms is None else arms
    kinds = kinds or {"strict": "model", "mean": "baseline", "like": "baseline"}
    kinds = {name: kinds.get(name, "model") for name in arms}
    people = panel(some.cases) if people is None else people
    return score("A study", some, people, answers(some.cases, **arms), kinds=kinds, **more)
