"""YAML documents that keep their lines, so that every complaint can say where."""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode

from discretion.errors import DiscretionError, MisplacedError

MAX_BYTES = 4_000_000
"""A larger file is refused: policies are written by people."""
MAX_ALIASES = 100

Described = TypeVar("Described", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """The contents of one YAML file and the line on which each part stands."""

    path: Path
    data: Any
    """Plain dicts, lists, strings, booleans and None; numbers are Decimal, as they are written."""
    _marked: Any

    def line(self, place: Sequence[str | int]) -> int:
        """The line, from 1, of the deepest part of `place` that is there."""
        node, line = self._marked, 1
        for step in place:
            if isinstance(node, CommentedMap) and step in node:
                line = node.lc.key(step)[0] + 1
            elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                line = node.lc.item(step)[0] + 1
            else:
                break
            node = node[step]
        return line

    def where(self, place: Sequence[str | int] = ()) -> str:
        """``file:line`` of a part."""
        return f"{self.path}:{self.line(place)}"

    def describe(self, shape: type[Described]) -> tuple[Described | None, list[DiscretionError]]:
        """What the document describes, or everything that is wrong with it."""
        try:
            return shape.model_validate(self.data), []
        except ValidationError as invalid:
            return None, [self._mistake(shape, dict(error)) for error in invalid.errors()]
        except DiscretionError as error:
            where = ": ".join(part for part in (self.where(), error.where) if part)
            return None, [DiscretionError(error.what, where=where, fix=error.fix)]

    def _mistake(self, shape: type[BaseModel], error: dict[str, Any]) -> DiscretionError:
        place = list(error["loc"])
        named = ".".join(str(step) for step in error["loc"])
        where = self.where(place)
        if error["type"] == "missing":
            return DiscretionError(f"{named!r} is missing", where=where, fix="add it")
        if error["type"] == "extra_forbidden":
            key = str(error["loc"][-1])
            known = [name for name in shape.model_fields if not name.startswith("_")]
            close = difflib.get_close_matches(key, known, 1)
            fix = f"did you mean {close[0]!r}?" if close else "remove it or correct its name"
            return DiscretionError(f"unknown key {key!r}", where=where, fix=fix)
        if error["type"] == "value_error":
            cause = error["ctx"]["error"]
            if isinstance(cause, MisplacedError):
                where = self.where([*place, *cause.place])
            return DiscretionError(str(cause), where=where)
        given = error.get("input")
        shown = f", not {given!r}" if isinstance(given, str | int | Decimal | bool) else ""
        text = re.sub(r"^Input should be", "should be", error["msg"])
        return DiscretionError(f"{named or 'the document'} {text}{shown}", where=where)


def read_yaml(path: Path) -> Document:
    """Read one YAML 1.2 file.

    Raises:
        DiscretionError: the file is missing, empty, too large, not UTF-8, no YAML, or repeats a
            key; the sentence names the line.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DiscretionError(
            f"cannot be read ({error.strerror})", where=str(path), fix="check the path"
        ) from error
    if len(raw) > MAX_BYTES:
        raise DiscretionError(
            f"is larger than {MAX_BYTES // 1_000_000} MB", where=str(path), fix="split it"
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DiscretionError(
            "is not UTF-8", where=f"{path}:{line}", fix="save the file as UTF-8"
        ) from error
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> Document:
    """As `read_yaml`, for text that is already at hand; `path` only names it in errors."""
    aliases = len(re.findall(r"(?:^|[\s\[{,:-])\*[\w-]+", text))
    if aliases > MAX_ALIASES:
        raise DiscretionError(
            f"has {aliases} YAML aliases, more than {MAX_ALIASES}",
            where=str(path),
            fix="write the values out",
        )
    loader = YAML(typ="rt", pure=True)
    loader.Constructor = _Constructor
    try:
        marked = loader.load(io.StringIO(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = (error.problem or "cannot be understood").split("\n")[0]
        raise DiscretionError(
            f"no valid YAML: {problem}", where=f"{path}:{line}", fix="correct that line"
        ) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise DiscretionError(
            f"no valid YAML: {str(error).splitlines()[0] if str(error) else 'too deep'}",
            where=str(path),
            fix="correct the file",
        ) from error
    if marked is None:
        raise DiscretionError("is empty", where=str(path), fix="fill it or remove it")
    return Document(path, _plain(marked), marked)


class _Constructor(RoundTripConstructor):
    """Numbers as Decimal from the text that was written, so that 10.10 stays 10.10."""

    def construct_yaml_int(self, node: ScalarNode) -> Any:
        return _number(node.value, super().construct_yaml_int, node)

    def construct_yaml_float(self, node: ScalarNode) -> Any:
        return _number(node.value, super().construct_yaml_float, node)


def _number(written: str, otherwise: Any, node: ScalarNode) -> Any:
    if re.fullmatch(r"[-+]?(\d+(\.\d*)?|\.\d+)", written):
        return Decimal(written)
    value = otherwise(node)
    return Decimal(str(value)) if isinstance(value, int | float) else value


_Constructor.add_constructor("tag:yaml.org,2002:int", _Constructor.construct_yaml_int)
_Constructor.add_constructor("tag:yaml.org,2002:float", _Constructor.construct_yaml_float)


def _plain(node: Any) -> Any:
    if isinstance(node, CommentedMap):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    if isinstance(node, str):
        return str(node)
    if isinstance(node, bool | Decimal) or node is None:
        return node
    if isinstance(node, int | float):
        return bool(node) if type(node).__name__ == "ScalarBoolean" else Decimal(str(node))
    return str(node)
