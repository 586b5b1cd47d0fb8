"""The page says what turns a conclusion, and whom an arm is like."""

from discretion.reports.page import render_page
from scorecard import hand_made
from scorecard.hand_made import card, case_set
from scorecard.test_factors import MARK, moved, study

from .page_text import Reader
from .test_page import HOSTILE


def text_of(found):
    read = Reader(render_page(found))
    assert read.unbalanced == []
    return " ".join(read.text.split())


def by_order(first, second):
    """Answers of one arm with its own p in each order."""
    return lambda case: hand_made.estimate(
        case, (first + second) / 2, grant_first=first, grant_second=second
    )


def scored(some, **arms):
    stream = [(name, of(case)) for name, of in arms.items() for case in some.cases]
    people = hand_made.panel(some.cases)
    return hand_made.score("A study", some, people, stream, kinds=dict.fromkeys(arms, "model"))


def test_a_conclusion_that_nothing_turns_says_so():
    text = text_of(card(arms={"strict": hand_made.strict}))
    assert "No choice turns any of 1 conclusion." in text
    assert "strict is stricter than the people" not in text


def test_the_choices_that_turn_a_conclusion_are_named():
    some = case_set(2)
    text = text_of(scored(some, tiny=by_order(0.95, 0.25)))
    assert "tiny is laxer than the people grant named second 2 of 6" in text


def test_only_what_turns_is_listed_and_the_rest_is_counted():
    some = case_set(2)
    text = text_of(scored(some, tiny=by_order(0.95, 0.25), strict=by_order(0.02, 0.01)))
    assert "tiny is laxer than the people grant named second" in text
    assert "strict is stricter than the people" not in text
    assert "No choice turns the other 1." in text


def test_choices_that_turn_it_only_together_say_so():
    some = case_set(2)
    some = some.only(case for case in some if case.value in (20, 40))
    text = text_of(scored(some, tiny=by_order(0.85, 0.48)))
    assert "grant named second and as deployed, only together 1 of 6" in text


def test_declared_comparisons_are_among_the_conclusions():
    text = text_of(card(contrasts=[("strict", "like"), ("like", "strict")]))
    assert "No choice turns any of 3 conclusions." in text


def test_an_arm_stands_among_the_raters():
    text = text_of(card())
    assert "As one of the people" in text
    assert "strict 90% of 10 raters" in text
    assert "alternative annotator test" not in text, "a very strict arm passed it half of the time"
    unknown = text_of(card(case_set(), hand_made.counted(case_set().cases)))
    assert "As one of the people" not in unknown


def test_groups_have_their_gaps_and_how_many_they_are():
    some = case_set()
    found = card(some, groups=hand_made.groups(some.cases))
    text = text_of(found)
    assert "Whose exceptions" in text
    assert "lead 3 raters, 360 judgments, 120 cases" in text
    assert "starter 7 raters, 840 judgments, 120 cases" in text
    gap = found.groups[0].arms[0].gap.value
    assert f" {gap:.2f} " in text.split("lead 3 raters")[1].split("starter")[0]


def test_people_alone_may_be_set_beside_their_groups():
    some = case_set()
    text = text_of(card(some, arms={}, groups=hand_made.groups(some.cases)))
    assert "lead 3 raters" in text
    assert "alternative annotator test" not in text


def test_an_arm_that_amplifies_is_marked_in_the_first_table_and_at_the_factor():
    found, _ = study(1, moved(0.2))
    text = text_of(found)
    before, league = text.split("How far from the people", 1)
    assert f"amplifies {MARK[0]}" in league.split("As deployed")[0]
    factors = before.split("What should not matter", 1)[1]
    assert factors.count(" amplifies ") == 7  # six scenarios, and all of them pooled
    unmarked, _ = study(1, moved(0.05))
    assert " amplifies " not in text_of(unmarked)


def test_a_column_and_a_value_are_shown_as_text():
    some = case_set(2)
    people = hand_made.gather("staff", hand_made.judgments(some.cases))
    page = render_page(card(some, groups=[(HOSTILE, HOSTILE, people)]))
    assert not {"script", "img"} & set(Reader(page).tags)
    assert " ".join(HOSTILE.split()) in text_of(card(some, groups=[(HOSTILE, HOSTILE, people)]))
