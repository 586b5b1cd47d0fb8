"""Assembly: from the rows of a table, cases, judgments, tallies and recorded decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from discretion.canonical import short_id
from discretion.core.cases import Case
from discretion.core.judgments import Decision, Judgment, Tally
from discretion.importing.casebook import Casebook, text_of
from discretion.importing.cells import ASIDE, Cell, RowError, as_text, count, iso, moment, rate
from discretion.importing.expressions import find_column
from discretion.importing.fields import Fields
from discretion.importing.identifiers import identifier
from discretion.importing.layouts import Layout
from discretion.importing.matching import Known, Matcher
from discretion.importing.missing import is_missing
from discretion.importing.numerals import NumberForm
from discretion.importing.pseudonyms import Pseudonyms
from discretion.importing.redaction import Ready, Texts
from discretion.importing.rows import TableRow
from discretion.importing.spellings import is_numeral

_NOTHING: Mapping[str, str] = {}
"""Columns of a judgment that has none: one for all of them."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one row says that a system decided on a case."""

    id: str
    """A hash of what the row says, and of how often that was said before it."""
    arm: str
    case: str
    p: float
    """Share of grants, in [0, 1]."""
    n: int | None
    """How many decisions; None where it is not known."""


class UnknownAnswerError(RowError):
    """A word that no spelling covers. All of them are worth knowing at once."""


class LeftOutError(RowError):
    """A row that does not count: its word was said to leave it out, its tool says so, or it holds
    no decision."""


class NoDecisionError(LeftOutError):
    """A row whose decision is missing."""


LEVEL = "level"
"""The column of a judgment that keeps the level which became a decision."""


class _Share(NamedTuple):
    """Answers that were only counted."""

    rate: float
    n: int | None
    unsure: int


class Assembly:
    """What the rows so far amount to. A row that cannot be read adds no decision."""

    def __init__(
        self,
        layout: Layout,
        header: Sequence[str],
        source: str,
        pseudonyms: Pseudonyms | None = None,
        known: Known | None = None,
        forms: Mapping[str, NumberForm] | None = None,
    ) -> None:
        self.judgments: list[Judgment] = []
        self.tallies: list[Tally] = []
        self.recorded: list[Recorded] = []
        self.undecided = 0
        """Answers of a recorded arm that were neither grant nor refuse."""
        self.unanswered = 0
        """Rows that name a case and leave open what was decided."""
        self._layout = layout
        self._source = source
        self._fields = Fields(layout, header, forms)
        self._pseudonyms = pseudonyms
        matcher = Matcher(known or Known(), layout, self._fields, header)
        self._book = Casebook(layout, self._fields, pseudonyms, matcher)
        places = {name: place for place, name in enumerate(header)}
        self._left_out = [
            (find_column(name, places, where="--leave-out"), name, cells)
            for name, cells in layout.leave_out.items()
        ]
        self.numerals = False
        """Whether a 0 or a 1 was read as an answer."""
        self._counted: dict[str, int | None] = {}
        self._said: set[str] = set()
        self._times: Counter[str] = Counter()
        """How often what is in `_said` came again."""

    @property
    def cases(self) -> tuple[Case, ...]:
        return self._book.cases

    @property
    def met(self) -> tuple[Case, ...]:
        """The cases of the workspace that rows are about."""
        return self._book.met

    @property
    def replaced(self) -> dict[str, int]:
        """How many places in texts and explanations were replaced, by kind."""
        return dict(self._book.replaced)

    @property
    def uncut(self) -> int:
        """How many texts do not hold what should end them."""
        return self._book.uncut

    @property
    def unread(self) -> tuple[str, ...]:
        """The columns that nothing was taken from."""
        return self._fields.unread

    def texts(self, row: TableRow) -> Texts:
        """What would be looked at for personal data in this row."""
        fields = self._fields
        if row.fault or self._pseudonyms is None:
            return None, None
        try:
            text, _ = text_of(row, fields, self._layout)
            explained = "explanation" in self._layout.fields
            return text, fields.text("explanation", row) if explained else None
        except RowError:
            return None, None

    def add(self, row: TableRow, ready: Ready = (None, None)) -> None:
        """Take up one row, or raise RowError where it cannot be read; `ready` is what came of its
        texts where somebody looked at them before."""
        if row.fault:
            raise RowError(row.fault)
        for place, column, cells in self._left_out:
            if row.cells[place] in cells:
                raise LeftOutError(
                    "left out, as --leave-out says",
                    row.cells[place],
                    column=column,
                    fix="nothing to do",
                )
        if "case" in self._layout.fields and self._is_blank(row):
            self.unanswered += 1
        elif "case" in self._layout.fields and self._is_slip(row):
            raise RowError(
                "there is a reason or a confidence and no decision",
                column=self._fields.label("answer"),
                fix=f"fill it in, or {ASIDE}",
            )
        elif self._layout.form == "judgments":
            self._add_judgment(row, ready)
        else:
            self._add_share(row, self._share(row), ready)

    def _is_blank(self, row: TableRow) -> bool:
        """Whether a sheet's row was left as it was handed out. Who is to judge may stand there;
        an explanation without an answer is a slip."""
        given = ("answer", "explanation", "confidence", "grants", "refusals", "rate")
        return all(self._fields.text(name, row) is None for name in given)

    def _is_slip(self, row: TableRow) -> bool:
        """Whether a sheet's row that is not blank leaves the decision open."""
        return self._layout.form == "judgments" and self._fields.text("answer", row) is None

    def _add_judgment(self, row: TableRow, ready: Ready) -> None:
        fields, layout = self._fields, self._layout
        answer, level = fields.required("answer", row, self._decision)
        if layout.arm is not None:
            granted = float(answer == "grant")
            decided = int(answer != "unsure")
            self._add_share(row, _Share(granted, decided, 1 - decided), ready)
            return
        explanation, rater = fields.text("explanation", row), fields.text("rater", row)
        time = fields.optional("time", row, lambda cell: iso(moment(cell, layout.date_format)))
        confidence = fields.optional("confidence", row, rate)
        expected = fields.optional("expected", row, rate)
        found = self._book.case(row, ready[0])
        case = found.case.id
        explanation = self._book.explained(explanation, found.marks, ready)
        if rater is not None and self._pseudonyms is not None:
            rater = self._pseudonyms.rater(rater)
        panel = layout.panel
        if "panel" in layout.fields:
            panel = fields.required("panel", row, lambda cell: identifier(as_text(cell)))
        about = fields.about(row)
        if level is not None:
            about[LEVEL] = level
        # The ids of judgments without an expectation stay what they were.
        foreseen = () if expected is None else (expected,)
        said = (panel, case, rater, answer, explanation, time, confidence, *foreseen)
        self.judgments.append(
            Judgment(
                id=self._id(said),
                case=case,
                panel=panel,
                answer=answer,
                rater=rater,
                explanation=explanation,
                confidence=confidence,
                time=time,
                source=self._source,
                shown=found.shown,
                columns=about or _NOTHING,
                expected=expected,
            )
        )

    def _share(self, row: TableRow) -> _Share:
        fields = self._fields
        unsure = fields.required("unsure", row, count) if "unsure" in self._layout.fields else 0
        if self._layout.form == "counts":
            grants, refusals = (
                fields.required(name, row, count) for name in ("grants", "refusals")
            )
            decided = grants + refusals
            share = _Share(grants / decided if decided else 0.0, decided, unsure)
            nobody = not decided + unsure
        else:
            share = _Share(fields.required("rate", row, rate), self._n(row), unsure)
            nobody = share.n == 0
        if nobody:
            raise RowError("nobody decided this case", fix=f"remove the row or {ASIDE}")
        return share

    def _n(self, row: TableRow) -> int | None:
        if self._layout.n_unknown or self._layout.arm is not None:
            return self._fields.optional("n", row, count)
        return self._fields.required("n", row, count)

    def _add_share(self, row: TableRow, share: _Share, ready: Ready) -> None:
        case = self._book.case(row, ready[0]).case.id
        arm, panel = self._layout.arm, self._layout.panel
        if arm is not None and share.n == 0:
            self.undecided += share.unsure
            return
        # Two rates of one case can be put together only where each has its n.
        if case in self._counted and (share.n is None or self._counted[case] is None):
            raise RowError(
                f"row {self._book.first(case)} gives a rate for the same case, and without n the "
                "two cannot be put together",
                fix=f"tell the cases apart with --case, remove one, or {ASIDE}",
            )
        self._counted[case] = share.n
        if arm is not None:
            self.undecided += share.unsure
            name = self._id(("recorded", arm, case, share.rate, share.n))
            self.recorded.append(Recorded(name, arm, case, share.rate, share.n))
            return
        name = self._id(("tally", panel, case, *share))
        self.tallies.append(Tally(name, case, panel, *share, source=self._source))

    def _decision(self, cell: Cell) -> tuple[Decision, str | None]:
        """What a cell decides, and the level that it was read from on a scale."""
        written = as_text(cell)
        spellings = self._layout.spellings
        meaning = spellings.meaning(written)
        if meaning == "-":
            raise LeftOutError("left out, as --answers says", written, fix="nothing to do")
        if meaning is not None:
            self.numerals = self.numerals or is_numeral(written)
            return meaning, written if spellings.scale is not None else None
        if is_missing(written):
            raise NoDecisionError("there is no decision", written, fix="nothing to do")
        shown = written if len(written) <= 60 else written[:57] + "..."
        raise UnknownAnswerError(
            f"{shown!r} is no known answer",
            written,
            fix="say what it means with --answers",
        )

    def _id(self, said: tuple[object, ...]) -> str:
        """An id from what a row says, and from how often that has been said before it: so a file
        that is renamed or sorted anew gives the same ids."""
        name = short_id(said)
        if name not in self._said:
            self._said.add(name)
            return name
        self._times[name] += 1
        return short_id((name, self._times[name]))
