"""`discretion arms`: what can be put after --arm in this workspace."""

from __future__ import annotations

from discretion.cli.app import Json, app, desk, print_json
from discretion.cli.commands import see


@app.command(epilog=see("discretion arms", "methods"))
def arms(as_json: Json = False) -> None:
    """List the arms you can evaluate."""
    from discretion import baselines, methods, models
    from discretion.methods.prefilled_reasoning import KINDS, MARK
    from discretion.models.agents import AS_IS, is_agent
    from discretion.models.tuned import PREFIX, tuned_names
    from discretion.storage import recorded

    here = desk()
    named = here.contents.settings.models
    agents = [name for name, settings in named.items() if is_agent(settings)]
    found = {
        "models": list(
            dict.fromkeys([models.BUILT_IN, *(name for name in named if name not in agents)])
        ),
        "agents": [f"{name}/{AS_IS}" for name in agents],
        "tuned": [PREFIX + name for name in tuned_names(here.folder)],
        "methods": [*methods.names(), "file:PATH"],
        "put in": [f"METHOD{MARK}{kind}" for kind in KINDS],
        "baselines": list(baselines.names()),
        "recorded": recorded.names(here.store),
    }
    if as_json:
        print_json(found)
        return
    print(f"MODEL/METHOD  models: {', '.join(found['models'])}")
    if found["tuned"]:
        print(f"              tuned: {', '.join(found['tuned'])}")
    print(f"              methods: {', '.join(found['methods'])}")
    print(f"              a reasoning put in, where it reasons first: {', '.join(found['put in'])}")
    if found["agents"]:
        print(f"AGENT/{AS_IS:<7} {', '.join(found['agents'])}")
    print(f"baseline/NAME {', '.join(found['baselines'])}")
    print(f"recorded/NAME {', '.join(found['recorded']) or 'none yet; import with --arm NAME'}")
