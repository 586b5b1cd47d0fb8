"""Columns: what a column's name and cells say it may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping

from discretion.importing.dates import formats_of
from discretion.importing.missing import is_missing
from discretion.importing.scales import MOST_LEVELS, levels_of
from discretion.importing.spellings import CODES, Spellings, folded, says_opposite, words_of
from discretion.importing.survey import Column

NAMES: Mapping[str, str] = {
    "text": r"text|request|message|description|body|ticket|content|question|complaint|inquiry"
    r"|enquiry|scenario|email|thread|conversation|subject|item|vignette|prompt|situation|case|story"
    r"|details|summary|issue|betreff|anfrage|nachricht|beschreibung|demande|solicitud|mensaje|asunto"
    r"|текст|обращение|сообщение",
    "answer": r"decision|decisions|outcome|resolution|result|verdict|approved?|granted?|answer"
    r"|disposition|accept\w*|okay|ok|judge?ment|status|permitted|permissible|permissibility|allowed"
    r"|allow|action|determination|finding|ruling|rating|choice|vote|response|waived?|refunded"
    r"|решение|итог",
    "explanation": r"explanation|reason\w*|note|notes|why|justification|rationale|comment"
    r"|comments|причина|комментарий",
    "rater": r"rater|agent|assignee|reviewer|judge|handler|handled|decider|decided|approver"
    r"|operator|owner|employee|clerk|who|annotator|worker|subject|participant|person|people|user"
    r"|respondent|raterid|judgeid|annotatorid|workerid|participantid|respondentid|subjectid|userid"
    r"|personid|agentid|prolific|pid|moderator|evaluator|labeler|labeller|coder|voter|сотрудник|оператор",
    "value": r"value|days?|late|amount|price|total|cost|hours?|minutes?|weeks?|over|overdue"
    r"|elapsed|spent|дней|сумма",
    "limit": r"limit|window|max|maximum|cap|allowed|allowance|threshold|deadline|лимит|срок",
    "grants": r"granted|grants?|approved|approvals?|accepted|allowed|yes",
    "refusals": r"refused|refusals?|refuse|denied|denials?|deny|rejected|rejections?|declined|no",
}
NO_DECISION = (
    r"date|time|timestamp|datetime|at|on|id|ids|ref|days?|hours?|reason|reasons|notes?|comments?|text"
    r"|explanation|confidence|confident|sure|email|url|link|count|number|certainty|seconds|duration"
)
"""Words that make a name another thing than a decision: Decision Date, outcome_note."""
TOOL = (
    r"assignment|approval|consent|consented|suggestion|suggested|suggests?|predict\w*|model|ai|bot"
    r"|llm|gpt|machine|auto|automatic|automated|recommend\w*|proposed|proposal|finished|satisfaction"
    r"|csat|nps|quality|qa|captcha|attention|lifetime|sentiment|assignmentstatus|approvalstatus"
    r"|submission|survey|payment|session|processing|sync"
)
"""Words of columns that a tool or a model fills in, and no person who decides."""
_TOOLS_WORDS = {
    *("ip address", "survey preview", "survey test", "imported", "synced", "awaiting review"),
    *("timed-out", "timed out", "returned", "submitted", "solved"),
}
"""What survey and helpdesk tools write into their status."""
DEMOGRAPHIC = (
    r"age|ages|gender|sex|birth|birthday|born|education|income|race|ethnicity|nationality|religion"
    r"|political|demographics?|zip|latitude|longitude|progress|duration|worktime|lifetime|elapsed_time"
)
"""Words of columns that tell of a person or of how a form was filled in: no value of a rule."""
_WORKING = re.compile(r"(^|_)(work|working|response|completion|lead|spent)_(time|seconds|minutes)")
_ID = re.compile(r"(^|_)(id|no|nr|number|key|phone|zip|index|year|created|updated)(_|$)")
_IDENTIFIERS = r"id|ids|uuid|guid|key|no|nr|number|ref|reference|index|hitid|recordid|caseid|itemid"
_LONGEST_ID, _SHORT_TEXT, _LONG_TEXT = 40, 10, 20
"""Letters: of an id at most; of a text at least, where the name says it is one and elsewhere."""
OF_CASES = (
    r"case|ticket|record|application|claim|complaint|request|order|item|vignette|scenario|hit|hitid"
    r"|prompt|question|trial|stimulus|incident|caseid|itemid|recordid|story|situation|task"
)
OF_JUDGMENTS = (
    r"assignment|annotation|response|judge?ment|rating|submission|answer|session|assignmentid"
    r"|responseid|completion|vote|review"
)


def named(field: str, column: Column) -> float:
    """1 where a word of the name is one of the field's, 1.5 for the whole name; 0 otherwise. Of a
    dotted name the last part is the name."""
    last = column.name.rsplit(".", 1)[-1]
    words = words_of(last)
    if not matches(NAMES[field], words):
        return 0.0
    return 1.0 + 0.5 * (len(words) == 1)


def matches(pattern: str, words: list[str]) -> bool:
    return any(re.fullmatch(pattern, word) for word in words)


def is_tools(column: Column) -> bool:
    """Whether a tool or a model fills the column in, by its name or by words that tools use."""
    words = words_of(column.name)
    if matches(r"status|state", words) and _TOOLS_WORDS & {folded(one) for one in filled(column)}:
        return True
    return matches(TOOL, words) and not matches(r"final|human|manager|agent|my|our", words)


def is_identifier(column: Column) -> bool:
    """Whether the name is that of an id."""
    words = words_of(column.name.rsplit(".", 1)[-1])
    if len(words) == 1 and matches(OF_CASES, words):  # A text has spaces; `case` may be an id.
        return column.length <= _LONGEST_ID and not any(" " in cell for cell in column.short)
    return matches(_IDENTIFIERS, words)


def filled(column: Column) -> dict[str, int]:
    """The different cells that say something, with their rows; none where there are too many."""
    found = (column.values or {}).items()
    return {cell: rows for cell, rows in found if not is_missing(cell)}


def is_dated(column: Column) -> bool:
    """Whether the cells are dates, in ISO or in another usual format."""
    cells = [cell for cell in column.short[:50] if not is_missing(cell)]
    dates = sum(bool(re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell)) for cell in cells)
    if cells and not column.numeric and dates < len(cells):
        dates += sum(bool(formats_of([cell])) for cell in cells)
    return bool(cells) and dates >= 0.8 * len(cells)


def known_share(column: Column) -> float:
    """Which share of the filled rows hold a word that is a decision by itself."""
    cells = filled(column)
    spellings = Spellings()
    known = sum(rows for cell, rows in cells.items() if spellings.read(cell))
    return known / sum(cells.values()) if cells else 0.0


def is_known(cell: str) -> bool:
    """Whether a word is a decision by itself."""
    return Spellings().read(cell) is not None


def is_worded(column: Column) -> bool:
    """Whether some cell is more than a number."""
    return any(not cell.isdecimal() for cell in filled(column))


def levels(column: Column) -> tuple[str, ...]:
    """The levels in order, where the column holds a scale of three or more."""
    return levels_of(filled(column)) if column.values is not None else ()


def codes_only(column: Column) -> bool:
    """Whether the cells are yes and no, or 1 and 0, and nothing else."""
    cells = filled(column)
    return bool(cells) and all(folded(cell) in CODES for cell in cells)


def looks_decided(column: Column) -> bool:
    """Whether the cells alone could be decisions: mostly known words, some not only numbers."""
    return is_worded(column) and known_share(column) > 0.5


def may_decide(column: Column) -> float:
    """How much a column looks like decisions: its name, and how many of its cells are known; 0
    where it cannot be one."""
    if column.values is None or not column.seen or column.length > 40 or not filled(column):
        return 0.0
    words = words_of(column.name.rsplit(".", 1)[-1])
    if matches(NO_DECISION, words) and not codes_only(column):
        return 0.0
    if is_dated(column) or is_identifier(column):
        return 0.0
    name = max(named("answer", column), float(says_opposite(column.name)))
    share, scale = known_share(column), bool(levels(column))
    if not name and not looks_decided(column) and not (scale and is_worded(column)):
        return 0.0
    few = len(filled(column)) <= MOST_LEVELS  # Codes such as 1 and 2, and no amounts.
    if column.numeric and not (codes_only(column) or scale or few):
        return 0.0
    return 2 * max(share, 0.9 * scale) + name + 0.5 * (is_worded(column) and share > 0)


def is_amount(column: Column) -> bool:
    """Whether the cells are different numbers that count something about a case."""
    words = words_of(column.name)
    joined = "_".join(words)
    if not column.numeric or column.kinds < 2 or _ID.search(joined) or _WORKING.search(joined):
        return False
    return not (matches(DEMOGRAPHIC, words) or is_identifier(column) or codes_only(column))


def may_be_value(column: Column) -> float:
    return named("value", column) if is_amount(column) else 0.0


def may_be_limit(column: Column) -> float:
    return named("limit", column) if column.numeric and not codes_only(column) else 0.0


def may_be_text(column: Column) -> float:
    if column.numeric or named("explanation", column) > 0.5:
        return 0.0
    if column.example and " " not in column.example:  # An address or a key.
        return 0.0
    if column.length < (_SHORT_TEXT if named("text", column) > 1 else _LONG_TEXT):
        return 0.0
    return 200 * named("text", column) + min(column.length, 1000)


def may_explain(column: Column) -> float:
    return named("explanation", column) if column.length >= 8 and not column.numeric else 0.0


def may_be_rater(column: Column) -> float:
    words = words_of(column.name)
    last = words_of(column.name.rsplit(".", 1)[-1])
    by = last[-1:] == ["by"] and matches(r"decided|handled|decision|completed|approved|by", words)
    survey = re.fullmatch(r"(response|submission)_?id", "_".join(last)) is not None
    name = named("rater", column) or 1.2 * by or 0.4 * survey
    if not name or column.length > 60 or matches(r"age|gender|type|count|role|team|group", last):
        return 0.0
    identifier = is_identifier(column) or matches(
        r"\w+id|prolific|pid|annotator|worker|respondent|participant", last
    )
    if not column.repeats and not identifier:
        return 0.0
    # A study's subject is a person, a helpdesk's the title of a message; a user may be a customer.
    if matches(r"subject|user|userid|owner", last) or matches(r"demographics?", words):
        name /= 2
    return name if column.repeats else name / 4
