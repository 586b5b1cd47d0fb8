"""The page of power: false positives, power by size, and what a design without a control shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from power_cells import CELLS, SEEDS
from power_unequal import CASES, EXPLANATIONS, LABELS, RATERS, UNSEEN

from discretion.stats.contrasts import MARGIN, SURE
from discretion.toy.learner import LEARNER
from discretion.tuning.power import QUALITIES, StudyOutcome, StudyTally, exact_interval, tally
from discretion.tuning.power_sizes import StudySize

Line = Mapping[str, Any]
BAR = 0.07
"""The largest share of wrong findings at quality 0."""

_PAGE = """\
# Could the study tell?

{short_answers}

Simulated throughout: people, explanations, and a learner that stands for the model
([the design](../design/power.md)). An explanation names the deciding factor with probability q, and
is else another judgment's of the same decision in another scenario. Labels are the same at every q.
The learner is a ridge logistic regression; an explanation weighs {weight:g} judgments and training
has noise {noise:g}, both [fixed at q = 1](power_weight.md) before any of these studies. Controls
and contrasts are those of real studies: real against shuffled, paired in squared error, t over
held-out domains, Holm over the two contrasts of one order, {sure:g}. Seed {seed}; each study has
its own.

## Where explanations say nothing (q = 0)

Real and shuffled are alike here, so whoever tells them apart is wrong. Asked for: at most {bar:.0%}
in the ordinary study, which has {judgments} judgments a training, {domains} domains, each fifth of
them held out in turn, {cases} cases a domain, {raters} people a case and {seeds} seeds.

{false}

{verdict}

Told apart by the plain p and by the adjusted one; *lies within the margin*: the verdict would be
"no relevant difference", since the 90% interval is inside {margin:g} either way.
{tiny}

## Power of the ordinary study

{studies_of_power} studies.

{ordinary}

A study of this size would notice explanations of quality q = .5 in {half:.0%} of tries, and of
quality q = 1 in {full:.0%}. Of its {judgments} judgments {items:.0f} found a shuffled
explanation, on average. A shuffled explanation names the same factor as the real one in
{same_full:.0%} at q = 1 and {same_none:.0%} at q = 0: so many items of the control are no control
at all.

## Power by judgments, domains and seeds

Share of {some} or more studies a size that say "real explanations are nearer" (adjusted p below
{sure:g}); at q = 0, that tell them apart either way. By chance shares vary by up to {chance:.0%}.
{short}

{table}

## Could the paper's design have told?

What could be learned from {labels} labels in one model against {explanations} judgments with
explanations in another, one scenario taught and {unseen} not? These are the numbers that
[are reported](../design/power.md) of the paper that this project follows; what else its study was
made of is not known here, and everything else is this project's: {unseen_cases} cases a scenario,
{unseen_raters} people each, one training. With one scenario there is no other from which a shuffled
explanation could come, so nothing but the labels can be compared with. {studies} studies:

{unequal}

{unequal_reading}
"""


def page(lines: Sequence[Line], seed: int) -> str:
    """The whole page in Markdown, from one line a study."""
    by_kind = {cell.kind: place for place, cell in enumerate(CELLS) if cell.kind != "table"}
    size = StudySize()
    table = [place for place, cell in enumerate(CELLS) if cell.kind == "table"]
    same_size = next(place for place in table if _like(CELLS[place].size, size))
    ordinary = _tallies(lines, same_size, size.seeds)
    none, half, full = ordinary[0.0], ordinary[0.5], ordinary[1.0]
    wrong = _tallies(lines, by_kind["ordinary"], size.seeds)[0.0]
    table.sort(key=lambda place: (CELLS[place].size.judgments, CELLS[place].size.domains))
    planned = min(CELLS[place].studies for place in table)
    some = min(sum(line["cell"] == place for line in lines) for place in table)
    share = wrong.told / wrong.studies
    unequal = [line for line in lines if line["cell"] == by_kind["unequal"]]
    return _PAGE.format(
        weight=LEARNER.weight,
        noise=LEARNER.noise,
        sure=SURE,
        seed=seed,
        bar=BAR,
        judgments=size.judgments,
        domains=size.domains,
        cases=size.cases,
        raters=size.raters,
        seeds=size.seeds,
        margin=MARGIN,
        false=_false(lines, by_kind),
        short_answers=_short(wrong, full, _worst(lines, table), _told(unequal)),
        verdict=f"**{share:.1%}: {'within' if share <= BAR else 'above'} what was asked for.**",
        tiny="The built-in model itself, without a bar: [its own studies](power_tiny.md).",
        studies_of_power=none.studies,
        ordinary=_ordinary(ordinary),
        half=half.helped / half.studies,
        full=full.helped / full.studies,
        items=full.items,
        same_full=full.same,
        same_none=none.same,
        some=some,
        short="" if some >= planned else f"**Cut short: {planned} a size were planned.**\n",
        chance=0.98 / some**0.5,
        table=_sizes(lines, table),
        labels=LABELS,
        explanations=EXPLANATIONS,
        unseen=UNSEEN,
        unseen_cases=CASES,
        unseen_raters=RATERS,
        studies=sum(line["cell"] == by_kind["unequal"] for line in lines),
        unequal=_unequal(unequal),
        unequal_reading=_reading(unequal),
    )


def _tallies(lines: Sequence[Line], place: int, seeds: int) -> dict[float, StudyTally]:
    own = [line["found"][str(seeds)] for line in lines if line["cell"] == place]
    return {
        quality: tally(quality, [StudyOutcome(**found[str(quality)]) for found in own])
        for quality in CELLS[place].qualities
    }


def _like(one: StudySize, other: StudySize) -> bool:
    return (one.judgments, one.domains) == (other.judgments, other.domains)


def _false(lines: Sequence[Line], by_kind: Mapping[str, int]) -> str:
    named = {
        "ordinary": "the ordinary study",
        "without noise": "the same, training without noise",
        "one fold": "{0.domains} of {1} domains held out together",
    }
    rows = []
    for kind, name in named.items():
        size = CELLS[by_kind[kind]].size
        one = _tallies(lines, by_kind[kind], StudySize().seeds)[0.0]
        low, high = exact_interval(one.told, one.studies)
        rows.append(
            [
                name.format(size, size.domains + size.others),
                f"{one.studies:,}",
                f"{one.differ / one.studies:.1%}",
                f"**{one.told / one.studies:.1%}** ({low:.1%} to {high:.1%})",
                _share(one, "no relevant difference"),
            ]
        )
    heads = ["study", "studies", "plain p", "adjusted p, exact interval", "lies within the margin"]
    return _markdown(heads, rows, left=1)


def _ordinary(tallies: Mapping[float, StudyTally]) -> str:
    rows = []
    for quality, one in tallies.items():
        low, high = exact_interval(one.helped, one.studies)
        rows.append(
            [
                f"{quality:g}",
                f"{one.helped / one.studies:.1%} ({low:.1%} to {high:.1%})",
                f"{one.hurt / one.studies:.1%}",
                _share(one, "no relevant difference"),
                f"{one.difference:+.4f}",
            ]
        )
    heads = ["q", "real is nearer, exact interval", "farther", "lies within the margin"]
    return _markdown([*heads, "true difference in squared distance"], rows, left=0)


def _sizes(lines: Sequence[Line], table: Sequence[int]) -> str:
    rows = []
    for place in table:
        size = CELLS[place].size
        for seeds in SEEDS:
            found = _tallies(lines, place, seeds)
            shares = [found[0.0].told, *(found[q].helped for q in QUALITIES[1:])]
            rows.append(
                [
                    f"{size.judgments:,}",
                    str(size.domains),
                    str(seeds),
                    *(f"{share / found[0.0].studies:.0%}" for share in shares),
                    f"{found[1.0].difference:+.4f}",
                ]
            )
    heads = ["judgments", "domains", "seeds", *(f"q = {q:g}" for q in QUALITIES)]
    return _markdown([*heads, "true difference at q = 1"], rows, left=0)


def _worst(lines: Sequence[Line], table: Sequence[int]) -> tuple[float, StudySize]:
    """The largest share of wrong findings at q = 0 in the table of sizes, and where."""
    found = [
        (one.told / one.studies, CELLS[place].size)
        for place in table
        for seeds in SEEDS
        for one in [_tallies(lines, place, seeds)[0.0]]
    ]
    return max(found, key=lambda pair: pair[0])


def _short(
    wrong: StudyTally, full: StudyTally, worst: tuple[float, StudySize], told: Mapping[float, float]
) -> str:
    share, size = worst
    usual = StudySize()
    return f"""\
In short:

- **Does such a study find something where there is nothing?** With {usual.domains} domains in \
{usual.folds} folds, in {wrong.told / wrong.studies:.1%} of
  tries. With {size.domains} domains in {size.folds} folds in up to {share:.0%}: then hold
  [each domain out by itself](../design/power.md).
- **Does it notice explanations that always name what decided?** In \
{full.helped / full.studies:.0%} of tries, with {usual.judgments} judgments
  and {usual.domains} domains. So "cannot be told" says nothing against explanations.
- **Could the paper's design have told?** No, in this simulation and as far as
  [its numbers are reported](#could-the-papers-design-have-told). {LABELS} labels against \
{EXPLANATIONS} judgments
  with explanations, without a control, are told apart in {told[0.0]:.0%} of tries where \
explanations say nothing
  of their cases, and in {told[1.0]:.0%} where they say all. Whatever is found, numbers of \
examples and of tokens
  account for it as well.

`discretion power` answers the first two for your own plan."""


def _told(lines: Sequence[Line]) -> dict[float, float]:
    """By quality, the share of studies of unequal arms that tell the two apart."""
    return {
        quality: sum(map(_sure, (line["found"]["1"][str(quality)] for line in lines))) / len(lines)
        for quality in QUALITIES
    }


def _sure(one: Mapping[str, Any]) -> bool:
    return one["p_value"] is not None and one["p_value"] < SURE


def _unequal(lines: Sequence[Line]) -> str:
    rows = []
    for quality, share in _told(lines).items():
        found = [line["found"]["1"][str(quality)] for line in lines]
        nearer = sum(_sure(one) and one["difference"] < 0 for one in found) / len(found)
        apart = sum(one["true_difference"] for one in found) / len(found)
        rows.append([f"{quality:g}", f"{nearer:.1%}", f"{share - nearer:.1%}", f"{apart:+.4f}"])
    heads = ["q", "explanations are nearer", "labels are nearer", "true difference"]
    return _markdown(heads, rows, left=0)


def _reading(lines: Sequence[Line]) -> str:
    told = _told(lines)
    return (
        f"Where explanations say nothing of their cases, such a study still tells the two apart in "
        f"{told[0.0]:.0%} of tries,\nand in {told[1.0]:.0%} where they always name the deciding "
        "factor. Its answer is about the whole bundle: numbers of\nexamples, of supervised tokens, "
        "and what the explanations say. Which of them it was, it cannot tell."
    )


def _share(one: StudyTally, verdict: str) -> str:
    return f"{dict(one.said).get(verdict, 0) / one.studies:.1%}"


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]], *, left: int) -> str:
    rule = ["---"] * left + ["--:"] * (len(heads) - left)
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, rule, *rows))
