"""Methods: pure functions from a case under a policy to a prompt. One file each; their words
stand in wordings.yaml.

Another package adds a method by an entry point in the group ``discretion.methods`` that names a
`Method`, or a function without parameters that makes one.
"""

from __future__ import annotations

import difflib
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from discretion.core.arms import Method
from discretion.errors import DiscretionError
from discretion.methods.chain_of_thought import CHAIN_OF_THOUGHT
from discretion.methods.direct import DIRECT
from discretion.methods.ethics import CONSEQUENTIALISM, DEONTOLOGY, VIRTUE
from discretion.methods.plain import PLAIN
from discretion.methods.precedents import PoolFor, Precedents, precedents_method
from discretion.methods.prefilled_reasoning import KINDS, MARK, PutInMethod
from discretion.methods.prompt_file import prompt_file
from discretion.methods.purpose import PURPOSE

GROUP = "discretion.methods"
FILE = "file:"

_WORDED: dict[str, Method] = {
    method.name: method
    for method in (DIRECT, DEONTOLOGY, CONSEQUENTIALISM, VIRTUE, CHAIN_OF_THOUGHT, PURPOSE, PLAIN)
}
_WITH_PRECEDENTS = {"precedents": False, "precedents-why": True}
"""Whether they show explanations."""


def names() -> tuple[str, ...]:
    """Every method that can be named, besides ``file:PATH`` and those with a reasoning put in."""
    return (*_WORDED, *_WITH_PRECEDENTS, *sorted(_outside()))


def method_put_into(name: str) -> str:
    """The name of the method that a reasoning is put into; the name itself where none is."""
    into, mark, kind = name.rpartition(MARK)
    return into if mark and kind in KINDS and not name.startswith(FILE) else name


def reasons_first(name: str) -> bool:
    """Whether a model that is asked by this method writes an explanation before it decides."""
    found = _WORDED.get(name)
    if found is None and name in (outside := _outside()):
        found = _load(outside[name])
    return found is not None and found.reason_first


def method(name: str, *, pool_for: PoolFor | None = None, folder: Path = Path()) -> Method:
    """The method of that name.

    ``METHOD+empty`` and ``METHOD+neutral`` put a reasoning into a method that reasons first.

    Args:
        pool_for: gives the precedents that may be shown for a case, held-out ones left out;
            needed by the methods that show precedents.
        folder: where a relative ``file:PATH`` starts.

    Raises:
        DiscretionError: there is no such method, what it needs is missing, or its file is wrong.
    """
    if name.startswith(FILE):
        precedents = None if pool_for is None else Precedents(pool_for)
        return prompt_file(folder / name.removeprefix(FILE), name, precedents)
    if MARK in name:
        return _put_in(name, pool_for)
    if name in _WORDED:
        return _WORDED[name]
    if name in _WITH_PRECEDENTS:
        if pool_for is None:
            raise DiscretionError(
                f"the method {name!r} needs judged cases to show", fix="import judgments first"
            )
        return precedents_method(pool_for, why=_WITH_PRECEDENTS[name])
    outside = _outside()
    if name in outside:
        return _load(outside[name])
    close = difflib.get_close_matches(name, names(), 1)
    raise DiscretionError(
        f"there is no method {name!r}",
        fix=f"did you mean {close[0]!r}?"
        if close
        else f"use one of: {', '.join(names())}, file:PATH",
    )


def _put_in(name: str, pool_for: PoolFor | None) -> Method:
    into, _, said = name.rpartition(MARK)
    kind = next((kind for kind in KINDS if kind == said), None)
    if kind is None:
        raise DiscretionError(
            f"there is no reasoning {said!r} to put in",
            fix=f"use one of: {', '.join(MARK + kind for kind in KINDS)}",
        )
    found = method(into, pool_for=pool_for)
    if not found.reason_first:
        raise DiscretionError(
            f"the method {into!r} does not reason first, so there is no place for a reasoning",
            fix="name one that does, as in: chain-of-thought" + MARK + kind,
        )
    return PutInMethod(found, kind)


def _outside() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _load(point: EntryPoint) -> Method:
    loaded = point.load()
    made = loaded if isinstance(loaded, Method) and not isinstance(loaded, type) else loaded()
    if not isinstance(made, Method):
        raise DiscretionError(
            f"the entry point {point.name!r} gives no method",
            where=point.value,
            fix="see docs/guide/own-methods.md, section: Add your own method",
        )
    return made
