import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.errors import DiscretionError
from discretion.importing import Spellings, parse_answers
from discretion.importing.spellings import parse_meanings, written_answers

from .tables_at_hand import complaint


def test_common_words_are_known_whatever_their_capitals():
    spellings = Spellings()
    assert [spellings.read(word) for word in ("Grant", "YES", "1", " approved ", "1.0")] == (
        ["grant"] * 5
    )
    assert [spellings.read(word) for word in ("refuse", "No", "0", "Denied", "FALSE")] == (
        ["refuse"] * 5
    )
    assert spellings.read("Don’t  know") == "unsure"
    assert spellings.read("store credit") is None
    assert spellings.read("") is None


def test_own_words_are_added_and_win_over_built_in_ones():
    spellings = parse_answers("Store  Credit=unsure; 1=refuse;a=b=grant;")
    assert spellings.read("store credit") == "unsure"
    assert spellings.read("1") == "refuse"
    assert spellings.read("a=b") == "grant"
    assert spellings.read("yes") == "grant"


@pytest.mark.parametrize("written", ["approved", "approved=maybe", "=grant"])
def test_a_piece_without_a_meaning_is_refused(written):
    with pytest.raises(DiscretionError) as error:
        parse_answers(written)
    assert str(error.value) == (
        f"--answers: {written!r} does not say what an answer means; "
        "write word=grant, word=refuse or word=unsure, with ; between them; word=- leaves such "
        "rows out"
    )


def test_a_word_has_one_meaning():
    with pytest.raises(DiscretionError, match="'Open' is given two meanings"):
        parse_answers("open=grant;Open=refuse")


@given(st.text(alphabet="ab=; grant") | st.text())
def test_any_text_is_read_or_refused(written):
    try:
        parse_answers(written)
    except DiscretionError as error:
        assert error.fix


@pytest.mark.parametrize(
    "written", ["Approved!", " approved. ", "✅ Approved", "(approved)", "APPROVED:"]
)
def test_signs_around_a_word_make_no_other_answer(written):
    assert Spellings().read(written) == "grant"


def test_forty_spellings_are_counted_and_the_commonest_shown(tmp_path):
    rows = "".join(f"t{n},word{n % 40}\n" for n in range(100))
    sentence = complaint(tmp_path, "text,answer\n" + rows, "text=text,answer=answer")
    assert "40 answers are not known, with the number of rows: 'word0' (3)" in sentence
    assert "and 30 more" in sentence
    assert '--answers "word0=?;word1=?;' in sentence


def test_a_dash_leaves_rows_out_and_means_no_decision():
    spellings = parse_answers("Spam=-;approved=grant")
    assert spellings.read("spam") is None
    assert spellings.leaves_out("SPAM!")
    assert not spellings.leaves_out("approved")


def test_a_star_stands_for_any_letters_and_the_longest_pattern_wins():
    spellings = parse_answers("approved*=grant;approved for review*=unsure;*duplicate*=-")
    assert spellings.read("Approved - goodwill #4") == "grant"
    assert spellings.read("approved for review") == "unsure"
    assert spellings.leaves_out("A duplicate of 12")
    assert spellings.read("Not approved") is None


def test_a_word_is_more_the_users_than_a_pattern_and_a_pattern_more_than_what_is_built_in():
    spellings = parse_answers("a*=refuse;approved=grant")
    assert (spellings.read("approved"), spellings.read("accepted")) == ("grant", "refuse")


def test_meanings_are_written_as_they_are_read():
    own = {"a;b": "grant", "store credit": "unsure", "spam*": "-"}
    assert parse_meanings(written_answers(own)) == own
