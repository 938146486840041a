"""What networks refused, left unclear or didn't answer: together by code, in the table's words, with the posts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.infra import db
from core.infra.actor import Role
from core.infra.errors import NotAllowed
from core.infra.settings import PublishTimes
from core.provider_kit.errors import NotReady, NotSent, OutcomeUnknown, ReconnectNeeded, Rejected, RetryLater, Trace
from core.publishing.error_reads import Narrowed, Within, behind, errors, export_errors
from tests.factories.organizations import make_actor, make_organization
from tests.factories.publishing import (
    House,
    ScriptedPublisher,
    again,
    check_one,
    make_due,
    make_quiet_house,
    send_one,
    tamper,
)

SPAM = OutcomeUnknown("Facebook took it for spam.", trace=Trace(403, "4", "2207051", "TraceOfSpam"))
INVALID = Rejected("Facebook refused this as invalid. Facebook says: no", trace=Trace(400, "100", None, "TraceOfNo"))
EXPIRED = ReconnectNeeded("The access has run out.", trace=Trace(400, "190", "463", "TraceOfEnd"))
BUSY = RetryLater("Facebook was out of service.", trace=Trace(500, "2", None, "TraceOfBusy"), provider_health=True)
HELD = NotReady("Still at work.", after_s=600)
# No lease of these ends while a busy machine takes its time, and no wait either.
PATIENT = PublishTimes(retry_after_s=(600.0, 600.0, 600.0, 600.0))


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    """Put a scripted publisher in the place of the network's."""

    def put(*answers: Any, **more: Any) -> ScriptedPublisher:
        publisher = ScriptedPublisher(*answers, **more)
        monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)
        return publisher

    return put


@pytest.fixture
def met(worker: db.Database, script) -> House:
    """An organization that met four errors: two while sending, one while reading, two of one kind before sending."""
    house = make_quiet_house()
    script(INVALID, SPAM, read=BUSY)
    send_one(worker, make_due(house, words="=1+1").id, PATIENT)
    unclear = make_due(house, words="Perhaps live")
    send_one(worker, unclear.id, PATIENT)
    tamper(
        house.organization_id,
        "update masthead.publication set next_action_at = clock_timestamp() where id = %(id)s",
        id=unclear.id,
    )
    check_one(worker, unclear.id)
    script(prepared=HELD)
    send_one(worker, make_due(house, words="Not ready yet").id, PATIENT)
    script(prepared=EXPIRED)
    send_one(worker, make_due(house, words="Too late for this token").id, PATIENT)
    return house


def test_alike_ones_stand_together_with_words_fix_and_posts(met: House, worker: db.Database) -> None:
    found = errors(met.approver).groups
    assert [(each.code, each.subcode, each.mend, each.times) for each in found] == [
        ("190", "463", "reconnect", 1),
        ("2", "", "look", 1),
        ("4", "2207051", "look", 1),
        ("100", "", "post", 1),
    ]
    expired, _, spam, _ = found
    assert expired.words == "The access to this account has run out."
    assert expired.fix == "Reconnect the account under Accounts."
    assert (expired.network_title, expired.trace_ids, expired.account_names) == ("Facebook", ("TraceOfEnd",), ("Acme",))
    assert spam.words == "Facebook took the post for spam, yet it may be live."
    (line,) = behind(met.approver, expired.key).errors
    assert (line.text, line.during, line.trace_id) == ("Too late for this token", "before sending", "TraceOfEnd")
    assert [each.during for group in found for each in behind(met.approver, group.key).errors] == [
        "before sending",
        "while looking whether it is live",
        "while sending",
        "while sending",
    ]


def test_what_is_unclear_no_longer_is_mended_at_its_post(met: House, worker: db.Database) -> None:
    tamper(
        met.organization_id, "update masthead.publication set state = 'failed', needs = null where state = 'unknown'"
    )
    assert [each.mend for each in errors(met.approver).groups] == ["reconnect", "post", "post", "post"]


def test_a_network_that_wants_to_wait_is_no_comfort_where_the_post_may_be_live(worker: db.Database, script) -> None:
    house = make_quiet_house()
    slow_down = OutcomeUnknown("Facebook wants fewer calls.", trace=Trace(400, "4", None, "TraceOfHaste"))
    script(slow_down)
    send_one(worker, make_due(house).id, PATIENT)
    (group,) = errors(house.approver).groups
    assert group.mend == "look"
    assert group.fix == "It may be live all the same: Masthead looks, and asks a person where that isn't enough."
    tamper(house.organization_id, "update masthead.publication set state = 'failed' where state = 'unknown'")
    (group,) = errors(house.approver).groups
    assert (group.mend, group.fix) == ("wait", "Masthead waits and goes on by itself.")


def test_a_refusal_without_a_code_leads_to_its_post(worker: db.Database, script) -> None:
    house = make_quiet_house()
    script(prepared=Rejected("Facebook couldn't process the video.", trace=Trace(200)))
    send_one(worker, make_due(house).id, PATIENT)
    (group,) = errors(house.approver).groups
    assert (group.words, group.mend) == ("Facebook couldn't process the video.", "post")


def test_a_page_begins_where_the_one_before_it_ended(met: House, worker: db.Database) -> None:
    whole, paged, after = errors(met.approver).groups, [], None
    for _ in range(len(whole)):
        page = errors(met.approver, after=after, limit=1)
        paged += page.groups
        after = page.after
    assert tuple(paged) == whole
    assert after is None


def test_they_are_narrowed_by_time_network_and_account(met: House, worker: db.Database) -> None:
    everything = Narrowed(Within.MONTH)
    assert len(errors(met.approver, replace(everything, account_id=met.page.account.id)).groups) == 4
    assert errors(met.approver, replace(everything, account_id=met.organization_id)).groups == ()
    assert errors(met.approver, replace(everything, network="instagram")).groups == ()
    tamper(
        met.organization_id,
        "update masthead.publication_event set at = at - %(by)s where why ? 'error'",
        by=timedelta(days=2),
    )
    assert {each.code for each in errors(met.approver).groups} == {"2", "4", "100"}
    assert len(errors(met.approver, Narrowed(Within.WEEK)).groups) == 4


def test_a_code_that_names_a_post_is_one_kind_of_error(worker: db.Database, script) -> None:
    house = make_quiet_house()
    twice = [
        OutcomeUnknown("Again.", trace=Trace(422, "DUPLICATE_POST", f"urn:li:share:{number}")) for number in (1, 2)
    ]
    script(*twice)
    for _ in twice:
        send_one(worker, make_due(house).id, PATIENT)
    (group,) = errors(house.approver).groups
    assert (group.code, group.subcode, group.times, group.publications) == ("DUPLICATE_POST", "", 2, 2)


def test_the_file_has_each_error_and_no_formula(met: House, worker: db.Database) -> None:
    lines = export_errors(met.approver, Narrowed(Within.WEEK)).decode("utf-8-sig").splitlines()
    assert len(lines) == 5
    (refused,) = [line for line in lines if "TraceOfNo" in line]
    assert ",'=1+1," in refused
    assert "Facebook,Acme,while sending,400,100,," in refused


def test_neither_strangers_nor_editors_see_them(met: House, worker: db.Database) -> None:
    stranger = make_actor(make_organization("Elsewhere"), Role.APPROVER)
    assert errors(stranger).groups == ()
    for ask in (errors, export_errors):
        with pytest.raises(NotAllowed, match="to see what the networks refused takes an approver"):
            ask(met.author)


def test_a_network_that_could_not_be_reached_is_an_error_without_a_code(worker: db.Database, script) -> None:
    house = make_quiet_house()
    nothing = NotSent("Nothing was sent to graph.facebook.com: its name could not be looked up.")
    script(prepared=nothing)
    row = make_due(house)
    send_one(worker, row.id, PATIENT)
    (group,) = errors(house.approver).groups
    assert (group.code, group.status, group.words, group.mend) == ("", None, nothing.reason, "wait")
    assert group.again_at == again(house.author, row.id).next_action_at
