"""What ``[models.NAME]`` may say of an endpoint. No key, and nothing taken from elsewhere."""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from discretion.budgets import Price
from discretion.errors import DiscretionError

FROM_ENVIRONMENT = "env:"
SECRET_HEADERS = re.compile(r"authorization|cookie|key|secret|token", re.I)
"""Headers whose value must come from the environment."""
OWN_FIELDS = {
    "model": "; set model beside body",
    "messages": "",
    "prompt": "",
    "system": "",
    "stream": "",
    "n": "",
    "seed": "; use --seed",
    "temperature": "",
    "max_tokens": "; set max_tokens beside body",
    "max_completion_tokens": "; set max_tokens beside body",
    "logprobs": "; set top_logprobs beside body",
    "top_logprobs": "; set top_logprobs beside body",
    "tools": "",
}
"""Fields of a request that may not be set by hand, and what may be said instead."""
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_KEYS = ("key", "api_key", "apikey", "token", "secret", "password")


class EndpointSettings(BaseModel):
    """One endpoint: where it is, how it is asked, what it charges."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str
    """As in its documentation, such as ``https://api.openai.com/v1``."""
    model: str
    """The model's name there."""
    key_env: str = ""
    """NAME of the environment variable that holds the key; empty where none is needed."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Sent with every call; ``env:NAME`` takes a value from the environment."""
    query: dict[str, str] = Field(default_factory=dict)
    """Added to every address, such as Azure's ``api-version``."""
    price_in: Decimal | None = Field(default=None, ge=0)
    """For a million tokens of prompt."""
    price_out: Decimal | None = Field(default=None, ge=0)
    """For a million tokens that the model writes."""
    price_training: Decimal | None = Field(default=None, ge=0)
    """For a million tokens that a fine-tuning job reads, over all its epochs."""
    price_tuned_in: Decimal | None = Field(default=None, ge=0)
    """As `price_in`, of models that were fine-tuned from it; by default the same."""
    price_tuned_out: Decimal | None = Field(default=None, ge=0)
    """As `price_out`, of those models."""
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    timeout_s: float = Field(default=60, gt=0)
    """For one attempt at one call."""
    attempts: int = Field(default=6, ge=1)
    """How often a call is tried in all, where trying again can help."""
    max_in_flight: int = Field(default=64, ge=1)
    requests_per_minute: float | None = Field(default=None, gt=0)
    system: Literal["system", "merge"] = "system"
    """``merge`` puts the system text in front of the user's."""
    reasoning: bool = False
    """The model reasons before it answers: it is asked by sampling, with room to reason."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Tokens that it may write in one answer; by default the plan's, 4,096 where it reasons."""
    top_logprobs: int = Field(default=20, ge=0, le=20)
    """First tokens asked for with their probabilities; 0 always samples."""
    body: dict[str, Any] = Field(default_factory=dict)
    """Fields sent with every request as they are, such as ``top_k = 0``."""
    reads_twin: bool = False
    """It serves the built-in model, or one tuned from it, which reads only its dialect."""

    @property
    def host(self) -> str:
        """Host and port, as they are shown."""
        return urlsplit(self.base_url).netloc

    @property
    def is_local(self) -> bool:
        """Whether it answers on this machine's loopback, so that no text leaves the machine."""
        name = urlsplit(self.base_url).hostname or ""
        if name == "localhost":
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False

    @property
    def is_paid(self) -> bool:
        """Whether its calls cost something, as far as is known: it has prices, or is elsewhere."""
        return self.price is not None or not self.is_local

    @property
    def price(self) -> Price | None:
        if self.price_in is None or self.price_out is None:
            return None
        return Price(self.price_in, self.price_out, self.currency)

    @property
    def address(self) -> dict[str, Any]:
        """What tells this endpoint from another: everything that may change an answer. Values
        from the environment stand as their names. A setting that came later counts only where it is
        set, so that answers to what is asked as before stay known."""
        later = {name for name in ("body",) if getattr(self, name)}
        return self.model_dump(
            mode="json",
            include={
                "base_url",
                "model",
                "headers",
                "query",
                "system",
                "reasoning",
                "max_tokens",
                "top_logprobs",
                *later,
            },
        )

    def key(self, name: str) -> str:
        """The key, from its environment variable; empty where none is needed.

        Raises:
            DiscretionError: the variable is not set, or HTTP cannot carry what it holds.
        """
        where = f"[models.{name}] key_env"
        return _sendable(_variable(self.key_env, where), where) if self.key_env else ""

    def sent_headers(self, name: str) -> dict[str, str]:
        """The headers with their values.

        Raises:
            DiscretionError: a variable that one of them names is not set, or HTTP cannot carry a
                value.
        """
        sent = {}
        for header, value in self.headers.items():
            where = f"[models.{name}] headers.{header}"
            if value.startswith(FROM_ENVIRONMENT):
                value = _variable(value.removeprefix(FROM_ENVIRONMENT), where)
            sent[header] = _sendable(value, where)
        return sent


def read_endpoint_settings(name: str, settings: Mapping[str, Any]) -> EndpointSettings:
    """The checked settings.

    Raises:
        DiscretionError: one is wrong, or a secret stands in the file; it is never repeated.
    """
    where = f"[models.{name}]"
    for key in _KEYS:
        if key in settings:
            raise _secret(f"{where} {key}")
    try:
        checked = EndpointSettings.model_validate(dict(settings))
    except ValidationError as invalid:
        raise _mistake(where, invalid) from invalid
    if checked.key_env and not _VARIABLE.fullmatch(checked.key_env):
        raise _secret(f"{where} key_env")
    _check_sent(checked, where)
    _check_address(checked.base_url, f"{where} base_url")
    _check_prices(checked, where)
    return checked


def _check_sent(checked: EndpointSettings, where: str) -> None:
    """Headers, query and body can be sent, and no secret stands in them."""
    for header, value in checked.headers.items():
        if SECRET_HEADERS.search(header) and not value.startswith(FROM_ENVIRONMENT):
            raise _secret(f"{where} headers.{header}", f'"{FROM_ENVIRONMENT}NAME"')
    for parameter in checked.query:
        if SECRET_HEADERS.search(parameter):
            raise DiscretionError(
                "a key must not stand in an address, which is logged on its way",
                where=f"{where} query.{parameter}",
                fix="send it with key_env or headers",
            )
    _check_body(checked.body, f"{where} body")
    for header in checked.headers:
        if not _HEADER.fullmatch(header):
            raise DiscretionError("is not a name of a header", where=f"{where} headers.{header}")


def _check_address(address: str, where: str) -> None:
    url = urlsplit(address)
    if url.scheme not in ("http", "https") or not url.hostname or url.query:
        raise DiscretionError(
            "is no address without a query",
            where=where,
            fix='write it as "https://HOST/v1", and what follows a ? under query',
        )
    if url.username or url.password:
        raise _secret(where)


def _check_prices(checked: EndpointSettings, where: str) -> None:
    if (checked.price_in is None) != (checked.price_out is None):
        raise DiscretionError(
            "one of price_in and price_out is missing", where=where, fix="give both"
        )
    if (checked.price_tuned_in is None) != (checked.price_tuned_out is None):
        raise DiscretionError(
            "one of price_tuned_in and price_tuned_out is missing", where=where, fix="give both"
        )


def _variable(variable: str, where: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise DiscretionError(
            f"the environment variable {variable} is not set",
            where=where,
            fix=f"set it, such as: export {variable}=…",
        )
    return value


def _sendable(value: str, where: str) -> str:
    """A header's value, where HTTP can carry it; it is never repeated."""
    at = next((at for at, one in enumerate(value, 1) if not " " <= one <= "~"), None)
    if at is None:
        return value
    kind = "a line break" if value[at - 1] in "\r\n" else "a character that is not plain ASCII"
    raise DiscretionError(
        f"holds {kind} at position {at}, which a header of HTTP cannot carry",
        where=where,
        fix="copy the value again, without quotes, spaces or line breaks around it",
    )


def _check_body(body: Mapping[str, Any], where: str) -> None:
    for field in body:
        if field in OWN_FIELDS:
            by = OWN_FIELDS[field]
            raise DiscretionError(
                "is set by Discretion", where=f"{where}.{field}", fix=f"leave it out{by}"
            )
        if SECRET_HEADERS.search(field) and "token" not in field.lower():
            raise _secret(f"{where}.{field}")
    try:
        json.dumps(body, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DiscretionError(
            "holds a value that JSON cannot carry, such as a date",
            where=where,
            fix="use texts, finite numbers, true, false, lists and tables",
        ) from error


def _secret(where: str, form: str = "key_env to its name") -> DiscretionError:
    return DiscretionError(
        "a key must not stand in this file",
        where=where,
        fix=f"put it into an environment variable and set {form}",
    )


def _mistake(where: str, invalid: ValidationError) -> DiscretionError:
    """The first mistake; what was written is not repeated, since it may be a key."""
    error = invalid.errors(include_input=False, include_url=False)[0]
    key = ".".join(str(step) for step in error["loc"])
    if error["type"] == "missing":
        return DiscretionError("is missing", where=f"{where} {key}", fix="add it")
    if error["type"] == "extra_forbidden":
        known = ", ".join(EndpointSettings.model_fields)
        return DiscretionError(
            "is no setting of an endpoint", where=f"{where} {key}", fix=f"use one of: {known}"
        )
    what = str(error["msg"]).replace("Input should", "should", 1)
    return DiscretionError(what, where=f"{where} {key}")
