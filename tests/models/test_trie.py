"""The trie against the set of prefixes, which is what a trie is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from discretion.models.trie import Trie, share

sequences = st.lists(
    st.lists(st.integers(0, 2), min_size=1, max_size=6).map(tuple), min_size=1, max_size=12
)


def prefixes(of: list[tuple[int, ...]]) -> set[tuple[int, ...]]:
    return {sequence[: stop + 1] for sequence in of for stop in range(len(sequence))}


@given(sequences)
def test_each_prefix_is_one_node(of: list[tuple[int, ...]]) -> None:
    trie = Trie.of(of)
    assert len(trie.tokens) == len(prefixes(of))
    for sequence, nodes in zip(of, trie.nodes, strict=True):
        assert tuple(trie.tokens[nodes]) == sequence
        assert trie.depth[nodes].tolist() == list(range(len(sequence)))


@given(sequences)
def test_a_node_sees_exactly_its_prefixes(of: list[tuple[int, ...]]) -> None:
    trie = Trie.of(of)
    prefix_at = {
        int(node): sequence[: at + 1]
        for sequence, nodes in zip(of, trie.nodes, strict=True)
        for at, node in enumerate(nodes)
    }
    for j, later in prefix_at.items():
        for i, earlier in prefix_at.items():
            assert (i <= j < trie.end[i]) == (later[: len(earlier)] == earlier)


@given(sequences)
def test_padding_sees_nothing_and_is_seen_by_nothing(of: list[tuple[int, ...]]) -> None:
    trie, padded = Trie.of(of), Trie.of(of).padded(8)
    size = len(trie.tokens)
    assert len(padded.tokens) % 8 == 0
    assert padded.end[:size].tolist() == trie.end.tolist()
    assert all(end == at + 1 for at, end in enumerate(padded.end) if at >= size)


@given(sequences, st.integers(1, 20))
def test_groups_hold_every_sequence_once_within_the_budget(
    of: list[tuple[int, ...]], budget: int
) -> None:
    groups = share(of, budget)
    assert sorted(index for group in groups for index in group) == list(range(len(of)))
    for group in groups:
        members = [of[index] for index in group]
        assert len(members) == 1 or len(prefixes(members)) <= budget


def test_cuts_fall_where_little_is_shared() -> None:
    families = [[(family, *range(9), leaf) for leaf in range(3)] for family in range(4)]
    of = [sequence for family in families for sequence in family]
    groups = share(of, budget=30)
    assert sum(len(prefixes([of[index] for index in group])) for group in groups) == len(
        prefixes(of)
    )
