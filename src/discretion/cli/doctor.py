"""`discretion doctor`: what this machine can and cannot do."""

from __future__ import annotations

import platform
import sys
from importlib.util import find_spec

from discretion.cli.app import Json, app, print_json
from discretion.cli.commands import see
from discretion.errors import install_command

_EXTRAS = {
    "local": ("models in folders, the built-in one too", ("torch", "transformers")),
    "gguf": ("fetching smollm2: its weights come as a GGUF file", ("gguf",)),
    "hub": ("fetching models from a hub", ("huggingface_hub",)),
    "tune": ("teaching models in folders", ("accelerate", "peft")),
    "trl": ("teaching them by TRL's trainer", ("trl",)),
    "openai": ("endpoints that speak OpenAI's chat completions", ("openai",)),
    "anthropic": ("Anthropic's endpoint", ("anthropic",)),
    "http": ("agents that are asked over HTTP", ("httpx2",)),
    "inspect": ("Inspect AI: our task there, and its packed logs", ("inspect_ai",)),
    "parquet": ("reading Parquet files", ("pyarrow",)),
    "xlsx": ("reading and writing spreadsheets", ("python_calamine", "xlsxwriter")),
}


@app.command(epilog=see("discretion doctor", "start"))
def doctor(as_json: Json = False) -> None:
    """Show what is installed, what is missing, and what needs it."""
    from discretion import __version__

    extras = {
        extra: {
            "for": purpose,
            "installed": all(find_spec(module) for module in modules),
            "versions": {module: _version(module) for module in modules},
        }
        for extra, (purpose, modules) in _EXTRAS.items()
    }
    found = {
        "discretion": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "extras": extras,
    }
    if as_json:
        print_json(found)
        return
    print(f"discretion {__version__}, Python {found['python']} on {found['system']}")
    print(f"at {sys.prefix}")
    for extra, state in extras.items():
        if state["installed"]:
            versions = ", ".join(f"{name} {v}" for name, v in state["versions"].items())  # type: ignore[attr-defined]
            print(f"[{extra}] {state['for']}: {versions}")
        else:
            print(f"[{extra}] {state['for']}: missing; {install_command(extra)}")


def _version(module: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(module.replace("_", "-"))
    except metadata.PackageNotFoundError:
        return None
