"""`discretion schema`: JSON Schemas for editors."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from discretion.cli.app import app, print_json
from discretion.cli.commands import see


@app.command(epilog=see("discretion schema policy", "scenarios"))
def schema(
    document: Annotated[
        Literal["policy", "scenario", "plan", "tuning", "acceptance", "import"],
        typer.Argument(help="Which kind of document."),
    ],
) -> None:
    """Print the JSON Schema of a kind of document.

    Editors that know it check while one types.
    """
    from pydantic import BaseModel

    from discretion.core.criteria import Criteria
    from discretion.core.plans import Plan
    from discretion.core.policies import Policy
    from discretion.core.scenarios import Scenario
    from discretion.core.tuning_plans import TuningPlan
    from discretion.importing.mapping import ImportMapping

    shapes: dict[str, type[BaseModel]] = {
        "policy": Policy,
        "scenario": Scenario,
        "plan": Plan,
        "tuning": TuningPlan,
        "acceptance": Criteria,
        "import": ImportMapping,
    }
    print_json(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **shapes[document].model_json_schema(),
        }
    )
