"""Runs: what was evaluated when, and the answers that each used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import itemgetter

from discretion.answers import Answer, Estimate, Failure, combine
from discretion.arms import Form
from discretion.cases import Docket
from discretion.errors import DiscretionError
from discretion.plans import Plan, plan_from_json
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
    def docket(self) -> Docket:
        """The cases, with the policies and scenarios as they were."""
        return records.read_docket(self.store, self.versions, self.described)

    def estimates(self) -> dict[str, dict[str, Estimate]]:
        """Each arm's estimates by case. Answers are read in pages: memory grows with the number
        of arms times cases, not with the number of answers."""
        found: dict[str, dict[str, Estimate]] = {name: {} for name, _ in self.arms}
        for arm, case, answers in self.answers():
            found[arm][case] = combine(case, answers)
        return found

    def answers(self, *, texts: bool = False) -> Iterator[tuple[str, str, list[Answer]]]:
        """(arm, case, its answers), one case at a time, sorted by arm and case."""
        groups = (
            (arm, case, [key for _, _, key in group])
            for (arm, case), group in groupby(records.used(self.store, self.id), itemgetter(0, 1))
        )
        while page := list(islice(groups, _CASES_READ)):
            wanted = [key for _, _, keys in page for key in keys]
            known = records.answers(self.store, wanted, texts=texts)
            for arm, case, keys in page:
                yield arm, case, [known[key] for key in keys]

    def failures(self) -> list[tuple[str, Failure]]:
        """(arm, failure) for calls that never gave a decision."""
        return list(records.failures(self.store, self.id))


def runs(store: Store) -> list[Run]:
    """Every run in the log, oldest first."""
    ended = {entry.key: entry.body["finished"] for entry in store.entries("run end")}
    return [_run(store, entry, ended.get(entry.key, "")) for entry in store.entries("run")]


def find_run(store: Store, run: str = "") -> Run:
    """The run of that id (its beginning is enough), or the newest that is no rehearsal.

    Raises:
        DiscretionError: there is none, or the beginning fits several.
    """
    known = runs(store)
    fitting = [one for one in known if one.id.startswith(run) and (run or not one.plan.rehearsal)]
    if not fitting:
        what = f"there is no run {run!r}" if run else "nothing has been evaluated yet"
        mend = "see: discretion runs" if known else "run: discretion evaluate --arm tiny/direct"
        raise DiscretionError(what, where=str(store.path), mend=mend)
    if run and len(fitting) > 1:
        raise DiscretionError(f"{run!r} fits {len(fitting)} runs", mend="give more of the id")
    return fitting[-1]


def _run(store: Store, entry: StoredEntry, finished: str) -> Run:
    body = entry.body
    return Run(
        id=entry.key,
        store=store,
        plan=plan_from_json(body["plan"]),
        case_ids=tuple(body["cases"]),
        arms=tuple((name, fingerprint) for name, fingerprint in body["arms"]),
        kinds=tuple(body["kinds"]),
        started=body["started"],
        finished=finished,
        described=tuple(body["described"]),
        versions=tuple(body["versions"]),
        forms=body.get("forms", {}),
    )
