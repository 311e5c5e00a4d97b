"""What the connection needs from this machine is looked at before anything is connected to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.logs.elasticsearch import ElasticsearchClient, prove
from adapters.logs.search import Credentials
from bot.core.config import ElasticsearchLogStore
from bot.core.config.problem import UnusableError
from tests.support.certificates import make_certificates

CLOUD_ID = "logs:ZXVyb3BlLmV4YW1wbGUkY2x1c3Rlcg=="
"""Of a cluster in europe.example."""


def config(**more: Any) -> ElasticsearchLogStore:
    """A configuration with what is to be looked at."""
    told: dict[str, Any] = {"index": "logs-{component}"}
    if "cloud_id" not in more:
        told["addresses"] = ("https://es.example",)
    return ElasticsearchLogStore(kind="elasticsearch", **told, **more)


def test_certificates_and_a_cloud_id_that_can_be_used_are_taken(tmp_path: Path) -> None:
    """The path is relative to the folder of release.yml, and nothing is connected to."""
    make_certificates(tmp_path)
    prove(config(ca_file="ca.pem"), tmp_path)
    prove(config(cloud_id=CLOUD_ID), tmp_path)
    with pytest.raises(UnusableError):
        prove(config(ca_file="ca.pem"), tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"ca_file": "none.pem"}, "log_stores.es.ca_file: 'none.pem' cannot be read (No such"),
        ({"ca_file": "text.pem"}, "'text.pem' holds no certificates"),
        ({"ca_file": "empty.pem"}, "'empty.pem' holds no certificates"),
        ({"cloud_id": "my-deployment"}, "'my-deployment' is no Cloud ID"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_key(
    tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    """Neither the settings nor a connection take it."""
    (tmp_path / "text.pem").write_text("no certificate")
    (tmp_path / "empty.pem").touch()
    with pytest.raises(UnusableError) as caught:
        prove(config(**more), tmp_path)
    problem = str(caught.value.at(("log_stores", "es")))
    assert said in problem
    with pytest.raises(UnusableError):
        ElasticsearchClient(config(**more), Credentials(), base=tmp_path)
