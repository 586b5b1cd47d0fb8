"""Acceptances: what an arm must show before it may decide, written down before it is measured."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, model_validator

from discretion.core.policies import Described
from discretion.documents import Document, read_yaml
from discretion.errors import DiscretionError

EXAMPLE = """\
# What a candidate must show before it may decide. Remove what you do not demand.
arm: tiny/direct            # whom to check: MODEL/METHOD, baseline/NAME or recorded/NAME
wrong_grants: 5%            # at most this share of what your people would refuse is granted
wrong_refusals: 10%         # at most this share of what your people would grant is refused
beyond_colleague: 5%        # it differs from your people at most so much more often than they do
should_not_matter: true     # factors that should not matter do not
never_cases: true           # no answer grants a case that breaks a hard limit
unanswered: 2%              # at most this share of the cases is left without an answer
confidence: 95%             # one-sided: an arm exactly at a margin passes one time in twenty
"""
"""A complete file to start from."""

MARGINS = (
    "disagreement",
    "beyond_colleague",
    "wrong_grants",
    "wrong_refusals",
    "gap",
    "beyond_second_panel",
)
"""The demands on a figure, each at most so much."""
DEMANDS = (*MARGINS, "should_not_matter", "never_cases", "regressions", "unanswered")


def _share(written: Any) -> Any:
    """A share as it may be written: ``10%`` or ``0.1``."""
    if isinstance(written, bool) or not isinstance(written, str | int | float | Decimal):
        raise ValueError("a share is wanted; write 10% or 0.1")
    text = str(written).strip()
    try:
        number = Decimal(text.removesuffix("%").strip())
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no share; write 10% or 0.1") from error
    share = number / 100 if text.endswith("%") else number
    if share.is_nan() or not 0 <= share <= 1:
        raise ValueError(f"{text!r} is no share between 0 and 100%; write 10% or 0.1")
    return float(share)


Share = Annotated[float, BeforeValidator(_share, json_schema_input_type=float | str)]


def _confidence(share: float) -> float:
    if not 0.5 < share < 1:
        raise ValueError("a confidence lies between 50% and 100%; write 95% or 97.5%")
    return share


Confidence = Annotated[Share, AfterValidator(_confidence)]


class Criteria(Described):
    """What is demanded of an arm. What is left out is not demanded."""

    arm: str = ""
    """``MODEL/METHOD``, ``baseline/NAME`` or ``recorded/NAME``; ``--arm`` says otherwise."""
    panel: str = ""
    """The people to compare with; may be left out where there is only one panel."""
    plan: str = ""
    """A plan in plans/ that says which cases are asked and how; by default all of them."""
    disagreement: Share | None = None
    """Its decisions differ from those of one of the people in at most this share of cases."""
    beyond_colleague: Share | None = None
    """They differ at most this much more often than those of another of the people do."""
    wrong_grants: Share | None = None
    """At most this share of what the people would refuse is granted, as deployed."""
    wrong_refusals: Share | None = None
    """At most this share of what the people would grant is refused, as deployed."""
    gap: Share | None = None
    """The noise-corrected gap is at most this."""
    beyond_second_panel: Share | None = None
    """The gap to the panel, a root mean square, is at most this much larger than a second, equally
    large panel would show."""
    confidence: Confidence = 0.95
    """How sure a margin must be kept, one-sided: at 95%, an arm that is exactly at a margin passes
    about one time in twenty; at 97.5%, about one in forty."""
    should_not_matter: bool = False
    """Factors that should not matter do not, within the margins that their scenarios give."""
    never_cases: bool = False
    """No answer grants a case that a policy's ``never`` forbids."""
    regressions: str = ""
    """A file of cases with the decision expected, from this file's folder: CSV, TSV, JSONL, XLSX
    or YAML, with ``must`` (grant, refuse or never-grant) and ``case`` or ``text``."""
    unanswered: Share = 0.0
    """At most this share of the cases is left without an answer."""
    allow_unclear: bool = False
    """Let through what cannot be told: an interval that reaches over its margin."""
    these_cases_only: bool = False
    """Let a demand pass on fewer than six scenarios, whose interval says nothing of others."""

    @property
    def demands(self) -> tuple[str, ...]:
        """The names of the fields that demand something."""
        said = {name: getattr(self, name) for name in DEMANDS}
        return tuple(
            name
            for name, value in said.items()
            if value is not None and value is not False and value != ""
        )

    @property
    def compares(self) -> bool:
        """Whether anything is demanded that only a panel can show."""
        return self.should_not_matter or any(name in self.demands for name in MARGINS)

    @model_validator(mode="after")
    def _demands_something(self) -> Criteria:
        if set(self.demands) <= {"unanswered"}:
            known = ", ".join(name for name in DEMANDS if name != "unanswered")
            raise ValueError(f"nothing is demanded; add one of: {known}")
        return self


def read_acceptance(path: Path) -> tuple[Criteria, Document]:
    """The acceptance in a YAML file, and the document, which knows the line of each demand.

    Raises:
        DiscretionError: the file cannot be read, or something in it is wrong; the first mistake
            is named with its line.
    """
    if not path.exists():
        raise DiscretionError(
            "there is no such file",
            where=str(path),
            fix=f"save these criteria there and change them:\n\n{EXAMPLE.rstrip()}",
        )
    document = read_yaml(path)
    acceptance, mistakes = document.describe(Criteria)
    if acceptance is None:
        raise mistakes[0]
    return acceptance, document
