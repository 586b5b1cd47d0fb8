"""What the words of a command say of a tuning: its plan, its base, its targets, its hold-out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.models.loading import Settings
    from discretion.tuning_plans import TuningPlan
    from discretion.workspace import Workspace


def plan_of(here: Workspace, said: dict[str, Any]) -> TuningPlan:
    """What was said, over what the frozen plan or tuning.yaml declares."""
    from pydantic import ValidationError

    from discretion.experiments.defaults import OF_A_BASE, with_defaults
    from discretion.experiments.frozen import declared
    from discretion.tuning_plans import TuningPlan

    frozen = declared(here.store)
    before = frozen.plan if frozen is not None else here.contents.tuning
    base = {} if before is None else before.model_dump(mode="json", exclude_unset=True)
    given = {key: value for key, value in said.items() if value is not None}
    model = given.get("model", base.get("model"))
    if model is None:
        raise DiscretionError("no model is named", mend="add --model NAME, or write tuning.yaml")
    other = model != base.get("model")
    if other:
        base = {key: value for key, value in base.items() if key not in OF_A_BASE}
    try:
        plan = TuningPlan.model_validate({**base, **given})
        if frozen is not None and not other:
            return plan
        return with_defaults(plan, plan.model_fields_set, base_of(here, plan.model))
    except ValidationError as error:
        first = error.errors()[0]
        what = str(first.get("ctx", {}).get("error", first["msg"]))
        field = str(first["loc"][0]).replace("_", " ") if first["loc"] else ""
        raise DiscretionError(what, where=field) from error


def base_of(here: Workspace, name: str) -> Settings:
    """The settings of the folder that is to be tuned.

    Raises:
        DiscretionError: the name stands for no model, or for one that is no folder.
    """
    from discretion.models import BUILT_IN
    from discretion.models.catalog import to_fetch
    from discretion.models.local import LocalModel
    from discretion.workspace import endpoints

    known = list(dict.fromkeys([BUILT_IN, *here.contents.settings.models]))
    if name not in known:
        if (unfetched := to_fetch(name)) is not None:
            raise unfetched
        raise DiscretionError(
            f"there is no model {name!r}",
            where=str(here.folder / "discretion.toml"),
            mend=f'use one of: {", ".join(known)}, or add [models.{name}] with path = "FOLDER"',
        )
    settings = here.contents.settings.models.get(name, {})
    model = endpoints.load_model(name, settings, here.folder, here.store)
    if not isinstance(model, LocalModel):
        raise DiscretionError(
            f"{name!r} is no folder, and only models in folders can be tuned here",
            where=f"[models.{name}]",
            mend="tune a local model",
        )
    return model.settings.model_copy(update={"path": Path(model.settings.path).resolve()})


def named(said: str) -> tuple[str, ...]:
    """Targets by commas, as they are called, checked."""
    from discretion.tuning.targets import targets

    return tuple(one.name for one in targets([name.strip() for name in said.split(",")]))


def hold_out_of(said: str) -> dict[str, Any]:
    """``BY`` for folds over all its groups, or ``BY=GROUP,GROUP`` for those alone."""
    by, _, groups = said.partition("=")
    held = tuple(group.strip() for group in groups.split(",") if group.strip())
    return {"by": by.strip(), "groups": held}
