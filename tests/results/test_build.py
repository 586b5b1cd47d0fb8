"""From a run in the log to its result: the right panel, arms, failures, prices and first line."""

from dataclasses import replace
from decimal import Decimal

import pytest

import discretion
from discretion.core.answers import combine
from discretion.core.arms import CallFailed, TableArm
from discretion.core.cases import CaseSet
from discretion.core.judgments import Judgment
from discretion.core.plans import Contrast, Plan
from discretion.core.policies import Prices
from discretion.errors import DiscretionError
from discretion.evaluation import evaluate
from discretion.reports import report
from discretion.results import ReportOptions, build, build_people
from discretion.scorecard.study import replies_of, study_of
from discretion.scorecard.traffic_weights import occurrence
from discretion.stats.gaps import signed_gap
from discretion.storage import Store, records
from scorecard import hand_made
from stand_in import POLICY, StandIn, arm, case_set

CASES = case_set(18)
RATERS = 12
DOLLARS = Prices(currency="USD", wrong_grant=Decimal(40), wrong_refusal=Decimal(15))
PRICED = CaseSet(CASES.cases, {POLICY.id: POLICY.model_copy(update={"costs": DOLLARS})})


def judge(store, panel="staff", source="tickets.csv", cases=CASES):
    store.append(
        [
            records.judgment_entry(
                Judgment(
                    id=f"{panel}-{case.id}-{rater}",
                    case=case.id,
                    panel=panel,
                    answer="grant" if rater < 6 + place % 5 else "refuse",
                    rater=f"rater-{rater}",
                    source=source,
                    columns={"half": "first" if rater < 6 else "second"},
                )
            )
            for place, case in enumerate(cases)
            for rater in range(RATERS)
        ]
    )


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as opened:
        yield opened


def table(name, p=0.3):
    answers = {case.id: min(p + place / 100, 1.0) for place, case in enumerate(CASES)}
    return TableArm(name, "recorded", answers, f"print of {name}")


def test_a_runs_figures_are_those_of_its_estimates(store):
    judge(store)
    run = evaluate(CASES, [arm(StandIn(otherwise=lambda prompt: 0.75))], store)
    card = build(run)
    study = study_of(CASES.cases, records.panel(store))
    replies = replies_of(
        study, ["model/direct"], ((name, combine(c, told)) for name, c, told in run.answers())
    )["model/direct"]
    assert card.arms[0].signed == signed_gap(replies.p, study.rates)
    assert card.arms[0].calls == 2 * len(CASES)
    assert card.arms[0].how == "scored"
    assert card.banner == ""


def test_it_says_what_was_measured(store):
    judge(store)
    clock = iter(f"2026-01-0{day}T00:00:00+00:00" for day in range(1, 9))
    run = evaluate(CASES, [table("recorded/old")], store, clock=lambda: next(clock))
    told = build(run).run
    assert (told.run, told.plan, told.head) == (run.id, run.plan.hash, store.head())
    assert told.arms == (("recorded/old", "print of recorded/old"),)
    assert told.version == discretion.__version__
    assert told.started < told.finished


def test_calls_that_failed_are_counted_by_reason_and_decide_nothing(store):
    judge(store)
    model = StandIn(otherwise=lambda prompt: 0.75)
    model.enqueue(0.75, 0.75, CallFailed("too slow"), CallFailed("too slow"))
    card = build(evaluate(CASES, [arm(model)], store))
    assert [(one.what, one.count) for one in card.run.failures] == [("too slow", 2)]
    assert card.arms[0].failures == 2
    assert (card.arms[0].cases, card.arms[0].unanswered) == (len(CASES) - 1, 1)


def test_the_plans_panel_is_compared_unless_another_is_named(store):
    judge(store)
    judge(store, "managers", cases=CASES[:9])
    plan = Plan(arms=("recorded/old",), panel="managers")
    run = evaluate(CASES, [table("recorded/old")], store, plan=plan)
    assert build(run).people.cases == 9
    assert build(run, ReportOptions(panel="staff")).people.cases == 18
    with pytest.raises(DiscretionError, match="there is no panel 'others'"):
        build(run, ReportOptions(panel="others"))


def test_columns_of_the_judgments_make_groups(store):
    judge(store)
    run = evaluate(CASES, [table("recorded/old")], store)
    assert build(run).groups == ()
    card = build(run, ReportOptions(by=("half",)))
    assert [(one.column, one.value, one.raters) for one in card.groups] == [
        ("half", "first", 6),
        ("half", "second", 6),
    ]
    first, second = card.groups
    assert first.rate.value == 1, "the first six grant everything"
    assert first.arms[0].signed.value < card.arms[0].signed.value < second.arms[0].signed.value
    alone = build_people(
        CASES, records.panel(store), groups=records.groups(store, "staff", ["half"])
    )
    assert [one.rate for one in alone.groups] == [first.rate, second.rate]


def test_the_plans_contrasts_are_declared(store):
    judge(store)
    names = ("recorded/old", "recorded/new")
    plan = Plan(arms=names, contrasts=(Contrast(arm=names[1], against=names[0]),))
    run = evaluate(CASES, [table(names[0]), table(names[1], 0.6)], store, plan=plan)
    (contrast,) = build(run).contrasts
    assert (contrast.arm, contrast.against, contrast.declared) == (names[1], names[0], True)


def test_only_methods_that_the_built_in_model_was_taught_stand_in_the_league(store):
    judge(store)
    names = ("tiny/direct", "tiny/chain-of-thought", "tiny/purpose", "other/purpose")
    card = build(evaluate(CASES, [table(name) for name in names], store))
    assert {one.name for one in card.arms} == {*names} - {"tiny/purpose"}
    assert [one.name for one in card.untaught] == ["tiny/purpose"]


@pytest.mark.parametrize(
    ("source", "name", "said"),
    [
        (
            "simulated",
            "tiny/direct",
            "Simulated people and the built-in model: this page shows that the machinery works, "
            "and says nothing of real people or models.",
        ),
        (
            "simulated",
            "other/direct",
            "Simulated people: this page shows that the machinery works, and says nothing of real "
            "people.",
        ),
        (
            "tickets.csv",
            "tiny/direct",
            "The built-in model: this page shows that the machinery works, and says nothing of "
            "real models.",
        ),
        ("tickets.csv", "other/direct", ""),
    ],
)
def test_the_first_line_says_what_is_not_real(store, source, name, said):
    judge(store, source=source)
    assert build(evaluate(CASES, [table(name)], store)).banner == said


def test_people_alone_need_no_run(store):
    judge(store)
    card = build_people(CASES, records.panel(store), title="Returns")
    assert (card.title, card.arms, card.run) == ("Returns", (), None)
    assert card.people.judgments == len(CASES) * RATERS


def test_the_five_lines_of_python_write_a_page(store, tmp_path):
    judge(store)
    run = evaluate(CASES, [table("recorded/old")], store)
    page = report(run, tmp_path / "page.html", ReportOptions(title="Our returns"))
    assert "Our returns" in page.read_text(encoding="utf-8")


def test_python_compares_groups_of_requesters_as_the_command_does(store, tmp_path):
    judge(store)
    run = evaluate(CASES, [table("recorded/old")], store)
    with pytest.raises(DiscretionError, match="no judged case has a column 'tier'"):
        report(run, tmp_path / "page.html", ReportOptions(requesters=("tier",)))
    assert not (tmp_path / "page.html").exists()

    tiers = [
        replace(case, columns={"tier": "new" if place % 2 else "old"})
        for place, case in enumerate(CASES)
    ]
    run = evaluate(CaseSet(tiers, CASES.policies), [table("recorded/old")], store)
    page = report(run, tmp_path / "page.html", ReportOptions(requesters=("tier",))).read_text(
        encoding="utf-8"
    )
    assert "tier: too few" in page
    assert "tier: too few" not in report(run, tmp_path / "page.html").read_text(encoding="utf-8")


def test_answers_are_read_once_and_not_kept():
    """A stream that can be read only once is enough, whatever its order."""
    some = hand_made.case_set(2)
    stream = iter(reversed(hand_made.answers(some.cases, strict=hand_made.strict)))
    found = hand_made.score(
        "A study", some, hand_made.panel(some.cases), stream, kinds={"strict": "model"}
    )
    assert found.arms == tuple(
        one for one in hand_made.card(some, arms={"strict": hand_made.strict}).arms
    )


def test_other_panels_and_prices_are_those_that_are_named(store):
    judge(store)
    judge(store, panel="leads", cases=CASES[:9])
    run = evaluate(PRICED, [table("bot")], store, plan=Plan(arms=("bot",), panel="staff"))
    card = build(run, ReportOptions(others=("leads",)))
    assert [(one.panel, one.against, one.cases) for one in card.panels] == [("leads", "staff", 9)]
    assert [(one.currency, one.tickets) for one in card.money] == [("USD", None)]
    assert build(evaluate(CASES, [table("bot")], store), ReportOptions(panel="staff")).money == ()


def test_money_is_counted_as_cases_occur_where_tickets_say_how_often(store):
    judge(store)
    run = evaluate(PRICED, [table("bot")], store)
    as_they_occur = ReportOptions(as_they_occur=True)
    with pytest.raises(DiscretionError, match="no imported request says how often"):
        build(run, as_they_occur)
    tickets = [
        replace(CASES[place], id=f"t{place}", scenario=f"t{place}", text=f"A letter, {place}.")
        for place in range(3)
    ]
    store.append([records.case_entry(one, imported=True) for one in tickets])
    card = build(run, as_they_occur)
    occur = occurrence(CASES.cases, [(one, 1.0) for one in tickets]) > 0
    assert occur.sum() < len(CASES)
    assert [(one.cases, one.tickets) for one in card.money] == [(occur.sum(), 3)]
    (counted,) = build(evaluate(CASES, [table("bot")], store), as_they_occur).money
    assert (counted.currency, counted.cases, counted.tickets) == ("", occur.sum(), 3)
    assert [row.costs.wrong_grants for row in counted.arms] == [
        row.costs.wrong_grants for row in card.money[0].arms
    ]
    assert all(row.costs.total.value is None for row in counted.arms)
