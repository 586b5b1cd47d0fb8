"""Building: from a run, or from judgments alone, to the one result that everybody reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from discretion import methods, models
from discretion.answer_forms import IN_WORDS
from discretion.canonical import digest
from discretion.core.cases import CaseSet
from discretion.core.gate_cases import GateCase
from discretion.core.judgments import Panel
from discretion.core.policies import Policy, Prices
from discretion.core.selections import RATER
from discretion.errors import DiscretionError
from discretion.models import tuned
from discretion.models.heads import described
from discretion.results.collector import Listener, Notes
from discretion.results.unseen_values import unseen_values
from discretion.runs import Run
from discretion.scorecard import Answered, Beside, Heading, Pricing, Scorecard, ScoreOptions, score
from discretion.scorecard.cards import FailureCard, Kind, PricesOf, RunCard
from discretion.scorecard.findings import dearer
from discretion.scorecard.reads_case import AskedNotes, Headed
from discretion.scorecard.study import study_of
from discretion.scorecard.traffic_weights import tickets_of
from discretion.stats.weights import Weigh
from discretion.storage import records
from discretion.storage.imports import ImportReading
from discretion.storage.imports import imports as imports_of
from discretion.tuning import outcome, pooled
from discretion.version import __version__
from discretion.workspace import open_workspace

TAUGHT = ("direct", "chain-of-thought")
"""The methods whose words the built-in model met when it was made."""

UNFINISHED = (
    "This run is not finished: figures are of what was answered so far. The command that began it "
    "goes on where it stopped."
)


DEFERRED = "handed the case to a person, which counts neither as a grant nor as a refusal"
"""What a page says of answers that defer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """What is asked of a run's result; everything else follows from the run."""

    title: str = ""
    panel: str = ""
    """Whom to compare with; the plan's people, or the only panel, where it is left out."""
    by: tuple[str, ...] = ()
    """Columns of the judgments whose values make groups of raters to compare with too."""
    requesters: tuple[str, ...] = ()
    """Columns of the cases whose values make groups of those who ask; none unless named."""
    others: tuple[str, ...] = ()
    """Panels to set beside it."""
    prices: PricesOf = "run"
    """What wrong decisions cost: as the policies said when the run was made, or as they say
    today."""
    as_they_occur: bool = False
    """Count mistakes and money as often as cases occur in the imported tickets."""
    weigh: Weigh = "scenarios"
    with_cases: bool = False
    """Show the texts of the largest disagreements."""
    expectations: tuple[GateCase, ...] = ()
    """The user's own cases; those that the run asked are held against it too."""
    notes: Mapping[str, Notes] | None = None
    """What tuned models say of themselves, by name; read from the run's workspace where left
    out. Their base is looked for among the arms, to show what tuning broke."""
    prompts: bool = True
    """Look into the prompts for values that no model was shown."""


def build(run: Run, options: ReportOptions = ReportOptions()) -> Scorecard:
    """Everything that a run comes to: its arms against a panel, what tuned models learned and
    broke, what the conclusions rest on, and what limits them.

    Raises:
        DiscretionError: there is no such panel or column, or it judged none of the run's cases;
            nothing says how often they occur; or today's prices cannot be read.
    """
    store, case_set = run.store, run.case_set
    people = records.panel(store, options.panel or run.plan.compared_with)
    teaching = outcome(run, people, weigh=options.weigh) if run.plan.tuning else None
    together = pooled(run)
    # Arms with a reasoning put in are probes of tuned models, not ways to decide: what was learned
    # is told with them, and the league without.
    kinds = {
        together.get(name, name): cast("Kind", kind)
        for (name, _), kind in zip(run.arms, run.kinds, strict=True)
        if teaching is None or not _put_in(name)
    }
    names = list(kinds)
    failures = Counter((together.get(arm, arm), failure.what) for arm, failure in run.failures())
    per_arm: Counter[str] = Counter()
    for (arm, _), count in failures.items():
        per_arm[arm] += count
    tickets = None
    if options.as_they_occur:
        tickets = tickets_of(records.imported_cases(store), case_set.scenarios, people)
    notes = tuned.notes_of(store.path.parent) if options.notes is None else options.notes
    heads = _heads(run)
    reading = AskedNotes(
        {together.get(name, name): _form(name, run, heads) for name, _ in run.arms},
        _headed(run, heads, together),
    )
    listener = Listener(run, case_set, together, notes, reading)
    heading = Heading(
        title=options.title or "How far from the people",
        banner=_banner(people, names),
        run=RunCard(
            run=run.id,
            started=run.started,
            finished=run.finished,
            plan=run.plan.hash,
            cases=digest(sorted(run.case_ids)),
            head=store.head(),
            version=__version__,
            arms=run.arms,
            failures=tuple(
                FailureCard(arm, what, count) for (arm, what), count in failures.most_common()
            ),
        ),
    )
    answered = Answered(
        estimates=((arm, estimate) for arm, estimate in listener.estimates() if arm in kinds),
        kinds=kinds,
        contrasts=[(contrast.arm, contrast.against) for contrast in run.plan.contrasts],
        untaught=[name for name in names if _untaught(name)],
        failures=per_arm,
        reading=reading,
    )
    card = score(
        heading,
        case_set,
        people,
        answered,
        beside=Beside(
            groups=records.groups(store, people.name, options.by) if options.by else (),
            others=[records.panel(store, other) for other in options.others],
            requesters=options.requesters,
        ),
        pricing=Pricing(
            prices=_prices(run, case_set, options.prices), of=options.prices, tickets=tickets
        ),
        options=ScoreOptions(
            weigh=options.weigh, with_cases=options.with_cases, seed=run.plan.seed
        ),
    )
    if options.as_they_occur:
        _check_occurrence(card)
    study = study_of(case_set.cases, people, options.weigh)
    card = replace(
        card,
        run=_with_deferrals(card.run, listener.deferrals, together),
        breakage=listener.breakage(study, options.expectations),
        reasons=listener.reasons(study),
        imports=imports_of(store),
        warnings=(
            *([] if run.finished else [UNFINISHED]),
            *(unseen_values(run, case_set, together) if options.prompts else ()),
            *card.warnings,
            *reading.warnings(),
        ),
    )
    if teaching is not None:
        trained = [name for name in names if name.startswith(tuned.PREFIX)]
        bases = [name for name in names if kinds[name] == "model" and name not in trained]
        costs = filter(None, (dearer(trained, bases, one) for one in card.money))
        teaching = replace(teaching, answer=(*teaching.answer, *costs))
        # Without an answer, where nothing was compared, the nearest target stands first.
        first = (*teaching.answer, *teaching.findings[:1])
        card = replace(card, teaching=teaching, findings=(*first, *card.findings))
    return card


def _with_deferrals(
    card: RunCard | None, deferrals: Mapping[str, int], together: Mapping[str, str]
) -> RunCard | None:
    """A run's card with how often each arm handed a case to a person, after its failures."""
    told = (FailureCard(together.get(arm, arm), DEFERRED, n) for arm, n in deferrals.items())
    return card and replace(card, failures=(*card.failures, *told))


def _heads(run: Run) -> dict[str, Mapping[str, Any]]:
    """What the log says of the heads among a run's arms, by arm."""
    trained = {entry.key: entry.body for entry in run.store.entries("tuned")}
    models = {name: name.partition("/")[0].removeprefix(tuned.PREFIX) for name, _ in run.arms}
    return {
        name: trained[model]
        for name, model in models.items()
        if name.startswith(tuned.PREFIX) and "head" in trained.get(model, ())
    }


def _form(name: str, run: Run, heads: Mapping[str, Mapping[str, Any]]) -> str:
    """What was scored of an arm, in words."""
    return described(heads[name]["head"]) if name in heads else IN_WORDS[run.forms.get(name, "end")]


def _headed(
    run: Run, heads: Mapping[str, Mapping[str, Any]], together: Mapping[str, str]
) -> dict[str, Headed]:
    """The heads on hidden states that were asked cases held out from them: not in a rehearsal, and
    not where people were held out, and no cases."""
    found = {}
    for name, body in heads.items():
        base = f"{body['base']['model']}/{name.partition('/')[2]}"
        held = not run.plan.rehearsal and body["hold_out"]["by"] != RATER
        if held and body["target"] == "head":
            own = Headed(together.get(base, base), int(body["seed"]), body["head"]["share"])
            found[name] = own
    return found


def prices_changed(run: Run, today: Mapping[str, Policy]) -> bool:
    """Whether the workspace's policies of today say of some mistake that it costs something else
    than when the run was made."""
    then = run.policies
    return _priced(then, then) != _priced(today, then)


def _prices(run: Run, case_set: CaseSet, when: PricesOf) -> dict[str, Prices]:
    """What wrong decisions cost, by policy of the run."""
    if when == "today":
        today = open_workspace(run.store.path.parent).contents.policies
        return _priced(today, case_set.policies)
    return _priced(case_set.policies, case_set.policies)


def _priced(policies: Mapping[str, Policy], those: Collection[str]) -> dict[str, Prices]:
    """What wrong decisions cost, by policy, of those policies."""
    costs = {name: one.costs for name, one in policies.items() if name in those}
    return {name: one for name, one in costs.items() if one is not None}


def _check_occurrence(card: Scorecard) -> None:
    if not any(one.cases for one in card.money):
        raise DiscretionError(
            "no imported request says how often these cases occur",
            where="--as-they-occur",
            fix="import tickets of their policies with values, or leave it out",
        )


def build_people(
    case_set: CaseSet,
    panel: Panel,
    *,
    groups: Sequence[tuple[str, str, Panel]] = (),
    others: Sequence[Panel] = (),
    title: str = "",
    weigh: Weigh = "scenarios",
    imports: Sequence[ImportReading] = (),
) -> Scorecard:
    """The scorecard of judgments alone; `groups` as `records.groups` gives them, `others` panels
    to set beside this one, `imports` how the files were read that they came from."""
    card = score(
        Heading(title=title or "What people decided", banner=_banner(panel, [])),
        case_set,
        panel,
        beside=Beside(groups=groups, others=others),
        options=ScoreOptions(weigh=weigh),
    )
    return replace(card, imports=tuple(imports))


def _put_in(arm: str) -> bool:
    method = arm.partition("/")[2]
    return methods.method_put_into(method) != method


def _untaught(arm: str) -> bool:
    model, _, method = arm.partition("/")
    return model == models.BUILT_IN and methods.method_put_into(method) not in TAUGHT


def _banner(people: Panel, arms: list[str]) -> str:
    """What the first line of the page must say."""
    ours = (f"{models.BUILT_IN}/", f"{tuned.PREFIX}{models.BUILT_IN}-")
    built_in = any(name.startswith(ours) for name in arms)
    subjects = {
        (True, True): ("Simulated people and the built-in model", "people or models"),
        (True, False): ("Simulated people", "people"),
        (False, True): ("The built-in model", "models"),
    }
    if (people.simulated, built_in) not in subjects:
        return ""
    shown, real = subjects[people.simulated, built_in]
    return f"{shown}: this page shows that the machinery works, and says nothing of real {real}."
