"""An endpoint's settings: complete, checked, and without a secret in the file."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from discretion.errors import DiscretionError
from discretion.models.endpoint_settings import read_endpoint_settings

PLAIN: dict[str, Any] = {"base_url": "https://api.example.com/v1", "model": "gpt-x"}
SECRET = "sk-4fd0"


def complaint(**settings: Any) -> str:
    with pytest.raises(DiscretionError) as caught:
        read_endpoint_settings("bot", {**PLAIN, **settings})
    return str(caught.value)


def test_two_settings_are_enough() -> None:
    settings = read_endpoint_settings("bot", PLAIN)
    assert (settings.host, settings.is_local, settings.price) == ("api.example.com", False, None)
    assert settings.key("bot") == ""


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:8000/v1", True),
        ("http://127.0.0.1:8000/v1", True),
        ("http://127.8.8.8/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://192.168.0.7:8000/v1", False),
        ("http://localhost.example.com/v1", False),
        ("http://0.0.0.0/v1", False),
    ],
)
def test_only_loopback_is_this_machine(url: str, local: bool) -> None:
    assert read_endpoint_settings("bot", {**PLAIN, "base_url": url}).is_local is local


@pytest.mark.parametrize(
    "settings",
    [
        {"key": SECRET},
        {"api_key": SECRET},
        {"key_env": SECRET},
        {"headers": {"Authorization": f"Bearer {SECRET}"}},
        {"headers": {"api-key": SECRET}},
        {"headers": {"X-Token": SECRET}},
        {"base_url": f"https://user:{SECRET}@api.example.com/v1"},
        {"query": {"key": SECRET}},
        {"body": {"api_key": SECRET}},
    ],
)
def test_a_key_in_the_file_is_an_error_that_does_not_repeat_it(settings: dict[str, Any]) -> None:
    said = complaint(**settings)
    assert "a key must not stand in" in said
    assert SECRET not in said


def test_values_come_from_the_environment_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {**PLAIN, "key_env": "BOT_KEY", "headers": {"api-key": "env:AZURE", "X-Route": "eu"}}
    settings = read_endpoint_settings("bot", given)
    with pytest.raises(DiscretionError, match=r"the environment variable BOT_KEY is not set"):
        settings.key("bot")
    with pytest.raises(DiscretionError, match=r"headers.api-key: .* AZURE is not set"):
        settings.sent_headers("bot")
    monkeypatch.setenv("BOT_KEY", f"{SECRET}\n")
    monkeypatch.setenv("AZURE", "a")
    assert settings.key("bot") == SECRET
    assert settings.sent_headers("bot") == {"api-key": "a", "X-Route": "eu"}


def test_prices_are_exact_and_come_in_pairs() -> None:
    settings = read_endpoint_settings("bot", {**PLAIN, "price_in": 0.1, "price_out": "0.40"})
    assert settings.price is not None
    assert settings.price.tokens_in == Decimal("0.1")
    assert "one of price_in and price_out is missing" in complaint(price_in=1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"base_url": "api.example.com"}, "base_url: is no address"),
        ({"base_url": "https://h/v1?api-version=1"}, "what follows a ? under query"),
        ({"temperature": 1}, "[models.bot] temperature: is no setting of an endpoint"),
        ({"timeout_s": 0}, "timeout_s: should be greater than 0"),
        ({"system": "none"}, "system: should be 'system' or 'merge'"),
        ({"body": {"model": "x"}}, "body.model: is set by Discretion; leave it out; set model"),
        ({"body": {"stream": True}}, "body.stream: is set by Discretion; leave it out"),
        ({"body": {"x": float("nan")}}, "body: holds a value that JSON cannot carry"),
        ({"body": {"x": {1, 2}}}, "body: holds a value that JSON cannot carry"),
        ({"headers": {"X Route": "eu"}}, "headers.X Route: is not a name of a header"),
        ({"top_logprobs": 21}, "top_logprobs: should be less than or equal to 20"),
    ],
)
def test_what_is_wrong_is_named(settings: dict[str, Any], said: str) -> None:
    assert said in complaint(**settings)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(DiscretionError, match=r"^\[models.bot\] model: is missing; add it$"):
        read_endpoint_settings("bot", {"base_url": PLAIN["base_url"]})


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (f"{SECRET}\n{SECRET}", "a line break at position 8"),
        (f"{SECRET}\r", ""),  # white space around a value is nobody's key
        (f"“{SECRET}”", "a character that is not plain ASCII at position 1"),
        (f"{SECRET}é", "a character that is not plain ASCII at position 8"),
        (f"sk\x00{SECRET}", "a character that is not plain ASCII at position 3"),
    ],
)
def test_a_key_that_http_cannot_carry_is_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, value: str, what: str
) -> None:
    settings = read_endpoint_settings(
        "bot", {**PLAIN, "key_env": "BOT_KEY", "headers": {"X-Team": "env:BOT_KEY"}}
    )
    # An environment cannot hold a NUL, and a program's own may.
    monkeypatch.setattr("os.environ", {"BOT_KEY": value})
    for read, where in ((settings.key, "key_env"), (settings.sent_headers, "headers.X-Team")):
        if not what:
            assert SECRET in str(read("bot"))
            continue
        with pytest.raises(DiscretionError) as caught:
            read("bot")
        assert f"[models.bot] {where}: holds {what}, which a header of HTTP" in str(caught.value)
        assert SECRET not in str(caught.value)
