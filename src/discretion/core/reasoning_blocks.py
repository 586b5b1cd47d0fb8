"""Reasoning blocks: where in a written text a model still thinks, and where its answer begins."""

from __future__ import annotations

import re

_NAMES = "think|thinking|thoughts?|reason|reasoning|reflection|scratchpad|analysis|inner_monologue"
_OPENS = (
    rf"<(?:seed:)?(?:{_NAMES})(?:\s[^<>/]{{0,100}})?>",
    r"\[THINK\]",
    r"◁think▷",
    r"<\|(?:think|thinking|start_thinking|begin_of_thought)\|>",
    # A channel that is not the final one: with its special tokens, and where a server dropped them.
    r"<\|channel\|?>(?!\s*final\b)",
    r"\A\s*(?:analysis|commentary)(?=(?-i:[A-Z]))",
    r"<unused94>",
)
_CLOSES = (
    rf"</(?:seed:)?(?:{_NAMES})\s{{0,9}}>",
    r"\[/THINK\]",
    r"◁/think▷",
    r"<\|(?:/think|/thinking|end_thinking|end_of_thought)\|>",
    r"<\|channel\|?>\s*final\b(?:[^<>]|<\|constrain\|>){0,40}(?:<\|message\|>)?",
    r"<channel\|>",
    r"assistantfinal(?!ly)",
    r"<unused95>",
)
_MARK = re.compile(f"(?P<open>{'|'.join(_OPENS)})|(?P<close>{'|'.join(_CLOSES)})", re.I)
_END = re.compile(r"<\|(?:return|end|eot_id|im_end)\|>\s*\Z")


def after_reasoning(text: str) -> str | None:
    """What a text says after its last reasoning block: all of it where there is none.

    Marks of several families are known: ``<think>`` and its siblings, ``[THINK]``, and channels
    (``<|channel|>analysis``). A closing mark alone counts, since a template may have written the
    opening one. Empty where nothing follows the reasoning; None where a block is not closed, so
    that everything in it may still be thought.
    """
    depth, begins = 0, 0
    for mark in _MARK.finditer(text):
        if mark["open"] is not None:
            depth += 1
        else:
            depth, begins = max(0, depth - 1), mark.end()
    return None if depth else _END.sub("", text[begins:])
