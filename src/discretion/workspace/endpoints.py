"""What a workspace's log knows of endpoints: what a probe found, and which hosts may be told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from discretion import models
from discretion.arms import Model
from discretion.canonical import short_id
from discretion.models.endpoint import Endpoint
from discretion.models.probing import Comparison, Probe, probe_from_json
from discretion.storage import Store, records

PROBE = "probe"
CONSENT = "consent"


def load_model(name: str, settings: Mapping[str, Any], folder: Path, store: Store) -> Model:
    """The model of that name; an endpoint with its newest probe, and with leave to be sent texts
    if that was given."""
    model = models.load_model(name, settings, folder=folder)
    if isinstance(model, Endpoint):
        return model.knowing(probe_of(model, store), allowed=is_allowed(model, store))
    return model


def probe_of(endpoint: Endpoint, store: Store) -> Probe | None:
    """What was found when it was last probed with the settings that it has now."""
    newest = None
    for newest in store.entries(PROBE, endpoint.address):  # noqa: B007
        pass
    return None if newest is None else probe_from_json(newest.body["found"])


def keep_probe(
    endpoint: Endpoint, store: Store, found: Probe, at: str, compared: Comparison | None = None
) -> None:
    """Note what a probe found, and how its draws compared with its scores, which is no part of
    the endpoint's fingerprint."""
    body: dict[str, Any] = {"model": endpoint.name, "found": found.identity, "at": at}
    if compared is not None:
        body["compared"] = compared.as_json
    records.note(store, PROBE, short_id(body), body, endpoint.address)


def is_allowed(endpoint: Endpoint, store: Store) -> bool:
    """Whether cases' texts may be sent to its host; on this machine they always may."""
    host = endpoint.settings.host
    return endpoint.settings.is_local or store.get(CONSENT, "", host) is not None


def allow(endpoint: Endpoint, store: Store, at: str) -> None:
    """Note that texts of this workspace may be sent to the endpoint's host from now on."""
    settings = endpoint.settings
    body = {"url": settings.base_url, "model": settings.model, "at": at}
    records.note(store, CONSENT, settings.host, body)
