"""The gate: a reply counts only if it is an answer. One table of checks, each with a reason.

What a server sends is judged here, whatever its kind, before anything is read from it. What fails
a check is a failure that says why, and never a decision.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from discretion.core.reasoning_blocks import after_reasoning

if TYPE_CHECKING:
    from discretion.models.wire import Reply, WireRequest

FINISHED = frozenset(
    {"stop", "end_turn", "stop_sequence", "eos", "eos_token", "complete", "completed", "finish"}
)
CUT = frozenset(
    {"length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"}
)
DECLINED = frozenset({"content_filter", "refusal", "safety", "recitation", "guardrail_intervened"})
CALLED = frozenset({"tool_calls", "tool_use", "function_call"})
BROKE_OFF = frozenset({"error", "failed", "network_error", "insufficient_system_resource"})
"""Why an answer ended, in the words of servers, in lower case."""

CHARACTERS_PER_TOKEN = 8
"""The most that a prompt's characters may be to a token that its server counted. Tokenizers make 3
to 6 of ordinary text; a server that cut the prompt, or reads another one, counts fewer tokens."""
SHORT = 400
"""Characters below which the number of tokens says nothing, since words may be long."""
ADDED_TOKENS = 100_000
"""Tokens that a server may add of its own, such as instructions, to one for each byte sent."""
TOO_LIKELY = 0.01
"""How far over 1 the probabilities of first tokens may add up, since servers round them."""
UNLIKELY = -1000.0
"""Log-probabilities from here on down are placeholders, such as -9999 for "not a likely one"."""

_RUN = re.compile(r"(.)\1{3,}", re.S)
_WORD = re.compile(r"[a-z][a-z0-9_.-]{1,39}")


@dataclass(frozen=True, slots=True)
class TopToken:
    """One of the most likely first tokens, as it came."""

    text: str
    log: float
    """Natural logarithm of its probability, as the server says; NaN where that is no number."""
    raw: bytes | None = None
    """Its bytes, where the server gives them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a reply is no answer."""

    check: str
    """The check that it failed, by its name in the table."""
    what: str
    """One clause of our own, the same for all replies that fail alike; it never quotes the server
    or the case."""
    fix: str = ""
    said: str = ""
    """This reply's own numbers."""
    passes: bool = False
    """Asking again can help."""
    for_all: bool = False
    """Every other call would come to the same."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known when a reply comes."""

    question: WireRequest
    model: str
    """The server's name of the model that was probed; empty where it gave none."""
    ids: frozenset[str] | set[str] = frozenset()
    """Ids of the replies that came before in this run."""
    name: str = ""
    """What the model is called here."""


Test = Callable[["Reply", Seen], "Fault | str | None"]


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table."""

    name: str
    test: Test
    """None where the reply passes; otherwise what is wrong."""
    of: frozenset[str]
    """Which purposes of a question it applies to."""


class Gate:
    """Judges the replies of one run: it remembers their ids."""

    def __init__(self, model: str = "", name: str = "") -> None:
        self._model, self._name = model, name
        self._ids: set[str] = set()

    def fault(self, reply: Reply, question: WireRequest) -> Fault | None:
        """The first check that a reply fails; None where it is an answer."""
        fault = find_fault(reply, Seen(question, self._model, self._ids, self._name))
        if reply.id:
            self._ids.add(reply.id)
        return fault


def find_fault(reply: Reply, seen: Seen) -> Fault | None:
    """The first check of the table that a reply fails; None where it passes all of them."""
    for check in CHECKS:
        found = check.test(reply, seen) if seen.question.purpose in check.of else None
        if found is not None:
            return found if isinstance(found, Fault) else Fault(check.name, found)
    return None


def _declined(reply: Reply, seen: Seen) -> str | None:
    if reply.refusal or reply.finish in DECLINED:
        return "the server says that the model declined to answer"
    return None


def _tool_call(reply: Reply, seen: Seen) -> Fault | None:
    if not reply.called and reply.finish not in CALLED:
        return None
    return Fault(
        "tool call",
        "the model called a tool in place of answering",
        "ask it without tools, or measure it as the agent that it is",
    )


def _finish(reply: Reply, seen: Seen) -> Fault | str | None:
    if reply.finish in FINISHED:
        return None
    if reply.finish in CUT:
        if seen.question.purpose != "draw":
            return None
        limit = seen.question.max_tokens
        return Fault(
            "finish reason",
            f"the answer was cut at {limit} tokens, before it was complete",
            "set a higher max_tokens",
        )
    if reply.finish in BROKE_OFF:
        what = "the server says that the answer broke off with an error"
        return Fault("finish reason", what, "try again later", passes=True)
    if not reply.finish:
        return "the server does not say why the answer ended, so it may be incomplete"
    shown = f" ({reply.finish})" if _WORD.fullmatch(reply.finish) else ""
    return f"the answer ended for an unknown reason{shown}"


def _role(reply: Reply, seen: Seen) -> str | None:
    if reply.role in ("", "assistant", "model"):
        return None
    return "the message is not the assistant's"


def _one_answer(reply: Reply, seen: Seen) -> str | None:
    if reply.choices > seen.question.choices:
        return f"{reply.choices} answers came where {seen.question.choices} was asked for"
    return None


def _unicode(reply: Reply, seen: Seen) -> str | None:
    if printable(reply.text) != reply.text:
        return "the text is not valid Unicode"
    return None


def _reasoning(reply: Reply, seen: Seen) -> Fault | str | None:
    answered = after_reasoning(reply.text)
    if answered is None:
        return Fault(
            "reasoning",
            "the answer ends inside the model's reasoning",
            "set reasoning = true, or a higher max_tokens",
        )
    if answered.strip():
        return None
    if reply.text.strip() or reply.reasoned:
        return "nothing follows the model's reasoning"
    return "the answer is empty"


def _log_probabilities(reply: Reply, seen: Seen) -> str | None:
    return None if reply.top is None else not_log_probabilities(reply.top)


def not_log_probabilities(top: Sequence[TopToken]) -> str | None:
    """Why first tokens' values cannot be log-probabilities; None where they can."""
    if any(not math.isfinite(one.log) for one in top):
        return "a first token's log-probability is not a finite number"
    if any(one.log > math.log1p(TOO_LIKELY) for one in top):
        return "first tokens' log-probabilities are above 0: they may be logits or probabilities"
    if any(_differs(one) for one in top):
        return "a first token's text and its bytes differ"
    likely = usable(top)
    if len({(token, log) for token, log in likely}) < len(likely):
        return "a first token is listed twice"
    total = sum(math.exp(log) for _, log in likely)
    if total > 1 + TOO_LIKELY:
        return "first tokens' probabilities add up to more than 1"
    return None


def _differs(token: TopToken) -> bool:
    """Whether the bytes are of another text. Broken characters are shown in many ways, and white
    space before a word too, so that only whole words are compared."""
    if token.raw is None or token.text.startswith("token_id:"):
        return False
    try:
        said = token.raw.decode()
    except UnicodeDecodeError:
        return False
    return said.strip() != token.text.strip(" \t\r\n▁Ġ") and "\\x" not in token.text


def usable(top: Iterable[TopToken]) -> list[tuple[str, float]]:
    """Tokens with their log-probabilities, without placeholders; numbered tokens by their bytes."""
    return [(_named(one), one.log) for one in top if one.log > UNLIKELY]


def _named(token: TopToken) -> str:
    if token.text.startswith("token_id:") and token.raw is not None:
        return token.raw.decode(errors="replace")
    return printable(token.text)


def _prompt_tokens(reply: Reply, seen: Seen) -> Fault | None:
    tokens, question = reply.tokens_in, seen.question
    if not tokens:  # not counted
        return None
    # Rows of dashes and the like are few tokens.
    texts = [_RUN.sub(r"\1\1\1", message.content) for message in question.messages]
    characters = sum(map(len, texts))
    if characters >= SHORT and characters > tokens * CHARACTERS_PER_TOKEN:
        return Fault(
            "prompt tokens",
            "the server counted too few tokens for the prompt, so it seems to have cut it",
            "let the server read longer prompts (its context length)",
            f"{tokens:,} tokens were counted in {characters:,} characters",
        )
    if tokens < 0 or tokens > question.size + ADDED_TOKENS:
        return Fault("prompt tokens", "the server's count of prompt tokens is not possible")
    return None


def _id(reply: Reply, seen: Seen) -> Fault | None:
    if not reply.id or reply.id not in seen.ids:
        return None
    return Fault(
        "id",
        "the server sent the id of an earlier reply again, so this is no new answer",
        "switch off the cache of the server or gateway",
    )


def _model(reply: Reply, seen: Seen) -> Fault | None:
    if not seen.model or reply.model == seen.model:
        return None
    if not reply.model:
        what = f"the server no longer names its model; when it was probed it was {seen.model}"
        return Fault("model", what)
    return Fault(
        "model",
        f"the server now says that it is {reply.model}; when it was probed it was {seen.model}",
        f"to ask the new model, run: discretion models probe {seen.name}",
        for_all=True,
    )


_PROBE, _ASKED, _DRAW, _SCORE = (
    frozenset({"probe", "draw", "score"}),
    frozenset({"draw", "score"}),
    frozenset({"draw"}),
    frozenset({"score"}),
)

CHECKS = (
    Check("refusal", _declined, _PROBE),
    Check("tool call", _tool_call, _PROBE),
    Check("finish reason", _finish, _PROBE),
    Check("role", _role, _PROBE),
    Check("one answer", _one_answer, _PROBE),
    Check("unicode", _unicode, _PROBE),
    Check("reasoning", _reasoning, _DRAW),
    Check("log-probabilities", _log_probabilities, _SCORE),
    Check("prompt tokens", _prompt_tokens, _PROBE),
    Check("id", _id, _ASKED),
    Check("model", _model, _ASKED),
)
"""Every reply goes through these in order. An error in the body is found before (`error_in`)."""


class TwiceError(ValueError):
    """A JSON object that gives one key twice."""


def read_json(content: bytes) -> Any:
    """The JSON in a reply's bytes.

    Raises:
        TwiceError: an object gives a key twice, so that it says two things.
        ValueError: it is no JSON, or nested too deeply.
    """
    try:
        return json.loads(content, object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise TwiceError("a key is given twice")
    return made


_ERRORS = ("error", "errors", "error_message", "exception")
_TEXTS = ("message", "msg", "detail", "error")
_WORDS = frozenset({"logprobs", "usage"})
"""Parts of a body whose keys may be tokens, or counts."""


def error_in(body: Any, depth: int = 0) -> Any:
    """The first error that a body names, whatever its status; None where it names none.

    Servers and gateways put an error into a reply with status 200: at the top, in a choice, or as
    a body without any choice.
    """
    if depth > 8:
        return None
    if isinstance(body, list):
        parts: Iterable[Any] = body
    elif isinstance(body, Mapping):
        for key in _ERRORS:
            if body.get(key):
                return body[key]
        if body.get("object") == "error" or body.get("type") == "error":
            return body
        if depth == 0 and _is_only_an_error(body):
            return body
        parts = [value for key, value in body.items() if key not in _WORDS]
    else:
        return None
    found = (error_in(part, depth + 1) for part in parts)
    return next((one for one in found if one is not None), None)


def _is_only_an_error(body: Mapping[str, Any]) -> bool:
    if body.get("success") is False or body.get("status") in ("error", "failed"):
        return True
    answers = any(key in body for key in ("choices", "content", "answers", "output"))
    return not answers and any(isinstance(body.get(key), str) for key in _TEXTS)


_STATUS_OF = {
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "insufficient_quota": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "model_not_found": 404,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "too_many_requests": 429,
    "overloaded_error": 529,
    "server_error": 500,
    "internal_server_error": 500,
    "api_error": 500,
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
}


def status_of(error: Any) -> int | None:
    """The HTTP status that an error inside a body would have had; None where it names none."""
    if not isinstance(error, Mapping):
        return None
    for key in ("code", "status", "status_code", "type"):
        said = error.get(key)
        if isinstance(said, str):
            said = int(said) if re.fullmatch(r"[45]\d\d", said) else _STATUS_OF.get(said.lower())
        if isinstance(said, int) and 400 <= said < 600:
            return said
    return None


def printable(text: str) -> str:
    """A text without broken characters, which can be neither shown nor kept."""
    return text.encode(errors="replace").decode()
