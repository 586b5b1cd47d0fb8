"""Decision endpoints: no text is written; a call gives the probability of each option.

Two shapes are spoken, ``/decisions`` (OpenAI's) and ``/systemone`` (TypeSafe's). Both take an input
and typed questions. A prompt is sent whole, as the input, and its own question is asked again in
the phrasing that its vocabulary has: yes or no as a statement's probability, grant or refuse as a
choice of two options, in the prompt's order.

References:
    https://developers.openai.com/api/reference/resources/decisions/
    https://docs.typesafe.ai/models
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from discretion.core.arms import Choices
from discretion.models.openai import OpenAIDialect
from discretion.models.reply_gate import TopToken
from discretion.models.retry import MishapError
from discretion.models.wire import Reply, WireRequest, count

STATEMENT = "The right answer to the question at the end of the input is yes."
CHOICE = "Answer the question at the end of the input."
NAME = "decision"
_PROBE = Choices("yes grants", ("yes",), ("no",), grant_first=True)


class DecisionsDialect(OpenAIDialect):
    """OpenAI's decisions: answers come in the order of questions."""

    kind: str = "decisions"
    path: str = "/decisions"
    options: tuple[str, ...] = ("system",)

    def body(self, model: str, question: WireRequest) -> dict[str, Any]:
        return {
            "model": model,
            "input": _messages(question),
            "questions": [_openai_question(_asked(question))],
        }

    def read(self, body: Mapping[str, Any]) -> Reply:
        (answer,) = body["answers"]
        return _reply(body, answer, "predicate", "probability")


class SystemOneDialect(OpenAIDialect):
    """System One: questions and answers go by name."""

    kind: str = "systemone"
    path: str = "/systemone"
    options: tuple[str, ...] = ("system",)

    def body(self, model: str, question: WireRequest) -> dict[str, Any]:
        return {
            "model": model,
            "state": _messages(question),
            "questions": {NAME: _systemone_question(_asked(question))},
        }

    def read(self, body: Mapping[str, Any]) -> Reply:
        return _reply(body, body["answers"][NAME], "noul", "noul")


def _asked(question: WireRequest) -> Choices:
    """The two options.

    Raises:
        MishapError: a text is wanted, which this kind of endpoint does not write.
    """
    if question.purpose == "draw":
        raise MishapError(
            "a decision endpoint writes no text",
            status=200,
            fix="use a method that does not reason first, without `sample: true` in the plan",
        )
    return question.named or _PROBE


def _messages(question: WireRequest) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in question.messages]


def _is_yes_or_no(asked: Choices) -> bool:
    return {asked.grant[0], asked.refuse[0]} == {"yes", "no"}


def _in_order(asked: Choices) -> tuple[str, str]:
    grant, refuse = asked.grant[0], asked.refuse[0]
    return (grant, refuse) if asked.grant_first else (refuse, grant)


def _openai_question(asked: Choices) -> dict[str, Any]:
    if _is_yes_or_no(asked):
        return {"type": "predicate", "name": NAME, "instructions": STATEMENT}
    choices = [{"value": option} for option in _in_order(asked)]
    return {"type": "choice", "name": NAME, "instructions": CHOICE, "choices": choices}


def _systemone_question(asked: Choices) -> dict[str, Any]:
    if _is_yes_or_no(asked):
        return {"type": "noul", "instructions": STATEMENT}
    return {
        "type": "choice",
        "instructions": CHOICE,
        "criteria": dict.fromkeys(_in_order(asked)),
    }


def _reply(body: Mapping[str, Any], answer: Mapping[str, Any], yes: str, key: str) -> Reply:
    """A reply whose first tokens are the options."""
    kind = answer["type"]
    if kind == yes:
        p = answer[key]
        rest = 1 - p if isinstance(p, int | float) and not isinstance(p, bool) else p
        options: list[tuple[Any, Any]] = [("yes", p), ("no", rest)]
    elif kind == "choice":
        given = answer["probabilities"]
        options = (
            list(given.items())
            if isinstance(given, Mapping)
            else [(one["value"], one["probability"]) for one in given]
        )
    elif kind == "refusal":
        options = []
    else:
        raise ValueError("an answer of another type than was asked for")
    usage = body.get("usage") or {}
    return Reply(
        text="",
        top=tuple(TopToken(str(option), _log(p)) for option, p in options) or None,
        tokens_in=count(usage.get("input_tokens")),
        tokens_out=count(usage.get("output_tokens")),
        model=str(body.get("model") or ""),
        id=str(body.get("id") or ""),
        # These endpoints give no reason: the answer is there, whole.
        finish="stop",
        refusal=kind == "refusal",
    )


def _log(p: Any) -> float:
    """The logarithm of a probability; NaN where it is none. Zero is taken for the smallest number
    that is not, which the gate knows to be finite."""
    if isinstance(p, bool) or not isinstance(p, int | float) or not 0 <= p <= 1:
        return math.nan
    return math.log(max(p, 1e-300))
