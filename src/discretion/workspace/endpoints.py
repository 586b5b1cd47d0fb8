"""What a workspace's log knows of endpoints and agents: what a probe found, which hosts may be
told, which code may be run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from discretion import models
from discretion.canonical import short_id
from discretion.core.arms import Model
from discretion.models import agents
from discretion.models.agents import Agent, HttpSettings
from discretion.models.endpoint import Endpoint
from discretion.models.probing import Comparison, Probe, probe_from_json
from discretion.storage import Store, records

PROBE = "probe"
CONSENT = "consent"
CODE_CONSENT = "code consent"


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


def load_agent(name: str, settings: Mapping[str, Any], folder: Path, store: Store) -> Agent:
    """The agent of that name, with leave to be asked if that was given.

    Raises:
        DiscretionError: its settings are wrong, or what they name is not there.
    """
    kind = CONSENT if settings.get("kind") == "http" else CODE_CONSENT
    return agents.load_agent(
        name, settings, folder, lambda key: store.get(kind, "", key) is not None
    )


def allow_agent(agent: Agent, store: Store, at: str) -> None:
    """Note that the agent may be asked from now on: texts may go to its host, or its code, as it
    was shown, may be run here."""
    settings = agent.settings
    if isinstance(settings, HttpSettings):
        records.note(store, CONSENT, settings.host, {"url": settings.url, "at": at})
    elif agent.code is not None:
        body = {"command": agent.code.shown, "files": agent.code.hashes, "at": at}
        records.note(store, CODE_CONSENT, agent.code.consent, body)
