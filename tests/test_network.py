"""No telemetry, no network: the tests' own block works, and the package needs none."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from conftest import NetworkUsedError, is_local

OUTSIDE = ("192.0.2.1", 443)
"""An address that is reserved for documentation."""


def test_connecting_to_another_machine_raises() -> None:
    with socket.socket() as one, pytest.raises(NetworkUsedError, match="connect"):
        one.connect(OUTSIDE)
    with socket.socket() as one, pytest.raises(NetworkUsedError, match="connect_ex"):
        one.connect_ex(OUTSIDE)


def test_sending_without_a_connection_raises() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        pytest.raises(NetworkUsedError, match="sendto"),
    ):
        one.sendto(b"hello", OUTSIDE)


def test_looking_a_name_up_raises() -> None:
    with pytest.raises(NetworkUsedError, match=r"example\.org"):
        socket.create_connection(("example.org", 443))


def test_loopback_stays_open() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert client.getpeername() == server.getsockname()


@pytest.mark.parametrize("address", ["/run/some.sock", ("127.0.0.9", 1), ("::1", 1, 0, 0)])
def test_addresses_of_this_machine_are_local(address: object) -> None:
    assert is_local(address)


def test_only_the_files_for_endpoints_bring_a_network_client() -> None:
    """What a workspace names as an endpoint is reached there; nothing else reaches anything."""
    clients = ("urllib.request", "http.client", "requests", "httpx", "aiohttp", "urllib3", "socket")
    source = Path(__file__).parents[1] / "src" / "discretion"
    found = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip().startswith(("import ", "from ")) and any(name in line for name in clients)
    }
    files = {
        "models/wire.py",
        "models/connections.py",
        "models/fine_tuning.py",
        "models/agents/web.py",
    }
    assert found == files
