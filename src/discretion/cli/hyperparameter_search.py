"""What `discretion tune` shows of the settings that it tries: one line each, with their scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from discretion.cli.app import now, print_table
from discretion.errors import DiscretionError, StoppedError

if TYPE_CHECKING:
    from discretion.training.trainers import Watch
    from discretion.tuning import Preparation
    from discretion.tuning.asking import ArmsOf
    from discretion.tuning.choices import ChosenSettings
    from discretion.workspace import Workspace


def numbers(said: str | None, read: Callable[[str], float], option: str) -> list[float] | None:
    """``1e-4,1e-3`` as numbers; None where nothing was said.

    Raises:
        DiscretionError: one of them is none.
    """
    if said is None:
        return None
    try:
        return [read(one) for one in said.split(",") if one.strip()]
    except ValueError:
        raise DiscretionError(
            f"{said!r} are no numbers", where=option, fix=f"write them like {option} 2,4"
        ) from None


def chosen(
    here: Workspace, ready: Preparation, arms: ArmsOf, watch: Callable[[], Watch]
) -> list[ChosenSettings]:
    """The settings of every target and fold; none where the plan says them.

    Raises:
        StoppedError: it was interrupted; what was scored until then is in the log.
    """
    from discretion.models.tuned import FOLDER
    from discretion.tuning.settings import SettingsSearch, choose

    if not ready.plan.tries:
        return []
    base, loaded, trainer = ready.here
    study = SettingsSearch(
        ready.plan,
        ready.recipe,
        base,
        loaded,
        trainer,
        folder=here.folder / FOLDER,
        store=here.store,
        panel=here.panel(ready.plan.panel).name,
        arms=arms,
        clock=now,
        watch=watch,
        form=ready.form,
    )
    try:
        return list(choose(study, ready.parts, ready.judgments))
    except KeyboardInterrupt:
        study.store.flush()
        raise StoppedError(
            "stopped while settings were tried",
            fix="what was scored is kept; repeat the command to go on",
        ) from None


def show(choices: Sequence[ChosenSettings]) -> None:
    """Every setting that was tried, and which was best; nothing where none was."""
    if not choices:
        return
    print_table(
        ["target", "fold", "epochs", "learning rate", "Brier inside", "judgments", ""],
        [
            [
                choice.target,
                str(choice.fold),
                str(one.epochs),
                f"{one.learning_rate:g}",
                "no numbers" if one.brier is None else f"{one.brier:.4f}",
                f"{one.judgments:,}",
                "chosen" if one is choice.best else "",
            ]
            for choice in choices
            for one in choice.tried
        ],
    )


def as_rows(choices: Sequence[ChosenSettings]) -> list[dict[str, Any]]:
    """The same as JSON values."""
    return [
        {
            "target": one.target,
            "fold": one.fold,
            "epochs": one.best.epochs,
            "learning_rate": one.best.learning_rate,
            **one.notes,
        }
        for one in choices
    ]
