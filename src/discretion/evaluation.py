"""Evaluation: cases are put to arms, and every answer is kept as it comes."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from discretion import answer_forms
from discretion.budgets import Remote, Spending
from discretion.canonical import short_id
from discretion.core.answers import Answer, Failure
from discretion.core.arms import Arm, Call, neighbors
from discretion.core.cases import Case, CaseSet
from discretion.core.plans import Plan, plan_to_json
from discretion.coroutines import run_sync
from discretion.errors import DiscretionError, StoppedError
from discretion.runs import Run, find_run
from discretion.storage import Store, records

HOPELESS = 20
"""An arm whose first calls all fail is given up after this many: the rest would fail too."""

_PAGE = 1000
"""Calls that are looked up in the log at once."""

_LONGEST = 300
"""Characters of what an exception says that are kept."""

_SECRET = re.compile(
    r"(?i)(?<=bearer )\S+|(?<=key=)[^\s&]+|(?<=token=)[^\s&]+|(?<=://)[^\s/@]+(?=@)"
)
"""What in an exception's text may let somebody in."""


@dataclass(frozen=True, slots=True)
class CallProgress:
    """How far a run is."""

    arm: str
    done: int
    """Calls answered, found in the log, or failed, over all arms."""
    total: int
    """About how many calls there are, from each arm's first case."""
    cached: int
    failed: int
    seconds: float

    @property
    def rate(self) -> float:
        """Calls a second that were really asked."""
        return (self.done - self.cached) / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """None until there is a rate to go by."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


def evaluate(
    cases: Sequence[Case],
    arms: Sequence[Arm],
    store: Store,
    *,
    plan: Plan | None = None,
    in_flight: int = 64,
    progress: Callable[[CallProgress], None] | None = None,
    clock: Callable[[], str] = str,
    spending: Spending | None = None,
) -> Run:
    """Put cases to arms and keep every answer.

    The plan's hash is stored before anything is asked. Answers that the log already has are not
    asked again, so repeating a run costs nothing, and one that was stopped goes on where it was
    by being run again. Works inside a running event loop too, in a thread of its own.

    Args:
        cases: what is to be decided.
        arms: who is asked.
        store: keeps the answers; what it has acknowledged survives a kill.
        plan: what was declared beforehand; by default just these arms.
        in_flight: how many calls, or batches of calls, are under way at once.
        progress: told after every batch.
        clock: the time, ISO 8601 in UTC.
        spending: pays for calls to endpoints, and says afterwards what they cost.

    Raises:
        StoppedError: the budget is spent, or a server is no longer the one that was probed. Calls
            under way were finished and kept.
        DiscretionError: there is nothing to do, something stands twice, an arm answers none of
            the cases, or an arm's first calls all fail. What was answered until then is kept.
    """
    if not cases:
        raise DiscretionError("there are no cases to evaluate", fix="describe or import some")
    if not arms:
        raise DiscretionError("there are no arms to evaluate", fix="name one, like tiny/direct")
    if in_flight < 1:
        raise DiscretionError(f"{in_flight} calls in flight ask nothing", fix="allow 1 or more")
    _each_once("case", [case.id for case in cases])
    _each_once("arm", [arm.name for arm in arms])
    plan = plan or Plan(arms=tuple(arm.name for arm in arms))
    arms = answer_forms.settle(arms, cases, store)
    run = _begin(cases, arms, store, plan, clock)
    try:
        run_sync(_Evaluation(run, cases, arms, in_flight, progress, spending or Spending()).run())
    finally:
        store.flush()
    finished = clock()
    records.note(store, "run end", run.id, {"finished": finished})
    return find_run(store, run.id)


@dataclass(frozen=True, slots=True)
class Planned:
    """What an arm would be asked."""

    arm: str
    calls: int
    cached: int
    """Of the calls, those that the log answers."""
    again: int
    """Of the others, those in whose place the arm answered the same case before: since then its
    prompt, a setting or its model has changed."""
    characters: int
    """To be sent, in all calls that the log does not answer."""


def count_calls(cases: Sequence[Case], arms: Sequence[Arm], store: Store) -> list[Planned]:
    """What each arm would be asked, without asking anything."""
    before = _answered(store, arms)
    counted = []
    for arm in answer_forms.settle(arms, cases, store, probe=False):
        calls = [call for case in cases for call in arm.calls(case)]
        cached = store.has("answer", [call.key for call in calls])
        new = [call for call in calls if call.key not in cached]
        characters = sum(
            len(message.content)
            for call in new
            if call.prompt is not None
            for message in call.prompt.messages
        )
        again = _asked_again(new, {call.key for call in calls}, before[arm.name])
        counted.append(Planned(arm.name, len(calls), len(calls) - len(new), again, characters))
    return counted


def count_repeated(cases: Sequence[Case], arms: Sequence[Arm], store: Store) -> list[Planned]:
    """What would be asked of those cases that an arm answered before under another prompt, setting
    or model; only arms of which there are any. Costs nothing where nothing was answered."""
    before = _answered(store, arms)
    found = []
    for arm in arms:
        old = [case for case in cases if case.id in before[arm.name]]
        if old:
            found += [one for one in count_calls(old, [arm], store) if one.again]
    return found


def _answered(store: Store, arms: Sequence[Arm]) -> dict[str, dict[str, set[str]]]:
    """By arm and case, the keys of the answers that any run used."""
    found: dict[str, dict[str, set[str]]] = {arm.name: {} for arm in arms}
    for run in store.keys("run"):
        for name, case, key in records.used(store, run):
            if name in found:
                found[name].setdefault(case, set()).add(key)
    return found


def _asked_again(new: Sequence[Call], planned: set[str], before: Mapping[str, set[str]]) -> int:
    """How many new calls take the place of answers that are no longer planned. A fit, or what was
    recorded elsewhere, is asked of nobody."""
    each = Counter(call.case for call in new if call.prompt is not None)
    return sum(min(count, len(before.get(case, set()) - planned)) for case, count in each.items())


class _Evaluation:
    """The state of a run under way. Workers share one iterator of batches, so that nothing is
    planned before it can be asked."""

    def __init__(
        self,
        run: Run,
        cases: Sequence[Case],
        arms: Sequence[Arm],
        in_flight: int,
        progress: Callable[[CallProgress], None] | None,
        spending: Spending,
    ) -> None:
        self._run = run
        self._cases = cases
        self._arms = arms
        self._in_flight = in_flight
        self._progress = progress
        self._spending = spending
        self._stopped: StoppedError | None = None
        self._begun = time.monotonic()
        self._total = sum(_calls_about(arm, cases) for arm in arms)
        self._done = self._cached = self._failed = 0
        self._good: set[str] = set()
        self._bad: dict[str, int] = {}

    async def run(self) -> None:
        batches = self._batches()
        remote = [arm for arm in self._arms if isinstance(arm, Remote)]
        try:
            for arm in remote:
                await arm.open(self._spending)
            async with asyncio.TaskGroup() as group:
                for _ in range(self._in_flight):
                    group.create_task(self._work(batches))
        finally:
            for arm in remote:
                await arm.close()
        if self._stopped is not None:
            raise self._stopped

    async def _work(self, batches: Iterator[tuple[Arm, list[Call]]]) -> None:
        for arm, calls in batches:
            if self._stopped is not None:
                return
            try:
                outcomes = await _outcomes(arm, calls)
            except StoppedError as stopped:
                self._stopped = stopped
                return
            for outcome in outcomes:
                self._keep(arm, outcome)
            self._tell(arm)
            if arm.name not in self._good and self._bad[arm.name] >= HOPELESS:
                what = next(one.told for one in outcomes if isinstance(one, Failure))
                raise DiscretionError(
                    f"the first {self._bad[arm.name]} calls all failed: {what}",
                    where=arm.name,
                    fix="fix the model or its settings, then run the same command again",
                )

    def _batches(self) -> Iterator[tuple[Arm, list[Call]]]:
        """Calls that the log does not answer yet, an arm's batch at a time."""
        store, run = self._run.store, self._run.id
        for arm in self._arms:
            waiting: list[Call] = []
            calls = (call for case in self._cases for call in arm.calls(case))
            while page := list(islice(calls, _PAGE)):
                known = store.has("answer", [call.key for call in page])
                if known:
                    have = [call for call in page if call.key in known]
                    store.put(
                        *(records.used_entry(run, arm.name, call.case, call.key) for call in have)
                    )
                    self._good.add(arm.name)
                    self._cached += len(have)
                    self._done += len(have)
                    self._tell(arm)
                new = [call for call in page if call.key not in known]
                waiting += neighbors(new) if getattr(arm, "scored", False) else new
                while len(waiting) >= arm.batch:
                    yield arm, waiting[: arm.batch]
                    del waiting[: arm.batch]
            if waiting:
                yield arm, waiting

    def _keep(self, arm: Arm, outcome: Answer | Failure) -> None:
        store, run = self._run.store, self._run.id
        self._done += 1
        if isinstance(outcome, Answer):
            store.put(*records.answer_entries(run, arm.name, outcome))
            self._good.add(arm.name)
            return
        store.put(records.failure_entry(run, arm.name, outcome))
        self._failed += 1
        self._bad[arm.name] = self._bad.get(arm.name, 0) + 1

    def _tell(self, arm: Arm) -> None:
        if self._progress is not None:
            seconds = time.monotonic() - self._begun
            total = max(self._total, self._done)
            self._progress(
                CallProgress(arm.name, self._done, total, self._cached, self._failed, seconds)
            )


def _begin(
    cases: Sequence[Case], arms: Sequence[Arm], store: Store, plan: Plan, clock: Callable[[], str]
) -> Run:
    """The run's own row, written before anything is asked."""
    for arm in arms:
        if not any(True for case in cases for _ in islice(arm.calls(case), 1)):
            raise DiscretionError(
                "it can answer none of the cases", where=arm.name, fix="check what the cases carry"
            )
    definition: dict[str, Any] = {
        "plan": plan_to_json(plan),
        "plan_hash": plan.hash,
        "cases": [case.id for case in cases],
        "arms": [[arm.name, arm.fingerprint] for arm in arms],
        "kinds": [_kind(arm) for arm in arms],
    }
    if forms := {arm.name: form for arm in arms if (form := getattr(arm, "form", "end")) != "end"}:
        definition["forms"] = forms
    documents = records.described_entries(cases) if isinstance(cases, CaseSet) else []
    definition["described"] = [entry.key for entry in documents]
    put = [records.case_entry(case) for case in cases]
    definition["versions"] = [entry.key for entry in put]
    started = clock()
    identity = short_id((definition, started, store.head()))
    listed = records.case_list_entry(definition.pop("cases"), definition.pop("versions"))
    store.append([*documents, *put, listed])
    records.note(
        store, "run", identity, {**definition, "case_list": listed.key, "started": started}
    )
    return find_run(store, identity)


def _kind(arm: Arm) -> str:
    prefix = arm.name.split("/")[0]
    return prefix if prefix in ("baseline", "recorded") else "model"


def _calls_about(arm: Arm, cases: Iterable[Case]) -> int:
    """About how many calls an arm makes: as many for each case as for the first it answers."""
    cases = list(cases)
    each = next((len(calls) for calls in map(arm.calls, cases) if calls), 0)
    return each * len(cases)


async def _outcomes(arm: Arm, calls: Sequence[Call]) -> Sequence[Answer | Failure]:
    """What an arm says to each call. Whatever goes wrong inside it fails these calls and no
    others; only what the user has to fix stops the run."""
    try:
        outcomes = await arm.ask(calls)
        if [outcome.key for outcome in outcomes] != [call.key for call in calls]:
            raise ValueError("the arm did not answer each call once, in order")
        for outcome in outcomes:
            if isinstance(outcome, Answer) and not 0 <= outcome.p <= 1:
                raise ValueError(f"{outcome.p} is no probability")
    except DiscretionError:
        raise
    except Exception as error:
        what = f"{type(error).__name__}: {_SECRET.sub('…', str(error))}".rstrip(": ")
        return [Failure(call.key, call.case, what[:_LONGEST]) for call in calls]
    return outcomes


def _each_once(what: str, names: Sequence[str]) -> None:
    """Answers are told apart by arm and case, so that one that stands twice would count twice."""
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise DiscretionError(f"the {what} {twice!r} stands twice", fix="leave one of them out")
