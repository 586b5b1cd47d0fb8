"""Expressions: how a field is computed from the columns of a row, as written in --map.

A column's name, a number, a text in single quotes, or arithmetic on them: ``returned_on -
delivered_on``, ``(late + 1) * 24``. Names with spaces or signs stand in backticks or double
quotes; where the whole expression is a column's name, no quotes are needed. A text put together
from several columns names them in braces: ``{subject}\\n{body}``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Context, Decimal

from discretion.core.units import Unit
from discretion.errors import DiscretionError
from discretion.importing.cells import Cell, RowError, quantity
from discretion.importing.missing import is_missing
from discretion.importing.numerals import NumberForm

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?![\w.]))"""
    r"""|(?P<name>[^\W\d][\w.]*)|`(?P<backtick>[^`]+)`|"(?P<quoted>[^"]+)"|'(?P<text>[^']*)'"""
    r"""|(?P<sign>[-+*/()]))"""
)
_SLOT = re.compile(r"\{([^{}]+)\}")
_LONGEST = 1000
_DEEPEST = 20
_EXACT = Context(prec=28)
_FINEST = Decimal("1e-12")
"""Results are rounded to this, so that (a - b) * 24 of two times gives whole hours again."""


@dataclass(frozen=True, slots=True)
class ColumnNode:
    name: str
    index: int


@dataclass(frozen=True, slots=True)
class Constant:
    cell: str | Decimal


@dataclass(frozen=True, slots=True)
class Operation:
    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """Lines of text and columns in turn."""

    lines: tuple[tuple[str | ColumnNode, ...], ...]

    def of(self, cells: Sequence[str]) -> str:
        """The text of a row. A line whose columns are all empty is left out."""
        filled = []
        for line in self.lines:
            values = [cells[part.index] for part in line if isinstance(part, ColumnNode)]
            if any(values) or not values:
                parts = (part if isinstance(part, str) else cells[part.index] for part in line)
                filled.append("".join(parts))
        return "\n".join(filled).strip() if any(cells[index] for index in self._indices) else ""

    @property
    def _indices(self) -> list[int]:
        return [column.index for column in self.columns]

    @property
    def columns(self) -> list[ColumnNode]:
        return [part for line in self.lines for part in line if isinstance(part, ColumnNode)]


Node = ColumnNode | Constant | Operation | TextTemplate


@dataclass(frozen=True, slots=True)
class Expression:
    """What a field is computed from."""

    written: str
    node: Node
    unit: Unit
    """The amounts that arithmetic may meet besides plain numbers: ``$10.01``, ``15 days``."""
    date_format: str | None
    forms: Mapping[str, NumberForm] = field(default_factory=dict)
    """How the numbers of a column are written, by its name."""

    @property
    def label(self) -> str:
        """What errors call it: the column's name, or the expression."""
        return self.node.name if isinstance(self.node, ColumnNode) else self.written

    def of(self, cells: Sequence[str]) -> Cell:
        """The field of a row; empty where a cell that it is computed from is empty.

        Raises:
            RowError: a cell is neither a number nor a date, or the arithmetic is impossible.
        """
        node = self.node
        if isinstance(node, ColumnNode):
            return cells[node.index]
        if isinstance(node, Constant):
            return node.cell
        if isinstance(node, TextTemplate):
            return node.of(cells)
        result = self._compute(node, cells)
        if isinstance(result, Decimal):
            if abs(result) >= Decimal("1e15"):
                raise RowError("the result is too large", column=self.written)
            return result.quantize(_FINEST)
        return "" if result is None else result

    def number_of(self, cells: Sequence[str]) -> Cell:
        """The field of a row that is read as a number: a cell as its column's form says."""
        if isinstance(self.node, ColumnNode):
            return self._plain(self.node, cells)
        return self.of(cells)

    def _plain(self, column: ColumnNode, cells: Sequence[str]) -> str:
        form = self.forms.get(column.name)
        return cells[column.index] if form is None else form.plain(cells[column.index])

    def _compute(self, node: Node, cells: Sequence[str]) -> Decimal | datetime | None:
        if isinstance(node, Operation):
            left, right = self._compute(node.left, cells), self._compute(node.right, cells)
            if left is None or right is None:
                return None
            try:
                return _apply(node.sign, left, right)
            except (ArithmeticError, TypeError) as error:
                raise RowError(
                    f"{left} {node.sign} {right} cannot be computed", column=self.written
                ) from error
        if isinstance(node, TextTemplate):
            raise RowError("a text in braces cannot be calculated with", column=self.written)
        cell = self._plain(node, cells) if isinstance(node, ColumnNode) else node.cell
        if isinstance(cell, Decimal):
            return cell
        if is_missing(cell):
            return None
        try:
            return quantity(cell, self.unit, self.date_format)
        except RowError as error:
            error.column = node.name if isinstance(node, ColumnNode) else self.written
            raise


def bind(
    written: str,
    header: Mapping[str, int],
    *,
    where: str,
    unit: Unit,
    date_format: str | None = None,
    forms: Mapping[str, NumberForm] | None = None,
) -> Expression:
    """The expression over these columns (name to index); `where` names the option in errors.

    Raises:
        DiscretionError: it cannot be read, or names a column that is not there.
    """
    written = written.strip()
    if written in header:
        node: Node = ColumnNode(written, header[written])
    elif _SLOT.search(written):
        node = _template(written, header, where)
    else:
        node = _Parser(written, header, where).parse()
    return Expression(written, node, unit, date_format, forms or {})


def _template(written: str, header: Mapping[str, int], where: str) -> TextTemplate:
    """The template of ``{subject}\\n{body}``, where \\n begins a line; quotes around it are no part
    of it."""
    if len(written) > 1 and written[0] == written[-1] and written[0] in "\"'":
        written = written[1:-1]
    lines = []
    for line in written.replace("\\n", "\n").split("\n"):
        parts: list[str | ColumnNode] = []
        for place, part in enumerate(_SLOT.split(line)):
            if place % 2:
                name = part if part in header else part.strip()
                parts.append(ColumnNode(name, find_column(name, header, where=where)))
            elif part:
                parts.append(part)
        lines.append(tuple(parts))
    return TextTemplate(tuple(lines))


def columns_in(node: Node) -> list[str]:
    """The columns that something is computed from."""
    if isinstance(node, Operation):
        return [*columns_in(node.left), *columns_in(node.right)]
    if isinstance(node, TextTemplate):
        return [column.name for column in node.columns]
    return [node.name] if isinstance(node, ColumnNode) else []


def find_column(name: str, header: Mapping[str, int], *, where: str) -> int:
    """The index of a column."""
    if name not in header:
        close = difflib.get_close_matches(name, list(header), 1)
        known = ", ".join(list(header)[:20])
        raise DiscretionError(
            f"there is no column {name!r}",
            where=where,
            fix=f"did you mean {close[0]!r}?" if close else f"the columns are: {known}",
        )
    return header[name]


def _apply(sign: str, left: Decimal | datetime, right: Decimal | datetime) -> Decimal | datetime:
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        compute = {
            "+": _EXACT.add,
            "-": _EXACT.subtract,
            "*": _EXACT.multiply,
            "/": _EXACT.divide,
        }[sign]
        return compute(left, right)
    if isinstance(left, datetime) and isinstance(right, datetime) and sign == "-":
        microseconds = (left - right) // timedelta(microseconds=1)
        return _EXACT.divide(Decimal(microseconds), Decimal(86_400_000_000))
    if isinstance(left, datetime) and isinstance(right, Decimal) and sign in "+-":
        days = timedelta(days=float(right))
        return left + days if sign == "+" else left - days
    raise TypeError(sign)


class _Parser:
    """Precedence climbing over two levels: sums of products of parts."""

    def __init__(self, written: str, header: Mapping[str, int], where: str) -> None:
        self.header = header
        self.where = where
        self.written = written
        self.tokens = self._tokens()
        self.depth = 0

    def parse(self) -> Node:
        node = self._sum()
        if self.tokens:
            raise self._wrong()
        return node

    def _tokens(self) -> list[tuple[str, str]]:
        """Last token first, so that the next one is popped from the end."""
        tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(self.written):
            match = _TOKEN.match(self.written, place)
            if match is None or match.lastgroup is None or len(self.written) > _LONGEST:
                raise self._wrong()
            tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()
        return tokens[::-1]

    def _next(self, signs: str) -> str | None:
        """The next token where it is one of these signs, taken off."""
        if self.tokens and self.tokens[-1][0] == "sign" and self.tokens[-1][1] in signs:
            return self.tokens.pop()[1]
        return None

    def _sum(self) -> Node:
        node = self._product()
        while sign := self._next("+-"):
            node = Operation(sign, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._part()
        while sign := self._next("*/"):
            node = Operation(sign, node, self._part())
        return node

    def _part(self) -> Node:
        self.depth += 1
        if not self.tokens or self.depth > _DEEPEST:
            raise self._wrong()
        kind, token = self.tokens.pop()
        if kind == "number":
            node: Node = Constant(Decimal(token))
        elif kind == "text":
            node = Constant(token)
        elif kind != "sign":
            node = ColumnNode(token, find_column(token, self.header, where=self.where))
        elif token == "(":  # noqa: S105
            node = self._sum()
            if not self._next(")"):
                raise self._wrong()
        elif token == "-":  # noqa: S105
            node = Operation("-", Constant(Decimal(0)), self._part())
        else:
            raise self._wrong()
        self.depth -= 1
        return node

    def _wrong(self) -> DiscretionError:
        return DiscretionError(
            f"{self.written[:80]!r} cannot be read",
            where=self.where,
            fix="write a column, a number, a 'text' in single quotes, + - * / between them, or "
            '"{column} and {another}"; '
            "names with spaces or signs stand in `backticks`",
        )
