"""Replies of a chat assistant to a trial, read into decisions: lines, tables, or its whole form.

Read strictly: an answer must begin what stands behind a request's number. What is hedged, turned
round or something else decides nothing and is given back, so that a person can look at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from discretion.core.judgments import Decision
from discretion.errors import DiscretionError

_GRANT = (
    r"grant(?:ed)?|approved?|accept(?:ed)?|allow(?:ed)?"
    r"|разреш(?:ить|аю|ено|ил бы|ила бы)|одобр(?:ить|яю|ено)"
)
_REFUSE = (
    r"refused?|den(?:y|ied)|declined?|reject(?:ed)?"
    r"|отказ(?:ать|ываю|ано|ал бы|ала бы)?|отклон(?:ить|яю|ено)"
)
_SOMEONE = r"(?:person|human|colleague|manager|supervisor)"
_UNSURE = (
    rf"ask (?:an? |the |my )?{_SOMEONE}|ask someone|ask(?=\W*$)|escalated?|defer(?:red)?"
    rf"|(?:hand|refer|pass) (?:(?:it|this) )?(?:over |on )?to (?:an? |the )?{_SOMEONE}"
    r"|спро(?:сить|шу)(?: у)? человека|спросить(?=\W*$)"
    r"|переда(?:ть|ю)(?: обращение| запрос| это)? (?:человеку|сотруднику)"
)
_ANSWER = rf"(?:{_GRANT}|{_REFUSE}|{_UNSURE})"
_WORDS: dict[Decision, str] = {"unsure": _UNSURE, "grant": _GRANT, "refuse": _REFUSE}
_ANSWERS = {decision: re.compile(rf"(?:{words})(?!\w)") for decision, words in _WORDS.items()}
_SAYS = r"(?:decision|answer|verdict|решение|ответ)"
_LEAD = re.compile(rf"\W*(?:(?:my |the )?{_SAYS}(?: is)?\W+)?(?:i would |i['’]d |i |я бы |я )?")
_LATER = re.compile(rf"(?:\b{_SAYS}\s*[:=–—-]|→|->|=>)\s*(?!.*(?:→|->|=>))(.+)$")
_FOLLOWS = re.compile(
    r"\s*(?:$|[.,;:!()—–…]|-\s"
    r"|(?:the|this|it|request|return|refund|because|since|as|for|given"
    r"|в|возврат|запрос|обращение|так|потому|поскольку|ведь)\b)"
)
_HEDGED = re.compile(r"[^.;:(—–]*\b(?:if|unless|provided|or|если|или)\b|\W*(?:but|only|но)\b")
_CLUTTER = str.maketrans("]", ":", '*_`#"“”{}[«»')
_HTML = re.compile(r"</?[a-z]{1,10}[^<>]{0,200}>", re.I)
_REQUEST = r"(?:(?:request|case|no|запрос|обращение|случай|№)\W*)?"
_TRIAL = re.compile(r"(?:trial|проба)\W*([0-9a-f]{8})(?!\w)", re.I)
_NUMBERED = re.compile(
    rf"\W*{_REQUEST}(\d{{1,4}})(?:\s*|\s*[:.,)=–—→-]+(?!\d)(?P<said>.*)|\s+(?P<bare>.+))", re.I
)
"""`bare` has nothing between the number and what follows: "3 grant", but also "9 granted" in a sum
and "14 days are the limit", so it must be the very words that were asked for."""
_MORE_ON_THE_LINE = re.compile(
    rf"({_ANSWER}|(?:trial|проба)\W*[0-9a-f]{{8}})([\s,;.]+)(?=\d{{1,4}}\s*[:.)=])", re.I
)
_NAMED = re.compile(rf"\W*{_SAYS}\W", re.I)
_ALONE = re.compile(rf"\W*{_ANSWER}\W*", re.I)
_ASKED = re.compile(r"(?:grant|refuse|ask a person|разрешить|отказать|передать человеку)\W*", re.I)
LONGEST = 1000
"""Characters of a line that are read."""


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What an assistant answered."""

    trial: str
    """The trial's id; empty where the reply does not repeat it."""
    decisions: dict[int, Decision]
    """By number; ``unsure`` where it would ask a person."""
    unread: dict[int, str]
    """By number, what was said of a request without plainly naming one of the answers."""


def read_reply(text: str, where: str = "") -> ChatReply:
    """Read a reply as it was copied from a chat.

    Args:
        text: all of it, with what stands around the answers.
        where: its file, for errors.

    Raises:
        DiscretionError: no request is answered, or one is answered twice and differently.
    """
    found = _TRIAL.search(text.translate(_CLUTTER))
    decisions: dict[int, Decision] = {}
    unread: dict[int, str] = {}
    for number, said, decision in _answers(text):
        if decision is None:
            unread.setdefault(number, said)
        elif decisions.setdefault(number, decision) != decision:
            raise DiscretionError(
                f"request {number} is answered twice, and differently",
                where=where,
                fix="leave only the assistant's last reply in the file, each request once",
            )
    if not decisions:
        raise DiscretionError(
            "no line answers a request",
            where=where,
            fix="save the whole reply, with lines such as: 3: grant",
        )
    left = {number: said for number, said in unread.items() if number not in decisions}
    return ChatReply(found[1].lower() if found else "", decisions, left)


def _answers(text: str) -> Iterator[tuple[int, str, Decision | None]]:
    """(number, what was said, the decision if it names one), in the order of the reply."""
    column = 0
    open_number, alone = 0, False
    for line in _lines(text):
        if line.count("|") > 1:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            row = _NUMBERED.fullmatch(cells[0])
            if row and not (row["said"] or row["bare"]):
                told = cells[column : column + 1] if column else cells[1:]
                answers = {answer for answer in map(_decision, told) if answer}
                yield int(row[1]), line.strip(), answers.pop() if len(answers) == 1 else None
            else:
                heads = [at for at, cell in enumerate(cells) if _NAMED.match(f"{cell} ")]
                column = heads[0] if heads else column
            continue
        numbered = _NUMBERED.fullmatch(line)
        if numbered and (not numbered["bare"] or _ASKED.fullmatch(numbered["bare"])):
            number, said = int(numbered[1]), numbered["said"] or numbered["bare"] or ""
            decision = _decision(said)
            yield number, line.strip(), decision
            open_number, alone = (0 if decision else number), not said.strip()
        elif open_number and (_NAMED.match(line) or (alone and _ALONE.fullmatch(line))):
            decision = _decision(line)
            if decision:
                yield open_number, line.strip(), decision
                open_number = 0


def _lines(text: str) -> Iterator[str]:
    """Lines without what marks them up, several answers on one line set apart."""
    for line in _HTML.sub(" ", text).translate(_CLUTTER).splitlines():
        yield from _MORE_ON_THE_LINE.sub(r"\1\n", line[:LONGEST]).splitlines()


def _decision(text: str) -> Decision | None:
    """The answer with which a text begins, or that it names behind a colon or an arrow."""
    said = text.lower().strip()
    begun = _begins(_LEAD.sub("", said, count=1))
    if begun:
        return begun
    later = _LATER.search(said)
    return _begins(later[1]) if later else None


def _begins(said: str) -> Decision | None:
    for decision, words in _ANSWERS.items():
        match = words.match(said)
        if match:
            rest = said[match.end() :]
            plain = decision == "unsure" or _FOLLOWS.match(rest)
            return decision if plain and not _HEDGED.match(rest) else None
    return None
