"""What ``[models.NAME]`` may say of an agent. No key, and nothing taken from elsewhere."""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from discretion.budgets import Price
from discretion.errors import DiscretionError
from discretion.models.agents.decisions import Decision, ReplyReader, as_word, parse_path
from discretion.models.agents.slots import mistake_in
from discretion.models.endpoint_settings import FROM_ENVIRONMENT, SECRET_HEADERS

DRAWS = 4
"""Times that an agent is asked about each case, unless its settings say otherwise."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")

Words = list[str | bool | int]


class DecisionSettings(BaseModel):
    """Where the decision stands in a reply."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = ""
    """From the top of a JSON reply: ``result.action``, ``choices[0].message.content``."""
    pattern: str = ""
    """A regular expression in a text; its first group, if it has one, is the word."""
    tool: str = ""
    """The tool whose call holds the decision."""
    argument: str = ""
    """The argument of that call which holds the word."""
    tool_names: bool = False
    """The name of the tool that is called is the word."""
    ignore: list[str] = Field(default_factory=list)
    """Tools whose calls decide nothing, such as a look-up."""


class AgentSettings(BaseModel):
    """What every kind of agent has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: DecisionSettings = DecisionSettings()
    grant: Words = ["grant"]
    """Words that grant; capitals and white space around them do not matter."""
    refuse: Words = ["refuse"]
    defer: Words = ["defer"]
    """Words that hand the case to a person; they count as neither."""
    request: Any = None
    """What is sent, with slots such as ``{case}``; by default everything that is known."""
    draws: int = Field(default=DRAWS, ge=1, le=1000)
    """Times that each case is asked."""
    version: str = ""
    """Your own name for a release of the agent; answers of another are not used again."""
    timeout_s: float = Field(default=120, gt=0)
    """For one attempt."""
    max_in_flight: int = Field(default=4, ge=1)
    requests_per_minute: float | None = Field(default=None, gt=0)
    max_reply_kb: int = Field(default=1024, ge=1)
    """A longer reply is a failed call."""
    price_call: Decimal | None = Field(default=None, ge=0)
    """What one call costs."""
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")

    @property
    def price(self) -> Price | None:
        if self.price_call is None:
            return None
        return Price(Decimal(0), Decimal(0), self.currency, call=self.price_call)

    @property
    def identity(self) -> dict[str, Any]:
        """Everything here that may change an answer, where it is set: a setting that is new later
        leaves the answers of now in use. Secrets stand as the names of their variables."""
        practical = {
            "draws",
            "timeout_s",
            "max_in_flight",
            "requests_per_minute",
            "max_reply_kb",
            "price_call",
            "currency",
            "attempts",
        }
        return self.model_dump(mode="json", exclude=practical, exclude_defaults=True)

    @property
    def most_bytes(self) -> int:
        return self.max_reply_kb * 1024

    @property
    def words(self) -> dict[str, Decision]:
        """What each word means, in the form that replies are compared in."""
        table: dict[str, Decision] = {}
        meanings: tuple[tuple[Decision, Words], ...] = (
            ("grant", self.grant),
            ("refuse", self.refuse),
            ("defer", self.defer),
        )
        for meaning, words in meanings:
            for word in words:
                key = as_word(word)
                if not key or table.get(key, meaning) != meaning:
                    raise ValueError(f"the word {word!r} has two meanings" if key else "empty word")
                table[key] = meaning
        return table

    @property
    def reading(self) -> ReplyReader:
        """How a reply is read."""
        said = self.decision
        bare = not (said.path or said.tool or said.tool_names)
        scalar = isinstance(self, PythonSettings)
        path = parse_path(said.path) if said.path else ()
        return ReplyReader(
            self.words,
            path=("decision",) if scalar and bare else path,
            pattern=said.pattern,
            tool=said.tool,
            argument=parse_path(said.argument) if said.argument else (),
            tool_names=said.tool_names,
            ignore=said.ignore,
            scalar=scalar,
        )


class HttpSettings(AgentSettings):
    """An agent that is asked over HTTP."""

    url: str
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    key_env: str = ""
    """NAME of the environment variable with the key that is sent as a bearer token."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Sent with every call; ``env:NAME`` takes a value from the environment."""
    attempts: int = Field(default=6, ge=1)
    """How often a call is tried in all, where trying again can help."""
    max_in_flight: int = Field(default=8, ge=1)

    @property
    def host(self) -> str:
        """Host and port, as they are shown."""
        return urlsplit(self.url).netloc

    @property
    def is_local(self) -> bool:
        """Whether it answers on this machine's loopback."""
        name = urlsplit(self.url).hostname or ""
        try:
            return name == "localhost" or ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


class CommandSettings(AgentSettings):
    """An agent that is a program on this machine."""

    command: list[str] = Field(min_length=1)
    """The program and its arguments; there is no shell."""
    env: list[str] = Field(default_factory=list)
    """NAMES of environment variables that it may see."""
    input: Literal["json", "text"] = "json"
    """What it gets on standard input; ``text`` is the case and its facts, and nothing else."""


class PythonSettings(AgentSettings):
    """An agent that is a Python function."""

    function: str
    """``module:function``; the module stands in the workspace's folder or is installed."""
    env: list[str] = Field(default_factory=list)
    max_in_flight: int = Field(default=1, ge=1)
    """Processes in which it runs."""


CodeSettings = CommandSettings | PythonSettings
KINDS: Mapping[str, type[HttpSettings] | type[CommandSettings] | type[PythonSettings]] = {
    "http": HttpSettings,
    "command": CommandSettings,
    "python": PythonSettings,
}
"""Kinds of models that are agents: they are asked as they run, by no method of ours."""


def is_agent(settings: Mapping[str, Any]) -> bool:
    """Whether ``[models.NAME]`` describes an agent."""
    return settings.get("kind") in KINDS


def read_agent_settings(
    name: str, settings: Mapping[str, Any]
) -> HttpSettings | CommandSettings | PythonSettings:
    """The checked settings of an agent.

    Raises:
        DiscretionError: one is wrong, or a secret stands in the file; it is never repeated.
    """
    where = f"[models.{name}]"
    given = dict(settings)
    shape = KINDS[str(given.pop("kind"))]
    if isinstance(given.get("request"), str) and given.get("input") != "text":
        given["request"] = _parsed(given["request"], where)
    try:
        checked = shape.model_validate(given)
    except ValidationError as invalid:
        raise _mistake(where, invalid, tuple(shape.model_fields)) from invalid
    _check_decision(checked, where)
    if checked.request is not None:
        what, fix = mistake_in(checked.request)
        if what:
            raise DiscretionError(what, where=f"{where} request", fix=fix)
    if isinstance(checked, HttpSettings):
        _check_http(checked, where)
    else:
        for variable in checked.env:
            if not _VARIABLE.fullmatch(variable):
                raise _secret(f"{where} env", "env to its name")
    if isinstance(checked, PythonSettings) and (
        not _FUNCTION.fullmatch(checked.function) or ".py:" in checked.function
    ):
        raise DiscretionError(
            f"{checked.function!r} names no function",
            where=f"{where} function",
            fix='write it as "module:function"',
        )
    if isinstance(checked, CommandSettings) and checked.input == "text" and checked.request:
        raise DiscretionError(
            "input and request exclude each other", where=where, fix="leave one of them out"
        )
    return checked


def variable(name: str, where: str) -> str:
    """The value of an environment variable.

    Raises:
        DiscretionError: it is not set.
    """
    value = os.environ.get(name, "").strip()
    if not value:
        raise DiscretionError(
            f"the environment variable {name} is not set",
            where=where,
            fix=f"set it, such as: export {name}=…",
        )
    return value


def _parsed(request: str, where: str) -> Any:
    try:
        return json.loads(request)
    except ValueError as error:
        raise DiscretionError(
            f"the request is not JSON: {error}",
            where=f"{where} request",
            fix='write a table, such as { text = "{case}" }, or JSON',
        ) from error


def _check_decision(checked: AgentSettings, where: str) -> None:
    said = checked.decision
    place = f"{where} decision"
    try:
        words = checked.words
    except ValueError as error:
        raise DiscretionError(str(error), where=where, fix="let it stand in one list") from error
    missing = [one for one in ("grant", "refuse") if one not in words.values()]
    if missing:
        raise DiscretionError(
            f"no word means {missing[0]}", where=where, fix=f'write {missing[0]} = ["…"]'
        )
    for key in ("path", "argument"):
        try:
            if getattr(said, key):
                parse_path(getattr(said, key))
        except ValueError as error:
            fix = 'write it like "choices[0].message.content"'
            raise DiscretionError(str(error), where=f"{place}.{key}", fix=fix) from error
    try:
        re.compile(said.pattern)
    except re.error as error:
        raise DiscretionError(
            f"not a regular expression: {error}", where=f"{place}.pattern", fix="correct it"
        ) from error
    if bool(said.tool) != bool(said.argument):
        raise DiscretionError(
            "tool and argument belong together",
            where=place,
            fix="give both, or tool_names = true where the tool that is called is the decision",
        )
    if sum(map(bool, (said.tool, said.tool_names, said.pattern))) > 1:
        raise DiscretionError(
            "it names more than one place",
            where=place,
            fix="give one of pattern, tool with argument, and tool_names",
        )
    if isinstance(checked, HttpSettings) and said == DecisionSettings():
        raise DiscretionError(
            "it is not said where the decision stands in a reply",
            where=where,
            fix='add decision = { path = "…" }, { pattern = "…" } or '
            '{ tool = "…", argument = "…" }',
        )


def _check_http(checked: HttpSettings, where: str) -> None:
    try:
        url = urlsplit(checked.url)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise DiscretionError(
            "this is not an address", where=f"{where} url", fix='write it as "https://HOST/PATH"'
        )
    if url.username or url.password:
        raise _secret(f"{where} url")
    for parameter, _ in parse_qsl(url.query, keep_blank_values=True):
        if SECRET_HEADERS.search(parameter):
            raise DiscretionError(
                "a key must not stand in an address, which is logged on its way",
                where=f"{where} url",
                fix="send it with key_env or headers",
            )
    if checked.key_env and not _VARIABLE.fullmatch(checked.key_env):
        raise _secret(f"{where} key_env")
    for header, value in checked.headers.items():
        if SECRET_HEADERS.search(header) and not value.startswith(FROM_ENVIRONMENT):
            raise _secret(f"{where} headers.{header}", f'it to "{FROM_ENVIRONMENT}NAME"')
    secret = checked.key_env or any(
        value.startswith(FROM_ENVIRONMENT) for value in checked.headers.values()
    )
    if secret and url.scheme != "https" and not checked.is_local:
        raise DiscretionError(
            "a key would cross the network unencrypted",
            where=f"{where} url",
            fix="use https://",
        )


def _secret(where: str, form: str = "key_env to its name") -> DiscretionError:
    return DiscretionError(
        "a key must not stand in this file",
        where=where,
        fix=f"put it into an environment variable and set {form}",
    )


def _mistake(where: str, invalid: ValidationError, known: Sequence[str]) -> DiscretionError:
    """The first mistake; what was written is not repeated, since it may be a key."""
    error = invalid.errors(include_input=False, include_url=False)[0]
    key = ".".join(str(step) for step in error["loc"])
    if error["type"] == "missing":
        return DiscretionError("is missing", where=f"{where} {key}", fix="add it")
    if error["type"] == "extra_forbidden":
        choices = DecisionSettings.model_fields if key.startswith("decision.") else known
        return DiscretionError(
            "is not a setting of this kind of agent",
            where=f"{where} {key}",
            fix=f"use one of: {', '.join(choices)}",
        )
    what = str(error["msg"]).replace("Input should", "should", 1)
    return DiscretionError(what, where=f"{where} {key}")
