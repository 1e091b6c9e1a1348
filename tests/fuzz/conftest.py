"""Files that are spoilt at random: a few and always the same in `make test`, thousands and others in `make fuzz`."""

import os
from datetime import timedelta

from hostile import SECONDS, silent  # noqa: F401  a fixture
from hypothesis import HealthCheck, settings

COMMON = {
    "database": None,
    "deadline": timedelta(seconds=SECONDS),
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
}
settings.register_profile("test", max_examples=16, derandomize=True, **COMMON)
settings.register_profile("fuzz", max_examples=int(os.environ.get("CASES", "600")), print_blob=True, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))
