import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.importing.markup import plain_text
from importing.tables_at_hand import imported


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("&#8220;gift&#8221; &amp; more", "“gift” & more"),
        ("&amp;#8220;twice&amp;#8221;", "“twice”"),
        ("<p>Hello,</p><p>it is <b>late</b>.<br/>Thanks</p>", "Hello,\n\nit is late.\nThanks"),
        ("a<br>b<BR />c", "a\nb\nc"),
        ('<a href="https://x.example/?a=1">here</a>', "here"),
        ("<style>p {color: red}</style><div>late</div><!-- no -->", "late"),
        ("<ul><li>one</li><li>two</li></ul>", "one\n\ntwo"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
    ],
)
def test_markup_becomes_the_text_that_a_person_reads(written, plain):
    assert plain_text(written) == plain


@pytest.mark.parametrize(
    "written",
    ["a < b and c > d", "I <3 it", "<anna@mail.example>", "<address>", "AT&T", "?a=1&copy=2",
     "<not a tag>", "fish & chips", "x <- y -> z", "<script> alone"],
)  # fmt: skip
def test_angle_brackets_and_signs_that_are_no_markup_stay(written):
    assert plain_text(written) == written


@given(st.text("<>/&;#abpr!- \n", max_size=60))
def test_any_text_is_read(written):
    assert len(plain_text(written)) <= max(len(written), 0)


@pytest.mark.parametrize("piece", ["<script>", "<a ", "&#1", "<!--", "<p", "< ", "<br>", "\n "])
def test_no_text_is_hard_to_read(piece):
    assert plain_text(piece * 20_000) is not None


def test_texts_and_explanations_are_read_so_and_other_cells_are_not(tmp_path):
    rows = "text,why,answer,desk\n<p>late</p>,R&amp;D,yes,R&amp;D\n"
    read = imported(tmp_path, rows, "text=text,explanation=why,answer=answer", keep=("desk",))
    assert read.cases[0].text == "late"
    assert read.judgments[0].explanation == "R&D"
    assert read.cases[0].columns == {"desk": "R&amp;D"}
