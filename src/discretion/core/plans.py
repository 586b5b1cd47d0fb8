"""Plans: what a run will do and which comparisons it will be judged by, fixed before any answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from discretion.canonical import digest
from discretion.core.cases import Case, CaseSet
from discretion.core.holdouts import OF_JUDGMENTS, History, Holdout, default_holdout, group_of
from discretion.core.policies import Described
from discretion.core.strata import sample
from discretion.errors import DiscretionError, MisplacedError

Whole = Annotated[int, BeforeValidator(lambda n: int(n) if n == int(n) else n)]


class Selection(Described):
    """Which cases are put to the arms; everything that is named must fit."""

    policies: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    at_most: Whole | None = Field(default=None, ge=1)
    """Take only so many: a sample in which each scenario, cases that keep the rule and that break
    it, and small and large deviations keep their shares."""
    stratify_by: tuple[str, ...] = ()
    """Factors or imported columns whose values keep their shares in the sample too."""

    def fitting(self, cases: CaseSet) -> CaseSet:
        """All cases that have what is named, in their own order.

        Raises:
            DiscretionError: nothing fits, or something named is not there.
        """
        if not cases:
            raise DiscretionError(
                "there are no cases yet",
                fix="describe some in scenarios/, or bring some in with: discretion import FILE",
            )
        chosen = list(cases.cases)
        for by, wanted in (
            ("policy", self.policies),
            ("scenario", self.scenarios),
            ("domain", self.domains),
        ):
            if not wanted:
                continue
            missing = sorted(set(wanted) - {group_of(case, by) for case in cases})
            if missing:
                raise DiscretionError(
                    f"no case has the {by} {missing[0]!r}", fix="see: discretion check"
                )
            chosen = [case for case in chosen if group_of(case, by) in wanted]
        if not chosen:
            raise DiscretionError("no case fits the selection", fix="widen it")
        return cases.only(chosen)

    def part(self, cases: CaseSet, seed: int) -> CaseSet:
        """So many of the cases as are asked for."""
        if self.at_most is None:
            return cases
        return cases.only(sample(cases.cases, self.at_most, seed, self.stratify_by))


class HeldOut(Described):
    """Groups that baselines and precedents never see when they answer for them."""

    by: str
    """``case``, ``scenario``, ``policy``, ``domain``, a factor, a column, ``time`` or ``rater``."""
    groups: tuple[str, ...] = ()
    """The groups held out; none means folds over all of them. By ``time``, the moment from which
    on; none means the latest fifth. By ``rater``, the people; none means the first fold of them."""
    folds: Whole = Field(default=5, ge=2)

    @property
    def of_judgments(self) -> bool:
        """Whether it goes by when or by whom was judged."""
        return self.by in OF_JUDGMENTS

    def holdout(self, seed: int = 0, history: History | None = None) -> Holdout:
        return Holdout(self.by, self.groups, int(self.folds), seed, history)


class Contrast(Described):
    """One declared comparison: is the first arm nearer to the people than the second?"""

    arm: str
    against: str


class Plan(Described):
    """A run, written down before it starts. Its hash is stored before any answer exists."""

    arms: tuple[str, ...] = Field(min_length=1)
    """``MODEL/METHOD``, ``baseline/NAME`` or ``recorded/NAME``."""
    panel: str = ""
    """The people to compare with; may be left out where there is only one panel."""
    cases: Selection = Selection()
    hold_out: HeldOut | None = None
    contrasts: tuple[Contrast, ...] = ()
    """Declared comparisons; every other one is marked exploratory."""
    seed: Whole = 0
    samples: Whole = Field(default=20, ge=2)
    """Draws per case where a probability is sampled."""
    reasonings: Whole = Field(default=16, ge=16)
    """Reasonings per case for methods that reason first."""
    temperature: float = Field(default=1.0, gt=0)
    max_tokens: Whole = Field(default=256, ge=1)
    sample: bool = False
    """Draw answers even from models that could score them."""
    crossed: bool = False
    """Ask every wording and vocabulary of every case, instead of rotating them."""
    state_deviation: bool = False
    """Tell the model how far the value lies beyond the limit."""
    tuning: str = ""
    """Hash of the tuning plan whose models are judged by this run; empty for any other run."""
    rehearsal: bool = False
    """Ask tuned models only what they were taught: calibrations are fitted on such answers, and no
    figure is made of them."""

    @property
    def hash(self) -> str:
        said = plan_to_json(self)
        # Fields that came later count only where they are used: older plans keep their hashes.
        for name in ("tuning", "rehearsal"):
            if not said[name]:
                del said[name]
        return digest(said)

    @property
    def learned_from(self) -> str:
        """The panel that may be learned from and shown: without the people who are held out, and
        without what was judged from the held-out moment on."""
        return self.panel + (self.hold_out.holdout().learned if self.hold_out else "")

    @property
    def compared_with(self) -> str:
        """The panel that arms are compared with: where people are held out, those alone; where a
        moment is, what was judged from then on."""
        return self.panel + (self.hold_out.holdout().compared if self.hold_out else "")

    def named(self, cases: CaseSet, history: History) -> Plan:
        """The same plan with the moment or the people that it holds out named.

        Raises:
            DiscretionError: see `Holdout.named`.
        """
        if self.hold_out is None or not self.hold_out.of_judgments:
            return self
        held = self.hold_out.holdout(int(self.seed), history).named(self.cases.fitting(cases))
        return self.model_copy(
            update={"hold_out": self.hold_out.model_copy(update={"groups": held.held})}
        )

    def choose(self, cases: CaseSet, history: History | None = None) -> CaseSet:
        """The cases that the arms are asked: those selected, and where groups are held out by
        name, only theirs, since nothing may be fitted on what is to be told.

        Args:
            history: of the panel's judgments; needed where a moment or people are held out.
        """
        chosen = self.cases.fitting(cases)
        if self.hold_out is None or not self.hold_out.groups:
            return self.cases.part(chosen, self.seed)
        by, groups = self.hold_out.by, self.hold_out.groups
        held = self.hold_out.holdout(int(self.seed), history).asked(chosen.cases)
        if not held:
            raise DiscretionError(
                f"no selected case belongs to the held-out {by} {', '.join(groups)}",
                fix="widen the selection, or hold out another group",
            )
        return self.cases.part(cases.only(held), self.seed)

    def holdout(self, cases: Sequence[Case], history: History | None = None) -> Holdout:
        """The plan's hold-out, or the default one."""
        if self.hold_out is None:
            return default_holdout(cases)
        return self.hold_out.holdout(self.seed, history)

    @model_validator(mode="after")
    def _contrasts_are_of_arms(self) -> Plan:
        for index, contrast in enumerate(self.contrasts):
            for name in (contrast.arm, contrast.against):
                if name not in self.arms:
                    raise MisplacedError(
                        f"a contrast names {name!r}, which is not among the arms",
                        "contrasts",
                        index,
                    )
            if contrast.arm == contrast.against:
                raise MisplacedError(
                    f"a contrast compares {contrast.arm!r} with itself", "contrasts", index
                )
        return self


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan as plain JSON values; `plan_from_json` reads it back. Its hash is made of them: a
    key keeps its name, and one that came after version 0.1.0 stands only where it is set."""
    cases, held = plan.cases, plan.hold_out
    return {
        "arms": list(plan.arms),
        "panel": plan.panel,
        "cases": {
            "policies": list(cases.policies),
            "scenarios": list(cases.scenarios),
            "domains": list(cases.domains),
            "at_most": cases.at_most,
            "stratify_by": list(cases.stratify_by),
        },
        "hold_out": None if held is None else held_out_to_json(held),
        "contrasts": [{"arm": one.arm, "against": one.against} for one in plan.contrasts],
        "seed": plan.seed,
        "samples": plan.samples,
        "reasonings": plan.reasonings,
        "temperature": plan.temperature,
        "max_tokens": plan.max_tokens,
        "sample": plan.sample,
        "crossed": plan.crossed,
        "state_deviation": plan.state_deviation,
        "tuning": plan.tuning,
        "rehearsal": plan.rehearsal,
    }


def held_out_to_json(held: HeldOut) -> dict[str, Any]:
    """What is held out, as plain JSON values."""
    return {"by": held.by, "groups": list(held.groups), "folds": held.folds}


def plan_from_json(row: Any) -> Plan:
    """The plan that `plan_to_json` wrote."""
    return Plan.model_validate(row)
