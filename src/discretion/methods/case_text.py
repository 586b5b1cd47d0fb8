"""The text of a case as a prompt carries it: data, never instructions."""

from __future__ import annotations

import re

from discretion.core.cases import Case
from discretion.core.facts import facts_of
from discretion.errors import DiscretionError

# Control characters but tab and line feed, lone surrogates, and what Unicode lets a program draw
# as nothing (Default_Ignorable_Code_Point): zero-width and bidirectional marks, tags, variation
# selectors, fillers. A text can hide instructions in them. Emoji fall apart into their parts and
# some scripts lose a joiner: the price of it.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_TAGS = re.compile(r"<(?=\s*/?\s*(?:case|earlier|why))", re.IGNORECASE)


def plain(text: str) -> str:
    """The text without invisible characters, its lines ended by line feeds."""
    if text.isascii() and text.replace("\n", "").isprintable():
        # Most texts: seen at a fiftieth of the cost of looking for each character.
        return text.strip()
    return _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text)).strip()


def delimited(text: str, tag: str = "case") -> str:
    """The plain text between tags that nothing in it can close or open."""
    return between_tags(plain(text), tag)


def between_tags(plain_text: str, tag: str = "case") -> str:
    """`delimited` for a text that is plain already."""
    return f"<{tag}>\n{_TAGS.sub('‹', plain_text)}\n</{tag}>"


def facts_block(case: Case, language: str = "en") -> str:
    """The facts of a case as a prompt carries them, outside its tags, since no requester says
    them; empty where the text holds them all. The toy language states its own."""
    return _TAGS.sub("‹", plain(facts_of(case, language)))


def text_and_facts(
    case: Case, tag: str = "case", language: str = "en", *, twin: bool = False
) -> str:
    """The case between its tags, and its facts behind them; of a twin, which states its own, the
    text alone."""
    facts = "" if twin else facts_block(case, language)
    return "\n".join(part for part in (delimited(text_of(case, twin=twin), tag), facts) if part)


def text_of(case: Case, *, twin: bool) -> str:
    """What is put to a model: the case's text, or its twin, made plain.

    Raises:
        DiscretionError: the case has none.
    """
    text = plain((case.twin if twin else case.text) or "")
    if text:
        return text
    if twin:
        raise DiscretionError(
            "has no twin, the only kind of text that the built-in model reads",
            where=f"case {case.id}",
            fix="use an example workspace, such as: discretion init my-desk --example returns, "
            "whose scenarios carry a twin",
        )
    raise DiscretionError(
        "has no text, so it cannot be put to a model",
        where=f"case {case.id}",
        fix="import it with text=COLUMN, or compare baselines and recorded arms",
    )
