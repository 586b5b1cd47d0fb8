"""Markup: HTML in a cell as the plain text that a person reads.

Helpdesks export what stood in a browser: ``&#8220;gift&#8221;`` is “gift”, ``<br>`` a new line.
Angle brackets that are no tags of HTML stay as they are: ``<anna@mail.example>``, ``a < b``.
"""

from __future__ import annotations

import html
import re

_BREAKS = "br|p|div|li|ul|ol|tr|table|blockquote|h[1-6]|hr|section|article|header|footer|pre"
_OTHERS = (
    "a|abbr|address|b|big|body|caption|center|cite|code|col|colgroup|dd|del|dl|dt|em|font|form|head|"
    "html|i|img|input|ins|kbd|label|link|mark|meta|o:p|q|s|small|span|strike|strong|sub|sup|tbody|"
    "td|tfoot|th|thead|title|tt|u|var|wbr"
)
_ATTRIBUTES = r"(?:\s[^<>]{0,2000})?\s?/?"
_HIDDEN = (("<script", "</script>"), ("<style", "</style>"), ("<!--", "-->"))
_BREAK = re.compile(rf"\s?</?(?:{_BREAKS}){_ATTRIBUTES}>[ \t]?", re.I)
_TAG = re.compile(rf"</?(?P<name>{_OTHERS})(?P<more>{_ATTRIBUTES})>|<!doctype[^<>]{{0,200}}>", re.I)
_WORDS = frozenset(
    ("address", "body", "caption", "cite", "code", "font", "form", "input", "label", "link", "mark",
     "title")
)  # fmt: skip
"""Tags that may as well be placeholders such as <address>: they stay where nothing closes them."""
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_GAPS = re.compile(r"[ \t]*\n(?:[ \t]*\n)+")


def plain_text(written: str) -> str:
    """A cell without tags and entities; the same text where there are none."""
    text = written
    if "<" in text and ">" in text:
        text = _TAG.sub(_untagged, _BREAK.sub("\n", _without_hidden(text)))
    if "&" in text and _ENTITY.search(text):
        # What was exported twice is encoded twice: &amp;#8220;
        for _ in range(2):
            text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
        text = text.replace("\u00a0", " ").replace("\x00", "")
    if text is written:
        return written
    return _GAPS.sub("\n\n", text).strip()


def _untagged(found: re.Match[str]) -> str:
    name = (found["name"] or "").lower()
    if name in _WORDS and not found["more"].strip(" /"):
        return "" if f"</{name}>" in found.string.lower() else found[0]
    return ""


def _without_hidden(text: str) -> str:
    """A text without scripts, styles and comments; one that is not closed stays."""
    small = text.lower()
    if len(small) != len(text):
        return text
    for opening, closing in _HIDDEN:
        parts, place = [], 0
        while (start := small.find(opening, place)) >= 0:
            end = small.find(closing, start)
            if end < 0:
                break
            parts.append(text[place:start])
            place = end + len(closing)
        if place:
            text = "".join([*parts, text[place:]])
            small = text.lower()
    return text
