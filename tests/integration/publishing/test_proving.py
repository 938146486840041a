"""What the network says of the call itself settles a question: it is live, it had no effect, it can't be read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from core.infra import db
from core.infra.errors import Conflict, Refused
from core.posts.rules import Needs, PublicationState
from core.provider_kit.types import Published
from core.providers.linkedin import build
from core.providers.meta import build as build_meta
from core.publishing import commands, links, resolving
from core.publishing.queries import evidence
from core.publishing.rules import GONE, NO_EFFECT, REPEATED, REPEATED_ENOUGH
from core.publishing.times import times
from tests.factories.memory_network import MemoryNetwork
from tests.factories.publishing import (
    FAST,
    House,
    ScriptedPublisher,
    acting_as,
    again,
    attempts,
    check_one,
    how_often,
    leave_unclear,
    let_pass,
    live_post,
    make_due,
    owner_url,
    say_live,
    say_not_live,
    seen,
    send_one,
    tamper,
)

_S = PublicationState
PROOF = {"container": "1784", "status_code": "PUBLISHED"}
CLOSED = "This network shows nobody's posts to anybody. Look at the profile yourself."


@pytest.fixture
def house(quiet_house_of_worker: House) -> House:
    return quiet_house_of_worker


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScriptedPublisher]:
    def put(*answers: Any, **more: Any) -> ScriptedPublisher:
        publisher = ScriptedPublisher(*answers, **more)
        monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)
        return publisher

    return put


def unclear(house: House, worker: db.Database, words: str | None = None, *, ago_s: float = 0.0) -> Any:
    row = make_due(house, words=words, ago_s=ago_s)
    leave_unclear(worker, house, row.id)
    return row


def find_link(worker: db.Database, house: House) -> None:
    tamper(house.organization_id, "update masthead.publication_link set next_try_at = clock_timestamp()")
    with acting_as(worker):
        how_often(lambda: links.find_next(times=FAST))


def test_the_networks_proof_closes_it_as_published_though_nobody_knows_which_post_it_is(
    house: House, worker: db.Database, script
):
    row = unclear(house, worker)
    script(read=seen(complete=False, proof=PROOF))
    assert check_one(worker, row.id) is _S.PUBLISHED
    now, (attempt,), shown = again(house.author, row.id), attempts(house.author, row.id), evidence(house.author, row.id)
    assert (now.provider_post_id, now.proof, now.published_at) == (None, PROOF, attempt.opened_at)
    assert (attempt.state, attempt.provider_ref, attempt.verdict_by) == ("accepted", None, "program:checker")
    assert (shown.link, shown.link_state) == (None, "pending")
    assert shown.reads[0].words == "The network says that it is live."
    assert shown.events[-1].because == "The network says it is live."


def test_a_proof_with_exactly_one_unowned_match_names_the_post(house: House, worker: db.Database, script):
    row = unclear(house, worker)
    script(read=seen(live_post("77_1", row.payload["text"]), proof=PROOF))
    assert check_one(worker, row.id) is _S.PUBLISHED
    now = again(house.author, row.id)
    assert (now.provider_post_id, now.proof) == ("77_1", PROOF)
    assert evidence(house.author, row.id).link == "https://network.example/77_1"


def test_the_link_is_found_later_by_reading_the_account(house: House, worker: db.Database, script):
    row = unclear(house, worker)
    script(read=seen(proof=PROOF))
    check_one(worker, row.id)
    find_link(worker, house)
    assert evidence(house.author, row.id).link_state == "pending"
    script(read=seen(live_post("77_1", row.payload["text"]), proof=PROOF))
    find_link(worker, house)
    shown = evidence(house.author, row.id)
    assert (shown.provider_post_id, shown.link) == ("77_1", "https://network.example/77_1")
    assert again(house.author, row.id).state is _S.PUBLISHED


@pytest.mark.parametrize("matches", [(), ("77_1", "77_2")])
def test_a_link_that_can_not_be_told_stays_unknown_and_the_post_published(
    matches: tuple[str, ...], house: House, worker: db.Database, script
):
    row = unclear(house, worker)
    script(read=seen(*(live_post(each, row.payload["text"]) for each in matches), proof=PROOF))
    check_one(worker, row.id)
    for _ in range(8):
        find_link(worker, house)
    now = again(house.author, row.id)
    assert (now.state, now.provider_post_id) == (_S.PUBLISHED, None)
    assert evidence(house.author, row.id).link_state == "missing"


def test_a_post_that_another_took_meanwhile_is_nobodys_link(house: House, worker: db.Database, script):
    first = unclear(house, worker, ago_s=1)
    script(read=seen(proof=PROOF))
    check_one(worker, first.id)
    second = make_due(house)

    def taken_meanwhile() -> Any:
        tamper(
            house.organization_id,
            "update masthead.publication set provider_post_id = '77_1' where id = %(id)s",
            id=second.id,
        )
        return seen(live_post("77_1", first.payload["text"]), proof=PROOF)

    script(Published("77_9", 200))
    send_one(worker, second.id)
    script(read=taken_meanwhile)
    find_link(worker, house)
    assert again(house.author, first.id).provider_post_id is None


def test_of_a_twin_that_is_proven_but_not_found_no_post_is_taken_for_ours(house: House, worker: db.Database, script):
    first = unclear(house, worker, "Twice.", ago_s=1)
    script(read=seen(proof=PROOF))
    check_one(worker, first.id)
    with worker.organization_transaction(house.organization_id, "program:test") as session:
        session.execute(text("update masthead.publication set published_at = 'epoch' where state = 'published'"))
    second = unclear(house, worker, "Twice.")
    script(read=seen(live_post("77_1", "Twice.")))
    assert check_one(worker, second.id) is _S.NEEDS_HUMAN


def test_a_call_without_effect_goes_out_again_with_the_same_steps(house: House, worker: db.Database, script):
    row = make_due(house)
    found: list[str | None] = []

    def work(steps: Any) -> None:
        found.append(steps.get("container"))
        if found[-1] is None:
            steps.keep("container", "1784")

    script(RuntimeError("the answer was lost"), steps=work)
    assert send_one(worker, row.id) is _S.UNKNOWN
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    publisher = script(Published("77_1", 200), steps=work, read=seen(may_repeat=True))
    assert check_one(worker, row.id) is _S.SCHEDULED
    assert publisher.asked[0].get("container") == "1784"
    now, (attempt,), shown = again(house.author, row.id), attempts(house.author, row.id), evidence(house.author, row.id)
    assert (attempt.state, attempt.verdict_by) == ("proven_absent", "program:checker")
    assert (shown.events[-1].because, shown.reads[0].words, now.needs) == (REPEATED, NO_EFFECT, None)
    assert now.next_action_at is not None
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert send_one(worker, row.id) is _S.PUBLISHED
    assert found == [None, "1784"]
    assert [each.state for each in attempts(house.author, row.id)] == ["proven_absent", "accepted"]


def test_what_the_network_itself_says_had_no_effect_may_be_given_another_time(
    house: House, worker: db.Database, script
):
    row = unclear(house, worker)
    script(read=seen(may_repeat=True))
    assert check_one(worker, row.id) is _S.SCHEDULED
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    commands.reschedule(house.author, uuid4(), tomorrow, publication_id=row.id)
    assert again(house.author, row.id).due_at == tomorrow


def test_where_the_same_call_is_to_go_out_and_what_it_was_made_of_is_gone_nothing_takes_its_place(
    house: House, worker: db.Database, script
):
    row = make_due(house)
    script(RuntimeError("the answer was lost"), steps=lambda steps: steps.keep("container", "1784"))
    send_one(worker, row.id)
    script(read=seen(may_repeat=True))
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert check_one(worker, row.id) is _S.SCHEDULED
    for work in (
        lambda steps: steps.drop("container", "It has expired at Instagram."),
        lambda steps: steps.keep("container", "1785"),
    ):
        publisher = script(Published("77_1", 200), steps=work)
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
        assert send_one(worker, row.id) is _S.FAILED
        now, shown = again(house.author, row.id), evidence(house.author, row.id)
        assert now.last_error is not None
        assert now.last_error["reason"].startswith(GONE)
        assert ([step.reference for step in shown.steps], publisher.sent) == (["1784"], [])
        tamper(
            house.organization_id,
            "alter table masthead.publication disable trigger publication_guard;"
            "update masthead.publication set state = 'scheduled';"
            "alter table masthead.publication enable trigger publication_guard",
        )


def test_what_stays_unclear_however_often_it_goes_out_comes_to_a_person(house: House, worker: db.Database, script):
    row = make_due(house)
    for state in (*[_S.SCHEDULED] * 3, _S.NEEDS_HUMAN):
        script(RuntimeError("the answer was lost"), read=seen(may_repeat=True))
        assert send_one(worker, row.id) is _S.UNKNOWN
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
        assert check_one(worker, row.id) is state
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert again(house.author, row.id).needs is Needs.OUTCOME
    assert evidence(house.author, row.id).events[-1].because == REPEATED_ENOUGH
    assert [each.state for each in attempts(house.author, row.id)] == [*["proven_absent"] * 3, "unknown"]


def test_a_container_whose_yes_was_lost_is_published_once_and_proven(
    house: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch
):
    network = MemoryNetwork("container", names_posts=False)
    monkeypatch.setattr("core.providers.publisher", lambda _network: network)
    row = make_due(house)
    network.faults = [("publish", "lost_before"), ("publish", "lost_after")]
    for state in (_S.UNKNOWN, _S.UNKNOWN):
        assert send_one(worker, row.id) is state
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
        check_one(worker, row.id)
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    now = again(house.author, row.id)
    assert (now.state, now.provider_post_id) == (_S.PUBLISHED, None)
    assert (len(network.posts), network.calls["make"], network.calls["publish"]) == (1, 1, 2)


def test_an_account_nobody_can_read_goes_to_a_person_at_once_with_the_reason(house: House, worker: db.Database, script):
    row = unclear(house, worker)
    script(read=seen(complete=False, unreadable=CLOSED))
    assert check_one(worker, row.id) is _S.NEEDS_HUMAN
    now, shown = again(house.author, row.id), evidence(house.author, row.id)
    assert (now.needs, now.next_action_at) == (Needs.OUTCOME, None)
    assert (shown.events[-1].because, [read.words for read in shown.reads]) == (CLOSED, [CLOSED])


# What a person says of it (`resolving`)


@pytest.fixture
def old_enough(monkeypatch: pytest.MonkeyPatch):
    """Nothing can still be sending it, so that either may be said."""
    monkeypatch.setenv("MASTHEAD_PUBLISH_LEASE_SENDING_S", "46")
    times.cache_clear()
    yield
    times.cache_clear()


def until_it_ends_or_waits_for_a_lock(thread: threading.Thread) -> None:
    waits = (
        "select 1 from pg_locks join pg_stat_activity using (pid) where datname = current_database() and not granted"
    )
    with psycopg.connect(owner_url(), autocommit=True) as connection:
        while thread.is_alive() and not connection.execute(waits).fetchone():
            thread.join(0.01)


def asked(house: House, worker: db.Database, script: Any) -> Any:
    row = unclear(house, worker)
    script(read=seen(complete=False, unreadable=CLOSED))
    check_one(worker, row.id)
    tamper(
        house.organization_id,
        "update masthead.attempt set send_deadline = clock_timestamp() - interval '93 s' where state = 'unknown'",
    )
    return row


@pytest.mark.parametrize(
    ("said", "link"), [("https://network.example/p/9", "https://network.example/p/9"), ("the second from above", None)]
)
def test_of_an_account_nobody_can_read_a_persons_word_is_the_proof(
    said: str, link: str | None, house: House, worker: db.Database, script
):
    row = asked(house, worker, script)
    say_live(house.approver, row.id, said, reason="I see it on the profile.")
    now, shown = again(house.author, row.id), evidence(house.author, row.id)
    assert (now.state, now.provider_post_id, shown.link) == (_S.PUBLISHED, None, link)
    assert now.proof == {"verdict_by": house.approver.label, "reason": "I see it on the profile.", "post": said}


def both_asked(house: House, worker: db.Database, script: Any) -> tuple[Any, Any]:
    return asked(house, worker, script), asked(house, worker, script)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("77_7", " 77_7 "),
        ("https://network.example/p/7", "https://network.example/p/7?utm_source=share#top"),
        ("https://network.example/p/7", "https://www.network.example/p/7/"),
        ("https://NETWORK.example/p/7", "m.network.example/p/7"),
        ("the second from above", "the second from above"),
    ],
)
def test_of_an_account_nobody_can_read_one_live_post_closes_one_publication(
    first: str, second: str, house: House, worker: db.Database, script
):
    one, other = both_asked(house, worker, script)
    say_live(house.approver, one.id, first)
    with pytest.raises(Refused, match="belongs to another publication"):
        say_live(house.approver, other.id, second)
    assert again(house.author, other.id).state is _S.NEEDS_HUMAN
    say_live(house.approver, other.id, "https://network.example/p/8")
    assert again(house.author, other.id).state is _S.PUBLISHED


@pytest.mark.parametrize(
    "second",
    [
        "https://www.linkedin.com/feed/update/urn%3Ali%3Aactivity%3A7/",
        "https://de.linkedin.com/posts/old-town_market-activity-7-x1Yz?utm_source=share",
    ],
)
def test_the_network_knows_its_post_under_each_of_its_addresses(second: str, house: House, worker: db.Database, script):
    one, other = both_asked(house, worker, script)
    linkedin = build({})[0].publishers["linkedin"]
    script(read=seen(complete=False, unreadable=CLOSED), names=linkedin.post_named)
    say_live(house.approver, one.id, "urn:li:activity:7")
    assert evidence(house.author, one.id).link == "https://www.linkedin.com/feed/update/urn:li:activity:7/"
    with pytest.raises(Refused, match="belongs to another publication"):
        say_live(house.approver, other.id, second)


@pytest.mark.parametrize(
    ("network", "first", "second"),
    [
        ("instagram", "https://www.instagram.com/p/Ab7/", "https://www.instagram.com/old.town/reel/Ab7/?igsh=x"),
        ("facebook", "https://www.facebook.com/permalink.php?story_fbid=2002&id=1001", "1001_2002"),
        ("facebook", "1001_2002", "https://www.facebook.com/old.town/posts/2002"),
        ("facebook", "https://www.facebook.com/reel/4002", "https://www.facebook.com/watch/?v=4002"),
    ],
)
def test_one_live_post_of_meta_closes_one_publication_by_each_of_its_addresses(
    network: str, first: str, second: str, house: House, worker: db.Database, script
):
    one, other = both_asked(house, worker, script)
    script(read=seen(complete=False, unreadable=CLOSED), names=build_meta({}).publishers[network].post_named)
    say_live(house.approver, one.id, first)
    with pytest.raises(Refused, match="belongs to another publication"):
        say_live(house.approver, other.id, second)


def test_a_post_that_facebook_answered_with_closes_no_other_by_an_address_without_its_page(
    house: House, worker: db.Database, script
):
    first = make_due(house, words="Every Monday.", ago_s=1)
    script(Published("1001_2002", 200))
    send_one(worker, first.id)
    other = asked(house, worker, script)
    script(read=seen(complete=False, unreadable=CLOSED), names=build_meta({}).publishers["facebook"].post_named)
    with pytest.raises(Refused, match="belongs to another publication"):
        say_live(house.approver, other.id, "https://www.facebook.com/old.town/posts/2002")


@pytest.mark.parametrize("named", ["77_7", "https://network.example/77_7"])
def test_what_a_persons_word_closed_closes_no_other_once_the_account_can_be_read(
    named: str, house: House, worker: db.Database, script
):
    one, other = both_asked(house, worker, script)
    say_live(house.approver, one.id, named)
    script(read=seen(live_post("77_7", other.payload["text"]), live_post("77_8", other.payload["text"])))
    with pytest.raises(Refused, match="belongs to another publication"):
        say_live(house.approver, other.id, "77_7")
    assert again(house.author, other.id).state is _S.NEEDS_HUMAN
    say_live(house.approver, other.id, "77_8")
    assert again(house.author, other.id).provider_post_id == "77_8"


def test_what_a_person_named_is_not_given_to_another_that_the_network_refused_as_its_repeat(
    house: House, worker: db.Database, script
):
    one, other = both_asked(house, worker, script)
    say_live(house.approver, one.id, "https://network.example/77_7")
    named = "update masthead.attempt set provider_ref = '77_7' where publication_id = %(id)s"
    tamper(house.organization_id, named, id=other.id)
    with pytest.raises(Refused, match="belongs to another publication"):
        say_live(house.approver, other.id, "https://network.example/77_7?utm_source=share")


def test_of_two_who_name_one_post_at_once_one_is_heard(
    house: House, worker: db.Database, script, monkeypatch: pytest.MonkeyPatch
):
    one, other = both_asked(house, worker, script)
    refused: list[str] = []

    def say_of_the_other() -> None:
        try:
            say_live(house.approver, other.id, "https://network.example/p/7")
        except Refused as refusal:
            refused.append(refusal.message)

    second = threading.Thread(target=say_of_the_other)
    keep = resolving.receipts.keep

    def keep_while_the_second_speaks(*args: Any) -> None:
        keep(*args)
        if threading.current_thread() is not second:
            second.start()
            until_it_ends_or_waits_for_a_lock(second)

    monkeypatch.setattr(resolving.receipts, "keep", keep_while_the_second_speaks)
    say_live(house.approver, one.id, "https://network.example/p/7")
    second.join()
    assert refused == ["That post belongs to another publication of this account. Look for a second one."]
    assert [again(house.author, each.id).state for each in (one, other)] == [_S.PUBLISHED, _S.NEEDS_HUMAN]


@pytest.mark.parametrize(
    "said",
    [
        "https://network.example.evil.example/p/9",
        "https://evil.example/network.example/p/9",
        "https://evilnetwork.example/p/9",
        "https://evil.example\\.network.example/p/9",
        "https://network.example:8443/p/9",
        "https://network.example/",
        "evil.example/p/9",
        "ftp://network.example/p/9",
        "https://network.example/p/%00",
    ],
)
def test_of_an_account_nobody_can_read_no_address_but_the_networks_own_is_taken(
    said: str, house: House, worker: db.Database, script
):
    row = asked(house, worker, script)
    with pytest.raises(Refused, match="not the address of a post on Facebook"):
        say_live(house.approver, row.id, said)
    assert again(house.author, row.id).state is _S.NEEDS_HUMAN
    assert evidence(house.author, row.id).link is None


def test_of_an_account_nobody_can_read_a_person_may_have_it_sent_again(
    house: House, worker: db.Database, script, old_enough: None
):
    row = asked(house, worker, script)
    say_not_live(house.approver, row.id, send_again=True, reason="It isn't on the profile.")
    assert again(house.author, row.id).state is _S.SCHEDULED


@pytest.mark.parametrize("live", [True, False])
def test_a_proof_met_when_a_person_answers_closes_it_whatever_they_say(
    live: bool, house: House, worker: db.Database, script, old_enough: None
):
    row = asked(house, worker, script)
    script(read=seen(proof=PROOF))
    who = house.approver

    def answer() -> None:
        if live:
            say_live(who, row.id, "77_1")
        say_not_live(who, row.id, send_again=True, reason="I don't.")

    with pytest.raises(Conflict, match="The network says that it is live"):
        answer()
    now = again(house.author, row.id)
    assert (now.state, now.proof, now.needs) == (_S.PUBLISHED, PROOF, None)
