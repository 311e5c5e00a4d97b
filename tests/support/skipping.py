"""What happens to a test whose program was not provisioned."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def without(missing: Exception) -> NoReturn:
    """Fail, or skip where the one who runs the tests said so."""
    if os.environ.get("RELEASE_TEST_SKIP_PROVISIONED") == "1" and os.environ.get("CI") != "true":
        pytest.skip(str(missing))
    pytest.fail(f"{missing} (or run make test-fast)", pytrace=False)
