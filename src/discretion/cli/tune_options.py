"""What the words of a command say of a tuning: its plan, its base, its targets, its hold-out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.core.tuning_plans import TuningPlan
    from discretion.training.trainers import Base
    from discretion.workspace import Workspace


def plan_of(here: Workspace, said: dict[str, Any]) -> TuningPlan:
    """What was said, over what the frozen plan or tuning.yaml declares."""
    from pydantic import ValidationError

    from discretion.core.tuning_plans import TuningPlan
    from discretion.tuning.defaults import OF_A_BASE, with_defaults
    from discretion.tuning.frozen import as_known, declared

    frozen = declared(here.store)
    before = frozen.plan if frozen is not None else here.contents.tuning
    base = {} if before is None else before.model_dump(mode="json", exclude_unset=True)
    given = {key: value for key, value in said.items() if value is not None}
    if "cases" in given and "judgments" not in given:
        base.pop("judgments", None)  # all that people judged of these cases
    model = given.get("model", base.get("model"))
    if model is None:
        raise DiscretionError("no model is named", fix="add --model NAME, or write tuning.yaml")
    other = model != base.get("model")
    if other:
        base = {key: value for key, value in base.items() if key not in OF_A_BASE}
    try:
        plan = TuningPlan.model_validate({**base, **given})
        if frozen is not None and not other:
            return plan
        plan = with_defaults(plan, plan.model_fields_set, base_of(here, plan.model))
        return as_known(here.store, plan)
    except ValidationError as error:
        first = error.errors()[0]
        what = str(first.get("ctx", {}).get("error", first["msg"]))
        field = str(first["loc"][0]).replace("_", " ") if first["loc"] else ""
        raise DiscretionError(what, where=field) from error


def base_of(here: Workspace, name: str) -> Base:
    """The settings of the folder that is to be tuned, or the endpoint at which the model is.

    Raises:
        DiscretionError: the name stands for no model, or for one that can be tuned nowhere.
    """
    from discretion.models import BUILT_IN
    from discretion.models.catalog import to_fetch
    from discretion.models.endpoint import Endpoint
    from discretion.models.local import LocalModel
    from discretion.models.tuned import with_base
    from discretion.workspace import endpoints

    known = list(dict.fromkeys([BUILT_IN, *here.contents.settings.models]))
    if name not in known:
        if (unfetched := to_fetch(name)) is not None:
            raise unfetched
        raise DiscretionError(
            f"there is no model {name!r}",
            where=str(here.folder / "discretion.toml"),
            fix=f'use one of: {", ".join(known)}, or add [models.{name}] with path = "FOLDER"',
        )
    models = here.contents.settings.models
    settings = with_base(here.folder, models.get(name, {}), models)
    model = endpoints.load_model(name, settings, here.folder, here.store)
    if isinstance(model, Endpoint):
        return model
    if not isinstance(model, LocalModel):
        raise DiscretionError(
            f"{name!r} is neither in a folder nor at an endpoint, so it cannot be tuned",
            where=f"[models.{name}]",
            fix="tune a local model, or one of a provider with a fine-tuning API",
        )
    if model.settings.base is not None:
        raise DiscretionError(
            f"{name!r} is an adapter, and only whole models can be tuned",
            where=f"[models.{name}]",
            fix=f"write one with: discretion models merge {name} FOLDER, and name that folder",
        )
    return model.settings.model_copy(update={"path": Path(model.settings.path).resolve()})


def named(said: str) -> tuple[str, ...]:
    """Targets by commas, as they are called, checked."""
    from discretion.training.targets import targets

    return tuple(one.name for one in targets([name.strip() for name in said.split(",")]))


def hold_out_of(said: str) -> dict[str, Any]:
    """``BY`` for folds over all its groups, or ``BY=GROUP,GROUP`` for those alone."""
    by, _, groups = said.partition("=")
    held = tuple(group.strip() for group in groups.split(",") if group.strip())
    return {"by": by.strip(), "groups": held}
