"""What was learned, in plain sentences; a negative result is told as readily as a positive one."""

from __future__ import annotations

from collections.abc import Sequence

from discretion.scorecard.teaching_cards import Kind, TeachingCard, TeachingContrast
from discretion.stats.contrasts import SURE
from discretion.stats.figure import Figure
from discretion.stats.prospects import Prospect
from discretion.stats.trainings import FEWEST

OF_JUDGMENTS = {"rater": "judged by people who were held out", "time": "of later cases"}
"""Hold-outs that go by the judgments, whose unit is the scenario, and what is held out."""
PLACES = {"before": "before the label", "after": "after the label"}


def teaching_findings(card: TeachingCard, *, simulated: bool) -> tuple[str, ...]:
    """The sentences of a card, the most important first."""
    people = "simulated people" if simulated else "these people"
    told = [
        _nearest(card, people),
        _tested(card),
        few_trainings(min(_trainings(card), default=FEWEST)),
        *_verdicts(card),
        _explored(card),
    ]
    told += [prospect_sentence(one, card.by) for one in card.prospects if not one.possible][:1]
    return tuple(sentence for sentence in told if sentence)


def prospect_sentence(prospect: Prospect, by: str) -> str:
    """What so many held-out groups can tell, for a dry run and for the page."""
    units = held_out(prospect.units, by)
    by = "scenario" if by in OF_JUDGMENTS else by
    if prospect.ratio is None or prospect.smallest is None or prospect.widest is None:
        why = (
            f"one {by} cannot show" if prospect.units < 2 else "one person's judgments cannot show"
        )
        return f"With {units} no verdict is possible: {why} how far chance reaches."
    times = f"{prospect.ratio:.1f} times as large as it varies from {by} to {by}"
    if not prospect.possible:
        return (
            f"With {units} no verdict is possible unless they agree closely: to be told, a "
            f"difference has to be {times}; and to be told alike, two ways of deciding have to "
            f"differ from {by} to {by} by less than {prospect.widest:.3f} in Brier score."
        )
    return (
        f"With {units} a difference is told where it is {times}: from about "
        f"{prospect.smallest:.2f} in Brier score on (half of the time, if it is just that large), "
        f"should it vary by {prospect.spread:g}, which is assumed and not measured."
    )


def few_trainings(trainings: int) -> str:
    """Why there is no verdict and how to get one, for a dry run and for the page; empty from three
    trainings on."""
    if trainings >= FEWEST:
        return ""
    times = {1: "once", 2: "twice"}.get(trainings, f"{trainings} times")
    return (
        f"Each target is trained {times}. A difference may then be luck in training, so there is "
        f"no verdict: train {FEWEST} times or more, with --seeds {FEWEST}."
    )


def held_out(count: int, by: str) -> str:
    """``3 held-out domains``; ``3 scenarios judged by people who were held out``."""
    if by in OF_JUDGMENTS:
        return f"{count:,} {'scenario' if count == 1 else 'scenarios'} {OF_JUDGMENTS[by]}"
    many = f"{by[:-1]}ies" if by.endswith("y") else f"{by}s"
    return f"{count:,} held-out {by if count == 1 else many}"


def _trainings(card: TeachingCard) -> list[int]:
    """How many trainings, or pairs of them, each contrast of trained models has."""
    return [
        one.trainings
        for one in card.contrasts
        if one.trainings is not None and one.difference.value is not None
    ]


def _tested(card: TeachingCard) -> str:
    """What a hold-out by people shows, which is easily taken for more."""
    if card.by != "rater":
        return ""
    return (
        "People were held out, not cases: what was tuned saw the same cases with what others said "
        "of them, so this tells whether it decides as other people do, not on other cases."
    )


def contrast_sentence(contrast: TeachingContrast) -> str:
    """One contrast as it stands, for names that are no pair of targets."""
    lead = {
        "helped": f"{contrast.name} is nearer to the people than {contrast.against}",
        "hurt": f"{contrast.name} is farther from the people than {contrast.against}",
        "no relevant difference": f"{contrast.name} and {contrast.against} show no relevant "
        "difference",
        "cannot be told": f"Which of {contrast.name} and {contrast.against} is nearer to the "
        "people cannot be told",
    }[contrast.verdict]
    return f"{lead}{_numbers(contrast)}."


def _nearest(card: TeachingCard, people: str) -> str:
    """The nearest target, beside what two numbers do for the base and what needs no training."""
    told = "gap" if any(row.gap.value is not None for row in card.rows) else "brier"
    what = "a noise-corrected gap" if told == "gap" else "a Brier score"
    distances: dict[str, Figure] = {}
    kinds: dict[str, Kind] = {}
    for row in card.rows:
        name = row.name if row.reading == "raw" else f"{row.name} recalibrated"
        if row.reading == "raw" or (row.kind == "base" and row.reading == "after a and b"):
            distances[name], kinds[name] = getattr(row, told), row.kind
    known = {name: one.value for name, one in distances.items() if one.value is not None}
    ranked = sorted(known, key=known.__getitem__)
    taught = [name for name in ranked if kinds[name] == "target"]
    if not taught:
        return ""
    first = taught[0]
    untaught = [name for name in ranked if kinds[name] in ("base", "method", "baseline")]
    nearer = [name for name in untaught if known[name] <= known[first]]
    best = {kind: [n for n in untaught if kinds[n] == kind][:1] for kind in ("method", "baseline")}
    others = [n for n in untaught if kinds[n] == "base" or n in best[kinds[n]]]
    beside = f"; without training: {', '.join(f'{one} {_plain(known[one])}' for one in others)}"
    of = f" of {len(taught)} targets" if len(taught) > 1 else ""
    return (
        f"On {held_out(len(card.units), card.by)} the nearest to {people}{of} is {first}, with "
        f"{what} of {_plain(known[first])}{_interval(distances[first])}"
        f"{beside if others else ''}."
        + (f" Without training {' and '.join(nearer)} came as near." if nearer else "")
    )


def _verdicts(card: TeachingCard) -> list[str]:
    """A sentence for each pair of explanations over the orders, and for each other contrast."""
    groups: dict[tuple[int, str, str], list[TeachingContrast]] = {}
    for one in card.contrasts:
        if one.family and one.reading == "raw":
            about = _explanation(one.name), _explanation(one.against)
            groups.setdefault((one.family, *about), []).append(one)
    told = []
    for (_, name, against), members in groups.items():
        if name == "real" and against in ("shuffled", "neutral", "labels"):
            other = "labels alone" if against == "labels" else f"{against} ones"
            told.append(f"{_explanations(members, other)}{_survived(members, card)}")
        else:
            told += [contrast_sentence(one) for one in members]
    return told if _confirmed(card) else [_exploratory(sentence) for sentence in told]


def _explanations(members: Sequence[TeachingContrast], other: str) -> str:
    """What real explanations did against something else, over the orders that were tried."""
    count = len(members)
    verdicts = {one.verdict for one in members}
    helped = sum(one.verdict == "helped" for one in members)
    where = {1: "", 2: " in both orders"}.get(count, f" in all {count} orders")
    if verdicts == {"cannot be told"}:
        lead = f"Whether real explanations helped against {other} cannot be told"
        lead += " in either order" if count == 2 else ""
    elif verdicts == {"no relevant difference"}:
        lead = f"Real explanations made no relevant difference against {other}{where}"
    elif len(verdicts) == 1:
        lead = f"Real explanations {members[0].verdict} against {other}{where}"
    else:
        orders = "no order" if not helped else "one order" if helped == 1 else f"{helped} orders"
        lead = f"Real explanations helped against {other} in {orders} of {_count(count)}"
    each = "; ".join(
        f"{PLACES.get(_place(one.name), one.name)}"
        f"{'' if len(verdicts) == 1 else f' {_short(one)}'}{_numbers(one)}"
        for one in members
    )
    return f"{lead}: {each}."


def _survived(members: Sequence[TeachingContrast], card: TeachingCard) -> str:
    """Whether what was told holds when both sides have had their two numbers."""
    told = {(one.family, one.name, one.against): one.verdict for one in members}
    told = {key: verdict for key, verdict in told.items() if verdict != "cannot be told"}
    if not told:
        return ""
    holds = sum(
        told.get((one.family, one.name, one.against)) == one.verdict
        for one in card.contrasts
        if one.reading == "after a and b"
    )
    if holds == len(told):
        return " After a and b the same is told."
    if holds:
        return f" After a and b that is told of {holds} of {len(told)}."
    return " After a and b that is no longer told."


def _short(contrast: TeachingContrast) -> str:
    return {
        "helped": "they helped",
        "hurt": "they hurt",
        "no relevant difference": "there is no relevant difference",
        "cannot be told": "it cannot be told",
    }[contrast.verdict]


def _explored(card: TeachingCard) -> str:
    if card.frozen is None:
        return "No plan was frozen before training: everything here is exploratory."
    if card.frozen.exploratory:
        return f"Everything here is exploratory: {card.frozen.why.rstrip('.')}."
    return ""


def _confirmed(card: TeachingCard) -> bool:
    return card.frozen is not None and not card.frozen.exploratory


def _exploratory(sentence: str) -> str:
    start = sentence[0].lower() if sentence.startswith(("Real ", "Whether ", "Which ")) else None
    return f"Exploratory: {sentence if start is None else start + sentence[1:]}"


def _explanation(name: str) -> str:
    return name.rsplit("-", 1)[0] if _place(name) in PLACES else name


def _place(name: str) -> str:
    return name.rpartition("-")[2]


def _count(number: int) -> str:
    return {2: "two", 3: "three", 4: "four"}.get(number, str(number))


def _numbers(contrast: TeachingContrast) -> str:
    """The difference, its interval and p, in parentheses."""
    value = contrast.difference.value
    if value is None:
        return " (not computed)"
    p = contrast.adjusted if contrast.family else contrast.p
    chance = "" if p is None else f", {'adjusted ' if contrast.family else ''}p {_p(p)}"
    seeds = ", less than the spread between seeds" if contrast.within_seeds else ""
    alike = contrast.verdict == "no relevant difference"
    small = "; it is there, and too small to matter" if alike and p is not None and p < SURE else ""
    return f" ({_signed(value)} in Brier score{_ends(contrast.difference)}{chance}{seeds}{small})"


def _ends(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f", 95% interval {_signed(figure.low)} to {_signed(figure.high)}"


def _interval(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f" (95% interval: {_plain(figure.low)} to {_plain(figure.high)})"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}".replace("-", "−")


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


def _p(p: float) -> str:
    return "below .001" if p < 0.001 else f"{p:.3f}".lstrip("0")
