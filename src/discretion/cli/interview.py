"""The interview of `discretion start`: which column is what, and what its words mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from discretion.cli.app import counted
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.importing.numerals import AmbiguousNumbersError
    from discretion.importing.spellings import Spellings
    from discretion.importing.survey import Survey
    from discretion.judgments import Decision

QUESTIONS = {
    "text": "What was asked? The column with the text of the request",
    "answer": "What was decided? The column that says approved, denied or the like",
    "explanation": "Why? The column with the note of whoever decided",
    "rater": "Who decided? The column with the agent",
    "value": "What does the rule limit? A column of days, amounts, …, or one minus another",
    "limit": "The limit: a number such as 14, or a column",
}
_NONE, _BACK, _CUT, _REST = "-", "back", "cut", "--"
_LETTERS: dict[str, Decision] = {"g": "grant", "r": "refuse", "u": "unsure"}
_SHOWN = 60
_MOST_LISTED = 12


@dataclass
class Understanding:
    """What is understood of a file so far."""

    fields: dict[str, str]
    """Field to expression, as --map takes it."""
    answers: str = ""
    """What words mean, as --answers takes it."""
    until: str = ""
    """What ends a text, as --text-until takes it."""


class Interview:
    """Asks on the terminal, and changes what is understood of a file. What cannot be so is said
    at once, and asked again."""

    def __init__(self, seen: Survey, understood: Understanding) -> None:
        self._seen = seen
        self._understood = understood
        self._answers = understood.answers
        """What words mean without being asked for."""

    def ask_all(self) -> None:
        """The six questions, each with its guess."""
        print(f"{counted(self._seen.rows, 'row')}. The columns, and what stands in them first:")
        wide = min(max(map(len, self._seen.header)), 30)
        for column in self._seen.columns:
            print(f"  {column.name:<{wide}}  {_short(column.example) or '(empty)'}")
        print(
            f"Enter takes what stands in brackets; {_NONE} means that there is none; {_BACK} goes "
            "back to the question before."
        )
        place = 1
        while place <= len(QUESTIONS):
            place = place + 1 if self.ask(place) else max(1, place - 1)

    def ask(self, place: int) -> bool:
        """One question, by its number from 1; False where the user goes back."""
        fields = self._understood.fields
        name = list(QUESTIONS)[place - 1]
        if name == "limit" and "value" not in fields:
            return True
        while True:
            known = bare(fields.get(name, _NONE))
            said = typer.prompt(f"{place}. {QUESTIONS[name]}", default=known).strip()
            if self._is_back(said):
                return False
            try:
                self._take(name, said)
            except DiscretionError as error:
                _say(error)
                continue
            if name == "answer" and name in fields and not self._ask_meanings():
                continue
            return True

    def goes_on(self, *, ready: bool, folder: str) -> bool:
        """Whether to go on with what was understood, or to try again with what is said here; where
        it is not `ready` there is no going on."""
        go = f"Enter makes the workspace {folder}; 1" if ready else "1"
        asked = (
            f"{go} to {len(QUESTIONS)} asks that question again; {_CUT} ends the texts where the "
            "reply begins"
        )
        while True:
            said = typer.prompt(asked, default="" if ready else None, show_default=False).strip()
            if not said and ready:
                return True
            if said.isdecimal() and 1 <= int(said) <= len(QUESTIONS):
                self.ask(int(said))
                if list(QUESTIONS)[int(said) - 1] == "value":
                    self.ask(len(QUESTIONS))
                return False
            if said == _CUT:
                self._ask_end()
                return False
            print(f"   {said!r} is none of these")

    def ask_decimal(self, doubt: AmbiguousNumbersError) -> str:
        """Which sign is the decimal sign, where a column's numbers can be read in two ways."""
        print(f"   {doubt.what}")
        by_point, by_comma = doubt.readings["."], doubt.readings[","]
        while True:
            said: str = typer.prompt(
                f"   The decimal sign of column {doubt.column!r}: . ({by_point}) or , ({by_comma})"
            ).strip()
            if said in doubt.readings:
                return said
            print("   . or , please")

    def _take(self, name: str, said: str) -> None:
        if said == _NONE:
            self._understood.fields.pop(name, None)
            if name == "value":  # Without it a limit limits nothing.
                self._understood.fields.pop("limit", None)
            return
        written = self._expression(said, number=name == "limit")
        if name == "answer":
            values_of(self._seen, written)
        column = self._seen.column(bare(written))
        if name in ("value", "limit") and column and column.seen and not column.numeric:
            raise DiscretionError(
                f"the column {column.name!r} holds other things than numbers: "
                f"{_short(column.example)}",
                mend="name one of numbers; of two dates, one minus the other",
            )
        self._understood.fields[name] = written

    def _expression(self, said: str, *, number: bool = False) -> str:
        """What was said as --map takes it: a column whatever its capitals, or a calculation."""
        from discretion.importing.expressions import Constant, bind
        from discretion.units import Unit

        header = self._seen.header
        same = next((one for one in header if one.casefold() == said.casefold()), None)
        if said in header or same:
            return quoted(said if said in header else same or said)
        places = {column: place for place, column in enumerate(header)}
        read = bind(said, places, where="", unit=Unit.named(""))
        if isinstance(read.node, Constant) and not number:
            raise DiscretionError(
                f"there is no column {said!r}", mend=f"the columns are: {', '.join(header)}"
            )
        return said

    def _ask_meanings(self) -> bool:
        """The rest of the question of what was decided: what each word means."""
        seen, understood = self._seen, self._understood
        understood.answers = self._answers
        column = understood.fields["answer"]
        values = values_of(seen, column)
        self._show_known(values)
        open_ones = unknown(seen, column, understood.answers)
        if not open_ones:
            return True
        print(
            "   What do these mean? g: granted, r: refused, u: neither; "
            f"{_NONE}: such rows are left out, {_REST}: and all that follow"
        )
        said = ""
        for value in open_ones:
            if said != _REST:
                said = self._ask_meaning(value, values[value])
            if self._is_back(said):
                return False
            meaning = _LETTERS.get(said, _NONE)
            understood.answers = f"{understood.answers};{value}={meaning}".strip(";")
        return True

    def _ask_meaning(self, value: str, rows: int) -> str:
        from discretion.importing.spellings import likely

        guess = (likely(value) or "")[:1] or None
        while True:
            asked = f"   {_short(value)} ({counted(rows, 'row')})"
            said: str = typer.prompt(asked, default=guess).strip()
            if said.lower()[:1] in _LETTERS and said.lower() in (*_LETTERS, *_LETTERS.values()):
                return said.lower()[:1]
            if said in (_NONE, _REST) or self._is_back(said):
                return said
            print(f"   g, r, u, {_NONE} or {_BACK}, please")

    def _show_known(self, values: dict[str, int]) -> None:
        """The words that need no explanation, so that a wrong one is seen."""
        spellings = _spellings(self._understood.answers)
        for decision, verb in (("grant", "granted"), ("refuse", "refused"), ("unsure", "neither")):
            words = [
                f"{_short(value)} ({rows:,})"
                for value, rows in values.items()
                if spellings.read(value) == decision
            ]
            if words:
                more = f", and {len(words) - 5} more" if len(words) > 5 else ""
                print(f"   {verb}: {', '.join(words[:5])}{more}")

    def _ask_end(self) -> None:
        """Where the texts end."""
        while True:
            said = typer.prompt(
                "   Where does the reply begin? A column that holds it, or its first words in "
                "'quotes'",
                default=bare(self._understood.until) or _NONE,
            ).strip()
            if said == _NONE or self._is_back(said):
                self._understood.until = ""
                return
            try:
                quotes = len(said) > 2 and said[0] == said[-1] == "'"
                self._understood.until = said if quotes else self._expression(said)
            except DiscretionError as error:
                _say(error)
                continue
            return

    def _is_back(self, said: str) -> bool:
        return said.casefold() == _BACK and _BACK not in self._seen.header


def values_of(seen: Survey, column: str) -> dict[str, int]:
    """What stands in the column of decisions, with the number of rows; the commonest first.

    Raises:
        DiscretionError: there is no such column, or single decisions cannot be what it holds.
    """
    from discretion.importing.cells import number

    found = seen.column(bare(column))
    if found is None:
        raise DiscretionError(
            f"there is no column {column!r}", mend=f"the columns are: {', '.join(seen.header)}"
        )
    numbers = [number(cell.strip("% ")) for cell in found.short if cell]
    shares = [one for one in numbers if one is not None and 0 < one < 1]
    if found.numeric and len(shares) > len(numbers) / 2:
        raise DiscretionError(
            f"the column {found.name!r} holds shares, not decisions of one person",
            mend="name a column of decisions; a file of shares is imported by `discretion init` "
            f'and `discretion import --map "rate={quoted(found.name)},…" --n unknown`',
        )
    if found.values is None:
        raise DiscretionError(
            f"the column {found.name!r} has more than 200 different decisions",
            mend="name the column of decisions, or group them in the file",
        )
    return dict(found.values.most_common())


def unknown(seen: Survey, column: str, answers: str) -> list[str]:
    """The words whose meaning nothing says, the commonest first."""
    spellings = _spellings(answers)
    return [
        value
        for value in values_of(seen, column)
        if value and spellings.read(value) is None and not spellings.leaves_out(value)
    ]


def check_known(seen: Survey, column: str, answers: str, where: str) -> None:
    """Raise where some word's meaning is not known, with the option that says it."""
    from discretion.importing.spellings import likely

    words = unknown(seen, column, answers)
    if not words:
        return
    values = values_of(seen, column)
    listed = ", ".join(f"{_short(word)} ({values[word]:,})" for word in words[:_MOST_LISTED])
    more = f" and {len(words) - _MOST_LISTED} more" if len(words) > _MOST_LISTED else ""
    example = ";".join(f"{word}={likely(word) or 'refuse'}" for word in words[:3])
    raise DiscretionError(
        f"nothing says what these decisions mean, with the number of rows: {listed}{more}",
        where=f"{where}, column {bare(column)!r}",
        mend=f'say it, for example --answers "{example}", with grant, refuse, unsure, or - to '
        "leave such rows out; or leave --yes away and be asked",
    )


def quoted(column: str) -> str:
    """A column's name as --map takes it."""
    return column if re.fullmatch(r"[^\W\d]\w*", column) else f"`{column}`"


def bare(written: str) -> str:
    """A column's name as it stands in the file."""
    whole = re.fullmatch(r"`([^`]+)`", written)
    return whole[1] if whole else written


def _spellings(answers: str) -> Spellings:
    from discretion.importing.spellings import Spellings, parse_answers

    return parse_answers(answers) if answers else Spellings()


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _SHOWN else plain[: _SHOWN - 3] + "..."


def _say(error: DiscretionError) -> None:
    print(f"   {error.what}; {error.mend}" if error.mend else f"   {error.what}")
