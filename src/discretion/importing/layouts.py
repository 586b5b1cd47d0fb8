"""Layouts: how the columns of a file become cases and what was decided on them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, get_args

from discretion.core.policies import ID
from discretion.core.scenarios import Direction
from discretion.core.units import Unit
from discretion.errors import DiscretionError
from discretion.importing.cells import check_date_format
from discretion.importing.numerals import DecimalSign
from discretion.importing.spellings import Spellings

DEFAULT_POLICY = "imported"
"""Under which cases stand whose file names no policy."""

CaseField = Literal["text", "value", "limit", "policy", "domain", "case", "factors"]
JudgmentField = Literal["answer", "explanation", "rater", "time", "confidence", "expected", "panel"]
CountField = Literal["grants", "refusals", "unsure", "rate", "n"]
FieldName = CaseField | JudgmentField | CountField
CASE_FIELDS: tuple[str, ...] = get_args(CaseField)
JUDGMENT_FIELDS: tuple[str, ...] = get_args(JudgmentField)
COUNT_FIELDS: tuple[str, ...] = get_args(CountField)
NUMBER_FIELDS = ("value", "limit", "confidence", *COUNT_FIELDS)
FIELDS = (*CASE_FIELDS, *JUDGMENT_FIELDS, *COUNT_FIELDS)

Form = Literal["judgments", "counts", "rates"]
ColumnsAre = Literal["raters", "panels", "cases"]
"""What several columns of decisions are: a person each; a question each about the row's case; or a
case each, where the row is a person who answered a survey."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a file of decisions. The same layout reads the same file to the same ids."""

    fields: Mapping[str, str]
    """Field to the expression that gives it: see `parse_map`."""
    spellings: Spellings = field(default_factory=Spellings)
    answer_columns: tuple[str, ...] = ()
    """Several columns of decisions, in place of the field ``answer``."""
    columns_are: ColumnsAre = "raters"
    """What those columns are."""
    leave_out: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Column to the cells whose rows do not count, such as previews of a survey."""
    case: tuple[str, ...] = ()
    """Columns that identify a case; without any, text, value, limit and factors do."""
    each_row: bool = False
    """Every row is a case of its own, though nothing in it identifies one."""
    scenario: str | None = None
    """Column that names a case's scenario, or one for all in single quotes; without either each
    case is a scenario of its own."""
    policy: str = DEFAULT_POLICY
    """Id of the policy, where the fields do not give one."""
    panel: str = "people"
    """Who decided."""
    arm: str | None = None
    """Name of the recorded arm, where a system decided and not people."""
    n_unknown: bool = False
    """Rates may come without the number of people behind them."""
    unit: str = ""
    direction: Direction = "at most"
    scale: Decimal | None = None
    """Deviation 1 in the unit's measure; None takes the size of the limit."""
    factors: tuple[str, ...] = ()
    """Columns whose cells are the levels of a factor of the column's name."""
    keep: tuple[str, ...] = ()
    """Further columns that describe a case, for holding out and grouping. Nobody who decides is
    shown them."""
    shown: tuple[str, ...] = ()
    """Columns with checked facts about a case, shown to every model and person who decides it."""
    about: tuple[str, ...] = ()
    """Columns that describe a judgment or who made it: lead or starter, reversed."""
    until: str | None = None
    """Expression for what ends a case's text: the text is cut where that begins."""
    date_format: str | None = None
    """As for strptime, several with | between them; None means ISO 8601."""
    unit_from_cells: bool = False
    """Whether the unit was read from the cells, rather than said."""
    decimal: DecimalSign | None = None
    """The decimal sign of all numbers; None where each column shows its own."""

    @property
    def one_scenario(self) -> str | None:
        """The scenario of all cases; None where a column names it, or nothing does."""
        quoted = re.fullmatch(r"'(.+)'", self.scenario or "")
        return quoted[1] if quoted else None

    @property
    def form(self) -> Form:
        """What one row is."""
        if "answer" in self.fields or self.answer_columns:
            return "judgments"
        return "rates" if "rate" in self.fields else "counts"

    def check(self) -> None:
        """Raise where the options do not go together, before a file is opened."""
        self._check_form()
        if self.date_format is not None:
            check_date_format(self.date_format)
        if self.decimal not in (None, ".", ","):
            raise DiscretionError(
                f"{self.decimal!r} is not a decimal sign",
                where="--decimal",
                fix="give . or ,",
            )
        if self.scale is not None and not (self.scale.is_finite() and self.scale > 0):
            raise DiscretionError(
                f"{self.scale} is no scale", where="--scale", fix="give a number above 0"
            )
        if self.direction not in get_args(Direction):
            raise DiscretionError(
                f"{self.direction!r} is no direction",
                where="--direction",
                fix=f"give one of: {', '.join(get_args(Direction))}",
            )
        for option, name in (("--policy", self.policy), ("--arm", self.arm)):
            if name is not None and not re.fullmatch(ID, name):
                raise DiscretionError(
                    f"{name!r} is no name",
                    where=option,
                    fix="write it with small letters, digits, dots and dashes",
                )
        if self.case and "case" in self.fields:
            raise DiscretionError(
                "rows name their cases by id in --map, and --case names them by columns",
                where="--case",
                fix="remove one of the two",
            )
        if self.about and (self.form != "judgments" or self.arm is not None):
            raise DiscretionError(
                "describes single judgments, and there are none in counts, rates or an arm",
                where="--about",
                fix="remove it",
            )
        if self.until is not None and "text" not in self.fields:
            raise DiscretionError(
                "there is no text to cut", where="--text-until", fix="map text, or remove it"
            )
        kind = Unit.named(self.unit).kind
        if "limit" in self.fields and kind in ("clock", "date") and self.scale is None:
            raise DiscretionError(
                f"a limit that is a {'date' if kind == 'date' else 'time of day'} does not say "
                "what a large deviation is",
                where="--scale",
                fix="give it, in minutes for a time of day and in days for a date",
            )

    def _check_form(self) -> None:
        if self.answer_columns:
            self._check_columns()
            return
        given = [name for name in ("answer", "rate", "grants") if name in self.fields]
        if len(given) != 1:
            raise DiscretionError(
                f"a row has both {given[0]} and {given[1]}"
                if given
                else "nothing says what was decided",
                where="--map",
                fix="give answer (a row is a judgment), grants and refusals (a row is a case with "
                "counts), or rate and n",
            )
        form = given[0]
        if self.spellings.scale is not None:
            if form != "answer":
                raise DiscretionError(
                    f"there are no levels beside {form}", where="--grant-from", fix="remove it"
                )
            self.spellings.scale.check()
        if form == "grants" and "refusals" not in self.fields:
            raise _missing("refusals", "grants without refusals leave the rate open")
        alien = {
            "answer": COUNT_FIELDS,
            "rate": (*JUDGMENT_FIELDS, "grants", "refusals"),
            "grants": (*JUDGMENT_FIELDS, "rate", "n"),
        }[form]
        for name in alien:
            if name in self.fields:
                raise DiscretionError(
                    f"{name} says nothing beside {form}", where="--map", fix="remove one of them"
                )
        unknown = self.n_unknown or self.arm is not None
        if form == "rate" and "n" not in self.fields and not unknown:
            raise DiscretionError(
                "a rate without n does not say how many people decided",
                where="--map",
                fix="add n=COLUMN or n=60, or say that it is not known: --n unknown",
            )

    def _check_columns(self) -> None:
        """Raise where fields say something else than the columns of decisions."""
        given = {"raters": "rater", "panels": "panel", "cases": "text"}[self.columns_are]
        for name in ("answer", *COUNT_FIELDS, given):
            if name in self.fields:
                raise DiscretionError(
                    f"{name} is given by --answer-columns already",
                    where="--map",
                    fix=f"remove {name}, or --answer-columns",
                )
        if self.spellings.scale is not None:
            self.spellings.scale.check()


def parse_left_out(written: str) -> dict[str, tuple[str, ...]]:
    """Column to cells, from ``Status=Survey Preview,Finished=False``; a column may come again.

    Raises:
        DiscretionError: a piece is no ``column=value``.
    """
    found: dict[str, tuple[str, ...]] = {}
    for piece in _pieces(written, "--leave-out"):
        column, sign, value = (part.strip() for part in piece.rpartition("="))
        if not sign or not column:
            raise DiscretionError(
                f"not a COLUMN=VALUE: {piece!r}",
                where="--leave-out",
                fix='write it like --leave-out "Status=Survey Preview,Finished=False"',
            )
        column, value = unquoted(column), unquoted(value)
        found[column] = (*found.get(column, ()), value)
    return found


def parse_map(written: str) -> dict[str, str]:
    """Field to expression, from ``text=request,value=returned_on - delivered_on,limit=14``.

    The expressions are read when the columns are known: see `expressions.bind`.

    Raises:
        DiscretionError: a piece is no ``field=expression``, or a field is unknown or twice there.
    """
    mapping: dict[str, str] = {}
    for piece in _pieces(written, "--map"):
        name, sign, expression = (part.strip() for part in piece.partition("="))
        if not sign or not expression:
            raise DiscretionError(
                f"{piece!r} is no field=column", where="--map", fix="write it like text=request"
            )
        if name not in FIELDS:
            close = difflib.get_close_matches(name, FIELDS, 1)
            raise DiscretionError(
                f"there is no field {name!r}",
                where="--map",
                fix=f"did you mean {close[0]!r}?"
                if close
                else f"the fields are: {', '.join(FIELDS)}",
            )
        if name in mapping:
            raise DiscretionError(f"{name} is given twice", where="--map", fix="remove one")
        mapping[name] = expression
    if not mapping:
        raise DiscretionError("is empty", where="--map", fix="write it like text=request")
    return mapping


def parse_columns(written: str, option: str) -> tuple[str, ...]:
    """Columns' names with commas between them; those with commas in backticks or double quotes."""
    names = [unquoted(piece) for piece in _pieces(written, option)]
    for name in names:
        if names.count(name) > 1:
            raise DiscretionError(f"{name!r} is given twice", where=option, fix="remove one")
    return tuple(names)


def unquoted(piece: str) -> str:
    """A column's name without the backticks or double quotes around it."""
    return piece[1:-1] if len(piece) > 2 and piece[0] == piece[-1] and piece[0] in '`"' else piece


def _pieces(written: str, option: str) -> Iterator[str]:
    """The pieces between commas, those inside quotes aside."""
    piece, quote = "", ""
    for character in written:
        if character == "," and not quote:
            if piece.strip():
                yield piece.strip()
            piece = ""
            continue
        if quote:
            quote = "" if character == quote else quote
        elif character in "`\"'":
            quote = character
        piece += character
    if quote:
        raise DiscretionError(
            f"a {quote} is not closed",
            where=option,
            fix="close it; a name that holds one stands in `backticks`",
        )
    if piece.strip():
        yield piece.strip()


def _missing(name: str, why: str) -> DiscretionError:
    return DiscretionError(why, where="--map", fix=f"add {name}=COLUMN")
