"""How a Graph call is made: path, proof, token."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from core.provider_kit.errors import NotSent, RetryLater
from core.provider_kit.http import Http
from core.providers.meta.graph import Graph
from core.providers.meta.settings import MetaSettings
from tests.providers.scripted import Said, Scripted, answer

# The test vector of meta 2.8.
VECTOR = "a9b4861345dd510faed3838423ddf965eae315dd70a7cd13ebc667d15f4c3641"


def graph(url: str) -> Graph:
    settings = MetaSettings.load({"client_id": "777", "client_secret": "test_app_secret", "graph_url": url})
    return Graph(settings, Http([settings.graph_url]))


def test_the_proof_is_the_documented_one() -> None:
    proof = graph("https://graph.facebook.com").proof(SecretStr("TEST_TOKEN"))
    assert proof == VECTOR


def test_every_call_carries_token_and_proof(stand_in: Scripted) -> None:
    graph(stand_in.url).get("me", token=SecretStr("TEST_TOKEN"), params={"fields": "id"})
    (heard,) = stand_in.received
    assert heard.path == "/v26.0/me"
    assert heard.headers["authorization"] == "Bearer TEST_TOKEN"
    assert heard.query == {"fields": "id", "appsecret_proof": VECTOR}


def test_a_segment_cannot_leave_its_place() -> None:
    assert graph("https://g.example").path("../me", "a b?c#d/e") == "/v26.0/..%2Fme/a%20b%3Fc%23d%2Fe"


@pytest.mark.parametrize("body", [b"true", b'{"success":true}'])
def test_both_answers_to_a_delete_are_a_yes(stand_in: Scripted, body: bytes) -> None:
    stand_in.say(answer(200, body))
    assert graph(stand_in.url).delete("me", "permissions", token=SecretStr("t")).body == {"success": True}
    assert stand_in.received[0].method == "DELETE"


def test_a_read_is_never_in_doubt(stand_in: Scripted) -> None:
    stand_in.say(Said(then="reset"))
    with pytest.raises(RetryLater) as failure:
        graph(stand_in.url).get("me", token=SecretStr("t"))
    assert failure.value.provider_health
    assert failure.value.__context__ is None


def test_a_read_that_reached_nobody_was_not_sent() -> None:
    with pytest.raises(NotSent):
        graph("http://127.0.0.1:9").get("me", token=SecretStr("t"))
