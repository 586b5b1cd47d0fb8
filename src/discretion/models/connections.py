"""Connections: an HTTP client that goes where the settings say, and says no more than they do."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

# Both would write addresses, with their query, at the level of --verbose.
for _logger in ("httpx2", "httpcore2"):
    logging.getLogger(_logger).setLevel(logging.WARNING)

_PLAIN = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "host"}
    | {"anthropic-version"}
)
"""Headers of a request that may stand beside those of the settings."""


def http_client(
    base_url: str, headers: Mapping[str, str], *, at_once: int, timeout_s: float
) -> httpx2.AsyncClient:
    """A client for one host, which reads each reply whole.

    Args:
        headers: sent with every request; everything else that an SDK adds of its own, from
            ambient variables or about this machine, is left out.
        at_once: requests under way together, each on a connection of its own.
        timeout_s: for connecting, and for each wait for bytes.
    """
    return _client(base_url, headers, timeout_s, _Lanes(at_once, _proxy(base_url)))


def streaming_client(
    base_url: str, headers: Mapping[str, str], *, at_once: int, timeout_s: float
) -> httpx2.AsyncClient:
    """The same, which leaves each reply to be read as it comes: it may be longer than is wanted."""
    one_pool = httpx2.AsyncHTTPTransport(
        verify=httpx2.create_ssl_context(),
        limits=httpx2.Limits(max_connections=at_once),
        proxy=_proxy(base_url),
    )
    return _client(base_url, headers, timeout_s, one_pool)


def _client(
    base_url: str,
    headers: Mapping[str, str],
    timeout_s: float,
    transport: httpx2.AsyncBaseTransport,
) -> httpx2.AsyncClient:
    async def only_what_is_set(request: httpx2.Request) -> None:
        kept = {name: value for name, value in request.headers.items() if name in _PLAIN}
        request.headers = httpx2.Headers({**kept, "user-agent": "discretion", **headers})

    return httpx2.AsyncClient(
        base_url=base_url,
        timeout=timeout_s,
        transport=transport,
        # A redirect would carry texts to a host that nobody allowed.
        follow_redirects=False,
        trust_env=False,
        event_hooks={"request": [only_what_is_set]},
    )


class _Lanes(httpx2.AsyncBaseTransport):
    """One connection a lane. A pool of many looks at each of them for every request, which at 64
    took a third of the processor time of a call."""

    def __init__(self, count: int, proxy: str | None) -> None:
        context = httpx2.create_ssl_context()
        one = httpx2.Limits(max_connections=1, max_keepalive_connections=1)
        self._all = [
            httpx2.AsyncHTTPTransport(verify=context, limits=one, proxy=proxy) for _ in range(count)
        ]
        self._free = list(self._all)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # The last that was freed: its connection is the likeliest to be alive. There is always
        # one, since an endpoint's limits let no more calls begin than there are lanes.
        lane = self._free.pop()
        try:
            response = await lane.handle_async_request(request)
            await response.aread()
        finally:
            self._free.append(lane)
        return response

    async def aclose(self) -> None:
        for lane in self._all:
            await lane.aclose()


def _proxy(base_url: str) -> str | None:
    """The environment's proxy for HTTPS, through which texts pass encrypted; never for HTTP."""
    url = urlsplit(base_url)
    if url.scheme != "https" or proxy_bypass(url.hostname or ""):
        return None
    proxies = getproxies()
    return proxies.get("https") or proxies.get("all")
