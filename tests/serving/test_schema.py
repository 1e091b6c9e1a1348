"""What OpenAPI says of the API is so: nothing is answered that is not documented, and nothing fails."""

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance
from served import png

from competition.serving.answers import Answered, Model
from competition.serving.refusals import Error

EXAMPLES = 25

schemathesis.openapi.format("binary", st.one_of(st.binary(max_size=200), st.integers(0, 9).map(png)))
schema = schemathesis.pytest.from_fixture("api")


@pytest.fixture(scope="module")
def api(server):
    found = schemathesis.openapi.from_url(server.address + "openapi.json")
    found.config.checks.negative_data_rejection.expected_statuses.append("413")  # of too many images
    return found


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
def test_every_answer_is_documented(case):
    """All checks of schemathesis but one: bytes at random are rarely a picture, and may be refused."""
    case.call_and_validate(excluded_checks=[positive_data_acceptance])


def test_the_examples_of_the_schema_are_such_as_are_answered(server):
    schemas = requests.get(server.address + "openapi.json", timeout=60).json()["components"]["schemas"]
    for kind in (Answered, Model, Error):
        (example,) = schemas[kind.__name__]["examples"]
        assert kind.model_validate(example).model_dump(exclude_none=True) == example
