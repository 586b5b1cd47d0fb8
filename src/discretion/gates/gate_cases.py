"""Expectations as a user writes them: a table or a YAML list, read row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from discretion.canonical import short_id
from discretion.core.cases import Case, CaseSet
from discretion.core.gate_cases import GateCase, Must
from discretion.documents import read_yaml
from discretion.errors import DiscretionError
from discretion.importing import Spellings
from discretion.importing.tables import open_table

_COLUMNS = ("must", "case", "text", "policy")


def read_expectations(path: Path, case_set: CaseSet) -> tuple[GateCase, ...]:
    """The expectations in a table or a YAML list; capitals in headings and words do not count.

    A row names a case of the workspace by ``case``, or gives a ``text``: that of a case here, or
    of a new one under ``policy``, which may be left out where there is one policy. Other columns
    are not looked at.

    Raises:
        DiscretionError: the file cannot be read, or a row is wrong; the sentence names the row.
    """
    by_text = {case.text: case for case in case_set if case.text}
    by_id = {case.id: case for case in case_set}
    found = []
    for where, row in _rows(path):
        must = _must(row.get("must", ""), where)
        text = row.get("text", "")
        if row.get("case"):
            case = by_id.get(row["case"])
            if case is None:
                raise DiscretionError(
                    f"there is no case {row['case']!r}",
                    where=where,
                    fix="name one of the workspace, or give its text",
                )
        elif text:
            case = by_text.get(text) or _new_case(text, row.get("policy", ""), case_set, where)
        else:
            raise DiscretionError(
                "it does not say which case", where=where, fix="fill in case or text"
            )
        found.append(GateCase(where, case, must))
    if not found:
        raise DiscretionError("holds no cases", where=str(path), fix="add some, or leave it out")
    return tuple(found)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row as text by heading, with its place."""
    if path.suffix.lower() in (".yaml", ".yml"):
        document = read_yaml(path)
        if not isinstance(document.data, list):
            raise DiscretionError(
                "is no list of cases", where=str(path), fix="begin each case with: - must: refuse"
            )
        for index, row in enumerate(document.data):
            where = document.where([index])
            if not isinstance(row, dict):
                raise DiscretionError("is no case", where=where, fix="write - must: refuse")
            yield where, _named(row, where)
        return
    table = open_table(path)
    with closing(table.rows):
        for line in table.rows:
            where = f"{path}:{line.number}"
            if line.fault:
                raise DiscretionError(line.fault, where=where, fix="correct that row")
            cells = [str(cell).strip() for cell in line.cells]
            yield where, _named(dict(zip(table.header, cells, strict=False)), where)


def _named(row: Mapping[str, object], where: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for heading, cell in row.items():
        name = heading.strip().casefold()
        if name in found:
            raise DiscretionError(f"has two columns {name!r}", where=where, fix="keep one")
        if name in _COLUMNS:
            found[name] = "" if cell is None else str(cell).strip()
    return found


def _must(written: str, where: str) -> Must:
    word = "-".join(written.casefold().replace("_", " ").replace("-", " ").split())
    if word in ("never-grant", "never"):
        return "never-grant"
    read = Spellings().read(written)
    if read in ("grant", "refuse"):
        return read
    said = f"must is {written!r}" if written else "must is missing"
    raise DiscretionError(said, where=where, fix="write grant, refuse or never-grant")


def _new_case(text: str, policy: str, case_set: CaseSet, where: str) -> Case:
    known = {name.casefold(): name for name in case_set.policies}
    if not policy and len(known) == 1:
        policy = next(iter(known))
    if policy.casefold() not in known:
        what = f"there is no policy {policy!r}" if policy else "it is not said which policy it is"
        raise DiscretionError(
            what, where=where, fix=f"fill in policy with one of: {', '.join(case_set.policies)}"
        )
    name = known[policy.casefold()]
    case = short_id((name, "", text))
    described = case_set.policies[name]
    return Case(case, name, scenario=case, domain=described.domain, text=text, cell=case, pair=case)
