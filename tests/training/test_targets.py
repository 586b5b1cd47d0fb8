"""Seven targets: labels alone, and three explanations on two sides of the label."""

from __future__ import annotations

import pytest

from discretion.errors import DiscretionError
from discretion.training.targets import AGAINST_LABELS, CONTROLS, TARGETS, targets


def test_the_targets_are_factorial():
    crossed = {
        f"{kind}-{place}"
        for kind in ("real", "shuffled", "neutral")
        for place in ("before", "after")
    }
    assert set(TARGETS) == crossed | {"labels"}
    assert all(target.name == name for name, target in TARGETS.items())
    assert len(targets(["all"])) == 7


def test_names_are_taken_once_in_their_order():
    named = targets(["real-after", "labels", "real-after"])
    assert [target.name for target in named] == ["real-after", "labels"]


def test_both_families_of_contrasts_are_of_targets():
    for one, other in (*CONTROLS, *AGAINST_LABELS):
        assert {one, other} <= set(TARGETS)
    assert len(CONTROLS) == 4
    assert all(one.partition("-")[2] == other.partition("-")[2] for one, other in CONTROLS)


@pytest.mark.parametrize(
    ("name", "fix"), [("label", "did you mean 'labels'?"), ("xyz", "use one of: all, labels")]
)
def test_an_unknown_target_is_said_with_what_there_is(name, fix):
    with pytest.raises(DiscretionError, match=f"there is no target '{name}'") as error:
        targets([name])
    assert error.value.fix.startswith(fix)
