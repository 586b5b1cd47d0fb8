"""Documents: YAML that stays what was written, and complaints that name the line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from discretion.core.policies import Policy
from discretion.documents import MAX_ALIASES, MAX_BYTES, parse_yaml, read_yaml
from discretion.errors import DiscretionError

HERE = Path("desk.yaml")


def parsed(text: str) -> Any:
    return parse_yaml(text, HERE).data


def sentence(text: str) -> str:
    with pytest.raises(DiscretionError) as caught:
        parse_yaml(text, HERE)
    return str(caught.value)


def complaints(text: str) -> list[str]:
    described, wrong = parse_yaml(text, HERE).describe(Policy)
    assert (described is None) == bool(wrong)
    return [str(error) for error in wrong]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("12:05", "12:05"),
        ("no", "no"),
        ("10.10", Decimal("10.10")),
        ("0.1", Decimal("0.1")),
        ("7", Decimal(7)),
        ("1e3", Decimal(1000)),
        ("true", True),
        ("null", None),
        ("2026-03-31", "2026-03-31"),
    ],
)
def test_scalars_stay_what_they_are(written: str, meant: object) -> None:
    value = parsed(f"value: {written}")["value"]
    assert value == meant
    assert type(value) is type(meant)


def test_a_number_keeps_the_digits_it_was_written_with() -> None:
    assert str(parsed("value: 10.10")["value"]) == "10.10"


def test_every_part_knows_its_line() -> None:
    document = parse_yaml("id: a\nlist:\n  - one\n  - key: two\n", HERE)
    assert document.line(["id"]) == 1
    assert document.line(["list", 1, "key"]) == 4
    assert document.line(["list", 7]) == 2
    assert document.where(["list", 0]) == "desk.yaml:3"


@pytest.mark.parametrize(
    ("text", "sentence_starts"),
    [
        ("a: [1, 2", "desk.yaml:1: no valid YAML: "),
        ("a: 1\na: 2\n", 'desk.yaml:2: no valid YAML: found duplicate key "a"'),
        ("a: 1\n\tb: 2\n", "desk.yaml:2: no valid YAML: "),
        ("", "desk.yaml: is empty; fill it or remove it"),
        ("# nothing but a comment\n", "desk.yaml: is empty; fill it or remove it"),
    ],
)
def test_broken_yaml_is_said_with_its_line(text: str, sentence_starts: str) -> None:
    assert sentence(text).startswith(sentence_starts)


def test_aliases_without_end_are_refused_before_they_are_followed() -> None:
    bomb = "a: &a [x]\n" + "".join(f"b{n}: [*a, *a, *a]\n" for n in range(MAX_ALIASES))
    assert sentence(bomb) == (
        f"desk.yaml: has {3 * MAX_ALIASES} YAML aliases, more than {MAX_ALIASES}; "
        "write the values out"
    )


def test_yaml_makes_no_objects() -> None:
    assert parsed("a: !!python/object/apply:os.getcwd []\n") == {"a": []}


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DiscretionError) as caught:
        read_yaml(tmp_path / "gone.yaml")
    assert str(caught.value) == (
        f"{tmp_path}/gone.yaml: cannot be read (No such file or directory); check the path"
    )


def test_a_file_in_another_encoding_is_named_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("id: a\nrule: Süßes\n".encode("latin-1"))
    with pytest.raises(DiscretionError) as caught:
        read_yaml(path)
    assert str(caught.value) == f"{path}:2: is not UTF-8; save the file as UTF-8"


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "marked.yaml"
    path.write_bytes(b"\xef\xbb\xbfid: a\n")
    assert read_yaml(path).data == {"id": "a"}


def test_a_file_that_no_person_wrote_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"a: " + b"x" * MAX_BYTES)
    with pytest.raises(DiscretionError, match=r"large\.yaml: is larger than 4 MB; split it"):
        read_yaml(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id: a\n", ["desk.yaml:1: 'rule' is missing; add it"]),
        (
            "id: a\nrule: No.\npurpos: Why\n",
            ["desk.yaml:3: unknown key 'purpos'; did you mean 'purpose'?"],
        ),
        (
            "id: a\nrule: No.\nxyz: Why\n",
            ["desk.yaml:3: unknown key 'xyz'; remove it or correct its name"],
        ),
        ("id: a\nrule: [No.]\n", ["desk.yaml:2: rule should be a valid string"]),
        (
            "id: a\nrule: No.\nnever:\n  - value >\n",
            [
                "desk.yaml:4: 'value >' is no comparison; "
                "write it like: fraud_sign == yes and value > 30"
            ],
        ),
    ],
)
def test_what_does_not_fit_is_said_with_line_and_mend(text: str, expected: list[str]) -> None:
    assert complaints(text) == expected


def test_every_mistake_is_said_not_only_the_first() -> None:
    assert len(complaints("rule: ''\nwhat: 1\n")) == 3


@given(st.text(max_size=60))
def test_any_text_is_a_document_or_a_sentence(text: str) -> None:
    try:
        parse_yaml(text, HERE)
    except DiscretionError as error:
        assert error.where.startswith("desk.yaml")
        assert error.fix


@given(
    st.recursive(
        st.text(alphabet=st.characters(codec="ascii", categories=("L", "N", "Zs"))),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("abc", min_size=1), inner),
    )
)
def test_what_another_writer_wrote_is_read_back(value: Any) -> None:
    import io

    stream = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.width = 1_000_000  # It folds long lines where a second space is lost.
    writer.dump({"value": value}, stream)

    def plain(part: Any) -> Any:
        if isinstance(part, list):
            return [plain(one) for one in part]
        return {k: plain(v) for k, v in part.items()} if isinstance(part, dict) else part

    assert parsed(stream.getvalue())["value"] == plain(value)
