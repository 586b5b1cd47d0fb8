"""The page holds everything, loads nothing, and runs nothing that comes from data."""

import pytest

from discretion.errors import DiscretionError
from discretion.reports import write_page
from discretion.reports.figures import ENTRIES
from discretion.reports.page import render_page
from discretion.scorecard.cards import ArmCard, FailureCard, RunCard
from scorecard import hand_made
from scorecard.hand_made import card, case_set

from .page_text import Reader

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}'"


def run_card(**more):
    return RunCard(
        **{
            "run": "0123",
            "started": "2026-01-02T00:00:00+00:00",
            "finished": "2026-01-02T00:01:00+00:00",
            "plan": "aa" * 32,
            "cases": "bb" * 32,
            "head": "cc" * 32,
            "version": "0.1.0",
            "arms": (("strict", "fingerprint-1"),),
            "failures": (FailureCard("strict", "it timed out", 3),),
            **more,
        }
    )


@pytest.fixture(scope="module")
def usual():
    return card(
        case_set(titles=("A late return",)),
        contrasts=[("strict", "like")],
        run=run_card(),
        banner="Simulated.",
        with_cases=False,
    )


@pytest.fixture(scope="module")
def page(usual):
    return render_page(usual)


def test_its_tags_are_balanced(page):
    found = Reader(page)
    assert found.unbalanced == []
    assert found.open == []


def test_it_refers_to_nothing_outside(page):
    found = Reader(page)
    assert "http:" not in page
    assert "https:" not in page
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(found.tags)
    refers = [one[2] for one in found.attributes if one[1] in ("src", "href", "xlink:href")]
    assert refers, "the table of contents"
    assert all(one.startswith("#") for one in refers)
    assert "url(" not in page
    assert "@import" not in page


def test_its_policy_lets_nothing_load_or_run(page):
    policy = next(
        value
        for tag, name, value in Reader(page).attributes
        if tag == "meta" and name == "content" and "default-src" in value
    )
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_every_finding_and_warning_is_on_it(usual, page):
    text = Reader(page).text
    for line in (*usual.findings, *usual.warnings, usual.banner):
        assert line in text


def test_every_section_is_there(page):
    text = Reader(page).text
    for heading in (
        "Where stricter, where laxer",
        "How far from the people",
        "As deployed",
        "Every figure",
        "Declared comparisons",
        "Where they stop",
        "The value at which half would grant",
        "What else moves a decision",
        "What should not matter",
        "Do the probabilities mean what they say?",
        "The people",
        "Largest disagreements",
        "What was measured",
        "What failed",
    ):
        assert heading in text


def test_every_figure_of_an_arm_has_a_row_of_its_own(usual, page):
    from dataclasses import fields

    figures = {part.name for part in fields(ArmCard) if part.type == "Figure"}
    assert {entry.field for entry in ENTRIES} == figures
    assert all(entry.name in page for entry in ENTRIES if entry.field != "instruction_spread")


def test_hashes_fingerprints_and_failures_are_told(page):
    text = Reader(page).text
    for told in ("0123", "aa" * 32, "bb" * 32, "cc" * 32, "fingerprint-1", "it timed out"):
        assert told in text
    assert "oldest answer 2026-01-02" in text


def test_the_commonest_failures_are_shown_and_the_rest_counted():
    many = tuple(FailureCard("strict", f"reason {index}", 100 - index) for index in range(25))
    text = Reader(render_page(card(case_set(1), run=run_card(failures=many)))).text
    assert "reason 9 " in text
    assert "reason 10 " not in text
    assert "15 more kinds of failure stand in the CSV files." in text


def test_a_missing_figure_is_a_dash_with_its_reason(usual, page):
    """The arm that never varies has no Matthews correlation."""
    mean = next(arm for arm in usual.arms if arm.name == "mean")
    assert mean.matthews.value is None
    assert f'title="n = {mean.matthews.n}; {mean.matthews.note}" class="none">–<' in page


def test_a_constant_arm_is_not_drawn(page):
    legends = page.split('class="legend"')[1:]
    assert all("mean" not in legend.split("</ul>")[0] for legend in legends)


def test_whatever_comes_from_data_is_escaped():
    some = case_set(1, titles=(HOSTILE,))
    found = card(
        some,
        arms={HOSTILE: hand_made.strict},
        kinds={HOSTILE: "model"},
        run=run_card(arms=((HOSTILE, HOSTILE),), failures=(FailureCard(HOSTILE, HOSTILE, 1),)),
        banner=HOSTILE,
        with_cases=True,
    )
    page = render_page(found)
    read = Reader(page)
    assert not {"script", "img"} & set(read.tags)
    assert not [one for one in read.attributes if one[1].startswith("on")]
    assert " ".join(HOSTILE.split()) in read.text
    assert "49" not in [word.strip("'") for word in read.text.split("<img")]


def test_a_hostile_case_text_is_shown_as_text():
    some = case_set(1)
    from dataclasses import replace

    texts = type(some)(
        tuple(replace(case, text=HOSTILE) for case in some.cases), some.policies, some.scenarios
    )
    page = render_page(card(texts, with_cases=True))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in render_page(card(texts, with_cases=False))


def test_no_case_text_is_on_it_unless_asked_for():
    some = case_set()
    texts = [case.text for case in some]
    quiet, told = render_page(card(some)), render_page(card(some, with_cases=True))
    assert not any(text in quiet for text in texts)
    assert any(text in told for text in texts)
    assert "holds no case text." in Reader(quiet).text
    assert "but that of the disagreements" in Reader(told).text


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(lambda: card(arms={}), id="judgments alone"),
        pytest.param(lambda: card(case_set(1)), id="one scenario"),
        pytest.param(
            lambda: card(case_set(), hand_made.counted(case_set().cases, None)), id="n unknown"
        ),
        pytest.param(
            lambda: card(case_set(), hand_made.counted(case_set().cases, 3)), id="few judgments"
        ),
        pytest.param(
            lambda: hand_made.score(
                "A study",
                case_set(),
                hand_made.panel(case_set().cases),
                kinds={"silent": "model", "mute": "baseline"},
            ),
            id="arms without answers",
        ),
        pytest.param(
            lambda: card(case_set().only(case_set().cases[:1]), arms={"one": hand_made.strict}),
            id="one case",
        ),
    ],
)
def test_every_kind_of_study_makes_a_page(found):
    read = Reader(render_page(found()))
    assert read.unbalanced == []
    assert "nan" not in read.text.lower().split()
    assert "None" not in read.text.split()


def test_imported_cases_without_limit_or_scenario_make_a_page():
    from discretion.core.cases import Case, CaseSet

    cases = tuple(Case(id=f"case-{index}", policy="p", scenario="") for index in range(12))
    rows = [
        hand_made.Tally(case.id, case.id, "staff", index / 12, 12)
        for index, case in enumerate(cases)
    ]
    found = hand_made.score(
        "A study",
        CaseSet(cases),
        hand_made.gather("staff", [], rows),
        [("agent", hand_made.estimate(case, 0.3)) for case in cases[:11]]
        + [("agent", hand_made.estimate(cases[11], 0.9))],
        kinds={"agent": "recorded"},
    )
    read = Reader(render_page(found))
    assert found.people.scenarios == 12
    assert "Where they stop" not in read.text
    assert "Where stricter, where laxer" not in read.text
    assert "agent refuses" in read.text


def test_it_is_written_whole_or_not_at_all(usual, tmp_path):
    written = write_page(usual, tmp_path / "page.html")
    assert written.read_text(encoding="utf-8") == render_page(usual)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_folder_that_is_not_there_is_one_sentence(usual, tmp_path):
    with pytest.raises(DiscretionError, match=r"cannot be written \(No such file or directory\)"):
        write_page(usual, tmp_path / "nowhere" / "page.html")
    with pytest.raises(DiscretionError, match="is a folder; name a file in it"):
        write_page(usual, tmp_path)
