"""Posts that are live: a first comment and whether it is there, another text, taking away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from core.provider_kit.errors import NotSent, OutcomeUnknown, ProviderFailure, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.port import Live
from core.provider_kit.types import Access
from core.providers.meta import build
from tests.providers.meta.test_contract import INSTAGRAM, PAGE, error, meta
from tests.providers.meta.test_kinds import check, script
from tests.providers.meta.test_recorded import cases
from tests.providers.scripted import Scripted, answer

POST = f"{PAGE}_2001"
SINCE = datetime(2026, 11, 20, 9, 58, tzinfo=UTC)
AT = "2026-11-20T10:00:00+0000"
NETWORKS = ["facebook", "instagram"]


def live(stand_in: Scripted, network: str) -> Live:
    return meta(stand_in.url).live[network]


def act(at: Live, case: dict[str, Any], who: Access) -> str | None:
    """Do what a recorded case is about."""
    post_id, text = case["post"], case.get("text", "")
    match case["do"]:
        case "comment":
            return at.comment(post_id, text, who, timeout_s=3)
        case "find_comment":
            return at.find_comment(post_id, text, who, since=SINCE, timeout_s=3)
        case "edit":
            at.edit(post_id, text, who, timeout_s=3)
            return None
        case _:
            at.delete(post_id, who, timeout_s=3)
            return None


@cases("live.json")
def test_what_is_done_to_a_live_post(stand_in: Scripted, case: dict[str, Any]) -> None:
    script(stand_in, case["calls"])
    at, who = live(stand_in, case["network"]), access(case["network"])
    if "failure" in case:
        with pytest.raises(ProviderFailure) as refused:
            act(at, case, who)
        found = refused.value
        assert (type(found).__name__, found.reason, found.how_to_fix) == (case["failure"], case["seen"], case["fix"])
    else:
        assert act(at, case, who) == case["given"]
    for heard, call in zip(stand_in.received, case["calls"], strict=True):
        check(heard, call)


def access(network: str) -> Access:
    return Access(PAGE if network == "facebook" else INSTAGRAM, SecretStr("page-token"), "cid-8")


def comment(network: str, text: str, *, mine: bool = True, at: str = AT, number: int = 1) -> dict[str, Any]:
    if network == "facebook":
        author = {"id": PAGE if mine else "9001"}
        return {"id": f"2001_{number}", "message": text, "created_time": at, "from": author}
    name = "demo.shop" if mine else "ann"
    return {"id": f"1790{number}", "text": text, "timestamp": at, "from": {"id": "77", "username": name}}


def find(stand_in: Scripted, network: str, *pages: Any, status: int = 200) -> str | None:
    if network == "instagram":
        stand_in.say(answer(200, {"username": "Demo.Shop"}))
    stand_in.say(*(answer(status, page) for page in pages))
    return live(stand_in, network).find_comment(POST, "Link: x", access(network), since=SINCE, timeout_s=3)


def page(*items: Any, more: bool = False) -> dict[str, Any]:
    return {"data": list(items), "paging": {"next": "https://x.example/?after=b"} if more else {}}


def test_the_networks_declare_what_can_be_done() -> None:
    networks = build({}).networks
    done = {key: (each.comments is not None, each.edits, each.deletes) for key, each in networks.items()}
    assert done == {"facebook": (True, True, True), "instagram": (True, False, True)}
    assert set(build({}).live) == set(networks)


def test_what_no_permission_is_asked_for_is_not_offered() -> None:
    networks = build({"live_scopes": "false"}).networks
    done = {key: (each.comments is not None, each.edits, each.deletes) for key, each in networks.items()}
    assert done == {"facebook": (False, True, True), "instagram": (False, False, False)}


def test_no_story_takes_a_comment() -> None:
    for network in build({}).networks.values():
        assert [form.key for form in network.forms if not form.takes_comments] == ["story"]


@pytest.mark.parametrize("network", NETWORKS)
def test_a_comment_is_one_call_and_its_id_is_the_networks(stand_in: Scripted, network: str) -> None:
    stand_in.say(answer(200, {"id": "2001_6002"}))
    made = live(stand_in, network).comment(POST, "Link: https://x.example & ü", access(network), timeout_s=3)
    (heard,) = stand_in.received
    assert made == "2001_6002"
    assert (heard.method, heard.path) == ("POST", f"/graph.facebook.com/v26.0/{POST}/comments")
    assert heard.form == {"message": "Link: https://x.example & ü"}
    assert "page-token" not in heard.target


@pytest.mark.parametrize(("named", "post_id"), [(POST, POST), ("2001", POST)])
def test_a_video_is_commented_on_at_its_post(stand_in: Scripted, named: str, post_id: str) -> None:
    stand_in.say(answer(200, {"id": "4002", "post_id": named}), answer(200, {"id": "2001_6002"}))
    assert live(stand_in, "facebook").comment("4002", "Link", access("facebook"), timeout_s=3) == "2001_6002"
    assert stand_in.received[1].path == f"/graph.facebook.com/v26.0/{post_id}/comments"


def test_a_video_without_a_post_yet_is_commented_on_later(stand_in: Scripted) -> None:
    stand_in.say(answer(200, {"id": "4002"}))
    with pytest.raises(RetryLater, match="hasn't made the post"):
        live(stand_in, "facebook").comment("4002", "Link", access("facebook"), timeout_s=3)
    assert [one.method for one in stand_in.received] == ["GET"]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (400, error(190, 460), ReconnectNeeded),
        (403, error(200), ReconnectNeeded),
        (400, error(100), Rejected),
        (400, error(80001), RetryLater),
        (400, error(368), OutcomeUnknown),
        (400, error(None, 1404006), OutcomeUnknown),
        (400, error(987654), OutcomeUnknown),
        (500, error(2), OutcomeUnknown),
        (200, b"{}", OutcomeUnknown),
        (200, b"<html>", OutcomeUnknown),
    ],
)
def test_a_comment_that_may_be_there_is_never_called_refused(
    stand_in: Scripted, network: str, status: int, body: bytes, failure: type[ProviderFailure]
) -> None:
    stand_in.say(answer(status, body))
    with pytest.raises(ProviderFailure) as refused:
        live(stand_in, network).comment(POST, "Link", access(network), timeout_s=3)
    assert type(refused.value) is failure
    assert len(stand_in.received) == 1
    assert "page-token" not in f"{refused.value!r} {refused.value.trace}"


@pytest.mark.parametrize("network", NETWORKS)
def test_a_lost_comment_is_in_doubt_and_an_unsent_one_is_not(stand_in: Scripted, network: str) -> None:
    stand_in.hang_up(reset=True)
    with pytest.raises(OutcomeUnknown):
        live(stand_in, network).comment(POST, "Link", access(network), timeout_s=3)
    with pytest.raises(NotSent):
        meta("http://127.0.0.1:9").live[network].comment(POST, "Link", access(network), timeout_s=3)


@pytest.mark.parametrize("network", NETWORKS)
def test_only_our_own_comment_of_exactly_this_text_since_then_is_found(stand_in: Scripted, network: str) -> None:
    others = [
        comment(network, "Link: x", mine=False, number=2),
        comment(network, "link: X", number=3),
        comment(network, "Link: x and more", number=4),
    ]
    ours = comment(network, "Link: x\r\n", number=5)
    old = comment(network, "Link: x", at="2026-11-20T09:57:59+0000", number=6)
    assert find(stand_in, network, page(*others, ours, old)) == ours["id"]
    assert find(stand_in, network, page(*others, more=True), page(ours)) == ours["id"]
    assert find(stand_in, network, page(*others, old)) is None
    assert find(stand_in, network, page(*others, old, more=True)) is None
    assert find(stand_in, network, page()) is None


@pytest.mark.parametrize("network", NETWORKS)
def test_where_the_newest_does_not_come_first_an_old_comment_ends_no_look(stand_in: Scripted, network: str) -> None:
    old = comment(network, "Hello", at="2026-11-20T09:50:00+0000", number=2)
    new = comment(network, "Hello again", number=3)
    ours = comment(network, "Link: x", number=4)
    assert find(stand_in, network, page(old, new, more=True), page(ours)) == ours["id"]
    assert find(stand_in, network, page(old, new, more=True), page(old)) is None


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": None}])
def test_comments_that_cannot_be_read_are_no_absence(stand_in: Scripted, network: str, body: Any) -> None:
    with pytest.raises(OutcomeUnknown, match="couldn't be read to the end"):
        find(stand_in, network, body)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_comment_of_nobody_and_a_list_without_end_are_no_absence(stand_in: Scripted, network: str) -> None:
    unsigned = comment(network, "Link: x")
    del unsigned["from"]
    with pytest.raises(OutcomeUnknown):
        find(stand_in, network, page(unsigned))
    stand_in.forget()
    stand_in.otherwise = answer(200, page(more=True))
    with pytest.raises(OutcomeUnknown):
        find(stand_in, network)
    assert len(stand_in.received) < 5


@pytest.mark.parametrize(("post_id", "field"), [(POST, "message"), ("4002", "description")])
def test_facebook_changes_the_text_of_a_post_and_of_a_video(stand_in: Scripted, post_id: str, field: str) -> None:
    stand_in.say(answer(200, {"success": True}))
    live(stand_in, "facebook").edit(post_id, "Now 20 %", access("facebook"), timeout_s=3)
    (heard,) = stand_in.received
    assert (heard.method, heard.path) == ("POST", f"/graph.facebook.com/v26.0/{post_id}")
    assert heard.form == {field: "Now 20 %"}


@pytest.mark.parametrize("body", [{}, {"success": False}, {"id": "1"}])
def test_a_change_that_nobody_confirmed_is_in_doubt(stand_in: Scripted, body: dict[str, Any]) -> None:
    stand_in.say(answer(200, body))
    with pytest.raises(OutcomeUnknown):
        live(stand_in, "facebook").edit(POST, "x", access("facebook"), timeout_s=3)


def test_instagram_changes_no_text_and_is_not_asked_to(stand_in: Scripted) -> None:
    with pytest.raises(Rejected, match="can't change the text"):
        live(stand_in, "instagram").edit("1795", "x", access("instagram"), timeout_s=3)
    assert not stand_in.received


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (200, {"success": True}, None),
        (200, {"success": True, "deleted_id": "1"}, None),
        (200, b"true", None),
        (400, error(100, 33), None),
        (200, {}, OutcomeUnknown),
        (200, {"success": False}, Rejected),
        (400, error(-1, 2207073), Rejected),
        (400, error(190, 463), ReconnectNeeded),
        (500, b"", RetryLater),
    ],
)
def test_taking_away(
    stand_in: Scripted, network: str, status: int, body: Any, failure: type[ProviderFailure] | None
) -> None:
    stand_in.say(answer(status, body))
    if failure is None:
        live(stand_in, network).delete(POST, access(network), timeout_s=3)
    else:
        with pytest.raises(ProviderFailure) as refused:
            live(stand_in, network).delete(POST, access(network), timeout_s=3)
        assert type(refused.value) is failure
    (heard,) = stand_in.received
    assert (heard.method, heard.path) == ("DELETE", f"/graph.facebook.com/v26.0/{POST}")


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("post_id", ["../me", "", "a b", "x/y"])
def test_what_cannot_be_an_id_reaches_nobody(stand_in: Scripted, network: str, post_id: str) -> None:
    at, who = live(stand_in, network), access(network)
    since = datetime.now(UTC) - timedelta(minutes=2)
    for do in (
        lambda: at.comment(post_id, "x", who, timeout_s=2),
        lambda: at.find_comment(post_id, "x", who, since=since, timeout_s=2),
        lambda: at.edit(post_id, "x", who, timeout_s=2),
        lambda: at.delete(post_id, who, timeout_s=2),
    ):
        with pytest.raises(Rejected):
            do()
    assert not stand_in.received
