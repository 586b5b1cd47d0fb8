from importlib.metadata import EntryPoint

import pytest

from discretion import methods
from discretion.errors import DiscretionError
from discretion.methods.direct import DIRECT


def test_the_methods_that_can_be_named():
    assert methods.names() == (
        "direct",
        "deontology",
        "consequentialism",
        "virtue",
        "chain-of-thought",
        "purpose",
        "plain",
        "precedents",
        "precedents-why",
    )


@pytest.mark.parametrize("name", methods.names())
def test_a_method_has_the_name_by_which_it_was_asked_for(name):
    assert methods.method(name, pool_for=lambda _: []).name == name


def test_a_slip_of_the_pen_gets_the_close_name():
    with pytest.raises(DiscretionError, match="no method 'dircet'; did you mean 'direct'"):
        methods.method("dircet")


def test_an_unknown_name_gets_the_list():
    with pytest.raises(DiscretionError, match=r"use one of: direct, .*, file:PATH"):
        methods.method("zzz")


def outside(monkeypatch, value):
    point = EntryPoint("theirs", value, methods.GROUP)
    monkeypatch.setattr(methods, "entry_points", lambda *, group: [point])


def test_another_package_adds_a_method_by_an_entry_point(monkeypatch):
    outside(monkeypatch, "discretion.methods.direct:DIRECT")
    assert methods.names()[-1] == "theirs"
    assert methods.method("theirs") is DIRECT


def test_an_entry_point_that_is_no_method_is_named(monkeypatch):
    outside(monkeypatch, "builtins:dict")
    with pytest.raises(DiscretionError, match="entry point 'theirs' gives no method"):
        methods.method("theirs")


def test_what_reasons_first_is_known_without_making_it(monkeypatch):
    assert [name for name in methods.names() if methods.reasons_first(name)] == [
        "chain-of-thought",
        "purpose",
    ]
    assert not methods.reasons_first("chain-of-thought+empty"), "nothing is left to be reasoned"
    assert not methods.reasons_first("file:never-opened.txt")
    outside(monkeypatch, "discretion.methods.chain_of_thought:CHAIN_OF_THOUGHT")
    assert methods.reasons_first("theirs")
