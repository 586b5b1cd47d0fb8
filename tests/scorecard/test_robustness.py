"""A conclusion is counted on every path that changes something, and what turns it is named."""

from itertools import product

import numpy as np
import pytest

from discretion.scorecard.robustness import _ways, path_cards
from discretion.scorecard.study import replies_of, study_of

from .hand_made import card, case_set, estimate, like_people, panel, strict


def cards(some, people=None, weigh="scenarios", pairs=(), **arms):
    """The paths of arms that are functions from a case to what its estimate has."""
    study = study_of(some.cases, panel(some.cases) if people is None else people, weigh)
    stream = [
        (name, estimate(case, **of(case))) for name, of in arms.items() for case in some.cases
    ]
    replies = replies_of(study, tuple(arms), stream)
    return path_cards(
        study, list(replies.values()), [(replies[one], replies[other]) for one, other in pairs]
    )


def by_order(first, second, wording=0):
    """An arm with its own p in each order of the answers."""
    return lambda case: {
        "p": (first + second) / 2,
        "grant_first": first,
        "grant_second": second,
        "wording": wording if isinstance(wording, int) else wording(case),
    }


def test_every_path_is_counted_as_an_oracle_counts_them():
    """Path by path with loops, over an arm in which every choice matters."""
    some = case_set(4)
    some = some.only(case for case in some if case.scenario != "scenario-0" or case.value == 20)
    people = panel(some.cases, unsure=9)
    rng = np.random.default_rng(3)
    drawn = {case.id: rng.uniform(0.2, 0.8, 2) for case in some}
    worded = {case.id: int(rng.integers(3)) for case in some}
    (found,) = cards(
        some,
        people,
        arm=lambda case: by_order(*drawn[case.id], wording=worded[case.id])(case),
    )
    place = {case: row for row, case in enumerate(people.cases)}
    signs = []
    for order, deployed, unsure, wording, weigh in product(
        range(3), (False, True), range(3), (None, 0, 1, 2), ("scenarios", "cases")
    ):
        away = {}
        for case in some:
            if wording is not None and worded[case.id] != wording:
                continue
            first, second = drawn[case.id]
            p = ((first + second) / 2, first, second)[order]
            row = place[case.id]
            n, extra = people.n[row], people.unsure[row]
            granted = people.rate[row] * n
            h = (granted / n, (granted + extra) / (n + extra), granted / (n + extra))[unsure]
            away.setdefault(case.scenario, []).append((p > 0.5 if deployed else p) - h)
        scenarios = np.mean([np.mean(one) for one in away.values()])
        cases = np.mean([value for one in away.values() for value in one])
        signs.append(np.sign(scenarios if weigh == "scenarios" else cases))
    assert found.paths == len(signs) == 3 * 2 * 3 * 4 * 2
    assert found.agree == signs.count(signs[0])
    assert found.agree < found.paths
    assert found.conclusion == ("laxer" if signs[0] > 0 else "stricter")


def test_how_two_scored_orders_become_one_probability_is_a_choice():
    """.98 and .2 are .64 as the mean of logits and .59 as the mean of probabilities."""
    first, second = 0.98, 0.2
    odds = np.sqrt(first / (1 - first) * second / (1 - second))
    by_logits = {"p": odds / (1 + odds), "grant_first": first, "grant_second": second}
    some = case_set().only(case for case in case_set() if case.value in (9, 20))
    (found,) = cards(some, arm=lambda case: by_logits)
    order = [choice for choice in found.choices if choice.about == "order of the answers"]
    h = np.mean([like_people(case) for case in some])
    assert (first + second) / 2 < h < odds / (1 + odds)
    assert [(choice.name, choice.turns) for choice in order] == [
        ("both orders", False),
        ("both orders, probabilities averaged", True),
        ("grant named first", False),
        ("grant named second", True),
    ]


def test_a_choice_that_changes_nothing_is_no_path():
    """One order, one wording, no unsure answer, equal scenarios: how it is read is all there is."""
    (found,) = cards(case_set(), arm=lambda case: {"p": strict(case)})
    assert (found.agree, found.paths) == (2, 2)
    assert [choice.name for choice in found.choices] == ["as a probability", "as deployed"]


def test_decisions_that_leave_nothing_to_choose_have_no_card():
    assert cards(case_set(), arm=lambda case: {"p": float(case.value <= 10)}) == ()


def test_an_arm_that_leans_to_no_side_has_no_card():
    assert cards(case_set(), arm=lambda case: {"p": like_people(case)}) == ()


def test_the_choice_that_turns_a_conclusion_is_named():
    """At 0.49 everywhere it is a little laxer than people who grant less; deployed it refuses."""
    some = case_set().only(case for case in case_set() if case.value >= 14)
    (found,) = cards(some, arm=lambda case: {"p": 0.49})
    assert found.conclusion == "laxer"
    assert (found.agree, found.paths) == (1, 2)
    assert found.turned_by == ("as deployed",)
    assert found.together == ()


def test_an_order_that_turns_it_is_named():
    (found,) = cards(case_set(), arm=by_order(0.95, 0.25))
    assert found.conclusion == "laxer"
    assert "grant named second" in found.turned_by
    order = [choice for choice in found.choices if choice.about == "order of the answers"]
    assert [choice.name for choice in order] == [
        "both orders",
        "grant named first",
        "grant named second",
    ]
    assert (order[2].agree, order[2].paths) == (0, 2)


def test_a_wording_alone_is_over_the_cases_that_were_asked_in_it():
    def wording(case):
        return int(case.factors["channel"] == "mail")

    some = case_set()
    (found,) = cards(
        some, arm=lambda case: {"p": 1.0 - 0.99 * wording(case), "wording": wording(case)}
    )
    one = [choice for choice in found.choices if choice.about == "wording"]
    assert [choice.name for choice in one] == ["all wordings", "wording 1", "wording 2"]
    sides = {choice.name: choice.agree for choice in one}
    assert {sides["wording 1"], sides["wording 2"]} == {0, one[1].paths}


@pytest.mark.parametrize(
    ("shift", "names"),
    [
        (0, ["all wordings", "wording 1", "wording 2"]),
        (
            1,
            [
                "all wordings",
                "wording 1 of like",
                "wording 2 of like",
                "wording 1 of strict",
                "wording 2 of strict",
            ],
        ),
    ],
)
def test_of_two_arms_each_has_its_own_wordings_unless_they_share_them(shift, names):
    def worded(p, shift=0):
        def answer(case):
            ill, far = case.factors["cause"] == "illness", case.value > 14
            return {"p": p(case), "wording": int(ill if shift else far)}

        return answer

    found = cards(
        case_set(),
        strict=worded(strict, shift),
        like=worded(lambda case: like_people(case) * 0.9),
        pairs=[("like", "strict")],
    )[-1]
    assert [one.name for one in found.choices if one.about == "wording"] == names


def test_the_weights_that_are_reported_come_first():
    some = case_set(3)
    some = some.only(case for case in some if case.scenario != "scenario-0" or case.value == 40)
    for weigh, first in (("scenarios", "scenarios weigh the same"), ("cases", "cases weigh")):
        (found,) = cards(some, weigh=weigh, arm=lambda case: {"p": strict(case)})
        names = [choice.name for choice in found.choices if choice.about == "weights"]
        assert names[0].startswith(first)


def test_choices_that_turn_it_only_together_are_named_as_such():
    """People grant about 0.2: 0.48 is still laxer, and so is a grant, but 0.48 deployed refuses."""
    some = case_set().only(case for case in case_set() if case.value in (20, 40))
    (found,) = cards(some, arm=by_order(0.85, 0.48))
    assert (found.conclusion, found.agree, found.paths) == ("laxer", 5, 6)
    assert found.turned_by == ()
    assert found.together == ("grant named second", "as deployed")


def test_unsure_answers_are_a_choice_where_there_are_some():
    some = case_set()
    (found,) = cards(some, panel(some.cases, unsure=60), arm=lambda case: {"p": strict(case)})
    assert found.paths == 2 * 3
    names = [choice.name for choice in found.choices if choice.about == "unsure answers"]
    assert names == ["unsure apart", "unsure as grants", "unsure as refusals"]


def test_which_of_two_is_nearer_is_counted_too():
    some = case_set()
    found = cards(
        some,
        strict=lambda case: {"p": strict(case)},
        like=lambda case: {"p": min(1, like_people(case) + 0.01)},
        pairs=[("like", "strict")],
    )[-1]
    assert (found.arm, found.against, found.conclusion) == ("like", "strict", "nearer")
    assert found.agree == found.paths == 2


def test_sampling_noise_does_not_make_an_arm_farther():
    """Two arms with the same p, one of them drawn: without its noise it is the nearer one."""
    found = cards(
        case_set(),
        scored=lambda case: {"p": strict(case)},
        drawn=lambda case: {"p": strict(case), "variance": 0.01},
        pairs=[("drawn", "scored")],
    )[-1]
    assert found.conclusion == "nearer"
    assert [(one.name, one.agree) for one in found.choices] == [
        ("as a probability", 1),
        ("as deployed", 0),
    ], "deployed they are the same, which is no agreement"


def test_a_path_without_a_case_is_left_out():
    def some_orders(case):
        known = case.value == 9
        return {
            "p": 0.5,
            "grant_first": 0.7 if known else None,
            "grant_second": 0.3 if known else None,
            "wording": int(case.value == 9) if case.value in (9, 11) else 0,
        }

    (found,) = cards(case_set(), arm=some_orders)
    whole = 3 * 2 * 3
    assert found.paths < whole
    first = next(one for one in found.choices if one.name == "wording 1")
    assert first.paths == 2, "this wording was never asked in a single order"


def crossed(*worded):
    """An arm asked every case in every wording: in each its p is what a function says."""

    def of(case):
        parts = tuple(estimate(case, p(case), wording=one) for one, p in enumerate(worded))
        return {"p": np.mean([part.p for part in parts]), "wording": -1, "worded": parts}

    return of


def test_a_wording_is_a_choice_too_where_every_case_was_asked_in_all():
    """Two wordings keep to the rule, and one grants most: alone it would say the contrary."""
    (found,) = cards(case_set(), arm=crossed(strict, strict, lambda case: 0.9))
    (lax,) = cards(case_set(), arm=lambda case: {"p": 0.9})
    (alone,) = cards(case_set(), arm=lambda case: {"p": strict(case)})
    assert (found.conclusion, lax.conclusion, alone.conclusion) == ("stricter", "laxer", "stricter")
    told = {one.name: (one.agree, one.paths, one.turns) for one in found.choices}
    assert told["wording 1"] == (alone.agree, alone.paths, False)
    assert told["wording 3"] == (0, lax.paths, True)
    assert "wording 2" not in told, "it says what wording 1 says"


def test_two_arms_of_one_method_are_compared_in_the_same_wording():
    arms = {
        "one/direct": crossed(strict, like_people),
        "two/direct": crossed(like_people, strict),
        "two/purpose": crossed(like_people, strict),
    }
    pairs = [("one/direct", "two/direct"), ("one/direct", "two/purpose")]
    some = case_set()
    study = study_of(some.cases, panel(some.cases), "scenarios")
    stream = [(name, estimate(case, **of(case))) for name, of in arms.items() for case in some]
    replies = replies_of(study, tuple(arms), stream)
    ways = [_ways([replies[one], replies[other]]) for one, other in pairs]
    together, apart = ([way.name for way in found] for found in ways)
    assert together == ["all wordings", "wording 1", "wording 2"]
    first = ways[0][1].arms
    assert first[0].p.tolist() == [strict(case) for case in study.cases]
    assert first[1].p.tolist() == [like_people(case) for case in study.cases]
    assert apart == ["all wordings"] + [
        f"wording {number} of {name}" for name in ("one/direct", "two/purpose") for number in (1, 2)
    ]
    assert ways[1][1].arms[1] is replies["two/purpose"]


@pytest.mark.parametrize("kind", ["model", "recorded"])
def test_the_scorecard_has_the_paths_of_arms_and_declared_contrasts(kind):
    kinds = {"strict": kind, "like": "baseline", "mean": "baseline"}
    found = card(contrasts=[("strict", "like")], kinds=kinds)
    told = [(one.arm, one.against, one.conclusion) for one in found.paths]
    assert told == [("strict", "", "stricter"), ("strict", "like", "farther")]
