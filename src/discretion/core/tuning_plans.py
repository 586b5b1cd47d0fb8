"""Tuning plans: what will be taught and by what it will be judged, fixed before any training."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from discretion.canonical import digest
from discretion.core.cases import CaseSet
from discretion.core.holdouts import History, Holdout
from discretion.core.plans import HeldOut, Whole, held_out_to_json
from discretion.core.policies import Described
from discretion.errors import MisplacedError

MARGIN = 0.01
"""The largest difference in Brier score that does not matter, where nothing else is said."""


_NO_MATTER = frozenset({"at_once"})
"""What changes nothing that is learned."""


class TuningPlan(Described):
    """One experiment: targets, seeds and folds, and how what they taught is judged.

    Its hash is in the log before anything is trained.
    """

    model: str
    """The untuned base, by its name in the workspace."""
    name: str = ""
    """Begins the names of the tuned models; the base's name where it is left out."""
    panel: str = ""
    """The people to learn from and to be compared with; the only panel where it is left out."""
    targets: tuple[str, ...] = Field(
        default=("labels", "real-after", "shuffled-after", "neutral-after"), min_length=1
    )
    hold_out: HeldOut = HeldOut(by="domain")
    every_fold: bool = False
    """Train on every split of the hold-out, rather than on the first."""
    seeds: Whole = Field(default=2, ge=1)
    """Trainings of each target on each fold; fewer than three give no verdict, and new plans have
    three where nothing is said."""
    redraw: bool = False
    """Every seed draws its own judgments, where fewer are taught than there are, and its own
    shuffled and filler explanations. New plans do; plans of versions up to 0.2.0 teach every seed
    the same."""
    cases: Whole | None = Field(default=None, ge=2)
    """Teach only so many cases, chosen by a hash, with what people judged of them: judgments of one
    case are one example, so how long a training takes goes by the cases."""
    judgments: Whole | None = Field(default=None, ge=2)
    """Teach only so many of them, chosen by a hash."""
    share: float = Field(default=1.0, gt=0, le=1)
    """The largest share of all examples from one person."""
    trainer: str = "sft"
    epochs: Whole = Field(default=3, ge=1)
    learning_rate: float | None = Field(default=None, gt=0)
    """None leaves it to the kind of training: see the reference of the command."""
    try_rates: tuple[Annotated[float, Field(gt=0)], ...] = ()
    """Learning rates of which each target gets its best on an inner fold, in place of one."""
    try_epochs: tuple[Annotated[Whole, Field(ge=1)], ...] = ()
    """Numbers of epochs, of which it gets the best too."""
    batch: Whole = Field(default=8, ge=1)
    at_once: Whole | None = Field(default=None, ge=1)
    """Examples in one forward; a whole batch where it is left out."""
    lora: bool = False
    rank: Whole | None = Field(default=None, ge=1)
    """Of the adapters; 16 where it is left out."""
    method: str = ""
    """The method in whose words decisions are taught and asked; direct where it is left out."""
    outside: float | None = Field(default=None, ge=0)
    """Where decisions are learned as shares of people: how much probability on neither answer
    counts beside them; as much as the answers (1) where it is left out."""
    averaging: Literal["example", "trainer"] = "example"
    settings: Annotated[Mapping[str, Any], BeforeValidator(lambda said: _plain(said))] = Field(
        default_factory=dict
    )
    """More settings of the trainer, passed on as they are."""
    beside: tuple[str, ...] = ("direct", "precedents")
    """Methods by which the untuned base is asked, to compare with; direct is always among them."""
    reasonings: Whole = Field(default=16, ge=16)
    """Explanations drawn for each case where the explanation comes first."""
    rehearsed: Whole = Field(default=100, ge=10)
    """Taught cases of a fold that are asked again, to fit the recalibrations on."""
    margin: float = Field(default=MARGIN, gt=0)
    """A difference in Brier score inside this, either way, is no relevant one."""

    @property
    def hash(self) -> str:
        return digest(tuning_plan_to_json(self))

    @property
    def asked(self) -> str:
        """The method in whose words decisions are taught and asked."""
        return self.method or "direct"

    @property
    def tries(self) -> bool:
        """Whether settings are chosen, rather than said."""
        return bool(self.try_rates or self.try_epochs)

    @property
    def holdout(self) -> Holdout:
        return self.hold_out.holdout()

    def named(self, case_set: CaseSet, history: History) -> TuningPlan:
        """The same plan with the moment or the people that it holds out named, so that they are
        frozen with it and do not change when more is judged.

        Raises:
            DiscretionError: see `Holdout.named`.
        """
        if not self.hold_out.of_judgments:
            return self
        held = self.hold_out.holdout(history=history).named(case_set.cases).held
        return self.model_copy(
            update={"hold_out": self.hold_out.model_copy(update={"groups": held})}
        )

    def departures(self, frozen: TuningPlan) -> tuple[str, ...]:
        """In what this plan differs from the one that was frozen, in words."""
        ours, theirs = tuning_plan_to_json(self), tuning_plan_to_json(frozen)
        return tuple(
            f"{name.replace('_', ' ')}: {_shown(ours.get(name))} instead of "
            f"{_shown(theirs.get(name))}"
            for name in dict.fromkeys([*ours, *theirs])
            if ours.get(name) != theirs.get(name) and name not in _NO_MATTER
        )

    @model_validator(mode="after")
    def _targets_differ(self) -> TuningPlan:
        if len(set(self.targets)) < len(self.targets):
            raise MisplacedError("a target stands twice", "targets")
        if self.every_fold and self.hold_out.of_judgments:
            raise MisplacedError(
                f"by {self.hold_out.by} there is one split, which is compared with its own "
                "judgments, so every fold cannot be trained in one plan",
                "every_fold",
            )
        return self


def tuning_plan_to_json(plan: TuningPlan) -> dict[str, Any]:
    """The plan as plain JSON values. Its hash is made of them: a key keeps its name, and one that
    came after version 0.1.0 stands only where it is set."""
    return {
        "model": plan.model,
        "name": plan.name,
        "panel": plan.panel,
        "targets": list(plan.targets),
        "hold_out": held_out_to_json(plan.hold_out),
        "every_fold": plan.every_fold,
        "seeds": plan.seeds,
        "judgments": plan.judgments,
        "share": plan.share,
        "trainer": plan.trainer,
        "epochs": plan.epochs,
        "learning_rate": plan.learning_rate,
        "try_rates": list(plan.try_rates),
        "try_epochs": list(plan.try_epochs),
        "batch": plan.batch,
        "lora": plan.lora,
        "averaging": plan.averaging,
        "settings": dict(plan.settings),
        "beside": list(plan.beside),
        "reasonings": plan.reasonings,
        "rehearsed": plan.rehearsed,
        "margin": plan.margin,
        **{
            name: value
            for name, value in (
                ("cases", plan.cases),
                ("at_once", plan.at_once),
                ("rank", plan.rank),
                ("method", plan.method or None),
                ("redraw", plan.redraw or None),
                ("outside", plan.outside),
            )
            if value is not None
        },
    }


def _plain(said: Any) -> Any:
    """Numbers as a trainer takes them: files are read with Decimals."""
    if not isinstance(said, dict):
        return said
    return {
        name: (int(one) if one == int(one) else float(one)) if isinstance(one, Decimal) else one
        for name, one in said.items()
    }


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(one)}" for key, one in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value) or "none"
    return "the default" if value is None else str(value)
