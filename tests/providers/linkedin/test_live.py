"""Posts that are live: a first comment and whether it is there, another text, taking away."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from pydantic import SecretStr

from core.provider_kit.errors import NotSent, OutcomeUnknown, ProviderFailure, Rejected
from core.provider_kit.port import Live
from core.provider_kit.types import Access
from core.providers.linkedin import build
from tests.providers.linkedin.test_contract import MEMBER, PAGE, linkedin
from tests.providers.linkedin.test_kinds import check_all, script
from tests.providers.linkedin.test_recorded import cases
from tests.providers.scripted import Scripted, answer

SINCE = datetime(2025, 11, 20, 9, 58, tzinfo=UTC)
POST = "urn:li:share:700"
OURS = Access(PAGE, SecretStr("member-token"), "cid-8")


def live(url: str, **settings: str) -> Live:
    return linkedin(url, **settings)["linkedin"].live["linkedin"]


def act(at: Live, do: str, post_id: str, text: str, access: Access) -> str | None:
    match do:
        case "comment":
            return at.comment(post_id, text, access, timeout_s=3)
        case "find_comment":
            return at.find_comment(post_id, text, access, since=SINCE, timeout_s=3)
        case "edit":
            at.edit(post_id, text, access, timeout_s=3)
            return None
        case _:
            at.delete(post_id, access, timeout_s=3)
            return None


def test_both_apps_declare_what_can_be_done() -> None:
    # A comment is offered where its permissions are asked for, for which an app of LinkedIn's must have them.
    asking = {"scopes": "r_basicprofile w_organization_social w_organization_social_feed r_organization_social_feed"}
    for settings, offered in (({}, False), (asking, True)):
        for provider in build(settings):
            network = provider.networks["linkedin"]
            assert (network.comments is not None, network.edits, network.deletes) == (offered, True, True)
    for provider in build({}):
        assert set(provider.live) == {"linkedin"}


@cases("live.json")
def test_what_is_done_to_a_live_post(stand_in: Scripted, case: dict[str, Any]) -> None:
    who = PAGE if case["account"] == "page" else MEMBER
    access = Access(who, SecretStr("member-token"), "cid-8")
    script(stand_in, case["calls"])
    if "failure" in case:
        with pytest.raises(ProviderFailure) as refused:
            act(live(stand_in.url), case["do"], case["post"], case.get("text", ""), access)
        found = refused.value
        assert (type(found).__name__, found.reason, found.how_to_fix) == (case["failure"], case["seen"], case["fix"])
        assert "member-token" not in f"{found!r} {found.trace}"
    else:
        given = act(live(stand_in.url), case["do"], case["post"], case.get("text", ""), access)
        assert given == case["given"]
    check_all(stand_in, case["calls"])
    for heard, call in zip(stand_in.received, case["calls"], strict=True):
        assert heard.headers["x-restli-method"] == call.get("method", heard.headers["x-restli-method"])
        assert "member-token" not in heard.target


@pytest.mark.parametrize("do", ["comment", "edit"])
def test_what_was_written_and_not_answered_is_in_doubt_and_what_was_not_sent_is_not(
    stand_in: Scripted, do: str
) -> None:
    for lose in (partial(stand_in.hang_up, reset=True), partial(stand_in.say, answer(200, b"<html>"))):
        lose()
        with pytest.raises(OutcomeUnknown):
            act(live(stand_in.url), do, POST, "Link", OURS)
    with pytest.raises(NotSent):
        act(live("http://127.0.0.1:9"), do, POST, "Link", OURS)


def test_comments_without_end_are_no_absence(stand_in: Scripted) -> None:
    stand_in.otherwise = answer(200, {"elements": [{"id": "1"}], "paging": {"links": [{"rel": "next"}]}})
    with pytest.raises(OutcomeUnknown):
        act(live(stand_in.url, comments_pages_max="4"), "find_comment", POST, "Link", OURS)
    assert [one.query["start"] for one in stand_in.received] == ["0", "99", "198", "297"]


def test_an_empty_page_of_comments_that_says_there_is_more_is_no_absence(stand_in: Scripted) -> None:
    stand_in.say(answer(200, {"elements": [], "paging": {"links": [{"rel": "next"}]}}))
    with pytest.raises(OutcomeUnknown, match="couldn't be read to the end"):
        act(live(stand_in.url), "find_comment", POST, "Link", OURS)


@pytest.mark.parametrize("do", ["comment", "find_comment", "edit", "delete"])
@pytest.mark.parametrize("post_id", ["../me", "", "700", "urn:li:activity:1", "urn:li:share:7/../x"])
def test_what_can_not_be_a_post_reaches_nobody(stand_in: Scripted, do: str, post_id: str) -> None:
    with pytest.raises(Rejected):
        act(live(stand_in.url), do, post_id, "x", OURS)
    assert not stand_in.received
