"""The sandbox as LinkedIn, and a grant of somebody there."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from tests.fixtures.programs import RunningSandbox
from tests.providers.linkedin.at_sandbox import Grant, Granted, linkedin_at


@pytest.fixture
def granted(sandbox: RunningSandbox) -> Iterator[Grant]:
    """Maya's grant to one of the apps."""
    url = sandbox.url.replace("127.0.0.1", "localhost")
    both = linkedin_at(url)

    def grant(key: str) -> Granted:
        provider = both[key]
        asked = {"provider": key, "person": "p-maya", "scopes": [scope.name for scope in provider.oauth.scopes]}
        given = httpx.post(f"{url}/_sandbox/tokens", json=asked, timeout=10).raise_for_status().json()
        return Granted(provider, SecretStr(given["access_token"]), url)

    yield grant
    sandbox.delete("/_sandbox/faults")
