"""What `start` understands of a file so far, and what keeps it from going on."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.importing.guessing import Doubt, Guess
    from discretion.importing.identity import CaseChoice
    from discretion.importing.mapping import ImportMapping
    from discretion.importing.rows import FileReading
    from discretion.importing.spellings import Spellings
    from discretion.importing.survey import Survey

_MOST_LISTED = 12
NONE, ROW = "-", "row"
_JOINED = {"map": ",", "answers": ";", "leave-out": ","}
"""Options of which one more is added with such a sign."""


@dataclass
class Understanding:
    """What is understood of a file so far."""

    file: Path
    seen: Survey
    reading: FileReading
    """How the file is opened."""
    given: dict[str, str | bool]
    """Options as they were typed, by name; those that were not are empty, or false."""
    options: dict[str, Any]
    """What `from_options` takes besides the map."""
    fields: dict[str, str] = field(default_factory=dict)
    """Field to expression, as --map takes it."""
    why: dict[str, str] = field(default_factory=dict)
    """Why each field that was guessed was taken."""
    runners_up: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    """Of the guess; they end where the user says which."""
    case: str = ""
    """What was said of cases: columns, a dash for text and value, ``row`` for each row."""
    leave_out: str = ""
    """Rows that do not count; a dash where all do."""

    def guess(self, guessed: Guess) -> None:
        """Take up a guess; what the user gave stays."""
        own = {name: written for name, written in self.fields.items() if written != NONE}
        self.doubts = guessed.doubts
        self.fields = {**guessed.fields, **own}
        self.why = {name: why for name, why in guessed.why.items() if name not in own}
        self.runners_up = guessed.runners_up

    @property
    def reasons(self) -> dict[str, str]:
        """Why each field was taken, and what else it could be."""
        others = {name: ", ".join(rest[:3]) for name, rest in self.runners_up.items()}
        return {
            name: f"{why}; could also be {others[name]}" if others.get(name) else why
            for name, why in self.why.items()
        }

    def take(self, name: str, written: str) -> None:
        """A field as the user says it."""
        if self.fields.get(name) != written:
            self.fields[name] = written
            self.why.pop(name, None)
        self.settle(name)
        if name == "answer":
            self.options["answer_columns"] = ""

    def settle(self, name: str) -> None:
        """What was doubtful about a field is said now."""
        self.doubts = tuple(one for one in self.doubts if one.field != name)

    @property
    def mapping(self) -> ImportMapping:
        """The mapping, what one case is aside."""
        from discretion.importing.guessing import guess_about, guess_value
        from discretion.importing.layouts import unquoted
        from discretion.importing.mapping import from_options, quoted

        fields = self.fields
        unit, formats = guess_value(self.seen, fields["value"]) if "value" in fields else ("", "")
        about = guess_about(self.seen, {unquoted(one) for one in fields.values()})
        one_family = {"value", "limit"} <= fields.keys()
        options = dict(self.options)
        options["unit"] = options.get("unit") or unit
        options["date_format"] = options.get("date_format") or formats
        counted = {"grants", "rate"} & fields.keys()
        guessed = {
            "map": ",".join(f"{name}={written}" for name, written in fields.items()),
            # Under one limit all cases are a family, and where people stop shows over all of them.
            "scenario": "'requests'" if one_family else "",
            "about": "" if counted else ",".join(map(quoted, about)),
            "leave_out": "" if self.leave_out == NONE else self.leave_out,
            "case": "" if self.case in (NONE, ROW) else self.case,
            "each_row": self.case == ROW,
        }
        return from_options(self.seen.header, guessed | options)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of decisions, by name."""
        from discretion.importing.layouts import parse_columns, unquoted

        several = self.options.get("answer_columns")
        if several:
            return parse_columns(several, "--answer-columns")
        return (unquoted(self.fields["answer"]),) if "answer" in self.fields else ()

    @property
    def words(self) -> dict[str, int]:
        """What stands in the columns of decisions, with the number of rows; the commonest first.

        Raises:
            DiscretionError: a column is not there, or single decisions cannot be what it holds.
        """
        from collections import Counter

        from discretion.importing.spellings import says_opposite

        found: Counter[str] = Counter()
        for name in self.columns:
            column = self.seen.column(name)
            if column is not None and column.values is None and "*" in self.options["answers"]:
                continue  # Too many to be listed; what no pattern covers is set aside.
            apart = len(self.columns) > 1 and says_opposite(name)
            for word, rows in values_of(self.seen, name).items():
                found[f"{name}: {word}" if apart and word else word] += rows
        return dict(found.most_common())

    @property
    def spellings(self) -> Spellings:
        return self.mapping.spellings

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels of a scale in the column of decisions that nothing cuts yet."""
        from discretion.importing.scales import levels_of

        if self.options.get("grant_from") or not self.columns:
            return ()
        levels = levels_of(self.filled)
        own = self.mapping.answers
        spellings = self.spellings
        if levels and all(spellings.read(level) and level in own for level in levels):
            return ()
        known = all(spellings.read(level) for level in levels)
        return () if known and not all(map(_is_numeral, levels)) else levels

    @property
    def filled(self) -> dict[str, int]:
        """The words that say something."""
        from discretion.importing.missing import is_missing

        return {word: rows for word, rows in self.words.items() if not is_missing(word)}

    @property
    def unknown(self) -> list[str]:
        """The words whose meaning nothing says, the commonest first. Beside another number a 0 or
        a 1 says nothing either."""
        from discretion.importing.spellings import folded

        spellings, words = self.spellings, self.filled
        own = {folded(word) for word in self.mapping.answers}
        open_ones = [word for word in words if spellings.meaning(word) is None]
        if not any(map(_is_numeral, open_ones)) or spellings.scale is not None:
            return open_ones
        return [
            word
            for word in words
            if word in open_ones
            or (_is_numeral(word) and folded(word) not in own and not spellings.pattern_for(word))
        ]

    def choose_case(self) -> CaseChoice:
        """What one case is, as it was said or by default."""
        from discretion.importing.identity import CaseChoice, choose_case

        if self.case == NONE:
            return CaseChoice(why="the same text and value are one case, as you said")
        return choose_case(self.file, self.seen, self.mapping, **self.reading)

    def all_doubts(self) -> list[Doubt]:
        """Everything that nothing settles.

        Raises:
            DiscretionError: nothing says what was decided.
        """
        if any(one.field == "answer" for one in self.doubts):
            return list(self.doubts)
        if not {"answer", "grants", "rate"} & self.fields.keys() and not self.columns:
            raise DiscretionError(
                "no column looks like a decision",
                where=str(self.file),
                fix="name it with --map answer=COLUMN, or the sheet of a spreadsheet with "
                f"--sheet; the columns are: {', '.join(self.seen.header)}",
            )
        found = [*self.doubts, *self._about_words(), *self.about_rows(), *self._about_dates()]
        doubt = self.choose_case().doubt
        return [*found, doubt] if doubt is not None else found

    def about_rows(self) -> tuple[Doubt, ...]:
        """Rows that their tool says do not count, where the user said nothing of it."""
        from discretion.importing.tools import rows_that_do_not_count

        if self.leave_out:
            return ()
        return rows_that_do_not_count(self.seen, self.columns)

    def _about_dates(self) -> list[Doubt]:
        """Dates that may be read with the day or with the month first."""
        from discretion.importing.guessing import Doubt, guess_value, two_ways

        if self.options.get("date_format") or "value" not in self.fields:
            return []
        _, formats = guess_value(self.seen, self.fields["value"])
        pair = two_ways(self.seen, self.fields["value"], formats)
        if pair is None:
            return []
        cell, first, second = pair
        ways = [
            "|".join(one for one in formats.split("|") if one != other) for other in (second, first)
        ]
        what = f"The date {cell!r} is another day by {first} than by {second}. Say which is meant."
        return [Doubt("value", what, tuple({"date-format": way} for way in ways))]

    def _about_words(self) -> list[Doubt]:
        from discretion.importing.guessing import Doubt
        from discretion.importing.spellings import says_opposite, to_fill_in, written_answers

        if not self.columns:
            return []
        levels, words = self.levels, self.filled
        shown = ", ".join(f"`{name}`" for name in self.columns)
        if levels:
            listed = ", ".join(f"{level} ({words.get(level, 0):,})" for level in levels)
            return [
                Doubt(
                    "answer",
                    f"{shown} holds a scale, with the number of rows: {listed}. Say the lowest "
                    "level that counts as granted.",
                    tuple({"grant-from": level} for level in levels[1:]),
                )
            ]
        unknown = self.unknown
        if not unknown:
            return []
        listed = ", ".join(f"{short(word)} ({words[word]:,})" for word in unknown[:_MOST_LISTED])
        if len(unknown) > _MOST_LISTED:
            listed += f" and {len(unknown) - _MOST_LISTED} more"
        opposite = [name for name in self.columns if says_opposite(name)]
        if opposite and len(unknown) == 2 and all(map(_is_code, unknown)):
            first, second = sorted(unknown, key=_is_no)
            ways = ({first: "refuse", second: "grant"}, {first: "grant", second: "refuse"})
            return [
                Doubt(
                    "answer",
                    f"The name `{opposite[0]}` says the opposite of granted. Say what its words "
                    f"mean: {listed}.",
                    tuple({"answers": written_answers(way)} for way in ways),
                )
            ]
        return [
            Doubt(
                "answer",
                f"{shown}: nothing says what these decisions mean, with the number of rows: "
                f"{listed}. Put grant, refuse, unsure or - (leave out) in place of each ?; a word "
                "may hold a *, as in approved*=grant.",
                ({"answers": to_fill_in(unknown)},),
            )
        ]

    def check_sure(self) -> None:
        """Raise where something is doubtful, with commands that are ready to type."""
        if doubts := self.all_doubts():
            raise self.stopped(doubts)

    def stopped(self, doubts: Sequence[Doubt]) -> DiscretionError:
        """What is said where something is doubtful and nobody can be asked."""
        lines = []
        for doubt in doubts:
            ways = " or ".join(map(_written, doubt.options[:4]))
            lines.append(f"{doubt.what} Add {ways}." if len(doubts) > 1 else doubt.what)
        if len(doubts) == 1:
            ready = [self.command(option) for option in doubts[0].options]
        else:
            every: dict[str, str] = {}
            for doubt in doubts:
                every |= doubt.options[0] if doubt.options else {}
            ready = [self.command(every)]
        told = "one of these commands" if len(ready) > 1 else "this command"
        return DiscretionError(
            "\n".join(lines).rstrip("."),
            where=str(self.file),
            fix="\n".join(
                [
                    f"nothing was made. Type {told}, or leave out --yes to be asked:",
                    *map("  {}".format, ready),
                ]
            ),
        )

    def command(self, more: Mapping[str, str]) -> str:
        """The command as it was typed, with more options."""
        options = {name: said for name, said in self.given.items() if said}
        for name, said in more.items():
            sign = _JOINED.get(name)
            before = options.get(name, "")
            options[name] = f"{before}{sign}{said}" if before and sign else said
        return f"discretion start {shlex.quote(str(self.file))} --yes {_written(options)}"


def values_of(seen: Survey, column: str) -> dict[str, int]:
    """What stands in a column of decisions, with the number of rows; the commonest first.

    Raises:
        DiscretionError: there is no such column, or single decisions cannot be what it holds.
    """
    from discretion.importing.cells import number
    from discretion.importing.mapping import quoted

    found = seen.column(column)
    if found is None:
        raise DiscretionError(
            f"there is no column {column!r}", fix=f"the columns are: {', '.join(seen.header)}"
        )
    numbers = [number(cell.strip("% ")) for cell in found.short if cell]
    shares = [one for one in numbers if one is not None and 0 < one < 1]
    if found.numeric and len(shares) > len(numbers) / 2:
        raise DiscretionError(
            f"the column {found.name!r} holds shares, not decisions of one person",
            fix=f'read it as shares: --map "rate={quoted(found.name)},…" --n unknown; or name a '
            "column of decisions",
        )
    if found.values is None:
        raise DiscretionError(
            f"the column {found.name!r} has more than 200 different decisions",
            fix="name the column of decisions, or say by how they begin what they mean: --answers "
            '"approved*=grant;denied*=refuse"',
        )
    return dict(found.values.most_common())


def short(text: str, most: int = 60) -> str:
    """On one line, and cut where it is long."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 3] + "..."


def _written(options: Mapping[str, str | bool]) -> str:
    return " ".join(
        f"--{name}" if isinstance(said, bool) else f"--{name} {shlex.quote(said)}"
        for name, said in options.items()
    )


def _is_numeral(word: str) -> bool:
    from discretion.importing.spellings import is_numeral

    return is_numeral(word)


def _is_code(word: str) -> bool:
    from discretion.importing.spellings import CODES, folded

    return folded(word) in CODES


def _is_no(word: str) -> bool:
    from discretion.importing.spellings import BUILT_IN, folded

    return BUILT_IN[folded(word)] == "refuse"
