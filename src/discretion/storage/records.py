"""Records: how each noun stands in the log, and how it is read back.

What may name or quote a person (texts, raters, explanations, prompts) goes into the erasable
part of an entry; an erased part comes back empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from discretion.canonical import digest, short_id
from discretion.core.answers import Answer, Failure, answer_from_json, answer_to_json
from discretion.core.cases import Case, CaseSet, case_from_json, case_to_json
from discretion.core.judgments import (
    Judgment,
    Panel,
    Tally,
    gather,
    judgment_from_json,
    judgment_to_json,
    tally_from_json,
    tally_to_json,
)
from discretion.core.policies import Policy, policy_to_json
from discretion.core.precedents import Precedent, precedents_of
from discretion.core.scenarios import Scenario, scenario_to_json
from discretion.core.selections import JudgmentSelection, parse_selection
from discretion.errors import DiscretionError
from discretion.storage.entries import Entry, StoredEntry
from discretion.storage.store import Store

CASE_LIST = "case list"
"""The kind of what says which cases runs are about."""
CASE_TEXTS = ("text", "twin", "columns", "shown_columns")
JUDGMENT_TEXTS = ("rater", "explanation", "columns")
ANSWER_TEXTS = ("prompt", "text")

_ANONYMOUS: Mapping[str, Any] = {"rater": None, "explanation": None, "columns": {}}
"""What is left of an erased person."""

GROUPS = 24
"""Groups of raters that a column may make: with more, most are too small to say anything."""

_NAMES = "\t"
"""Between an arm, a case and a key: arms and cases of other programs may have spaces in them."""


def case_entry(case: Case, *, imported: bool = False) -> Entry:
    """A case as it came from a file, under its id; or as it was put to arms, under the hash of
    what it was: its id stays when its scale or its twin is changed."""
    body = case_to_json(case)
    key = case.id if imported else short_id(body)
    return Entry("imported case" if imported else "case", key, body, _personal(body))


def case_version_entry(case: Case) -> Entry:
    """An imported case that is there already, with what a later import of it added."""
    body = case_to_json(case)
    key = short_id(body)
    return Entry("imported case", key, body, _personal(body), grouping=case.id)


def _personal(body: dict[str, Any]) -> dict[str, Any]:
    """What may name or quote a person, taken out of a case's body."""
    return {name: body.pop(name) for name in CASE_TEXTS if name in body}


def read_case(entry: StoredEntry) -> Case:
    texts = entry.personal or {"text": None, "twin": None, "columns": {}}
    return case_from_json({**entry.body, **texts})


def imported_cases(store: Store) -> Iterator[Case]:
    """The cases that came from files, in the order of their import, each as a later import of it
    left it."""
    newest: dict[str, Case] = {}
    for entry in store.entries("imported case"):
        case = read_case(entry)
        newest[case.id] = case
    return iter(newest.values())


def described_entries(case_set: CaseSet) -> list[Entry]:
    """The policies and scenarios of a case set, each under the hash of what it says.

    As text, since the order of a factor's levels has a meaning and the log sorts its keys.
    """
    said = [
        *(("policy", policy_to_json(one)) for one in case_set.policies.values()),
        *(("scenario", scenario_to_json(one)) for one in case_set.scenarios.values()),
    ]
    documents = [
        (kind, json.dumps(one, ensure_ascii=False, separators=(",", ":"))) for kind, one in said
    ]
    return [Entry(kind, digest(text), {"document": text}) for kind, text in documents]


def read_docket(store: Store, cases: Iterable[str], described: Iterable[str]) -> CaseSet:
    """The case set of the cases, policies and scenarios of these hashes."""
    hashes = list(described)
    scenarios = [
        Scenario.model_validate_json(entry.body["document"])
        for entry in store.find("scenario", hashes)
    ]
    return CaseSet(
        tuple(read_case(entry) for entry in store.find("case", cases)),
        read_policies(store, hashes),
        {scenario.id: scenario for scenario in scenarios},
    )


def read_policies(store: Store, described: Iterable[str]) -> dict[str, Policy]:
    """The policies of these hashes, by id."""
    documents = (entry.body["document"] for entry in store.find("policy", described))
    policies = [Policy.model_validate_json(document) for document in documents]
    return {policy.id: policy for policy in policies}


def case_list_entry(cases: Iterable[str], versions: Iterable[str]) -> Entry:
    """The ids of a run's cases and the hashes of what they were, in the order of the run, under the
    hash of both: runs on the same cases share it."""
    body = {"cases": list(cases), "versions": list(versions)}
    return Entry(CASE_LIST, digest(body), body)


def judgment_entry(judgment: Judgment) -> Entry:
    body = judgment_to_json(judgment)
    personal = {name: body.pop(name) for name in JUDGMENT_TEXTS}
    return Entry("judgment", judgment.id, body, personal)


def judgments(store: Store, panel: str | None = None) -> Iterator[Judgment]:
    """Every judgment in the log, or a panel's; an erased person's is anonymous."""
    found = store.entries("judgment") if panel is None else store.of_panel("judgment", panel)
    for entry in found:
        yield judgment_from_json({**entry.body, **(entry.personal or _ANONYMOUS)})


def tally_entry(tally: Tally) -> Entry:
    return Entry("tally", tally.id, tally_to_json(tally))


def tallies(store: Store, panel: str | None = None) -> Iterator[Tally]:
    """Every counted answer in the log, or a panel's."""
    found = store.entries("tally") if panel is None else store.of_panel("tally", panel)
    return (tally_from_json(entry.body) for entry in found)


def panel_names(store: Store) -> list[str]:
    """The names of all panels, in the order in which they came."""
    return list(dict.fromkeys([*store.panels("judgment"), *store.panels("tally")]))


def panel(store: Store, name: str = "") -> Panel:
    """The panel of that name or expression (see `selections`), or the only one.

    Raises:
        DiscretionError: there is none, several and none is named, or nobody is selected so.
    """
    chosen = _selection(store, name)
    return gather(chosen, judgments(store, chosen.panel), tallies(store, chosen.panel))


def panel_judgments(store: Store, name: str = "") -> list[Judgment]:
    """The single judgments of the panel of that name or expression, or of the only one.

    Raises:
        DiscretionError: as `panel` does where there is none, or several.
    """
    chosen = _selection(store, name)
    return [one for one in judgments(store, chosen.panel) if _counts(chosen, one)]


def groups(store: Store, name: str, columns: Iterable[str]) -> list[tuple[str, str, Panel]]:
    """(column, value, panel) of those of a panel's judgments in whose column a value stands.

    Raises:
        DiscretionError: no judgment of the panel has the column, or it has too many values.
    """
    whole = _selection(store, name)
    rows = list(judgments(store, whole.panel))
    counted = [row.columns for row in rows if whole.weight(row.columns, row.rater, row.time) > 0]
    found = []
    for column in dict.fromkeys(columns):
        values = sorted({one[column] for one in counted if one.get(column)})
        if not values:
            known = sorted({name for one in counted for name in one})
            raise DiscretionError(
                f"no judgment of the panel {whole.panel!r} has a column {column!r}",
                fix=f"they have: {', '.join(known)}" if known else "import them with --about",
            )
        if len(values) > GROUPS:
            raise DiscretionError(
                f"{column!r} has {len(values):,} values",
                fix=f"name a column that makes at most {GROUPS} groups",
            )
        for value in values:
            own = replace(
                whole,
                only=(*whole.only, (column, frozenset({value}))),
                written=f"{whole.written}[{column}={value}]",
            )
            found.append((column, value, gather(own, rows)))
    return found


def _selection(store: Store, name: str) -> JudgmentSelection:
    """Whom the name or expression of a panel selects."""
    names = panel_names(store)
    if not names:
        raise DiscretionError(
            "nobody's judgments are here yet",
            where=str(store.path.parent),
            fix="bring them in with: discretion import FILE",
        )
    if name in names:
        selection = JudgmentSelection(name)
    else:
        selection = parse_selection(name)
        if not selection.panel:
            _only(names)
            selection = parse_selection(names[0] + name)
    if selection.panel not in names:
        raise DiscretionError(
            f"there is no panel {selection.panel!r}", fix=f"choose from: {', '.join(names)}"
        )
    return selection


def precedents(store: Store, cases: Iterable[Case], panel: Panel) -> list[Precedent]:
    """What a panel decided, as precedents, with the explanations of those who decided as most
    did."""
    majority = {
        case: "grant" if rate > 0.5 else "refuse"
        for case, rate in zip(panel.cases, panel.rate, strict=True)
    }
    why: dict[str, list[str]] = {}
    chosen = JudgmentSelection(panel.name) if panel.name in panel_names(store) else None
    chosen = chosen or parse_selection(panel.name)
    for judgment in judgments(store, chosen.panel):
        agrees = judgment.answer == majority.get(judgment.case)
        if judgment.explanation and agrees and _counts(chosen, judgment):
            why.setdefault(judgment.case, []).append(judgment.explanation)
    known = {case.id: case for case in cases}
    return precedents_of(known, panel.cases, panel.rate.tolist(), panel.n.tolist(), why)


def _only(names: list[str]) -> None:
    if len(names) > 1:
        raise DiscretionError(
            f"there are several panels: {', '.join(names)}", fix="name one with --panel"
        )


def _counts(selection: JudgmentSelection, one: Judgment) -> bool:
    """Whether a judgment of the selection's panel counts in it."""
    return selection.weight(one.columns, one.rater, one.time) > 0


def answer_entries(run: str, arm: str, answer: Answer) -> tuple[Entry, Entry]:
    """An answer, and the line that says the run used it."""
    body = answer_to_json(answer)
    personal = {name: body.pop(name) for name in ANSWER_TEXTS}
    answered = Entry("answer", answer.key, body, personal)
    return answered, used_entry(run, arm, answer.case, answer.key)


def used_entry(run: str, arm: str, case: str, key: str) -> Entry:
    """The line of a run: which answer it used for an arm and a case."""
    return Entry("used", _NAMES.join((arm, case, key)), {}, grouping=run)


def used(store: Store, run: str) -> Iterator[tuple[str, str, str]]:
    """(arm, case, key) of every answer that a run used, sorted: an arm's answers to a case come
    together."""
    for name in store.keys("used", run):
        arm, case, key = name.rsplit(_NAMES, 2)
        yield arm, case, key


def answers(store: Store, keys: Iterable[str], *, texts: bool = False) -> dict[str, Answer]:
    """The answers of these keys; without their prompts and texts unless asked for."""
    found = store.find("answer", keys, personal=texts)
    return {
        entry.key: answer_from_json(
            {**entry.body, **entry.personal} if entry.personal else entry.body
        )
        for entry in found
    }


def failure_entry(run: str, arm: str, failure: Failure) -> Entry:
    """A call of a run that gave no decision; it is never served again."""
    key = _NAMES.join((arm, failure.case, failure.key))
    return Entry("failure", key, {"what": failure.what}, {"text": failure.text}, grouping=run)


def failures(store: Store, run: str) -> Iterator[tuple[str, Failure]]:
    """(arm, failure) of a run."""
    for entry in store.entries("failure", run):
        arm, case, key = entry.key.rsplit(_NAMES, 2)
        text = (entry.personal or {}).get("text", "")
        yield arm, Failure(key, case, entry.body["what"], text)


def note(store: Store, kind: str, key: str, body: Mapping[str, Any], grouping: str = "") -> bool:
    """Write down one thing without personal parts; False where it was there already."""
    return store.append([Entry(kind, key, body, grouping=grouping)])[0]
