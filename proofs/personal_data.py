"""How much of what is personal the import masks, and how much it masks that is not.

500 made-up messages in six languages, generated with one seed. A passage counts as found where not
a letter of its words is left; a word counts as lost where it is masked and is not personal. The
patterns were written with the first forms of letters in view; those of the second table came after.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from letters import Letter, letters

from discretion.importing.redaction import redact

COUNT, SEED = 500, 20_261
_MARK = re.compile(r"\[[a-z]+ \d+\]")


def masked(text: str) -> list[tuple[int, int]]:
    """Where the passages stand that became marks."""
    result = redact(text).text
    pieces = _MARK.split(result)
    spans, place = [], len(pieces[0])
    for piece in pieces[1:]:
        end = text.find(piece, place) if piece else (len(text) if piece is pieces[-1] else place)
        spans.append((place, end))
        place = end + len(piece)
    return spans


def left(letter: Letter, spans: list[tuple[int, int]]) -> Iterator[tuple[str, str, bool]]:
    """Each personal passage with its kind, and whether anything of it is left."""
    for start, end, kind in letter.personal:
        words = [
            (start + one.start(), start + one.end())
            for one in re.finditer(r"\w+", letter.text[start:end])
        ]
        gone = all(any(a <= at and to <= b for a, b in spans) for at, to in words)
        yield letter.text[start:end], kind, not gone


def lost(letter: Letter, spans: list[tuple[int, int]]) -> list[str]:
    """The words that are masked and are not personal."""
    return [
        word[0]
        for word in re.finditer(r"\w+", letter.text)
        if any(a <= word.start() and word.end() <= b for a, b in spans)
        and not any(a <= word.start() and word.end() <= b for a, b, _ in letter.personal)
    ]


Kinds = dict[tuple[str, str], list[int]]
Words = dict[str, list[int]]
Examples = dict[str, Counter[str]]


def measured(
    count: int = COUNT, seed: int = SEED, *, unseen: bool = False
) -> tuple[Kinds, Words, Examples, int]:
    """By language and kind (passages, of them left); by language (words, of them lost); examples of
    what is left; messages that lose a word."""
    kinds: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    words: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    examples: dict[str, Counter[str]] = defaultdict(Counter)
    losing = 0
    for letter in letters(count, seed, unseen=unseen):
        spans = masked(letter.text)
        for passage, kind, is_left in left(letter, spans):
            kinds[letter.language, kind][0] += 1
            kinds[letter.language, kind][1] += is_left
            if is_left:
                examples[kind][passage] += 1
        gone = lost(letter, spans)
        losing += bool(gone)
        for word in gone:
            examples["masked, and not personal"][word] += 1
        words[letter.language][0] += len(re.findall(r"\w+", letter.text))
        words[letter.language][1] += len(gone)
    return kinds, words, examples, losing


def page() -> str:
    """The tables, in Markdown."""
    seen = f"Of {COUNT} messages, found of what is personal, and other words that are lost:"
    unseen = (
        f"Of {COUNT} messages in forms that were written after the patterns, and for which no "
        "pattern was changed:"
    )
    return "\n\n".join(
        [seen, *tables(*measured()), unseen, *tables(*measured(seed=SEED + 1, unseen=True))]
    )


def tables(kinds: Kinds, words: Words, examples: Examples, losing: int) -> Iterator[str]:
    names = sorted({kind for _, kind in kinds})
    lines = ["| language | " + " | ".join(names) + " | other words lost |"]
    lines.append("|---|" + "---:|" * (len(names) + 1))
    for language, (total, gone) in words.items():
        row = [kinds.get((language, kind), [0, 0]) for kind in names]
        cells = [f"{all_of - still} of {all_of}" if all_of else "" for all_of, still in row]
        lines.append(f"| {language} | " + " | ".join(cells) + f" | {gone} of {total:,} |")
    shares = []
    for kind in names:
        all_of, still = (
            sum(row[at] for (_, one), row in kinds.items() if one == kind) for at in (0, 1)
        )
        shares.append(f"{100 * (all_of - still) / all_of:.0f}%")
    total, gone = (sum(row[at] for row in words.values()) for at in (0, 1))
    lines.append("| **all** | " + " | ".join(shares) + f" | {100 * gone / total:.2f}% |")
    yield "\n".join(lines)
    yield f"{losing} messages lose a word that is not personal."
    found = [
        f"- {kind}: {', '.join(f'{one} ({times})' for one, times in examples[kind].most_common(8))}"
        for kind in sorted(examples)
    ]
    yield "Examples of what is left, by kind, and of other words that are lost:\n\n" + "\n".join(
        found
    )


if __name__ == "__main__":
    sys.stdout.write(page() + "\n")
