"""A report says first where a model goes by how it is asked and not by the case."""

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from discretion.canonical import fraction_of
from discretion.core.answers import Answer
from discretion.core.arms import Decoding, Scored
from discretion.core.judgments import gather
from discretion.core.policies import Prices
from discretion.core.prompted import PromptedArm
from discretion.core.selections import parse_selection
from discretion.evaluation import evaluate
from discretion.methods import method
from discretion.reports import to_json, write_tables
from discretion.reports.page import render_page
from discretion.results import build
from discretion.scorecard.reads_case import AskedNotes, Headed, hidden_sentences
from discretion.scorecard.study import study_of
from discretion.stats.explained import explained_share
from discretion.stats.figure import Figure, missing
from discretion.storage import Store, records
from scorecard import hand_made
from scorecard.hand_made import grants
from stand_in import StandIn

COSTS = Prices(currency="USD", wrong_grant=Decimal(40), wrong_refusal=Decimal(15))
BY = "goes by how it is asked, not by the case"


class Local(StandIn):
    """A model that is asked in both questions; its log odds are what a test says."""

    form = "end"

    def __init__(self, name, odds, outside=0.0):
        super().__init__(name=name, fingerprint=name, batch=64)
        self.odds, self.outside = odds, outside

    async def probe(self, prompts):
        return {"end": 0.0}

    async def score(self, prompts):
        return [self._of(prompt) for prompt in prompts]

    def _of(self, prompt):
        odds = self.odds(prompt)
        inside = 1 - self.outside
        return Scored(
            math.log(inside / (1 + math.exp(-odds))),
            math.log(inside / (1 + math.exp(odds))),
            self.outside,
            "seen",
            3,
            0.1,
        )


def likes_yes(prompt):
    """Likes yes, by how much depends on the text."""
    liking = 2 + 3 * fraction_of(prompt.messages[-1].content.partition("</case>")[0])
    return liking if prompt.choices.grant[0] == "yes" else -liking


@pytest.fixture(scope="module")
def some():
    return hand_made.case_set(costs=COSTS)


@pytest.fixture(scope="module")
def known(some):
    """What people decided, by the text of the case."""
    return {case.text: np.log((grants(case) + 0.5) / (10.5 - grants(case))) for case in some}


@pytest.fixture(scope="module")
def run(some, known, tmp_path_factory):
    def decides(prompt):
        text = prompt.messages[-1].content.split("<case>\n")[1].split("\n</case>")[0]
        return 0.8 * known[text] + (1.5 if prompt.choices.grant[0] == "yes" else -0.5)

    with Store(tmp_path_factory.mktemp("reading") / "log.db") as store:
        store.append([records.judgment_entry(one) for one in hand_made.judgments(some)])
        arms = [
            PromptedArm(model, method("direct"), some.policies, Decoding())
            for model in (Local("blind", likes_yes, 0.3), Local("sees", decides))
        ]
        yield evaluate(some, arms, store)


@pytest.fixture(scope="module")
def card(run):
    return build(run)


def test_it_is_said_first_and_by_how_much(card):
    first, second = card.findings[:2]
    assert first == f"blind/direct {BY}."
    assert second.startswith(
        "100% of what varies between the answers of blind/direct is how it was asked, above all "
        "the words of the question ("
    )
    assert second.endswith("So its thresholds, its money and its rank are left out.")
    assert not any("blind/direct" in one for one in card.findings[2:])


def at_random(salt):
    """Whatever the text of the whole prompt comes to: in the other order, another number."""
    return lambda prompt: 6 * fraction_of(f"{salt} {prompt.messages[-1].content}") - 3


@pytest.fixture(scope="module")
def by_luck(some, tmp_path_factory):
    """Ten models that never look at the case; no two cases have one text."""
    some = some.only(replace(case, text=f"{case.scenario}. {case.text}") for case in some)
    with Store(tmp_path_factory.mktemp("luck") / "log.db") as store:
        store.append([records.judgment_entry(one) for one in hand_made.judgments(some)])
        arms = [
            PromptedArm(
                Local(f"random-{salt}", at_random(salt)), method("plain"), some.policies, Decoding()
            )
            for salt in range(10)
        ]
        yield build(evaluate(some, arms, store))


def test_no_part_of_the_question_is_blamed_where_none_moves_all_cases_alike(by_luck):
    assert by_luck.withheld
    for one in by_luck.readings:
        assert (one.vocabulary, one.wording) == (None, None)
        assert one.order < one.rest
    assert not any("above all" in one for one in by_luck.findings)
    said = [one for one in by_luck.findings if "and it moves each case differently." in one]
    assert len(said) == len(by_luck.withheld)


def test_luck_seldom_makes_a_reader_of_a_model_that_never_looks_at_the_case(by_luck):
    assert sum(one.reads == "the case" for one in by_luck.readings) <= 2
    for one in by_luck.readings:
        assert (one.reads == "the case") == (one.p_ranking <= 0.05)
    kinds = [one.reads for one in by_luck.readings]
    assert len(by_luck.withheld) == kinds.count("how it is asked") >= 8
    doubted = [one for one in by_luck.warnings if one.startswith("We cannot say whether random-")]
    assert len(doubted) == kinds.count("not known")


def test_what_its_answers_go_with_is_told_of_each_model(card):
    blind, sees = sorted(card.readings, key=lambda one: one.arm)
    assert (blind.reads, sees.reads) == ("how it is asked", "the case")
    assert card.withheld == ("blind/direct",)
    assert blind.vocabulary > 0.8 and blind.case.high < 0.5
    assert blind.p > 0.05
    assert sees.case.low > 0.5 and sees.p == 0.001 and sees.auc.low > 0.5
    assert sees.scenario + sees.value + sees.reason == pytest.approx(sees.case.value)
    assert sees.value > sees.scenario
    assert blind.outside.value == pytest.approx(0.3)
    assert sees.form == "complete answers"
    for one in (blind, sees):
        parts = (one.vocabulary, one.order, one.wording, one.rest, one.case.value)
        assert sum(parts) == pytest.approx(1)


def test_it_has_no_rank_no_threshold_and_no_money(card):
    sees, blind = card.arms
    assert (sees.name, blind.name) == ("sees/direct", "blind/direct"), "last, whatever its gap"
    assert blind.gap.value is None and blind.gap.note == f"it {BY}"
    assert blind.note == BY
    assert sees.gap.value is not None and not sees.note
    assert {line.arm for curve in card.curves for line in curve.arms} == {"sees/direct"}
    assert not any(row.arm == "blind/direct" for one in card.money for row in one.arms)


def test_the_page_shows_dashes_with_the_reason_and_the_shares(card):
    page = render_page(card)
    assert "Does it read the case?" in page
    assert page.index(f"blind/direct {BY}.") < page.index("Where stricter")
    assert page.count('<small class="why">it goes by how it is asked</small>') >= len(card.curves)
    assert "scored by complete answers" in page
    assert "30%" in page


def test_the_recentered_reading_is_told_and_ranks_nobody(card):
    readings = {one["arm"]: one for one in to_json(card)["readings"]}
    assert readings["sees/direct"]["recentered"]["value"] is not None
    assert readings["blind/direct"]["recentered"]["value"] is not None
    assert card.arms[0].gap.value != readings["sees/direct"]["recentered"]["value"]


def test_the_shares_are_a_table(card, tmp_path):
    write_tables(card, tmp_path)
    lines = (tmp_path / "readings.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("arm,form,outside,")


def test_mass_outside_is_said_where_it_is_more_than_a_little(card):
    assert (
        "blind/direct put 30% of its probability on neither answer. Its figures compare only what "
        "it gave to the two."
    ) in card.warnings
    assert not any("sees/direct put" in one for one in card.warnings)


def test_where_most_is_outside_the_cases_are_counted(some, tmp_path):
    with Store(tmp_path / "log.db") as store:
        store.append([records.judgment_entry(one) for one in hand_made.judgments(some)])
        model = Local("far", likes_yes, 0.94)
        arm = PromptedArm(model, method("direct"), some.policies, Decoding())
        warnings = build(evaluate(some, [arm], store)).warnings
    assert (
        f"In {len(some)} of {len(some)} cases far/direct mostly wanted to say something other than "
        "yes or no. Its figures compare only what it gave to these."
    ) in warnings


def test_what_ranks_at_random_and_was_asked_in_one_question_is_left_open(some, tmp_path):
    def by_text(prompt):
        return 3 * fraction_of(prompt.messages[-1].content.partition("</case>")[0])

    with Store(tmp_path / "log.db") as store:
        store.append([records.judgment_entry(one) for one in hand_made.judgments(some)])
        arm = PromptedArm(Local("odd", by_text), method("plain"), some.policies, Decoding())
        found = build(evaluate(some, [arm], store))
    assert [one.reads for one in found.readings] == ["not known"]
    assert found.withheld == ()
    open_question = "We cannot say whether odd/plain reads the case: it ranks requests no better"
    assert any(one.startswith(open_question) for one in found.warnings)


def test_what_was_not_varied_has_no_share(some, known, tmp_path):
    def decides(prompt):
        case = next(text for text in known if text in prompt.messages[-1].content)
        return known[case] + (0.5 if prompt.choices.grant_first else 0)

    with Store(tmp_path / "log.db") as store:
        store.append([records.judgment_entry(one) for one in hand_made.judgments(some)])
        arm = PromptedArm(Local("sees", decides), method("plain"), some.policies, Decoding())
        [one] = build(evaluate(some, [arm], store)).readings
    assert one.vocabulary is None and one.wording is None
    assert 0 < one.order < 0.5 and one.reason is not None
    assert one.order + one.rest + one.case.value == pytest.approx(1)


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (
            Figure(0.62, 0.4, 0.8, 30),
            "hold 62% of how your people decide (95% interval: 40% to 80%)",
        ),
        (
            Figure(0.62, 0.4, 0.8, 30, "for these scenarios only"),
            "decide (95% interval: 40% to 80%), for these scenarios only.",
        ),
        (
            Figure(0.2, -0.1, 0.5, 30),
            "It is not clear whether the hidden states behind sees/direct hold how your people "
            "decide: 20% (95% interval: -10% to 50%).",
        ),
    ],
)
def test_what_the_hidden_states_hold_is_said_as_far_as_its_interval_allows(card, figure, said):
    sees = next(one for one in card.readings if one.arm == "sees/direct")
    [sentence] = hidden_sentences([replace(sees, states=figure), sees], simulated=False)
    assert said in sentence
    assert "0% no better than the mean that it was taught" in sentence
    nothing = replace(sees, states=missing("too few"))
    assert hidden_sentences([sees, nothing], simulated=False) == ()


def test_the_page_shows_what_the_hidden_states_hold_only_where_it_was_measured(card):
    assert "hidden states" not in render_page(card)
    sees, blind = sorted(card.readings, key=lambda one: one.arm == "blind/direct")
    headed = replace(card, readings=(replace(sees, states=Figure(0.62, 0.4, 0.8, 30)), blind))
    page = render_page(headed)
    assert "Held by its<br>hidden states" in page and "62%" in page


def test_a_head_is_compared_with_the_mean_that_its_own_fold_was_taught(some, known):
    panel = gather(parse_selection("staff"), hand_made.judgments(some))
    study = study_of(some.cases, panel)
    heads = {
        f"tuned:own-head-0-fold{fold}/direct": Headed("own/direct", 0, share)
        for fold, share in enumerate((0.9, 0.2))
    }
    reading = AskedNotes(heads=heads)
    for at, (case, h) in enumerate(zip(study.cases, study.rates.h.tolist(), strict=True)):
        reading.note_head(list(heads)[at % 2], case.id, h)
        reading.note(
            "own/direct",
            case.id,
            [Answer("k", case.id, h, "scored", True, log_grant=h, log_refuse=-h, outside=0.0)],
        )
    [one] = reading.cards(study, ["own/direct"])
    own = study.rates.h[None]
    mean = np.where(np.arange(len(study.cases)) % 2, 0.2, 0.9)[None]
    assert one.states == explained_share(own, mean, study.rates)
    assert one.states.value > 0.9
