"""Inspect AI: our cases as a task, our methods as a solver, our figures as metrics.

`inspect eval discretion/cases -T workspace=my-desk --model PROVIDER/MODEL` runs it. Each case is
two samples, one for each order of the answers; the draws of an order are its epochs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
)
from inspect_ai.scorer import (
    Metric,
    SampleScore,
    Score,
    Scorer,
    ScoreReducer,
    Target,
    metric,
    score_reducer,
    scorer,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver

from discretion.core.answers import Answer, combine, read_decision
from discretion.core.arms import balanced_asks
from discretion.core.cases import Case, CaseSet
from discretion.core.facts import text_with_facts
from discretion.core.judgments import Panel, Tally, gather
from discretion.core.plans import Plan
from discretion.errors import DiscretionError
from discretion.scorecard.arm_metrics import share_of
from discretion.scorecard.study import Replies, Study, replies_of, study_of
from discretion.stats import gaps
from discretion.stats.rates import Floats
from discretion.workspace import open_workspace

_MESSAGES = {
    "system": ChatMessageSystem,
    "user": ChatMessageUser,
    "assistant": ChatMessageAssistant,
}
_MODEL, _PEOPLE = "model", "people"
_DRAWS = "draws"
"""Under which a reduced score says of how many draws it is the share."""


def compared(scores: Iterable[SampleScore]) -> tuple[Study, Replies]:
    """The people and the model, from scores that are each the share of an order's draws that
    grant; a case of which nothing could be read has no answer."""
    cases: dict[str, Case] = {}
    tallies: dict[str, Tally] = {}
    answers: dict[str, list[Answer]] = {}
    for one in scores:
        told = one.sample_metadata or {}
        name, p = told["case"], one.score.as_float()
        cases[name] = Case(id=name, policy="", scenario=told["scenario"])
        tallies[name] = Tally(name, name, _PEOPLE, told["rate"], told["n"])
        if math.isfinite(p):
            draws = int((one.score.metadata or {}).get(_DRAWS, 1))
            answer = Answer(str(one.sample_id), name, p, "sampled", told["grant_first"])
            answers.setdefault(name, []).append(replace(answer, draws=draws))
    study = study_of(list(cases.values()), gather(_PEOPLE, [], tallies.values()))
    estimates = ((_MODEL, combine(case, given)) for case, given in answers.items())
    return study, replies_of(study, (_MODEL,), estimates)[_MODEL]


def _metric(figure: Callable[[Study, Replies], float | None]) -> Metric:
    def compute(scores: list[SampleScore]) -> float:
        value = figure(*compared(scores))
        return math.nan if value is None else value

    return compute


def _share(study: Study, decided: Floats, *, granted: bool) -> float | None:
    """The report's figure: of what the people would grant, or refuse, the share of which
    ``decided`` (C,) is 1."""
    return share_of(study, decided, 0, granted=granted).value


@metric
def signed_gap() -> Metric:
    """Mean of p - h: too lax above zero, too strict below."""
    return _metric(lambda study, model: gaps.signed_gap(model.p, study.rates).value)


@metric
def noise_corrected_gap() -> Metric:
    """Distance to the people's true grant rates; may be negative."""
    return _metric(
        lambda study, model: gaps.corrected_gap(model.p, model.variance, study.rates).value
    )


@metric
def refused_of_granted() -> Metric:
    """Of what the people would grant, the share that is refused, as deployed."""
    return _metric(lambda study, model: _share(study, 1 - model.deployed, granted=True))


@metric
def granted_of_refused() -> Metric:
    """Of what the people would refuse, the share that is granted, as deployed."""
    return _metric(lambda study, model: _share(study, model.deployed, granted=False))


@score_reducer
def share() -> ScoreReducer:
    """The share of an order's draws that grant, with the number of those that could be read."""

    def reduce(scores: list[Score]) -> Score:
        read = [score.as_float() for score in scores if math.isfinite(score.as_float())]
        if not read:
            return Score.unscored(explanation="no draw can be read")
        return Score(value=sum(read) / len(read), metadata={_DRAWS: len(read)})

    return reduce


@scorer(metrics=[signed_gap(), noise_corrected_gap(), refused_of_granted(), granted_of_refused()])
def decision() -> Scorer:
    """1 where the answer grants, 0 where it refuses; unscored where it cannot be read."""

    async def score(state: TaskState, target: Target) -> Score:
        told = state.metadata
        granted = read_decision(state.output.completion, told["grant"], told["refuse"])
        if granted is None:
            return Score.unscored(explanation="the answer cannot be read")
        return Score(value=float(granted), answer="grant" if granted else "refuse")

    return score


@solver
def by_method(workspace: str = ".", method: str = "direct", panel: str = "") -> Solver:
    """Puts a case by a method: in the words of its rotation, and in the sample's order."""
    here = open_workspace(workspace)
    case_set = here.cases
    known = {case.id: case for case in case_set}
    put_by = here.method(method, Plan(arms=(_MODEL,), panel=panel))

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        told = state.metadata
        case = known[told["case"]]
        policy = case_set.policy_of(case)
        asks = balanced_asks(case, put_by, policy)
        ask = next(one for one in asks if one.grant_first == told["grant_first"])
        prompt = put_by.prompt(case, policy, ask)
        state.messages = [_MESSAGES[one.role](content=one.content) for one in prompt.messages]
        told["grant"], told["refuse"] = list(prompt.choices.grant), list(prompt.choices.refuse)
        return await generate(state)

    return solve


@task
def cases(
    workspace: str = ".",
    method: str = "direct",
    panel: str = "",
    draws: int = 20,
    at_most: int | None = None,
    seed: int = 0,
) -> Task:
    """Put a workspace's judged cases to a model, and compare it with the people.

    Args:
        workspace: its folder.
        method: how a case is put: ``direct``, ``purpose``, ``file:PATH``, ...
        panel: the people to compare with; may be left out where there is one panel.
        draws: answers a case, divided equally over the two orders.
        at_most: take only so many cases.
        seed: chooses them.
    """
    here = open_workspace(workspace)
    people = here.panel(panel)
    plan = Plan.model_validate(
        {"arms": [_MODEL], "panel": panel, "cases": {"at_most": at_most}, "seed": seed}
    )
    return Task(
        dataset=MemoryDataset(_samples(plan.choose(here.cases), people, workspace), here.name),
        solver=by_method(workspace, method, panel),
        scorer=decision(),
        epochs=Epochs(max(1, -(-draws // 2)), share()),
        config=GenerateConfig(temperature=plan.temperature, max_tokens=plan.max_tokens),
        metadata={"panel": people.name, "method": method},
    )


def _samples(chosen: CaseSet, people: Panel, workspace: str) -> list[Sample]:
    """Two samples a case. They carry what the people decided, so that a log stands by itself."""
    judged = {
        case: (float(rate), None if math.isnan(n) else float(n))
        for case, rate, n in zip(people.cases, people.rate, people.n, strict=True)
        if math.isfinite(rate)
    }
    asked = [case for case in chosen if case.text and case.id in judged]
    if not asked:
        raise DiscretionError(
            f"the panel {people.name!r} judged no case that has a text",
            where=workspace,
            fix="import texts, or name another panel",
        )
    return [
        Sample(
            id=f"{case.id}-{'grant' if grant_first else 'refuse'}-first",
            input=text_with_facts(case),
            metadata={
                "case": case.id,
                "scenario": case.scenario,
                "grant_first": grant_first,
                "rate": judged[case.id][0],
                "n": judged[case.id][1],
            },
        )
        for case in asked
        for grant_first in (True, False)
    ]
