"""Mappings: how a file's columns are read, as a document that a user can see, edit and keep.

`start` and `import` write it to ``imports/NAME.yaml``; `import` reads it back for a file with the
same columns. The log stores it as plain text under the keys it has had since version 0.1.0.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field, field_validator
from ruamel.yaml import YAML

from discretion.core.policies import Described
from discretion.core.scenarios import Direction
from discretion.documents import read_yaml
from discretion.errors import DiscretionError
from discretion.importing.layouts import (
    DEFAULT_POLICY,
    ColumnsAre,
    FieldName,
    Layout,
    parse_columns,
    parse_left_out,
    parse_map,
)
from discretion.importing.numerals import DecimalSign
from discretion.importing.scales import Scale
from discretion.importing.spellings import (
    Meaning,
    Spellings,
    parse_meanings,
    says_opposite,
    spellings_of,
    written_answers,
)

FOLDER = "imports"


def _text(given: Any) -> Any:
    """Numbers and true in YAML as they are written: ``limit: 14``."""
    if isinstance(given, bool):
        return str(given).lower()
    return format(given, "f") if isinstance(given, Decimal) else given


Text = Annotated[str, BeforeValidator(_text)]


class ImportMapping(Described):
    """How the columns of a file become cases and decisions."""

    columns: tuple[Text, ...] = ()
    """The file's header: a file with the same columns is read in the same way."""
    fields: dict[FieldName, Text] = Field(default_factory=dict)
    """Field to column, or to what it is calculated from: ``value: returned - delivered``."""
    answers: dict[Text, Meaning] = Field(default_factory=dict)
    """What words mean: grant, refuse, unsure, or - to leave such rows out. A * stands for any
    letters."""
    grant_from: Text = ""
    """On a scale: the lowest level that grants."""
    levels: tuple[Text, ...] = ()
    """The levels from the most refusing to the most granting, where their order is not plain."""
    answer_columns: tuple[Text, ...] = ()
    """Several columns of decisions, in place of the field ``answer``."""
    columns_are: ColumnsAre | Literal[""] = ""
    """What those columns are: raters, panels (questions about one case), or cases (of a survey)."""
    case: tuple[Text, ...] = ()
    """Columns that identify a case; without any, text, value, limit and factors do."""
    each_row: bool = False
    """Every row is a case of its own, though nothing in it says so."""
    leave_out: dict[Text, tuple[Text, ...]] = Field(default_factory=dict)
    """Column to values whose rows do not count: ``Status: [Survey Preview]``."""
    scenario: Text = ""
    """Column that names a case's scenario, or one for all in single quotes."""
    policy: Text = ""
    """Policy of all cases; ``imported`` where it is empty."""
    panel: Text = ""
    """Who decided; ``people`` where it is empty."""
    n: Literal["known", "unknown"] = "known"
    """Whether it is known how many people stand behind a rate."""
    unit: Text = ""
    """What value and limit are counted in: days, USD, %, clock, date."""
    direction: Direction = "at most"
    """What the limit is."""
    scale: Text = ""
    """What a deviation of 1 is worth, in the unit; the size of the limit where it is empty."""
    factor: tuple[Text, ...] = ()
    """Columns that may move a decision."""
    keep: tuple[Text, ...] = ()
    """Further columns that describe a case, for grouping."""
    shown: tuple[Text, ...] = ()
    """Columns with checked facts about a case, shown to whoever decides it."""
    about: tuple[Text, ...] = ()
    """Columns that describe a judgment or who made it."""
    text_until: Text = ""
    """What ends a text: a column, or words in single quotes."""
    keep_personal_data: bool = False
    """Whether texts and names stay as they are."""
    arm: Text = ""
    """Name of the system that decided; people did where it is empty."""
    date_format: Text = ""
    """As for strptime, several with | between them; ISO 8601 where it is empty."""
    decimal: Text = ""
    """The decimal sign of all numbers, a point or a comma; as each column shows where it is
    empty."""

    @field_validator("scale")
    @classmethod
    def _check_scale(cls, given: str) -> str:
        try:
            if given and not (Decimal(given).is_finite() and Decimal(given) > 0):
                raise InvalidOperation
        except InvalidOperation as error:
            raise ValueError(f"{given!r} is no scale; give a number above 0") from error
        return given

    def layout(self) -> Layout:
        """The layout that reads such a file."""
        return Layout(
            fields={str(name): written for name, written in self.fields.items()},
            spellings=self.spellings,
            answer_columns=self.answer_columns,
            columns_are=self.columns_are or "raters",
            case=self.case,
            each_row=self.each_row,
            leave_out={name: frozenset(values) for name, values in self.leave_out.items()},
            scenario=self.scenario or None,
            policy=self.policy or DEFAULT_POLICY,
            panel=self.panel or "people",
            arm=self.arm or None,
            n_unknown=self.n == "unknown",
            unit=self.unit,
            direction=self.direction,
            scale=Decimal(self.scale) if self.scale else None,
            factors=self.factor,
            keep=self.keep,
            shown=self.shown,
            about=self.about,
            until=self.text_until or None,
            date_format=self.date_format or None,
            decimal=cast("DecimalSign | None", self.decimal or None),
        )

    @property
    def spellings(self) -> Spellings:
        """What the words of the decisions mean."""
        scale = Scale(self.grant_from, self.levels) if self.grant_from else None
        turned = says_opposite(self.fields.get("answer", ""))
        return spellings_of(self.answers, scale, turned=turned)

    @property
    def written_map(self) -> str:
        """The fields as --map takes them."""
        return ",".join(f"{name}={written}" for name, written in self.fields.items())

    def stored(self) -> dict[str, Any]:
        """The mapping as the log keeps it. What came after this form stands there only where
        it is set, so that a mapping without it keeps its hash."""
        body: dict[str, Any] = {
            "map": self.written_map,
            "answers": written_answers(self.answers),
            "case": written_columns(self.case),
            "scenario": self.scenario,
            "policy": self.policy,
            "panel": self.panel,
            "n": self.n,
            "unit": self.unit,
            "direction": self.direction,
            "scale": self.scale,
            "factor": written_columns(self.factor),
            "keep": written_columns(self.keep),
            "about": written_columns(self.about),
            "text_until": self.text_until,
            "keep_personal_data": self.keep_personal_data,
            "arm": self.arm,
            "date_format": self.date_format,
        }
        later: dict[str, Any] = {
            "grant_from": self.grant_from,
            "levels": list(self.levels),
            "answer_columns": list(self.answer_columns),
            "columns_are": self.columns_are,
            "each_row": self.each_row,
            "shown": written_columns(self.shown),
            "decimal": self.decimal,
            "leave_out": {name: list(values) for name, values in self.leave_out.items()},
        }
        return body | {name: value for name, value in later.items() if value}

    def as_yaml(self, file: str) -> str:
        """The document, with what is not set left out; `file` is the name of the file it is for."""
        written = self.model_dump(mode="json", exclude_defaults=True)
        lines = io.StringIO()
        yaml = YAML()
        yaml.default_flow_style = False
        yaml.width = 10_000
        yaml.dump(written, lines)
        return (
            f"# How {' '.join(file.split())} is read.\n# `discretion import` reads a file with the "
            "same columns in this way. Edit it as you like.\n" + lines.getvalue()
        )


COLUMN_LISTS = ("case", "factor", "keep", "shown", "about", "answer_columns")
"""Options that list columns."""


def from_options(columns: Sequence[str], options: Mapping[str, Any]) -> ImportMapping:
    """A mapping from what is written on the command line, which is also how the log keeps it.

    Args:
        columns: the file's header.
        options: what was written, by name: ``map`` is the fields as --map takes them, every other
            name is a field of the mapping. What is left out is as if it were empty.

    Raises:
        DiscretionError: an option cannot be read; the sentence names it.
    """
    given = dict(options)
    fields = given.pop("map", "")
    levels = given.get("levels", "").split(";")
    lists = {name: given.pop(name, "") for name in COLUMN_LISTS}
    return _validated(
        {
            **given,
            "columns": tuple(columns),
            "fields": parse_map(fields) if fields else {},
            "answers": parse_meanings(given.get("answers", "")),
            "levels": tuple(level.strip() for level in levels if level.strip()),
            "leave_out": parse_left_out(given.get("leave_out", "")),
            **{
                name: parse_columns(written, f"--{name.replace('_', '-')}")
                for name, written in lists.items()
                if written
            },
        }
    )


def from_stored(body: Mapping[str, Any], columns: Sequence[str] = ()) -> ImportMapping:
    """A mapping as the log keeps it, of any version. Version 0.1.0 kept names as they were, and
    said nothing of it."""
    written = ("map", "answers", "case", "factor", "keep", "shown", "about")
    texts = {name: body.get(name) or "" for name in written}
    others = {
        name: value
        for name, value in body.items()
        if name in ImportMapping.model_fields and name not in texts
    }
    others.setdefault("keep_personal_data", True)
    lists = {name: others.pop(name, ()) for name in ("levels", "answer_columns", "leave_out")}
    mapping = from_options(columns, {**texts, **others})
    return _validated({**dict(mapping), **{name: value for name, value in lists.items() if value}})


def read_mapping(path: Path) -> ImportMapping:
    """The mapping in a YAML file.

    Raises:
        DiscretionError: it cannot be read or describes no mapping; the sentence names the line.
    """
    document = read_yaml(path)
    mapping, wrong = document.describe(ImportMapping)
    if mapping is None:
        raise wrong[0]
    return mapping


def find_mapping(folder: Path, columns: Sequence[str]) -> tuple[Path, ImportMapping] | None:
    """The mapping in ``imports/`` for a file with these columns, the one written last.

    Raises:
        DiscretionError: a file there describes no mapping.
    """
    paths = sorted(
        (folder / FOLDER).glob("*.yaml"), key=lambda path: (path.stat().st_mtime, path.name)
    )
    for path in reversed(paths):
        mapping = read_mapping(path)
        if mapping.columns == tuple(columns):
            return path, mapping
    return None


def problems_in(folder: Path) -> list[DiscretionError]:
    """Everything that is wrong with the mappings in ``imports/``, each with file and line."""
    found: list[DiscretionError] = []
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        try:
            document = read_yaml(path)
        except DiscretionError as error:
            found.append(error)
            continue
        mapping, wrong = document.describe(ImportMapping)
        found += wrong
        if mapping is not None:
            try:
                mapping.layout().check()
            except DiscretionError as error:
                where = f"{path}: {error.where}" if error.where else str(path)
                found.append(DiscretionError(error.what, where=where, fix=error.fix))
    return found


def write_mapping(folder: Path, file: Path, mapping: ImportMapping) -> Path:
    """Write a mapping to ``imports/NAME.yaml``, NAME being the file's. What stands there for files
    with other columns stays, and a mapping that stands there is not written again.

    Raises:
        DiscretionError: it cannot be written.
    """
    stem = re.sub(r"[^\w.-]+", "-", file.stem).strip("-.") or "decisions"
    place = folder / FOLDER
    known = {path: _readable(path) for path in sorted(place.glob("*.yaml"))}
    same = [path for path, one in known.items() if one == mapping]
    if same:
        return same[0]
    path, number = place / f"{stem}.yaml", 2
    while path in known and getattr(known[path], "columns", None) != mapping.columns:
        path, number = place / f"{stem}-{number}.yaml", number + 1
    try:
        place.mkdir(exist_ok=True)
        path.write_text(mapping.as_yaml(file.name), encoding="utf-8")
    except OSError as error:
        raise DiscretionError(
            f"cannot be written ({error.strerror})", where=str(path), fix="check its permissions"
        ) from error
    return path


def _readable(path: Path) -> ImportMapping | None:
    try:
        return read_mapping(path)
    except DiscretionError:
        return None


def written_columns(names: Sequence[str]) -> str:
    """Columns' names as an option takes them."""
    return ",".join(map(quoted, names))


def quoted(column: str) -> str:
    """A column's name as --map takes it."""
    return column if re.fullmatch(r"[^\W\d]\w*", column) else f"`{column}`"


def _validated(given: Mapping[str, Any]) -> ImportMapping:
    from pydantic import ValidationError

    try:
        return ImportMapping.model_validate(given)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        option = f"--{'.'.join(map(str, first['loc'][:1])).replace('_', '-')}"
        cause = first.get("ctx", {}).get("error")
        raise DiscretionError(str(cause or first["msg"]), where=option) from invalid
