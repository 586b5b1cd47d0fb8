"""How much of what is personal the import masks, and how much it masks that is not.

500 made-up messages in six languages, generated with one seed. A passage counts as found where not
a letter of its words is left; a word counts as lost where it is masked and is not personal. Forms
and cues of the recognizer were chosen with these very forms of letters in view, so other texts do
worse: look at the samples that the import shows.
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


def measured(count: int = COUNT, seed: int = SEED) -> tuple[dict, dict, dict, int]:
    """By language and kind (passages, of them left); by language (words, of them lost); examples of
    what is left; messages that lose a word."""
    kinds: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    words: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    examples: dict[str, Counter[str]] = defaultdict(Counter)
    losing = 0
    for letter in letters(count, seed):
        spans = masked(letter.text)
        for passage, kind, is_left in left(letter, spans):
            kinds[letter.language, kind][0] += 1
            kinds[letter.language, kind][1] += is_left
            if is_left:
                examples[kind][passage] += 1
        gone = lost(letter, spans)
        losing += bool(gone)
        for word in gone:
            examples["not personal, and masked"][word] += 1
        words[letter.language][0] += len(re.findall(r"\w+", letter.text))
        words[letter.language][1] += len(gone)
    return kinds, words, examples, losing


def page() -> str:
    """The tables, in Markdown."""
    kinds, words, examples, losing = measured()
    lines: list[str] = []
    names = list(dict.fromkeys(kind for _, kind in kinds))
    lines.append(
        f"Of {COUNT} messages, found of what is personal, and other words that are lost:\n"
    )
    lines.append("| language | " + " | ".join(names) + " | other words lost |")
    lines.append("|---|" + "---:|" * (len(names) + 1))
    for language in words:
        cells = []
        for kind in names:
            all_of, still = kinds.get((language, kind), (0, 0))
            cells.append(f"{all_of - still} of {all_of}" if all_of else "")
        total, gone = words[language]
        lines.append(f"| {language} | " + " | ".join(cells) + f" | {gone} of {total:,} |")
    sums = [[sum(row[at] for (_, one), row in kinds.items() if one == kind) for at in (0, 1)]
            for kind in names]  # fmt: skip
    shares = [f"{100 * (all_of - still) / all_of:.0f}%" for all_of, still in sums]
    total, gone = (sum(row[at] for row in words.values()) for at in (0, 1))
    lines.append("| **all** | " + " | ".join(shares) + f" | {100 * gone / total:.2f}% |")
    lines.append(f"\n{losing} messages lose a word that is not personal.")
    for kind, found in examples.items():
        listed = ", ".join(f"{one} ({times})" for one, times in found.most_common(12))
        lines.append(f"\n{'Left' if kind in names else 'Masked though'} ({kind}): {listed}.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(page() + "\n")
