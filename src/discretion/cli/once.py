"""An option that takes several values at once and is said twice: refused, where parsers let the
last one win and lose the others without a word."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import typer


def check_said_once(params: Sequence[Any], args: Sequence[str]) -> None:
    """Stop where a list of values would silently replace an earlier one. Of single values the last
    one wins, as everywhere.

    Raises:
        typer.BadParameter: names the option.
    """
    said = list(takewhile(lambda one: one != "--", args))
    for param in params:
        signs = [sign for sign in ",;" if f"{sign}…" in str(param.metavar or "")]
        if param.param_type_name != "option" or param.multiple or not signs:
            continue
        names = {*param.opts, *param.secondary_opts}
        count = sum(one.partition("=")[0] in names for one in said)
        if count > 1:
            raise typer.BadParameter(
                f"{max(names, key=len)} is said {count} times; say it once, with "
                f"{' or '.join(signs)} between the values"
            )
