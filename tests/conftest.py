"""What holds for every test: nobody's settings leak in, and nothing gets out."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything imports numpy or torch
os.environ["HF_HUB_OFFLINE"] = "1"

import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# How long an example takes says something about the machine, not about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


class NetworkUsedError(RuntimeError):
    """Something tried to leave this machine."""


def is_local(address: Any) -> bool:
    """Whether a socket's address stays on this machine: a path, or a loopback host."""
    if not isinstance(address, tuple):
        return True
    host = address[0]
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Every way out of the machine raises; loopback stays open."""
    patch = pytest.MonkeyPatch()

    def guarded(name: str, place: int) -> None:
        real = getattr(socket.socket, name)

        def guard(self: socket.socket, *arguments: Any) -> Any:
            if not is_local(arguments[place]):
                raise NetworkUsedError(f"{name} to {arguments[place]}")
            return real(self, *arguments)

        patch.setattr(socket.socket, name, guard)

    guarded("connect", 0)
    guarded("connect_ex", 0)
    guarded("sendto", -1)
    find = socket.getaddrinfo

    def look_up(host: Any, *arguments: Any, **named: Any) -> Any:
        if not is_local((host or "",)):
            raise NetworkUsedError(f"looking up {host}")
        return find(host, *arguments, **named)

    patch.setattr(socket, "getaddrinfo", look_up)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The user's settings do not reach a test, and a test does not reach the user's files."""
    for name in list(os.environ):
        if name.startswith("DISCRETION_") and name != "DISCRETION_DATA":
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
