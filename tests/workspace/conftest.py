"""A log of judgments, and models that are not loaded but stood in for."""

import pytest

from discretion import models
from discretion.storage import Store
from stand_in import StandIn

from .lineup_at_hand import judged


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as store:
        store.append(judged())
        yield store


@pytest.fixture
def loaded(monkeypatch):
    """The models that were loaded, by name; the last one of each is asked."""
    found = {}

    def load(name, settings, folder):
        said = {key: value for key, value in settings.items() if key != "path"}
        found.setdefault(name, []).append(StandIn(name=name, fingerprint=name, **said))
        return found[name][-1]

    monkeypatch.setattr(models, "load_model", load)
    return found
