"""Samples of masked texts, and the approval that they ask for."""

from discretion.importing.samples import LEFT, MASKED, samples


def test_a_dozen_passages_show_what_was_masked_and_some_what_may_be_left():
    texts = [f"Coat {n} came late, said [name 1] to us {'x' * n}" for n in range(40)]
    texts += [f"The neighbor of ours is Anna Number{chr(97 + n)} and waits" for n in range(20)]
    found = samples(texts)
    assert len(found.masked) == MASKED
    assert len(found.left) == LEFT
    assert all("[name 1]" in one for one in found.masked)
    assert all("Anna" in one for one in found.left)


def test_the_same_texts_give_the_same_passages_in_any_order():
    texts = [f"[email 1] wrote {n} times about {n}" for n in range(100)]
    assert samples(texts) == samples(texts[::-1])


def test_long_passages_are_cut_between_words_and_on_one_line():
    text = "before " * 30 + "\ncall [phone 1]\n" + "behind " * 30
    assert samples([text]).masked[0].startswith("…before before")
    assert samples([text]).masked[0].endswith("behind…")
    assert "\n" not in samples([text]).masked[0]


def test_dates_and_amounts_are_no_leftovers():
    assert samples(["paid $12345 on 2026-03-31, order of 20260331"]).left == ()
    assert samples(["see lease 1234567 of the house"]).left == ("see lease 1234567 of the house",)
