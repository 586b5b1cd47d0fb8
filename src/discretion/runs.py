"""Runs: what was evaluated when, and the answers that each used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from discretion.core.answers import Answer, Estimate, Failure, combine
from discretion.core.arms import Form
from discretion.core.cases import CaseSet
from discretion.core.plans import Plan, plan_from_json
from discretion.core.policies import Policy
from discretion.errors import DiscretionError
from discretion.storage import Store, StoredEntry, records

_CASES_READ = 100
"""Cases whose answers are read at once: each may have dozens."""


@dataclass(frozen=True)
class Run:
    """One evaluation: its plan, its cases, and the answers that it used."""

    id: str
    store: Store = field(repr=False)
    plan: Plan
    case_ids: tuple[str, ...] = field(repr=False)
    arms: tuple[tuple[str, str], ...]
    """(name, fingerprint) of each arm."""
    kinds: tuple[str, ...]
    """What each arm is: ``model``, ``baseline`` or ``recorded``."""
    started: str
    finished: str
    """When it was done; empty where it was stopped before."""
    forms: Mapping[str, Form] = field(repr=False)
    """In what form each arm's answers were scored, where not as complete answers."""

    described: tuple[str, ...] = field(repr=False)
    """Hashes of the policies and scenarios as they were."""
    versions: tuple[str, ...] = field(repr=False)
    """Hashes of the cases as they were."""

    @property
    def case_set(self) -> CaseSet:
        """The cases, with the policies and scenarios as they were."""
        return records.read_docket(self.store, self.versions, self.described)

    @property
    def policies(self) -> dict[str, Policy]:
        """The policies as they were."""
        return records.read_policies(self.store, self.described)

    def estimates(self) -> dict[str, dict[str, Estimate]]:
        """Each arm's estimates by case. Answers are read in pages: memory grows with the number
        of arms times cases, not with the number of answers."""
        found: dict[str, dict[str, Estimate]] = {name: {} for name, _ in self.arms}
        for arm, case, answers in self.answers():
            found[arm][case] = combine(case, answers)
        return found

    def answers(self, *, texts: bool = False) -> Iterator[tuple[str, str, list[Answer]]]:
        """(arm, case, its decisions), one case at a time, sorted by arm and case. Where an arm
        handed the case to a person every time, it has none."""
        for arm, case, answers in self.replies(texts=texts):
            if decided := [answer for answer in answers if not answer.deferred]:
                yield arm, case, decided

    def deferrals(self) -> dict[str, int]:
        """How often each arm handed a case to a person, where it ever did."""
        found = Counter(
            arm for arm, _, answers in self.replies() for answer in answers if answer.deferred
        )
        return dict(found)

    def replies(self, *, texts: bool = False) -> Iterator[tuple[str, str, list[Answer]]]:
        """As `answers`, with those by which a case was handed to a person."""
        groups = (
            (arm, case, [key for _, _, key in group])
            for (arm, case), group in groupby(records.used(self.store, self.id), itemgetter(0, 1))
        )
        while page := list(islice(groups, _CASES_READ)):
            wanted = [key for _, _, keys in page for key in keys]
            known = records.answers(self.store, wanted, texts=texts)
            for arm, case, keys in page:
                yield arm, case, [known[key] for key in keys]

    def silent_arm(self) -> str | None:
        """The first arm, baselines aside, that answered none of the cases; None where all did."""
        answered = {arm for arm, _, _ in records.used(self.store, self.id)}
        return next(
            (
                arm
                for (arm, _), kind in zip(self.arms, self.kinds, strict=True)
                if arm not in answered and (kind != "baseline" or not answered)
            ),
            None,
        )

    def failures(self) -> list[tuple[str, Failure]]:
        """(arm, failure) for calls that never gave a decision."""
        return list(records.failures(self.store, self.id))


def runs(store: Store) -> list[Run]:
    """Every run in the log, oldest first.

    Raises:
        DiscretionError: the list of a run's cases is not there.
    """
    ended = {entry.key: entry.body["finished"] for entry in store.entries("run end")}
    begun = list(store.entries("run"))
    named = {entry.body["case_list"] for entry in begun if "case_list" in entry.body}
    lists = {
        entry.key: _listed(entry.body) for entry in store.find(records.CASE_LIST, sorted(named))
    }
    return [_run(store, entry, ended.get(entry.key, ""), lists) for entry in begun]


def find_run(store: Store, run: str = "") -> Run:
    """The run of that id (its beginning is enough); else the newest one to report on.

    A run of which a model failed throughout is not reported on unless it is named: its figures
    would be of what was left over. Neither is a rehearsal.

    Raises:
        DiscretionError: there is none, or the beginning fits several.
    """
    if not run:
        chosen = newest_answered(store).run
        if chosen is not None:
            return chosen
    known = runs(store)
    fitting = [one for one in known if run and one.id.startswith(run)]
    if not fitting:
        what = f"there is no run {run!r}" if run else "no run has answers yet"
        fix = (
            "see: discretion runs"
            if known
            else "run: discretion evaluate --arm NAME; see discretion arms"
        )
        raise DiscretionError(what, where=str(store.path), fix=fix)
    if len(fitting) > 1:
        raise DiscretionError(f"{run!r} fits {len(fitting)} runs", fix="give more of the id")
    return fitting[-1]


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest run worth a report, and what came after it."""

    run: Run | None
    """None where no run has the answers of all its models."""
    failed: tuple[tuple[Run, str], ...] = ()
    """Newer runs, each with an arm that answered nothing, the newest first."""


def newest_answered(store: Store) -> Newest:
    """The newest run, no rehearsal, in which every arm but the baselines gave an answer."""
    failed: list[tuple[Run, str]] = []
    for run in reversed(runs(store)):
        if run.plan.rehearsal:
            continue
        silent = run.silent_arm()
        if silent is None:
            return Newest(run, tuple(failed))
        failed.append((run, silent))
    return Newest(None, tuple(failed))


CaseList = tuple[tuple[str, ...], tuple[str, ...]]
"""The ids of a run's cases, and the hashes of the cases as they were."""


def _listed(body: Mapping[str, Any]) -> CaseList:
    return tuple(body["cases"]), tuple(body["versions"])


def _run(store: Store, entry: StoredEntry, finished: str, lists: Mapping[str, CaseList]) -> Run:
    body = entry.body
    if "case_list" not in body:  # As version 0.1.0 wrote it.
        cases, versions = _listed(body)
    elif body["case_list"] in lists:
        cases, versions = lists[body["case_list"]]
    else:
        raise DiscretionError(
            f"the list of cases of run {entry.key} is missing",
            where=str(store.path),
            fix="restore the log from a copy; discretion verify says where it was changed",
        )
    return Run(
        id=entry.key,
        store=store,
        plan=plan_from_json(body["plan"]),
        case_ids=cases,
        arms=tuple((name, fingerprint) for name, fingerprint in body["arms"]),
        kinds=tuple(body["kinds"]),
        started=body["started"],
        finished=finished,
        described=tuple(body["described"]),
        versions=versions,
        forms=body.get("forms", {}),
    )
