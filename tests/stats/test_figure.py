from discretion.stats.figure import missing


def test_what_cannot_be_computed_is_none_and_says_why():
    figure = missing("no case has two judgments", 3)
    assert (figure.value, figure.low, figure.high) == (None, None, None)
    assert figure.n == 3
    assert figure.note == "no case has two judgments"
