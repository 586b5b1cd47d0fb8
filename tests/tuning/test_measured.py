"""What a run measured goes into its models' cards; what a training made stays as it is."""

import numpy as np
import pytest

from discretion.canonical import digest
from discretion.core.plans import Plan
from discretion.errors import DiscretionError
from discretion.evaluation import evaluate
from discretion.models.folder import fingerprint_folder, read_notes
from discretion.storage import records
from discretion.training.cards import RESULTS, results_in
from discretion.training.teaching import alone
from discretion.tuning.comparing import compare
from discretion.tuning.measured import keep_results, measured, newest_results, results_hold
from discretion.tuning.removing import remove
from evidence_folder import experiment_at_hand as at_hand
from scorecard import hand_made

AT = "2026-01-03T00:00:00+00:00"
LABELS, REAL = at_hand.MODELS


@pytest.fixture
def run(tmp_path):
    found = at_hand.make(tmp_path)
    yield found
    found.store.close()


def answered(run, model):
    return {case: one.p for case, one in run.estimates()[f"tuned:{model}/direct"].items()}


def test_the_figures_are_those_of_held_out_cases_by_hand(run):
    [labels, real] = measured(run, "staff")
    assert (labels.model, real.model, labels.method) == (LABELS, REAL, "direct")
    p = answered(run, LABELS)
    h = {case.id: hand_made.grants(case) / 10 for case in at_hand.CASES if case.id in p}
    apart = np.array([p[case] - h[case] for case in p])
    noise = np.array([h[case] * (1 - h[case]) / 9 for case in p])
    assert labels.cases == len(p) == sum(c.scenario == at_hand.HELD for c in at_hand.CASES)
    assert labels.signed.value == pytest.approx(apart.mean())
    square = (apart**2 - noise).mean()
    assert labels.gap.value == pytest.approx(np.sign(square) * abs(square) ** 0.5)
    brier = np.mean([h[c] * (p[c] - 1) ** 2 + (1 - h[c]) * p[c] ** 2 for c in p])
    assert labels.brier.value == pytest.approx(brier)


def test_a_card_is_filled_and_the_training_stays_done(run, tmp_path):
    place = tmp_path / "models" / LABELS
    before = digest(read_notes(place)), fingerprint_folder(place, ())
    assert keep_results(run, tmp_path / "models", AT) == list(at_hand.MODELS)
    card = (place / "README.md").read_text(encoding="utf-8")
    [labels, _] = measured(run, "staff")
    gap = labels.gap
    assert f"{gap.value:.3f} ({gap.low:.3f} to {gap.high:.3f})" in results_in(card)
    assert f"`{run.id}`" in card and "against staff" in card
    assert card.startswith(f"# {LABELS}\n") and card.endswith("Many.\n")
    assert (digest(read_notes(place)), fingerprint_folder(place, ())) == before
    assert sorted(path.name for path in place.iterdir()) == ["README.md", "discretion.json"]
    assert results_hold(card, run, "staff", LABELS)
    assert not results_hold(card, run, "staff", REAL)


def test_the_newest_measurement_stands_on_the_card_and_in_the_log(run, tmp_path):
    keep_results(run, tmp_path / "models", AT)
    held = run.case_set
    arm = at_hand.table(f"tuned:{LABELS}/direct", 0.3, held)
    later = evaluate(held, [arm], run.store, plan=Plan(arms=(arm.name,)), clock=lambda: AT)
    keep_results(later, tmp_path / "models", AT)
    card = (tmp_path / "models" / LABELS / "README.md").read_text(encoding="utf-8")
    assert later.id in card and run.id not in card
    assert card.count(RESULTS) == 1
    newest = dict(newest_results(run.store))
    assert (newest[LABELS]["run"], newest[REAL]["run"]) == (later.id, run.id)


def test_a_rehearsal_or_a_stopped_run_measures_nothing(run, tmp_path):
    from dataclasses import replace

    from discretion.runs import runs

    rehearsal = runs(run.store)[0]
    assert rehearsal.plan.rehearsal
    assert keep_results(rehearsal, tmp_path / "models", AT) == []
    assert keep_results(replace(run, finished=""), tmp_path / "models", AT) == []
    assert "None." in (tmp_path / "models" / LABELS / "README.md").read_text(encoding="utf-8")


def test_a_card_is_whole_however_its_filling_ends(run, tmp_path, monkeypatch):
    from pathlib import Path

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    card = tmp_path / "models" / LABELS / "README.md"
    before = card.read_text(encoding="utf-8")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        keep_results(run, tmp_path / "models", AT)
    assert card.read_text(encoding="utf-8") == before


def test_a_card_without_its_headings_is_said(run, tmp_path):
    (tmp_path / "models" / LABELS / "README.md").write_text("# Mine\n", encoding="utf-8")
    with pytest.raises(DiscretionError, match="put the headings back"):
        keep_results(run, tmp_path / "models", AT)


def test_models_are_compared_on_the_cases_that_both_were_asked(run):
    held = run.case_set
    part = held.only(held.cases[5:])
    arm = at_hand.table(f"tuned:{REAL}/direct", 0.2, part)
    evaluate(part, [arm], run.store, plan=Plan(arms=(arm.name,)), clock=lambda: AT)
    first, second = compare(run.store, [LABELS, REAL], "staff", "case")
    assert first.gap.n == second.gap.n == len(part)
    assert first.against_first is None
    assert first.run == run.id != second.run
    difference = second.brier.value - first.brier.value
    assert second.against_first.value == pytest.approx(difference)
    assert second.against_first.low < difference < second.against_first.high


def test_one_held_out_group_does_not_show_how_far_models_are_apart(run):
    part = run.case_set
    arm = at_hand.table(f"tuned:{REAL}/direct", 0.2, part)
    evaluate(part, [arm], run.store, plan=Plan(arms=(arm.name,)), clock=lambda: AT)
    assert {case.scenario for case in part} == {at_hand.HELD}
    _, second = compare(run.store, [LABELS, REAL], "staff", "scenario")
    assert second.against_first.value is not None
    assert (second.against_first.low, second.p) == (None, None)


def test_models_that_share_no_held_out_case_are_not_compared(run):
    taught = at_hand.CASES.only(c for c in at_hand.CASES if c.scenario != at_hand.HELD)
    arm = at_hand.table(f"tuned:{REAL}/direct", 0.2, taught)
    evaluate(taught, [arm], run.store, plan=Plan(arms=(arm.name,)), clock=lambda: AT)
    with pytest.raises(DiscretionError, match="no held-out case was asked of both"):
        compare(run.store, [LABELS, REAL], "staff")
    with pytest.raises(DiscretionError, match="tuned:other was never asked"):
        compare(run.store, [LABELS, "other"], "staff")


def test_a_removed_model_is_gone_and_its_removal_is_in_the_log(run, tmp_path):
    models = tmp_path / "models"
    (models / f"{LABELS}.unfinished").mkdir()
    remove(models, LABELS, run.store, AT)
    assert [path.name for path in models.iterdir()] == [REAL]
    [entry] = run.store.entries("removed model")
    assert (entry.key, entry.body) == (LABELS, {"at": AT})
    assert answered(run, LABELS), "what it answered stays"
    assert records.panel_names(run.store) == ["staff"]
    assert run.store.verify().ok


def test_a_model_that_is_being_trained_is_not_removed(run, tmp_path):
    models = tmp_path / "models"
    with (
        alone(models / f"{LABELS}.unfinished"),
        pytest.raises(DiscretionError, match="another process is training this"),
    ):
        remove(models, LABELS, run.store, AT)
    assert (models / LABELS / "discretion.json").exists()


@pytest.mark.parametrize("name", ["../secret", "..", ".", "", "a/b", "x.unfinished", "/etc", "no"])
def test_nothing_outside_the_models_is_ever_removed(run, tmp_path, name):
    (tmp_path / "secret").mkdir()
    with pytest.raises(DiscretionError, match=r"no name of a model|there is no tuned model"):
        remove(tmp_path / "models", name, run.store, AT)
    assert (tmp_path / "secret").is_dir()
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == list(at_hand.MODELS)


def test_what_a_link_leads_to_is_not_removed(run, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "weights").write_text("", encoding="utf-8")
    (tmp_path / "models" / "linked").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DiscretionError, match="a link to another folder"):
        remove(tmp_path / "models", "linked", run.store, AT)
    assert (tmp_path / "elsewhere" / "weights").exists()
