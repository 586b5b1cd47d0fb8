"""The interview of `discretion start`: which column is what, and what its words mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from discretion.cli.app import counted
from discretion.cli.understanding import NONE, ROW, Understanding, short, values_of
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.cli.policy import RuleOptions
    from discretion.importing.guessing import Doubt
    from discretion.importing.numerals import AmbiguousNumbersError
    from discretion.importing.spellings import Meaning

QUESTIONS = {
    "text": "What was asked? The column with the text of the request",
    "answer": "What was decided? The column that says approved, denied or the like; several with "
    "commas between them",
    "explanation": "Why? The column with the note of whoever decided",
    "rater": "Who decided? The column with the agent",
    "value": "What does the rule limit? A column of days, amounts, …, or one minus another",
    "limit": "The limit: a number such as 14, or a column",
    "case": f"What is one case? A column that identifies it; {NONE}: the same text and value; "
    f"{ROW}: every row",
    "rule": "Your rule in one sentence (Enter skips it)",
    "purpose": "What is the rule for? (Enter skips it)",
    "costs": "What does it cost to grant what your people would refuse? A column of amounts, or an "
    "amount (Enter skips it)",
}
_BACK, _CUT, _REST = "back", "cut", "--"
_LETTERS: dict[str, Meaning] = {"g": "grant", "r": "refuse", "u": "unsure"}
_WAYS = {"r": "raters", "q": "panels", "s": "cases"}
_EXPLAINED = (
    "   What do these mean? g: granted, r: refused, u: neither; "
    f"{NONE}: such rows are left out, {_REST}: and all that follow; a word with a * covers "
    "several: approved*=g"
)


class Interview:
    """Asks on the terminal, and changes what is understood of a file. What cannot be so is said
    at once, and asked again."""

    def __init__(self, understood: Understanding, rule: RuleOptions) -> None:
        self._seen = understood.seen
        self._understood = understood
        self._rule = rule
        self._answers: str = understood.options.get("answers", "")
        """What words mean without being asked for."""

    def ask_all(self) -> None:
        """The questions, each with its guess."""
        print(f"{counted(self._seen.rows, 'row')}. The columns, and what stands in them first:")
        wide = min(max(map(len, self._seen.header)), 30)
        for column in self._seen.columns:
            print(f"  {column.name:<{wide}}  {short(column.example) or '(empty)'}")
        print(
            f"Press Enter to accept the default in brackets; {NONE} means that there is none; "
            f"{_BACK} goes back to the question before."
        )
        place, asked = 1, list[int]()
        while place <= len(QUESTIONS):
            answered = self.ask(place)
            if answered is False:
                place = asked.pop() if asked else 1
                continue
            if answered:
                asked.append(place)
            place += 1

    def ask(self, place: int) -> bool | None:
        """One question, by its number from 1; False where the user goes back, None where there is
        nothing to ask."""
        name = list(QUESTIONS)[place - 1]
        asked = f"{place}. {QUESTIONS[name]}"
        if name == "case":
            return self._ask_case(asked)
        if name in ("rule", "purpose", "costs"):
            return self._ask_rule(name, asked)
        return self._ask_field(name, asked)

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
                    self.ask(int(said) + 1)
                return False
            if said == _CUT:
                self._ask_end()
                return False
            print(f"   {said!r} is none of these")

    def _ask_field(self, name: str, asked: str) -> bool | None:
        understood, fields = self._understood, self._understood.fields
        if name == "limit" and "value" not in fields:
            return None
        if name in ("explanation", "rater") and not understood.columns:
            return None  # Answers that were counted have neither.
        while True:
            default: str | None = self._default(name)
            doubts = [one for one in understood.doubts if one.field == name]
            if doubts:
                self._show_doubt(doubts[0])
                default = None
            self._show_runners_up(name)
            said = typer.prompt(asked, default=default).strip()
            if self._is_back(said):
                return False
            try:
                self._take(name, said)
                if name == "answer" and understood.columns and not self._ask_meanings():
                    continue
            except DiscretionError as error:
                _say(error)
                continue
            return True

    def _default(self, name: str) -> str:
        from discretion.importing.layouts import unquoted

        if name == "answer" and len(self._understood.columns) > 1:
            return ", ".join(self._understood.columns)
        return unquoted(self._understood.fields.get(name, NONE))

    def _show_doubt(self, doubt: Doubt) -> None:
        print(f"   {doubt.what}")

    def _show_runners_up(self, name: str) -> None:
        """Why the default is the default, and what else it could be."""
        understood = self._understood
        if understood.why.get(name):
            others = understood.runners_up.get(name, ())[:3]
            or_else = f"; or else: {', '.join(others)}" if others else ""
            print(f"   {understood.fields[name]}: {understood.why[name]}{or_else}")

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
        from discretion.importing.layouts import unquoted

        fields = self._understood.fields
        if said == NONE:
            fields.pop(name, None)
            self._understood.why.pop(name, None)
            self._understood.settle(name)
            if name == "value":  # Without it a limit limits nothing.
                fields.pop("limit", None)
            return
        if name == "answer" and said not in self._seen.header and "," in said:
            self._take_several(said)
            return
        written = self._expression(said, number=name == "limit")
        if name == "answer":
            values_of(self._seen, unquoted(written))
        column = self._seen.column(unquoted(written))
        if name in ("value", "limit") and column and column.seen and not column.numeric:
            raise DiscretionError(
                f"the column {column.name!r} holds other things than numbers: "
                f"{short(column.example)}",
                fix="name one of numbers; of two dates, one minus the other",
            )
        self._understood.take(name, written)

    def _take_several(self, said: str) -> None:
        """Several columns of decisions, and what each of them is."""
        from discretion.importing.layouts import parse_columns

        for name in parse_columns(said, "2"):
            values_of(self._seen, name)
        while True:
            way = typer.prompt(
                "   Is each column a person who decided (r), a question of its own about the same "
                "case (q), or a case of a survey (s)?"
            ).strip()
            if way[:1].lower() in _WAYS:
                break
            print("   r, q or s, please")
        options, fields = self._understood.options, self._understood.fields
        fields.pop("answer", None)
        self._understood.why.pop("answer", None)
        given = {"r": "rater", "q": "panel", "s": "text"}[way[:1].lower()]
        fields.pop(given, None)
        self._understood.why.pop(given, None)
        options["answer_columns"], options["columns_are"] = said, _WAYS[way[:1].lower()]
        self._understood.settle("answer")

    def _expression(self, said: str, *, number: bool = False) -> str:
        """What was said as --map takes it: a column whatever its capitals, or a calculation."""
        from discretion.core.units import Unit
        from discretion.importing.expressions import Constant, bind
        from discretion.importing.mapping import quoted

        header = self._seen.header
        same = next((one for one in header if one.casefold() == said.casefold()), None)
        if said in header or same:
            return quoted(said if said in header else same or said)
        places = {column: place for place, column in enumerate(header)}
        try:
            read = bind(said, places, where="", unit=Unit.named(""))
        except DiscretionError as error:
            if number and said[:1].isdecimal():
                raise DiscretionError(
                    f"not a number: {said!r}", fix=f"type just the number: {said.split()[0]}"
                ) from error
            raise
        if isinstance(read.node, Constant) and not number:
            raise DiscretionError(
                f"there is no column {said!r}", fix=f"the columns are: {', '.join(header)}"
            )
        return said

    def _ask_meanings(self) -> bool:
        """The rest of the question of what was decided: what each word means."""
        from discretion.importing.spellings import says_opposite

        understood = self._understood
        options = understood.options
        options["answers"] = self._answers
        if understood.given.get("grant-from", "") == "":
            options["grant_from"] = ""
        self._show_known()
        if any(map(says_opposite, understood.columns)):
            print("   The column's name says the opposite of granted. Look twice at yes and no.")
        levels = understood.levels
        if levels:
            return self._ask_cut(levels)
        explained = False
        while understood.unknown:
            if not explained:
                print(_EXPLAINED)
                explained = True
            value = understood.unknown[0]
            said = self._ask_meaning(value, understood.filled[value])
            if self._is_back(said):
                return False
            if said == _REST:
                for word in understood.unknown:
                    self._add(word, NONE)
                return True
            word, _, letter = said.rpartition("=")
            self._add(word.strip() or value, _LETTERS.get(letter, NONE))
        return True

    def _add(self, word: str, meaning: str) -> None:
        from discretion.importing.spellings import written_answers

        one, options = written_answers({word: meaning}), self._understood.options
        options["answers"] = f"{options['answers']};{one}".strip(";")

    def _ask_cut(self, levels: tuple[str, ...]) -> bool:
        """From which level of a scale on it is granted."""
        words, options = self._understood.filled, self._understood.options
        print("   These are levels of a scale, with the number of rows:")
        for level in levels:
            print(f"     {level} ({words.get(level, 0):,})")
        order = levels
        while True:
            said = typer.prompt(
                "   The lowest level that counts as granted? (reverse: it runs the other way)"
            ).strip()
            if self._is_back(said):
                return False
            if said.casefold() == "reverse":
                order = order[::-1]
                print(f"   from refused to granted: {', '.join(order)}")
                continue
            if said in order:
                options["grant_from"] = said
                options["levels"] = ";".join(order) if order != levels else ""
                above = order[order.index(said) :]
                print(f"   granted: {', '.join(above)}; refused: all others")
                return True
            print(f"   one of {', '.join(order)}, please")

    def _ask_meaning(self, value: str, rows: int) -> str:
        while True:
            asked = f"   {short(value)} ({counted(rows, 'row')})"
            # What a word means nobody but the user can say: nothing is proposed.
            said: str = typer.prompt(asked).strip()
            word, sign, letter = said.rpartition("=")
            letter = letter.strip().lower()
            if letter in (*_LETTERS, *_LETTERS.values()):
                return f"{word}{sign}{letter[:1]}"
            if said in (NONE, _REST) or self._is_back(said) or (sign and letter == NONE):
                return said
            print(f"   g, r, u, {NONE} or {_BACK}, please")

    def _show_known(self) -> None:
        """The words that need no explanation, so that a wrong one is seen."""
        understood = self._understood
        if understood.levels:
            return
        spellings, open_ones = understood.spellings, set(understood.unknown)
        for decision, verb in (("grant", "granted"), ("refuse", "refused"), ("unsure", "neither")):
            words = [
                f"{short(value)} ({rows:,})"
                for value, rows in understood.filled.items()
                if spellings.read(value) == decision and value not in open_ones
            ]
            if words:
                more = f", and {len(words) - 5} more" if len(words) > 5 else ""
                print(f"   {verb}: {', '.join(words[:5])}{more}")
        empty = self._seen.rows * len(understood.columns) - sum(understood.filled.values())
        if empty:
            print(f"   no decision: {counted(empty, 'row')} (empty, NA, ? or -)")

    def _ask_case(self, asked: str) -> bool | None:
        """What one case is, where there is something to choose; and which rows do not count."""
        understood = self._understood
        if not self._ask_rows():
            return False
        understood.case = "" if understood.case == ROW else understood.case
        try:
            choice = understood.choose_case()
        except DiscretionError as error:
            _say(error)
            return None
        if not choice.others and not choice.each_row:
            return None
        default = ROW if choice.each_row else ", ".join(choice.columns) or NONE
        if choice.why:
            print(f"   {choice.why}")
        if choice.doubt is not None:
            self._show_doubt(choice.doubt)
        while True:
            said = typer.prompt(asked, default=None if choice.doubt else default).strip()
            if self._is_back(said):
                return False
            try:
                understood.case = self._columns(said)
            except DiscretionError as error:
                _say(error)
                continue
            return True

    def _columns(self, said: str) -> str:
        from discretion.importing.layouts import parse_columns
        from discretion.importing.mapping import quoted, written_columns

        if said in (NONE, ROW) and said not in self._seen.header:
            return said
        if said in self._seen.header:
            return quoted(said)
        names = parse_columns(said, "7")
        for name in names:
            if name not in self._seen.header:
                raise DiscretionError(
                    f"there is no column {name!r}",
                    fix=f"the columns are: {', '.join(self._seen.header)}",
                )
        return written_columns(names)

    def _ask_rows(self) -> bool:
        """Whether rows count that their tool marks as tests or the like."""
        understood = self._understood
        for doubt in understood.about_rows():
            self._show_doubt(doubt)
            while True:
                said = typer.prompt("   Leave them out? (yes or no)").strip().casefold()
                if self._is_back(said):
                    return False
                if said[:1] in ("y", "n"):
                    break
                print("   yes or no, please")
            understood.leave_out = doubt.options[0]["leave-out"] if said[0] == "y" else NONE
        return True

    def _ask_rule(self, name: str, asked: str) -> bool | None:
        """The rule in the user's own words, and what mistakes cost."""
        rule = self._rule
        if name != "rule" and not rule.rule:
            return None
        while True:
            said = typer.prompt(asked, default=getattr(rule, name), show_default=False).strip()
            if self._is_back(said):
                return False
            if name != "costs" or not said:
                setattr(rule, name, said)
                return True
            other = typer.prompt(
                "   And to refuse what your people would grant? A column, or an amount"
            ).strip()
            try:
                rule.take_costs(said, other, self._seen)
            except DiscretionError as error:
                _say(error)
                continue
            return True

    def _ask_end(self) -> None:
        """Where the texts end."""
        from discretion.importing.layouts import unquoted

        options = self._understood.options
        while True:
            said = typer.prompt(
                "   Where does the reply begin? A column that holds it, or its first words in "
                "'quotes'",
                default=unquoted(options.get("text_until", "")) or NONE,
            ).strip()
            if said == NONE or self._is_back(said):
                options["text_until"] = ""
                return
            try:
                quotes = len(said) > 2 and said[0] == said[-1] == "'"
                options["text_until"] = said if quotes else self._expression(said)
            except DiscretionError as error:
                _say(error)
                continue
            return

    def _is_back(self, said: str) -> bool:
        return said.casefold() == _BACK and _BACK not in self._seen.header


def _say(error: DiscretionError) -> None:
    print(f"   {error.what}; {error.fix}" if error.fix else f"   {error.what}")
