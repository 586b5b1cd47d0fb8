"""What commands say of how many cases and people a gate needs, before anybody is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from discretion.cli.app import counted, desk, folder, print_json, print_table, remark
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.core.criteria import Criteria
    from discretion.scorecard.study import Study
    from discretion.stats.sizes import People, Size
    from discretion.workspace import Workspace

CRITERIA = ("criteria.yaml", "acceptance.yaml")
"""Where a workspace says what its gate demands."""


@dataclass(frozen=True, slots=True)
class Named:
    """Sizes that were typed; None where they are those of the workspace."""

    cases: int | None = None
    people: int | None = None
    scenarios: int | None = None

    def over(self, size: Size) -> Size:
        given = {"cases": self.cases, "people": self.people, "scenarios": self.scenarios}
        found = replace(size, **{name: n for name, n in given.items() if n is not None})
        return replace(found, scenarios=min(found.scenarios, found.cases))


def study_here(here: Workspace, panel: str = "") -> Study | None:
    """The workspace's cases and who judged them; None where nobody has, or there are several panels
    and none is named."""
    from discretion.scorecard.study import study_of

    if not here.has_log:
        return None
    try:
        return study_of(here.cases.cases, here.panel(panel))
    except DiscretionError:
        return None


def criteria_here(here: Path, size: Size) -> Criteria:
    """What the workspace's gate demands, or what is asked where nothing is written down."""
    from discretion.core.criteria import read_acceptance
    from discretion.scorecard.how_many import default_criteria

    for name in CRITERIA:
        if (here / name).is_file():
            try:
                criteria, _ = read_acceptance(here / name)
            except DiscretionError:
                continue
            return criteria
    return default_criteria(size)


def size_here(here: Workspace, study: Study | None) -> tuple[People, Size]:
    """The people and the size of the study in a workspace; what nobody has judged is taken to be
    judged by as many as in an ordinary study."""
    from discretion.scorecard.how_many import ORDINARY, standing
    from discretion.stats.sizes import People

    if study is not None:
        return standing(study)
    cases = here.described_cases
    if not cases:
        return People(), ORDINARY
    scenarios = len({case.scenario for case in cases})
    return People(), replace(ORDINARY, cases=len(cases), scenarios=scenarios)


def sentence_here(here: Workspace, study: Study | None) -> str:
    """Whether the study in a workspace is large enough for its gate; empty where there are no
    cases."""
    from discretion.scorecard.how_many import how_many

    if not here.has_log and not here.described_cases:
        return ""
    people, size = size_here(here, study)
    return how_many(people, criteria_here(here.folder, size), size)


def pairs_here(here: Workspace, study: Study | None) -> list[dict[str, Any]]:
    """For each level of each factor that should not matter: the matched pairs there are, and how
    many a verdict needs."""
    from discretion.scorecard.how_many import pairs_needed

    _, size = size_here(here, study)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in here.contents.scenarios.values():
        own = [case for case in here.described_cases if case.scenario == one.id]
        for name, factor in one.factors.items():
            if not factor.should_not_matter:
                continue
            for level in list(factor.levels)[1:]:
                row = found.setdefault(
                    (name, level),
                    {"factor": name, "level": level, "pairs": 0, "scenarios": 0, "margin": 1.0},
                )
                row["pairs"] += sum(case.factors.get(name) == level for case in own)
                row["scenarios"] += 1
                row["margin"] = min(row["margin"], float(factor.within))
    for row in found.values():
        people, arm = pairs_needed(study, row["margin"], size.people)
        row |= {"needed_for_people": people, "needed_for_an_arm": arm}
    return list(found.values())


def pairs_said(row: dict[str, Any]) -> str:
    """The same in one sentence."""
    return (
        f"{row['factor']}={row['level']}: {counted(row['pairs'], 'matched pair')} in "
        f"{counted(row['scenarios'], 'scenario')}; that it does not matter (within "
        f"{100 * row['margin']:g} points) takes about {row['needed_for_people']:,} for your people "
        f"and {row['needed_for_an_arm']:,} for an agent that answers yes or no."
    )


def show(gate: Path | None, gap: float | None, named: Named, *, as_json: bool) -> None:
    """Print how many cases and people a gate, or a noise-corrected gap, needs.

    Raises:
        DiscretionError: something is wrong in the criteria, or they have no margin.
    """
    from discretion.core.criteria import Criteria, read_acceptance
    from discretion.scorecard.how_many import ORDINARY, chances, how_many, table, ways
    from discretion.stats.sizes import BETWEEN, People

    criteria = read_acceptance(gate)[0] if gate is not None else Criteria(gap=gap)
    try:
        folder()
    except DiscretionError:
        remark("no workspace here: people's rates and sizes not named are assumed")
        people, size = People(), ORDINARY
    else:
        here = desk()
        people, size = size_here(here, study_here(here, criteria.panel))
    size = named.over(size)
    found = chances(people, criteria, size)
    if not found:
        raise DiscretionError(
            "demands no figure that has a margin",
            where=str(gate),
            fix="add one, such as beyond_colleague: 5%",
        )
    rows, said = list(table(people, criteria, size)), how_many(people, criteria, size)
    if as_json:
        print_json(
            {
                "size": {
                    "cases": size.cases,
                    "people": size.people,
                    "scenarios": size.scenarios,
                    "raters": size.raters,
                },
                "people": {
                    "rates": {"beta": [people.a, people.b]},
                    "raters_sd": people.raters,
                    "assumed": people.assumed,
                },
                "between_scenarios_assumed": BETWEEN,
                "confidence": criteria.confidence,
                "chances": found,
                "table": [
                    {"scenarios": one.scenarios, "cases": one.cases, "people": n, "chance": p}
                    for one in rows
                    for n, p in one.chances
                ],
                "ways": [
                    {"words": way.words, "judgments": way.more}
                    for way in ways(people, criteria, size)
                ],
                "says": said,
            }
        )
        return
    whose = "assumed" if people.assumed else "your people's own"
    print(
        f"Chance in 100 studies that an arm at half of each margin passes (rates: {whose}; "
        f"{100 * BETWEEN:.0f}% of how its errors vary is taken to lie between scenarios):"
    )
    each = [n for n, _ in rows[0].chances]
    print_table(
        ["scenarios", "cases", *(f"{n} judging each" for n in each)],
        [
            [str(one.scenarios), f"{one.cases:,}", *(f"{100 * p:.0f}" for _, p in one.chances)]
            for one in rows
        ],
    )
    for name, p in found.items():
        print(f"{name}: {100 * p:.0f} of 100")
    print(said)
