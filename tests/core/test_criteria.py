"""Acceptances: shares as they are written, and mistakes with their line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.core.criteria import Criteria, read_acceptance
from discretion.errors import DiscretionError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "acceptance.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("written", ["10%", "10 %", "0.1", "0.10", '"10%"', "10.0%"])
def test_a_share_is_written_in_percent_or_as_a_fraction(tmp_path, written):
    acceptance, _ = read_acceptance(write(tmp_path, f"wrong_grants: {written}\n"))
    assert acceptance.wrong_grants == pytest.approx(0.1)


@given(share=st.decimals(0, 1, places=4))
def test_percent_and_fraction_are_the_same_share(share):
    one = Criteria(gap=str(share)).gap
    assert Criteria(gap=f"{100 * share}%").gap == pytest.approx(one, abs=1e-12)


def test_the_confidence_is_one_sided_95_unless_it_is_declared(tmp_path):
    assert read_acceptance(write(tmp_path, "gap: 5%\n"))[0].confidence == 0.95
    declared, _ = read_acceptance(write(tmp_path, "gap: 5%\nconfidence: 97.5%\n"))
    assert declared.confidence == pytest.approx(0.975)


def test_a_margin_of_zero_is_a_demand():
    assert Criteria(beyond_second_panel=0).demands == ("beyond_second_panel", "unanswered")


def test_only_what_needs_people_compares_with_them():
    assert not Criteria(never_cases=True, regressions="own.csv").compares
    assert Criteria(should_not_matter=True).compares
    assert Criteria(wrong_grants=0).compares


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("arm: tiny/direct\nwrong_grant: 10%\n", ":2: unknown key 'wrong_grant'; did you mean"),
        ("arm: x/y\n\nWrong_Refusals: 10%\n", ":3: unknown key 'Wrong_Refusals'; did you mean"),
        ("gap: 10\n", ":1: '10' is no share between 0 and 100%; write 10% or 0.1"),
        ("never_cases: true\ngap: little\n", ":2: 'little' is no share; write 10% or 0.1"),
        ("gap: -5%\n", ":1: '-5%' is no share between 0 and 100%"),
        ("gap: nan\n", ":1: 'nan' is no share"),
        ("gap: true\n", ":1: a share is wanted"),
        ("gap: 5%\nconfidence: 50%\n", ":2: a confidence lies between 50% and 100%; write 95%"),
        ("gap: 5%\nconfidence: 100%\n", ":2: a confidence lies between 50% and 100%"),
        ("never_cases: perhaps\n", ":1: never_cases should be a valid boolean"),
        (
            "arm: tiny/direct\n",
            "nothing is demanded; add one of: disagreement, beyond_colleague, wrong_grants, ",
        ),
        ("", "is empty"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(tmp_path, text, sentence):
    path = write(tmp_path, text)
    with pytest.raises(DiscretionError) as mistake:
        read_acceptance(path)
    assert sentence in str(mistake.value)
    assert str(mistake.value).startswith(str(path))
