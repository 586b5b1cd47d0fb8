"""Groups of requesters: wrong refusals, and the difference to the rest, against textbook intervals
for two independent proportions."""

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from discretion.core.cases import Case, CaseSet
from discretion.core.judgments import Judgment, gather
from discretion.errors import DiscretionError
from discretion.scorecard.requesters import FEWEST, requester_cards
from discretion.scorecard.study import replies_of, study_of
from discretion.stats.unvaried import left_open

from .hand_made import answers, card


def tickets(sizes, refused, scenario=""):
    """Requests of each group that one person granted, the first so many of which the arm refuses;
    and as many that the person refused."""
    made = []
    for group, size in sizes.items():
        for number in range(2 * size):
            columns = {"region": group, "_refused": str(number < refused.get(group, 0))}
            name = f"{group}-{number:04}"
            made.append(
                Case(name, "returns", scenario or name, text=name, cell=name, columns=columns)
            )
    judged = [
        Judgment(
            f"j-{one.id}",
            one.id,
            "staff",
            "grant" if int(one.id[-4:]) < sizes[one.columns["region"]] else "refuse",
        )
        for one in made
    ]
    return CaseSet(tuple(made)), gather("staff", judged)


def refuses(one):
    return 0.0 if one.columns["_refused"] == "True" else 1.0


def cards(sizes, refused, scenario="", columns=("region",)):
    some, people = tickets(sizes, refused, scenario)
    study = study_of(some.cases, people)
    reply = replies_of(study, ["bot"], answers(some.cases, bot=refuses))["bot"]
    return requester_cards(study, [reply], columns, 0)


@pytest.mark.parametrize("scenario", ["", "requests"])
def test_the_difference_of_two_groups_has_the_interval_of_two_proportions(scenario):
    """Also where all requests are one scenario: then each request stands for itself."""
    north, south = cards(
        {"north": 200, "south": 300}, {"north": 50, "south": 30}, scenario=scenario
    )
    assert (north.wrong_refusals.value, south.wrong_refusals.value) == (0.25, 0.1)
    assert north.difference.value == pytest.approx(0.15)
    assert south.difference.value == pytest.approx(-0.15)
    low, high = confint_proportions_2indep(50, 200, 30, 300, method="newcomb")
    assert (north.difference.low, north.difference.high) == pytest.approx((low, high), abs=0.015)
    # One is the other's rest: one difference, one interval.
    assert north.together == south.together == 1


def test_the_intervals_of_several_groups_hold_together():
    found = cards({"east": 200, "north": 200, "south": 300}, {"east": 40, "north": 50, "south": 30})
    assert {one.together for one in found} == {3}
    low, high = confint_proportions_2indep(40, 200, 80, 500, method="newcomb", alpha=0.05 / 3)
    assert (found[0].difference.low, found[0].difference.high) == pytest.approx(
        (low, high), abs=0.02
    )


def test_of_a_small_group_nothing_is_said():
    large, small = cards({"large": 100, "small": FEWEST // 2 - 1}, {"large": 10, "small": 5})
    assert (small.wrong_refusals.value, small.difference.value, small.enough) == (None, None, False)
    assert small.wrong_refusals.note == f"fewer than {FEWEST} cases"
    # Its figure would follow from the difference to it.
    assert large.wrong_refusals.value == 0.1
    assert large.difference.value is None


def test_where_nobody_was_wrongly_refused_the_smaller_group_bounds_the_difference():
    north, _ = cards({"north": 50, "south": 300}, {})
    end = left_open(50, 0.025)
    assert (north.difference.low, north.difference.high) == pytest.approx((-end, end))


def test_a_column_must_be_there_and_make_few_groups():
    with pytest.raises(DiscretionError, match="no judged case has a column 'tenure'"):
        cards({"north": 30}, {}, columns=("tenure",))
    with pytest.raises(DiscretionError, match="'region' has 25 values"):
        cards({f"r{number:02}": 1 for number in range(25)}, {})


def test_nothing_is_compared_unless_the_column_is_named():
    some, people = tickets({"north": 30, "south": 30}, {"north": 5})
    both = {"some": some, "people": people, "arms": {"bot": refuses}}
    assert card(**both).requesters == ()
    shown = card(**both, requesters=["region"]).requesters
    assert [(one.value, one.arm) for one in shown] == [("north", "bot"), ("south", "bot")]


def test_the_page_has_a_table_where_two_groups_have_enough_and_else_says_too_few():
    from discretion.reports.page import render_page

    def page(sizes):
        some, people = tickets(sizes, {"north": 5})
        return render_page(card(some, people, {"bot": refuses}, requesters=["region"]))

    whole = page({"north": 40, "south": 40})
    assert "Who is wrongly refused" in whole
    assert '<th scope="row">north</th>' in whole
    alone = page({"north": 40, "south": 3})
    assert "region: too few." in alone
    assert '<th scope="row">north</th>' not in alone
