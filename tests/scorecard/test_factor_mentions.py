"""What an explanation names is told by the words that a level alone puts into the case."""

import pytest

from discretion.core.scenarios import Scenario
from discretion.scorecard.factor_mentions import names_of

SCENARIO = Scenario.model_validate(
    {
        "id": "returns",
        "policy": "returns",
        "limit": "14",
        "unit": "days",
        "values": ["13", "15"],
        "wordings": ["A customer brings a coat back after {value}. {standing} {cause}"],
        "factors": {
            "standing": {
                "levels": {
                    "new": "",
                    "loyal": {
                        "text": "The customer has been loyal for years.",
                        "twin": "loyal customer.",
                    },
                }
            },
            "cause": {
                "levels": {
                    "none": {"text": "No reason is given.", "twin": "no reason was given."},
                    "late_parcel": {
                        "text": "The parcel had been delivered late.",
                        "twin": "the parcel came late.",
                    },
                    "mistake": {"text": "The parcel held a wrong coat.", "twin": ""},
                }
            },
        },
    }
)


@pytest.mark.parametrize(
    ("factor", "level", "text", "named"),
    [
        ("standing", "loyal", "Their loyalty counts for something.", True),
        ("standing", "loyal", "A customer is a customer, and the rule is the rule.", False),
        ("standing", "loyal", "It has been too long.", False),
        ("cause", "late_parcel", "It was DELIVERED late, so this is not their doing.", True),
        ("cause", "late_parcel", "The parcel does not matter.", False),
        ("cause", "mistake", "They were sent the wrong one.", True),
        ("cause", "mistake", "The parcel came late.", False),
        ("standing", "loyal", "the gap is small and they have long been with us.", True),
        ("cause", "late_parcel", "the fault was ours.", True),
        ("cause", "late_parcel", "there is no reason for it.", False),
        ("cause", "mistake", "the fault was ours.", False),
    ],
)
def test_a_level_is_named_by_its_own_words_or_in_the_dialect_by_its_clauses(
    factor, level, text, named
):
    assert names_of(SCENARIO, factor, level)(text) is named
