from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.errors import DiscretionError
from discretion.importing import Layout, parse_columns, parse_map


def refused(fields, **options):
    with pytest.raises(DiscretionError) as error:
        Layout(parse_map(fields), **options).check()
    return str(error.value)


def test_a_map_gives_each_field_its_expression():
    assert parse_map("text=request, answer = outcome ,value=back - out,limit=14") == {
        "text": "request",
        "answer": "outcome",
        "value": "back - out",
        "limit": "14",
    }


def test_commas_and_equal_signs_inside_quotes_are_part_of_a_name():
    assert parse_map("text=\"a, b=c\",domain='x,y'") == {"text": '"a, b=c"', "domain": "'x,y'"}


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("txt=request", "--map: there is no field 'txt'; did you mean 'text'?"),
        ("request", "--map: 'request' is no field=column; write it like text=request"),
        ("text=a,text=b", "--map: text is given twice; remove one"),
        (" , ", "--map: is empty; write it like text=request"),
        (
            "text=agent's note",
            "--map: a ' is not closed; close it; a name that holds one stands in `backticks`",
        ),
    ],
)
def test_a_map_that_cannot_be_read_says_why(written, sentence):
    with pytest.raises(DiscretionError) as error:
        parse_map(written)
    assert str(error.value) == sentence


def test_columns_are_named_with_commas_between_them():
    assert parse_columns("offer, property,`a, b`", "--case") == ("offer", "property", "a, b")
    with pytest.raises(DiscretionError, match="--keep: 'a' is given twice"):
        parse_columns("a,a", "--keep")


def test_a_rate_needs_n_or_the_word_that_it_is_not_known():
    sentence = refused("rate=share")
    assert sentence.startswith("--map: a rate without n does not say how many people decided")
    assert "--n unknown" in sentence
    Layout(parse_map("rate=share"), n_unknown=True).check()
    Layout(parse_map("rate=share,n=60")).check()
    Layout(parse_map("rate=share"), arm="agent").check()


def test_a_row_is_one_thing():
    assert "a row has both answer and rate" in refused("answer=a,rate=b,n=3")
    assert "nothing says what was decided" in refused("text=a")
    assert "add refusals=COLUMN" in refused("grants=a")
    assert "rater says nothing beside rate" in refused("rate=a,n=b,rater=c")
    assert "n says nothing beside answer" in refused("answer=a,n=b")


def test_a_limit_in_time_needs_a_scale():
    assert refused("answer=a,limit='12:00'", unit="clock") == (
        "--scale: a limit that is a time of day does not say what a large deviation is; "
        "give it, in minutes for a time of day and in days for a date"
    )
    Layout(parse_map("answer=a,limit='12:00'"), unit="clock", scale=Decimal(60)).check()
    assert "is no scale" in refused("answer=a,limit=3", scale=Decimal(0))


def test_policies_and_arms_are_named_by_ids():
    assert "--policy: 'Late Returns' is no name" in refused("answer=a", policy="Late Returns")
    assert "--arm: 'a/b' is no name" in refused("answer=a", arm="a/b")


def test_a_direction_is_one_of_two():
    assert refused("answer=a", direction="up") == (
        "--direction: 'up' is no direction; give one of: at most, at least"
    )


def test_a_date_format_is_checked_before_any_row():
    assert "--date-format: '%d.%m' is no format" in refused("answer=a", date_format="%d.%m")


@given(st.text(alphabet="text=,'\"` a-") | st.text())
def test_any_text_is_a_map_or_refused(written):
    for parse in (parse_map, lambda text: parse_columns(text, "--case")):
        try:
            parse(written)
        except DiscretionError as error:
            assert error.where
